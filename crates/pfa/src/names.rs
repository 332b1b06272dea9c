//! Names: of user functions, and of what Avro lets be called so.

use std::{collections::BTreeSet, fmt};

use holdall_tabular::Kind;

/// A variant of a user function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flag {
    /// Operands may be null.
    Null,
    /// NaN counts as a gap.
    Nan,
    /// A given value counts as a gap.
    Sentinel,
    /// Missing is a category.
    Missing,
    /// An unlisted category fails.
    Reject,
    /// An unlisted category, or a row without an answer, is null.
    None,
    /// An unlisted category is a given number.
    Code,
    /// Null elements are passed over.
    Skip,
}

impl Flag {
    const ALL: [Self; 8] = [
        Self::Null,
        Self::Nan,
        Self::Sentinel,
        Self::Missing,
        Self::Reject,
        Self::None,
        Self::Code,
        Self::Skip,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Nan => "nan",
            Self::Sentinel => "sentinel",
            Self::Missing => "missing",
            Self::Reject => "reject",
            Self::None => "none",
            Self::Code => "code",
            Self::Skip => "skip",
        }
    }
}

const KINDS: [Kind; 5] = [Kind::F32, Kind::F64, Kind::I64, Kind::Bool, Kind::Text];

/// The name of a user function, taken apart: `impute_f64_null_nan`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fun {
    /// What it does.
    pub(crate) op: String,
    /// Kinds of operands, then of the result where that differs.
    pub(crate) kinds: Vec<Kind>,
    /// Which variant.
    pub(crate) flags: BTreeSet<Flag>,
}

impl Fun {
    pub(crate) fn new(op: &str, kinds: &[Kind]) -> Self {
        Self { op: op.to_owned(), kinds: kinds.to_vec(), flags: BTreeSet::new() }
    }

    pub(crate) fn with(mut self, flag: Flag, set: bool) -> Self {
        if set {
            self.flags.insert(flag);
        }
        self
    }

    pub(crate) fn null(self, set: bool) -> Self {
        self.with(Flag::Null, set)
    }

    pub(crate) fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }

    /// Takes a name apart; none unless it is spelled as [`fmt::Display`] does.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let mut words = name.split('_');
        let mut fun = Self::new(words.next()?, &[]);
        for word in words {
            if let Some(kind) = KINDS.into_iter().find(|kind| kind.as_str() == word) {
                fun.kinds.push(kind);
            } else {
                fun.flags.insert(Flag::ALL.into_iter().find(|flag| flag.name() == word)?);
            }
        }
        (fun.to_string() == name).then_some(fun)
    }
}

impl fmt::Display for Fun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.op)?;
        for kind in &self.kinds {
            write!(f, "_{kind}")?;
        }
        for flag in &self.flags {
            write!(f, "_{}", flag.name())?;
        }
        Ok(())
    }
}

/// An Avro name for any text: letters, digits and `_`, no digit first (Avro 1.8, "Names").
pub(crate) fn sanitized(text: &str) -> String {
    let mut name: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}

/// Avro names that are all different: a number follows those that stand already.
#[derive(Debug, Default)]
pub(crate) struct Distinct(BTreeSet<String>);

impl Distinct {
    pub(crate) fn name(&mut self, text: &str) -> String {
        let stem = sanitized(text);
        let mut name = stem.clone();
        let mut number = 2_u32;
        while !self.0.insert(name.clone()) {
            name = format!("{stem}_{number}");
            number += 1;
        }
        name
    }
}
