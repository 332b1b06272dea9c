//! Regular expressions that are runs of characters: of each class so many, one run behind the other. What a run takes
//! is told by its own class, so that nothing is ever given back, and a loop over the characters finds the matches.

use std::fmt::Write as _;

use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// A pattern as runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    pub(crate) runs: Vec<Run>,
    /// It stands at the start of the text.
    pub(crate) at_start: bool,
    /// It ends at the end of the text.
    pub(crate) at_end: bool,
    /// No character of the first class stands before it.
    pub(crate) fresh: bool,
}

/// Characters of one class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// First and last characters of ranges, rising.
    pub(crate) ranges: Vec<(char, char)>,
    pub(crate) fewest: u32,
    /// None for any number.
    pub(crate) most: Option<u32>,
}

impl Run {
    fn is_fixed(&self) -> bool {
        self.most == Some(self.fewest)
    }

    fn meets(&self, other: &Self) -> bool {
        let meet = |a: &(char, char), b: &(char, char)| a.0 <= b.1 && b.0 <= a.1;
        self.ranges.iter().any(|a| other.ranges.iter().any(|b| meet(a, b)))
    }
}

/// What stands in a pattern, from left to right.
enum Piece {
    Run(Run),
    Look(Look),
}

impl Pattern {
    /// Takes a pattern apart; none where it is no chain of runs.
    pub(crate) fn parse(pattern: &str) -> Option<Self> {
        let hir = regex_syntax::parse(pattern).ok()?;
        let mut pieces = Vec::new();
        let mut open = vec![&hir];
        while let Some(hir) = open.pop() {
            match hir.kind() {
                HirKind::Empty => {}
                HirKind::Literal(text) => {
                    let text = std::str::from_utf8(&text.0).ok()?;
                    pieces.extend(text.chars().map(|c| {
                        Piece::Run(Run { ranges: vec![(c, c)], fewest: 1, most: Some(1) })
                    }));
                }
                HirKind::Class(_) => {
                    let run = Run { ranges: ranges(hir)?, fewest: 1, most: Some(1) };
                    pieces.push(Piece::Run(run));
                }
                HirKind::Repetition(times) if times.greedy => {
                    let run =
                        Run { ranges: ranges(&times.sub)?, fewest: times.min, most: times.max };
                    pieces.push(Piece::Run(run));
                }
                HirKind::Look(look) => pieces.push(Piece::Look(*look)),
                HirKind::Capture(capture) => open.push(&capture.sub),
                HirKind::Concat(list) => open.extend(list.iter().rev()),
                HirKind::Repetition(_) | HirKind::Alternation(_) => return None,
            }
        }
        Self::of(pieces)
    }

    fn of(pieces: Vec<Piece>) -> Option<Self> {
        let mut pattern = Self { runs: Vec::new(), at_start: false, at_end: false, fresh: false };
        let mut words_before = false;
        let mut words_behind = false;
        for piece in pieces {
            match piece {
                // Nothing stands behind the end.
                Piece::Run(_) if pattern.at_end || words_behind => return None,
                Piece::Run(run) => match pattern.runs.last_mut() {
                    Some(last) if last.ranges == run.ranges => {
                        last.fewest = last.fewest.checked_add(run.fewest)?;
                        last.most = last.most.zip(run.most).and_then(|(a, b)| a.checked_add(b));
                    }
                    _ => pattern.runs.push(run),
                },
                Piece::Look(Look::Start) if pattern.runs.is_empty() => pattern.at_start = true,
                Piece::Look(Look::End) if !pattern.runs.is_empty() => pattern.at_end = true,
                Piece::Look(Look::WordUnicode) if pattern.runs.is_empty() => words_before = true,
                Piece::Look(Look::WordUnicode) => words_behind = true,
                Piece::Look(_) => return None,
            }
        }
        let (first, last) = (pattern.runs.first()?, pattern.runs.last()?);
        // Whole words: what they are made of is what ends them.
        let word = ranges(&regex_syntax::parse(r"\w").ok()?)?;
        if words_before && (first.ranges != word || first.fewest == 0)
            || words_behind && (last.ranges != word || last.most.is_some() || last.fewest == 0)
        {
            return None;
        }
        pattern.fresh = words_before;
        let sure = pattern
            .runs
            .array_windows()
            .all(|[a, b]| a.is_fixed() || (b.fewest > 0 && !a.meets(b)));
        let never_empty = pattern.runs.iter().any(|run| run.fewest > 0);
        (sure && never_empty).then_some(pattern)
    }

    /// As a regular expression.
    pub(crate) fn to_regex(&self) -> String {
        let mut text = String::new();
        if self.at_start {
            text.push('^');
        }
        if self.fresh {
            text.push_str(r"\b");
        }
        for run in &self.runs {
            text.push('[');
            for (low, high) in &run.ranges {
                let (low, high) = (u32::from(*low), u32::from(*high));
                let written = if low == high {
                    write!(text, r"\x{{{low:X}}}")
                } else {
                    write!(text, r"\x{{{low:X}}}-\x{{{high:X}}}")
                };
                debug_assert!(written.is_ok(), "a string takes all text");
            }
            text.push(']');
            let (fewest, most) = (run.fewest, run.most);
            let written = match most {
                Some(1) if fewest == 1 => Ok(()),
                Some(most) => write!(text, "{{{fewest},{most}}}"),
                None => write!(text, "{{{fewest},}}"),
            };
            debug_assert!(written.is_ok(), "a string takes all text");
        }
        if self.at_end {
            text.push('$');
        }
        text
    }
}

/// The ranges of a class, or of one character; none for anything else.
fn ranges(hir: &Hir) -> Option<Vec<(char, char)>> {
    let mut hir = hir;
    while let HirKind::Capture(capture) = hir.kind() {
        hir = &capture.sub;
    }
    if let HirKind::Literal(text) = hir.kind() {
        let mut chars = std::str::from_utf8(&text.0).ok()?.chars();
        let first = chars.next()?;
        return chars.next().is_none().then(|| vec![(first, first)]);
    }
    let HirKind::Class(class) = hir.kind() else { return None };
    let class = match class {
        Class::Unicode(class) => class.clone(),
        Class::Bytes(class) => class.to_unicode_class()?,
    };
    let all: Vec<(char, char)> = class.iter().map(|range| (range.start(), range.end())).collect();
    (!all.is_empty()).then_some(all)
}

/// Text that stands for itself in a replacement; none where it names groups.
pub(crate) fn plain_replacement(with: &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = with.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '$' {
            match chars.peek() {
                Some('$') => {
                    chars.next();
                }
                Some(next) if next.is_ascii_alphanumeric() || matches!(next, '_' | '{') => {
                    return None;
                }
                Some(_) | None => {}
            }
        }
        text.push(c);
    }
    Some(text)
}
