//! Lock files of Python tools: the exact versions that they pin.

use holdall_diag::{Failure, Location};
use holdall_source::Source;
use serde_json::Value;

use crate::{
    codes, json,
    manifest::{Lock, Locked, Requirement},
    requirements,
};

/// Reads a lock file. The format is found by name and content: `pylock.toml` (PEP 751), `uv.lock`,
/// `poetry.lock`, `pdm.lock`, `Pipfile.lock`, or a requirements file in which every version is pinned.
pub fn parse(source: &Source, file: &str) -> Result<Lock, Failure> {
    let name = file.rsplit('/').next().unwrap_or(file);
    let lower = name.to_ascii_lowercase();
    let (format, packages) = match lower.as_str() {
        "uv.lock" => ("uv", of_toml(source, "package")?),
        "poetry.lock" => ("poetry", of_toml(source, "package")?),
        "pdm.lock" => ("pdm", of_toml(source, "package")?),
        "pipfile.lock" => ("pipenv", of_pipfile(source)?),
        name if name.starts_with("pylock.") && source.extension().as_deref() == Some("toml") => {
            ("pylock", of_toml(source, "packages")?)
        }
        _ => ("requirements", of_requirements(source)?),
    };
    let mut packages: Vec<Locked> = packages
        .into_iter()
        .map(|(name, version)| Locked { name: requirements::normalise(&name), version })
        .collect();
    packages.sort();
    packages.dedup();
    Ok(Lock { file: file.to_owned(), format: format.to_owned(), packages })
}

type Pins = Vec<(String, String)>;

fn of_toml(source: &Source, key: &str) -> Result<Pins, Failure> {
    let bytes = source.bytes()?;
    let text = str::from_utf8(&bytes)
        .map_err(|error| refuse(source, "the lock file is not UTF-8").caused_by(error))?;
    let table: toml::Table = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| {
            text.get(..span.start).unwrap_or_default().matches('\n').count() as u64 + 1
        });
        let place = source.location().with_line(line, 1);
        Failure::malformed(codes::LOCK, error.message()).at(place).caused_by(error)
    })?;
    let packages = table.get(key).and_then(toml::Value::as_array);
    let packages = packages
        .ok_or_else(|| refuse(source, &format!("expected a list `{key}` of the packages")))?;
    let text = |package: &toml::Value, key: &str| {
        package.get(key).and_then(toml::Value::as_str).map(str::to_owned)
    };
    let mut pins = Vec::new();
    for package in packages {
        let name =
            text(package, "name").ok_or_else(|| refuse(source, "a package has no `name`"))?;
        // A project of the workspace itself may have no version.
        pins.extend(text(package, "version").map(|version| (name, version)));
    }
    Ok(pins)
}

fn of_pipfile(source: &Source) -> Result<Pins, Failure> {
    let document: Value = json::read(&source.bytes()?, codes::LOCK)
        .map_err(|failure| failure.in_file(source.name()))?;
    let default = document.get("default").and_then(Value::as_object);
    let default = default.ok_or_else(|| refuse(source, "expected an object `default`"))?;
    Ok(default
        .iter()
        .filter_map(|(name, package)| {
            let version = package.get("version")?.as_str()?.trim_start_matches('=');
            Some((name.clone(), version.to_owned()))
        })
        .collect())
}

fn of_requirements(source: &Source) -> Result<Pins, Failure> {
    requirements::parse(source)?
        .into_iter()
        .filter(|requirement| requirement.url.is_none())
        .map(|requirement| {
            let version = pinned(&requirement).map(str::to_owned).ok_or_else(|| {
                refuse(source, &format!("`{}` is not pinned to one version", requirement.name))
                    .with_help("a lock has `==` for every package; `pip freeze` prints one")
            })?;
            Ok((requirement.name, version))
        })
        .collect()
}

/// The one version that a requirement allows.
fn pinned(requirement: &Requirement) -> Option<&str> {
    let specifier = requirement.specifier.as_str();
    let version = specifier.strip_prefix("===").or_else(|| specifier.strip_prefix("=="))?;
    (!version.contains(['*', ','])).then_some(version)
}

fn refuse(source: &Source, message: &str) -> Failure {
    let place: Location = source.location();
    Failure::malformed(codes::LOCK, message).at(place)
}
