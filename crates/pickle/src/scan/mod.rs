//! Judges what loading a pickle would do, without loading it.
//!
//! The whole stream is run by the machine first, so the memo, the stack and every way of naming a
//! thing are seen as the unpickler sees them. Then each name is compared with a list of exact names,
//! each call of a listed function with the arguments picklers give it. What is not listed is at best
//! [`Verdict::Review`]; no package is trusted as a whole. What a broken stream reached before it broke
//! is judged too, for it would have run.

mod arguments;
mod judge;
mod names;

use bytes::Bytes;
use holdall_diag::{Code, Failure, FailureKind, Location};
use holdall_source::{Budget, Limits};

use self::judge::Judge;
pub use self::names::{Standing, standing};
use crate::{Compression, Pickle, ReadOptions, codes, compress::decompress_partial};

/// The answer of a scan, from harmless to harmful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Loading only makes values and objects of listed classes.
    Safe,
    /// Loading uses names that are not listed; somebody must look at them.
    Review,
    /// The bytes are not a whole pickle; nothing harmful was reached before the defect.
    Malformed,
    /// Loading can run code.
    Dangerous,
}

impl Verdict {
    /// `safe`, `review`, `malformed` or `dangerous`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Review => "review",
            Self::Malformed => "malformed",
            Self::Dangerous => "dangerous",
        }
    }
}

/// One reason why a file is not safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable kind of the finding.
    pub code: Code,
    /// The verdict this finding alone leads to.
    pub verdict: Verdict,
    /// Where, in the unpacked bytes.
    pub location: Location,
    /// What, one sentence.
    pub message: String,
}

/// A name that loading imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedGlobal {
    /// The module as the file spells it.
    pub module: String,
    /// The name within it, dotted for nested ones.
    pub name: String,
    /// Offset of the opcode that names it first.
    pub offset: u64,
    /// How many opcodes name it.
    pub count: u64,
    /// What the lists say about it.
    pub standing: Standing,
}

/// What loading a file would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// The worst verdict of all findings.
    pub verdict: Verdict,
    /// The reasons, in the order of the bytes; at most [`Scan::MAX_FINDINGS`].
    pub findings: Vec<Finding>,
    /// Every name imported, in the order of the bytes.
    pub globals: Vec<NamedGlobal>,
    /// What the file is compressed with.
    pub compression: Option<Compression>,
    /// The highest protocol declared.
    pub protocol: u8,
    /// Whether joblib wrote arrays between the opcodes.
    pub joblib: bool,
    /// Offset behind the last stream, in the unpacked bytes.
    pub end: u64,
}

impl Scan {
    /// Findings kept; the verdict counts all.
    pub const MAX_FINDINGS: usize = 1_000;

    pub(crate) fn new() -> Self {
        Self {
            verdict: Verdict::Safe,
            findings: Vec::new(),
            globals: Vec::new(),
            compression: None,
            protocol: 0,
            joblib: false,
            end: 0,
        }
    }

