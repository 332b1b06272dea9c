//! Holds what was signed against what is there.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    FileDigests, Finding, Listed, Listing, ROOT_IGNORED, Status, codes, is_below, is_safe_name,
    is_signature_file,
};

/// A file of the model as it was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// Name below the root, with `/`.
    pub name: &'a str,
    /// Length in bytes.
    pub size: u64,
    /// Its digests; none when it was not read.
    pub digests: Option<&'a FileDigests>,
}

/// What a verifier asks for beside the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyOptions {
    /// Paths that may be left out of the signature, beyond the usual ones at the root.
    pub accept_ignored: Vec<String>,
}

/// How a list of signed files and the files found compare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What was found out, file by file.
    pub findings: Vec<Finding>,
    /// Files whose bytes are the signed ones.
    pub covered: Vec<String>,
    /// Files that were signed and not asked for, so that nothing is known of them.
    pub not_checked: Vec<String>,
    /// Files that are there and that the signature says nothing about.
    pub not_covered: Vec<String>,
}

/// Compares a listing, whose signature was verified, with the files found.
///
/// Only files that `selected` chooses are held against their digests; of the others, those signed are
/// reported as not checked, those unsigned as not covered, and neither is a fault. The reference lets the
/// last of two equal names win and reads files outside of the model; both are refused here.
pub fn compare(
    listing: &Listing,
    found: &[Found<'_>],
    options: &VerifyOptions,
    selected: &dyn Fn(&str) -> bool,
) -> Comparison {
    let mut answer = Comparison::default();
    check_listing(listing, &mut answer.findings);
    check_ignored(listing, options, &mut answer.findings);
    let (signatures, files): (Vec<Found<'_>>, Vec<Found<'_>>) =
        found.iter().partition(|file| is_signature_file(file.name));
    answer.not_covered.extend(signatures.iter().map(|file| file.name.to_owned()));
    let mut left: BTreeMap<&str, Found<'_>> = files.iter().map(|file| (file.name, *file)).collect();
    let groups = groups(listing);
    // Model Signing 1.1.1 names a model that is one file `.`, the specification by its base name.
    if let ([only], [file]) = (groups.as_slice(), files.as_slice())
        && only.name == "."
    {
        left = BTreeMap::from([(".", *file)]);
    }
    for group in &groups {
        let file = left.remove(group.name);
        check_file(listing, group, file, selected, &mut answer);
    }
    check_unsigned(listing, left, options, selected, &mut answer);
    answer
}

/// The entries of one file, in the order of the statement.
struct Group<'a> {
    name: &'a str,
    entries: Vec<&'a Listed>,
}

fn groups(listing: &Listing) -> Vec<Group<'_>> {
    let mut index: BTreeMap<&str, usize> = BTreeMap::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for entry in listing.entries() {
        let at = *index.entry(entry.name.as_str()).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.entries.push(entry),
            None => groups.push(Group { name: &entry.name, entries: vec![entry] }),
        }
    }
    groups
}

/// Checks that concern the statement alone.
fn check_listing(listing: &Listing, findings: &mut Vec<Finding>) {
    if !listing.root_holds() {
        findings.push(Finding::new(
            codes::ROOT_DIGEST,
            Status::Fail,
            "the subject digest is not that of the listed files",
        ));
    }
    let groups = groups(listing);
    let single = groups.len() == 1;
    for group in &groups {
        let name = group.name;
        let mut starts = BTreeSet::new();
        let twice = group.entries.iter().any(|e| !starts.insert(e.range.map(|(start, _)| start)));
        if twice {
            let message = format!("`{name}` is listed more than once");
            findings.push(Finding::new(codes::DUPLICATE_NAME, Status::Fail, message).about(name));
        }
        let whole = single && name == ".";
        if !whole && !is_safe_name(name) {
            let message = format!("`{name}` is not a name below the root of the model");
            findings.push(Finding::new(codes::UNSAFE_NAME, Status::Fail, message).about(name));
        }
    }
    if listing.allow_symlinks() {
        findings.push(Finding::new(
            codes::SYMLINKS,
            Status::Warn,
            "the signer followed symbolic links",
        ));
    }
}

