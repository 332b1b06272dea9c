use std::collections::BTreeMap;

use holdall_diag::{Failure, Location};

use crate::codes;

/// The longest name that an entry may have, in bytes; the longest path on common systems.
const LONGEST: usize = 4096;

/// Refuses a name that leaves the package or means different things on different systems.
pub(crate) fn check(name: &str) -> Result<(), Failure> {
    let refuse = |why: &str| {
        let shown: String = name.chars().take(200).collect();
        let message = format!("the entry name `{}` {why}", shown.escape_debug());
        Err(Failure::malformed(codes::NAME, message).at(Location::none().in_entry(shown)))
    };
    if name.is_empty() {
        return refuse("is empty");
    }
    if name.len() > LONGEST {
        return refuse("is too long");
    }
    if name.contains('\\') {
        return refuse("contains a backslash");
    }
    if name.starts_with('/') {
        return refuse("is absolute");
    }
    if name.split('/').any(|part| part == "..") {
        return refuse("leads out of the package");
    }
    if holdall_sign::is_safe_name(name) {
        return Ok(());
    }
    refuse("is not a plain relative name")
}

/// The names of one package: valid, unique, and unique where case does not count.
#[derive(Debug, Default)]
pub(crate) struct NameSet {
    /// Folded name, with the name as it came and whether it is a file.
    seen: BTreeMap<String, (String, bool)>,
}

impl NameSet {
    /// Adds a file and the folders above it.
    pub(crate) fn file(&mut self, name: &str) -> Result<(), Failure> {
        check(name)?;
        for (at, _) in name.match_indices('/') {
            self.insert(name.get(..at).unwrap_or_default(), false)?;
        }
        self.insert(name, true)
    }

    /// Adds a folder that an archive lists.
    pub(crate) fn folder(&mut self, name: &str) -> Result<(), Failure> {
        check(name)?;
        self.insert(name, false)
    }

    fn insert(&mut self, name: &str, is_file: bool) -> Result<(), Failure> {
        let folded = name.to_lowercase();
        match self.seen.get(&folded) {
            None => {
                self.seen.insert(folded, (name.to_owned(), is_file));
                Ok(())
            }
            // A folder that is named again by another file below it.
            Some((known, false)) if !is_file && known == name => Ok(()),
            Some((known, _)) => {
                let why = if known == name { "twice" } else { "in two spellings" };
                Err(Failure::malformed(
                    codes::DUPLICATE,
                    format!("the entry `{name}` is there {why}: also as `{known}`"),
                )
                .at(Location::none().in_entry(name)))
            }
        }
    }
}