    pub(crate) fn push(&mut self, finding: Finding) {
        self.verdict = self.verdict.max(finding.verdict);
        if self.findings.len() < Self::MAX_FINDINGS && !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    fn find(&mut self, code: Code, verdict: Verdict, offset: u64, message: impl Into<String>) {
        let message = message.into();
        self.push(Finding { code, verdict, location: Location::at(offset), message });
    }

    /// A file that could not be read to its end: malformed, or beyond the limits, which somebody must
    /// look at.
    fn push_failure(&mut self, failure: Failure) {
        let verdict =
            if failure.kind() == FailureKind::Limit { Verdict::Review } else { Verdict::Malformed };
        let diagnostic = failure.into_diagnostic();
        let (code, location, message) = (diagnostic.code, diagnostic.location, diagnostic.message);
        self.push(Finding { code, verdict, location, message });
    }
}

/// How a scan is made.
#[derive(Clone, Debug, Default)]
pub struct ScanOptions {
    /// Where the first stream starts.
    pub start: u64,
    /// Whether the loading program resolves persistent ids, as `torch.load` does for storages.
    pub persistent_ids: bool,
    /// Whether to stop behind the first stream: other data follow it by design.
    pub first_stream_only: bool,
}

/// Streams of one file that are judged; what follows is reported unread.
const MAX_STREAMS: usize = 256;

/// Scans a pickle or a joblib file, compressed or not.
///
/// ```
/// use holdall_pickle::{scan, scan::Verdict};
///
/// let bytes = b"cposix\nsystem\n(S'echo hello'\ntR.";
/// let scan = scan(&bytes::Bytes::from_static(bytes), &Default::default());
/// assert_eq!(scan.verdict, Verdict::Dangerous);
/// assert_eq!(scan.findings[0].message, "loading calls `posix.system` with (`echo hello`)");
/// ```
pub fn scan(input: &Bytes, limits: &Limits) -> Scan {
    scan_with(input, &ScanOptions::default(), &mut Budget::new(*limits))
}

/// Scans as the options say, within what is left of the budget.
pub fn scan_with(input: &Bytes, options: &ScanOptions, budget: &mut Budget) -> Scan {
    let mut scan = Scan::new();
    scan.compression = Compression::detect(input);
    let bytes = match scan.compression {
        None => input.clone(),
        Some(compression) => {
            let (bytes, failure) = decompress_partial(input, compression, budget);
            if let Some(failure) = failure {
                scan.push_failure(failure);
            }
            bytes
        }
    };
    // What could not be unpacked is missing from the stream; that is no second defect.
    let cut = !scan.findings.is_empty();
    streams(&mut scan, &bytes, options, budget, cut);
    scan.findings.sort_by_key(|finding| finding.location.bytes.as_ref().map(|bytes| bytes.start));
    scan
}

/// Judges a tree that was read already, and its failure if it broke.
pub fn judge(pickle: &Pickle, failure: Option<Failure>, options: &ScanOptions) -> Scan {
    let mut scan = Scan::new();
    Judge::new(pickle, options, &mut scan).run();
    if let Some(failure) = failure {
        scan.push_failure(failure);
    }
    scan
}

/// The stream, and the ones behind it.
fn streams(scan: &mut Scan, bytes: &Bytes, options: &ScanOptions, budget: &mut Budget, cut: bool) {
    let mut start = options.start;
    for count in 0..MAX_STREAMS {
        let read = ReadOptions { start, ..ReadOptions::default() };
        let (pickle, failure) = Pickle::read_partial(bytes, &read, budget);
        if count > 0 {
            if failure.is_some() && pickle.globals().next().is_none() {
                let left = bytes.len() as u64 - start;
                let message = format!("{left} bytes follow the end of the pickle");
                scan.find(codes::TRAILING_BYTES, Verdict::Review, start, message);
                return;
            }
            let message = "another pickle follows the end of the first";
            scan.find(codes::SECOND_STREAM, Verdict::Review, start, message);
        }
        Judge::new(&pickle, options, scan).run();
        nested(scan, &pickle, budget);
        if pickle.payloads() > 0 {
            plain(scan, bytes, start, options, budget);
        }
        scan.end = pickle.end();
        if let Some(failure) = failure {
            if !(cut && failure.code() == codes::TRUNCATED) {
                scan.push_failure(failure);
            }
            return;
        }
        start = pickle.end();
        if options.first_stream_only || start >= bytes.len() as u64 {
            return;
        }
    }
    let message =
        format!("more than {MAX_STREAMS} pickles follow each other; the rest was not read");
    scan.find(codes::SECOND_STREAM, Verdict::Review, start, message);
}

/// What `pickle.load` would reach in a file meant for `joblib.load`: there, the arrays are opcodes.
fn plain(scan: &mut Scan, bytes: &Bytes, start: u64, options: &ScanOptions, budget: &mut Budget) {
    let read = ReadOptions { start, payloads: false, ..ReadOptions::default() };
    let (pickle, _) = Pickle::read_partial(bytes, &read, budget);
    let mut other = Scan::new();
    Judge::new(&pickle, options, &mut other).run();
    for finding in other.findings {
        // Numbers taken for opcodes may name anything; only harm that is spelled out counts.
        if finding.verdict == Verdict::Dangerous {
            scan.push(finding);
        }
    }
}

/// Pickles within bytes: loading leaves them alone, yet they are no accident.
fn nested(scan: &mut Scan, pickle: &Pickle, budget: &mut Budget) {
    for (id, node) in pickle.nodes() {
        let (crate::Node::Bytes(blob) | crate::Node::ByteArray(blob)) = node else { continue };
        if !matches!(pickle.blob(blob), [0x80, 2..=5, _, ..] | [b'c' | b'(', _, ..]) {
            continue;
        }
        let (inner, failure) =
            Pickle::read_partial(&pickle.share(blob), &ReadOptions::default(), budget);
        let imports = inner.globals().next().is_some();
        if failure.is_some() || !imports {
            continue;
        }
        let judged = judge(&inner, None, &ScanOptions::default());
        let what = judged.findings.first().map_or(String::new(), |f| format!(": {}", f.message));
        let message = format!("the bytes hold a pickle of their own{what}");
        scan.find(codes::NESTED_STREAM, Verdict::Review, pickle.offset(id), message);
    }
}

#[cfg(test)]
mod tests;