fn check_ignored(listing: &Listing, options: &VerifyOptions, findings: &mut Vec<Finding>) {
    for path in unusual(listing, options) {
        let message = format!("the signer left `{path}` out of the signature");
        findings.push(
            Finding::new(codes::IGNORED_PATH, Status::Warn, message)
                .about(path)
                .with_help("allow it if that is intended: `--allow-ignored PATH`"),
        );
    }
}

/// Ignored paths that neither the rules nor the verifier asked for.
fn unusual<'a>(
    listing: &'a Listing,
    options: &'a VerifyOptions,
) -> impl Iterator<Item = &'a String> {
    listing.ignore_paths().iter().filter(|path| {
        let plain = path.trim_start_matches("./").trim_end_matches('/');
        !ROOT_IGNORED.contains(&plain)
            && !is_signature_file(plain)
            && plain != crate::SIGNATURE_FOLDER
            && !options.accept_ignored.iter().any(|ok| is_below(plain, ok))
    })
}

fn check_file(
    listing: &Listing,
    group: &Group<'_>,
    file: Option<Found<'_>>,
    selected: &dyn Fn(&str) -> bool,
    answer: &mut Comparison,
) {
    let name = group.name;
    let shown = file.as_ref().map_or(name, |file| file.name);
    if !selected(shown) {
        answer.not_checked.push(shown.to_owned());
        return;
    }
    let Some(file) = file else {
        let message = format!("`{name}` was signed and is not there");
        answer.findings.push(Finding::new(codes::MISSING_FILE, Status::Fail, message).about(name));
        return;
    };
    let digests = file.digests.and_then(|digests| digests.get(listing.hashing()));
    let Some(digests) = digests else {
        answer.not_checked.push(shown.to_owned());
        return;
    };
    if same(group, digests, file.size, listing.hashing().shard) {
        answer.covered.push(shown.to_owned());
        return;
    }
    let message = format!("`{shown}` is not the file that was signed");
    answer.findings.push(Finding::new(codes::DIGEST_MISMATCH, Status::Fail, message).about(shown));
}

/// Whether the digests are the listed ones, and shards lie side by side from the first byte to the last.
fn same(group: &Group<'_>, digests: &[Vec<u8>], size: u64, shard: Option<u64>) -> bool {
    let Some(shard) = shard else {
        // Two entries of one name are a finding of their own; the last one does not win.
        return group.entries.iter().all(|entry| digests.first() == Some(&entry.digest));
    };
    let mut entries = group.entries.clone();
    entries.sort_by_key(|entry| entry.range);
    let mut next = 0;
    for (entry, digest) in entries.iter().zip(digests) {
        let end = size.min(next + shard);
        if entry.range != Some((next, end)) || entry.digest != *digest {
            return false;
        }
        next = end;
    }
    next == size && entries.len() == digests.len()
}

/// Files that nothing was said about.
fn check_unsigned(
    listing: &Listing,
    left: BTreeMap<&str, Found<'_>>,
    options: &VerifyOptions,
    selected: &dyn Fn(&str) -> bool,
    answer: &mut Comparison,
) {
    for (name, file) in left {
        answer.not_covered.push(file.name.to_owned());
        if options.accept_ignored.iter().any(|path| is_below(name, path)) || !selected(name) {
            continue;
        }
        let hidden = unusual(listing, options).any(|path| is_below(name, path));
        let (code, status, message) = if hidden {
            let message = format!("`{name}` was left out of the signature by the signer");
            (codes::HIDDEN_FILE, Status::Fail, message)
        } else if file.size == 0 && listing.hashing().shard.is_some() {
            // An empty file has no shard, so no signer could list it.
            let message =
                format!("`{name}` is empty, and signatures over shards leave such files out");
            (codes::EXTRA_FILE, Status::Warn, message)
        } else {
            (codes::EXTRA_FILE, Status::Fail, format!("`{name}` is not covered by the signature"))
        };
        answer.findings.push(Finding::new(code, status, message).about(name));
    }
}
