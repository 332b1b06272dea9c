use std::path::{Path, PathBuf};

use holdall_diag::{Failure, Location};
use holdall_source::Source;
use serde::{Deserialize, Serialize};

use super::worktree::{self, Repository};
use crate::codes;

/// How many symbolic references may lead to a commit.
const HOPS: usize = 10;

/// The version of the code that made the model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodePointer {
    /// The version control system: `git`.
    pub vcs: String,
    /// Address of the remote, without credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The commit.
    pub commit: String,
    /// The branch that was checked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Where the project lies in the repository; empty at its root.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Whether tracked files differ from the commit.
    pub state: State,
    /// Files that differ, at most [`SHOWN`] of them, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
}

/// How many changed files are named.
pub const SHOWN: usize = 20;

/// Whether the files of a work tree are those of the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// No file differs.
    Clean,
    /// Some file differs.
    Dirty,
    /// Not determined.
    Unknown,
}

/// The commit of the repository around `folder`, without running git; nothing when there is none.
///
/// The state is that of all tracked files, as `git describe --dirty` sees it; files that git does not
/// track do not count. It is unknown where only git itself could tell, see the module `worktree`.
pub fn code_pointer(folder: &Path) -> Result<Option<CodePointer>, Failure> {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_unreadable| folder.to_path_buf());
    let Some(root) = absolute.ancestors().find(|dir| dir.join(".git").exists()) else {
        return Ok(None);
    };
    let repository = Repository::open(root)?;
    let Some((commit, branch)) = head(&repository.git, &repository.common)? else {
        return Ok(None);
    };
    let inside = absolute.strip_prefix(root).unwrap_or(Path::new(""));
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
    let found = worktree::state(&repository, &commit)?;
    Ok(Some(CodePointer {
        vcs: "git".to_owned(),
        url: remote(&repository.config, branch.as_deref()).map(|url| without_credentials(&url)),
        commit,
        branch,
        path: parts.join("/"),
        state: found.state,
        changed: found.changed,
    }))
}

/// `.git` is a folder, or in linked work trees and submodules a file that names one.
pub(super) fn git_folder(dot_git: &Path) -> Result<PathBuf, Failure> {
    if dot_git.is_dir() {
        return Ok(dot_git.to_path_buf());
    }
    let text = read(dot_git)?.unwrap_or_default();
    let target = text.trim().strip_prefix("gitdir:").ok_or_else(|| {
        broken(dot_git, "expected `gitdir: <folder>` in the file `.git`".to_owned())
    })?;
    Ok(dot_git.parent().unwrap_or(Path::new(".")).join(target.trim()))
}

/// The commit and branch that HEAD names; nothing before the first commit.
pub(super) fn head(git: &Path, common: &Path) -> Result<Option<(String, Option<String>)>, Failure> {
    let path = git.join("HEAD");
    let mut text = read(&path)?.ok_or_else(|| broken(&path, "there is no `HEAD`".to_owned()))?;
    let mut branch = None;
    for _ in 0..HOPS {
        let Some(name) = text.trim().strip_prefix("ref:").map(|name| name.trim().to_owned()) else {
            let commit = text.trim();
            if matches!(commit.len(), 40 | 64) && commit.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Ok(Some((commit.to_owned(), branch)));
            }
            return Err(broken(&path, format!("expected a commit, found `{commit}`")));
        };
        if !holdall_sign::is_safe_name(&name) {
            return Err(broken(&path, format!("expected a reference, found `{name}`")));
        }
        branch = branch.or_else(|| name.strip_prefix("refs/heads/").map(str::to_owned));
        let loose = match read(&git.join(&name))? {
            Some(text) => Some(text),
            None => read(&common.join(&name))?,
        };
        match loose.map_or_else(|| packed(common, &name), |text| Ok(Some(text)))? {
            Some(next) => text = next,
            None => return Ok(None),
        }
    }
    Err(broken(&path, "the references lead in a circle".to_owned()))
}

fn packed(common: &Path, name: &str) -> Result<Option<String>, Failure> {
    let text = read(&common.join("packed-refs"))?.unwrap_or_default();
    let mut refs = text.lines().filter_map(|line| line.split_once(' '));
    Ok(refs.find(|(_, found)| *found == name).map(|(commit, _)| commit.to_owned()))
}

/// The address of the branch's remote, of `origin`, or of the first remote.
fn remote(config: &str, branch: Option<&str>) -> Option<String> {
    let mut section = String::new();
    let mut remotes: Vec<(String, String)> = Vec::new();
    let mut tracked = None;
    for line in config.lines().map(str::trim) {
        if let Some(inner) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            inner.0.clone_into(&mut section);
            continue;
        }
        let Some((key, value)) = line.split_once('=').map(|(k, v)| (k.trim(), v.trim())) else {
            continue;
        };
        let named = |kind: &str| {
            let name = section.strip_prefix(kind)?.trim().strip_prefix('"')?;
            name.strip_suffix('"').map(str::to_owned)
        };
        if let (Some(name), "url") = (named("remote"), key) {
            remotes.push((name, value.trim_matches('"').to_owned()));
        } else if let (Some(name), "remote") = (named("branch"), key)
            && Some(name.as_str()) == branch
        {
            tracked = Some(value.to_owned());
        }
    }
    let by_name = |wanted: &str| remotes.iter().find(|(name, _)| name == wanted);
    let found = tracked.as_deref().and_then(by_name).or_else(|| by_name("origin"));
    found.or_else(|| remotes.first()).map(|(_, url)| url.clone())
}

/// Removes user and password from an address; the user of an ssh address is no secret and is needed.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_once('/').map_or((rest, None), |(a, p)| (a, Some(p)));
    let host = authority.rsplit_once('@').map_or(authority.to_owned(), |(user, host)| {
        let user = user.split(':').next().unwrap_or_default();
        if scheme.contains("ssh") { format!("{user}@{host}") } else { host.to_owned() }
    });
    // Tokens also travel in queries.
    let path = path.map(|path| path.split(['?', '#']).next().unwrap_or_default());
    path.map_or_else(|| format!("{scheme}://{host}"), |path| format!("{scheme}://{host}/{path}"))
}

/// The text of a file, or nothing when it is not there.
pub(super) fn read(path: &Path) -> Result<Option<String>, Failure> {
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = Source::open(path)?.bytes()?;
    let text = str::from_utf8(&bytes)
        .map_err(|error| broken(path, "the file is not UTF-8".to_owned()).caused_by(error))?;
    Ok(Some(text.to_owned()))
}

pub(super) fn broken(path: &Path, message: String) -> Failure {
    Failure::malformed(codes::GIT, message).at(Location::file(path.display().to_string()))
}
