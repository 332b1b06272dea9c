use crate::{SIGNATURE_FOLDER, SIGNATURE_NAME};

/// Names that Model Signing leaves out at the root of a model, and only there.
pub const ROOT_IGNORED: [&str; 4] = [".git", ".gitattributes", ".github", ".gitignore"];

/// Whether a name stays below the root: relative, `/` between components, none of them empty, `.` or
/// `..`, no backslash, no drive letter, no control character.
pub fn is_safe_name(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':')
        && name.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    !drive
        && !name.contains(|c: char| c == '\\' || c.is_control())
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Whether `name` is `path` or lies below it, compared by whole components.
pub fn is_below(name: &str, path: &str) -> bool {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    if matches!(path, "" | ".") {
        return true;
    }
    name.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a file of a model is a signature or an attestation, which signatures do not cover: `model.sig`,
/// or a file in the folder `model.sig.d`.
pub fn is_signature_file(name: &str) -> bool {
    name == SIGNATURE_NAME
        || name.strip_prefix(SIGNATURE_FOLDER).is_some_and(|rest| rest.starts_with('/'))
}
