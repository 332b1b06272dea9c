//! Requirements files of pip, as far as they name what is needed (PEP 508).

use holdall_diag::Failure;
use holdall_source::Source;

use crate::{codes, manifest::Requirement, marker};

/// Reads a requirements file. Options that say where to look are passed over; options that pull in
/// other files or local projects are refused with their line, because the list would not be whole.
pub fn parse(source: &Source) -> Result<Vec<Requirement>, Failure> {
    let bytes = source.bytes()?;
    let text = str::from_utf8(&bytes).map_err(|error| {
        Failure::malformed(codes::REQUIREMENTS, "the requirements file is not UTF-8")
            .at(source.location())
            .caused_by(error)
    })?;
    let mut found = Vec::new();
    for (number, line) in logical_lines(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let place = || source.location().with_line(number, 1);
        if line.starts_with('-') {
            option(line).map_err(|failure| failure.at(place()))?;
        } else {
            let requirement = requirement(line).map_err(|failure| failure.at(place()))?;
            if let Some(fault) = requirement.marker.as_deref().and_then(marker::fault) {
                return Err(
                    malformed(&format!("the marker is not well formed: {fault}")).at(place())
                );
            }
            found.push(requirement);
        }
    }
    Ok(found)
}

/// Lines with continuations joined and comments removed, with the number of their first line.
fn logical_lines(text: &str) -> Vec<(u64, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(u64, String)> = None;
    for (index, line) in text.lines().enumerate() {
        let (number, mut whole) = open.take().unwrap_or((index as u64 + 1, String::new()));
        if let Some(part) = line.strip_suffix('\\') {
            whole.push_str(part);
            open = Some((number, whole));
        } else {
            whole.push_str(line);
            lines.push((number, without_comment(&whole)));
        }
    }
    lines.extend(open.map(|(number, line)| (number, without_comment(&line))));
    lines
}

/// A comment starts a line or follows white space, so that fragments of URLs stay.
fn without_comment(line: &str) -> String {
    let mut after_space = true;
    let end = line.char_indices().find(|(_, c)| {
        let starts = *c == '#' && after_space;
        after_space = c.is_whitespace();
        starts
    });
    end.and_then(|(at, _)| line.get(..at)).unwrap_or(line).to_owned()
}

fn option(line: &str) -> Result<(), Failure> {
    let name = line.split([' ', '=']).next().unwrap_or_default();
    match name {
        "-i" | "--index-url" | "--extra-index-url" | "--no-index" | "-f" | "--find-links"
        | "--prefer-binary" | "--only-binary" | "--no-binary" | "--require-hashes" | "--pre"
        | "--trusted-host" | "--use-feature" => Ok(()),
        "-r" | "--requirement" | "-c" | "--constraint" | "-e" | "--editable" => {
            Err(Failure::unsupported(
                codes::REQUIREMENTS,
                format!("the option `{name}` refers to something outside this file"),
            )
            .with_help("write everything into one file, for instance with `pip freeze`"))
        }
        _ => Err(malformed(&format!("unknown option `{name}`"))),
    }
}

fn requirement(line: &str) -> Result<Requirement, Failure> {
    let (line, hashes) = take_hashes(line)?;
    let name_end = line.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
    let (name, rest) = line.split_at_checked(name_end.unwrap_or(line.len())).unwrap_or_default();
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if !edge(name.chars().next()) || !edge(name.chars().last()) {
        return Err(malformed(&format!("expected the name of a package, found `{line}`"))
            .with_help("local paths and bare URLs are written `name @ address`"));
    }
    let mut rest = rest.trim_start();
    let mut extras = Vec::new();
    if let Some(inner) = rest.strip_prefix('[') {
        let (inside, after) =
            inner.split_once(']').ok_or_else(|| malformed("expected `]` after the extras"))?;
        extras = inside.split(',').map(normalise).filter(|extra| !extra.is_empty()).collect();
        extras.sort();
        extras.dedup();
        rest = after.trim_start();
    }
    let made = |specifier: String, url: Option<String>, marker: Option<&str>| Requirement {
        name: normalise(name),
        extras,
        specifier,
        url,
        marker: marker.map(|text| text.trim().to_owned()),
        hashes,
    };
    if let Some(address) = rest.strip_prefix('@') {
        // A semicolon may be part of an address; a marker stands behind white space.
        let (url, marker) = match address.split_once(" ;") {
            Some((url, marker)) => (url, Some(marker)),
            None => (address, None),
        };
        return match url.trim() {
            "" => Err(malformed("expected an address after `@`")),
            url => Ok(made(String::new(), Some(url.to_owned()), marker)),
        };
    }
    let (specifier, marker) = match rest.split_once(';') {
        Some((_, marker)) if marker.trim().is_empty() => {
            return Err(malformed("expected a marker after `;`"));
        }
        Some((specifier, marker)) => (specifier, Some(marker)),
        None => (rest, None),
    };
    Ok(made(specifiers(specifier)?, None, marker))
}

fn take_hashes(line: &str) -> Result<(String, Vec<String>), Failure> {
    let mut hashes = Vec::new();
    let Some((head, options)) = line.split_once(" --") else {
        return Ok((line.to_owned(), hashes));
    };
    for option in options.split(" --") {
        let hash = option.trim().strip_prefix("hash").map(|h| h.trim_start_matches(['=', ' ']));
        match hash.filter(|h| h.contains(':')) {
            Some(hash) => hashes.push(hash.to_owned()),
            None => return Err(malformed(&format!("unknown option `--{}`", option.trim()))),
        }
    }
    Ok((head.trim().to_owned(), hashes))
}

/// Version specifiers (PEP 440) without white space and parentheses, in the order given.
fn specifiers(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    let bare = text.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(text);
    if bare.trim().is_empty() {
        return Ok(String::new());
    }
    let mut parts = Vec::new();
    for part in bare.split(',').map(str::trim) {
        let operators = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"];
        let found = operators.iter().find_map(|op| Some((op, part.strip_prefix(op)?.trim())));
        let valid = |v: &str| {
            !v.is_empty() && v.chars().all(|c| c.is_ascii_alphanumeric() || ".*+!-_".contains(c))
        };
        match found.filter(|(_, version)| valid(version)) {
            Some((operator, version)) => parts.push(format!("{operator}{version}")),
            None => {
                return Err(malformed(&format!(
                    "expected a version such as `==1.2` or `>=1,<2`, found `{part}`"
                )));
            }
        }
    }
    Ok(parts.join(","))
}

/// PEP 503: lower case, runs of `-`, `_` and `.` become one `-`.
pub(crate) fn normalise(name: &str) -> String {
    let lower = name.trim().to_ascii_lowercase();
    let parts: Vec<_> = lower.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
    parts.join("-")
}

fn malformed(message: &str) -> Failure {
    Failure::malformed(codes::REQUIREMENTS, message)
}
