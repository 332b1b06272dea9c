//! Expressions of the transformation dictionary.

use holdall_tabular::{Bin, Curve, Kind, Scalar};

use super::NameId;

/// An expression. Nesting is bounded by what this crate composes.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Field(NameId),
    Constant(Scalar, Kind),
    Apply(&'static str, Vec<Expr>),
    /// `NormDiscrete`: the field, the category, the value for missing.
    Indicator(NameId, String),
    /// `MapValues` of one column: the field, the pairs, the value for unlisted ones, the value for missing.
    Map {
        field: NameId,
        pairs: Vec<(String, f64)>,
        other: Option<f64>,
        missing: Option<f64>,
    },
    Table(Box<Table>),
    /// `Discretize`.
    Discretize(NameId, Box<Bin>),
    /// `NormContinuous`.
    Norm(NameId, Box<Curve>),
    /// `TextIndex` of the field, for the term.
    Hits(NameId, Box<Hits>),
    /// A text as a value of a date type.
    Moment(NameId, &'static str),
    /// `Lag`: the field, how many rows, the aggregate, the block fields.
    Lag(NameId, u32, Option<&'static str>, Vec<NameId>),
}

/// `MapValues` of several columns.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) fields: Vec<NameId>,
    /// The keys, then the answer, of each row.
    pub(super) rows: Vec<Vec<String>>,
    pub(super) kind: Kind,
    pub(super) other: Option<String>,
    pub(super) missing: Option<String>,
}

/// How `TextIndex` counts a term.
#[derive(Clone, Debug)]
pub(super) struct Hits {
    pub(super) term: Box<Expr>,
    pub(super) weight: &'static str,
    pub(super) case_sensitive: bool,
    pub(super) edits: u32,
    pub(super) all: bool,
    pub(super) separator: String,
    pub(super) tokenize: bool,
    /// A pattern that picks the words, in the place of a separator (JPMML).
    pub(super) words: Option<String>,
    pub(super) rules: Vec<Rules>,
}

/// A `TextIndexNormalization`: what is replaced by what, and whether it is a regular expression.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub(super) rows: Vec<(String, String, bool)>,
    pub(super) recursive: bool,
    pub(super) case_sensitive: bool,
}

impl Expr {
    /// Calls `visit` with every field that is named.
    pub(super) fn fields(&self, visit: &mut dyn FnMut(NameId)) {
        match self {
            Self::Field(name)
            | Self::Moment(name, _)
            | Self::Indicator(name, _)
            | Self::Map { field: name, .. }
            | Self::Discretize(name, _)
            | Self::Norm(name, _) => visit(*name),
            Self::Constant(..) => {}
            Self::Apply(_, args) => args.iter().for_each(|arg| arg.fields(visit)),
            Self::Table(table) => table.fields.iter().copied().for_each(visit),
            Self::Hits(name, hits) => {
                visit(*name);
                hits.term.fields(visit);
            }
            Self::Lag(name, _, _, blocks) => {
                visit(*name);
                blocks.iter().copied().for_each(visit);
            }
        }
    }
}

pub(super) const fn number(value: f64, kind: Kind) -> Expr {
    Expr::Constant(Scalar::F64(value), kind)
}

pub(super) fn apply<const N: usize>(function: &'static str, args: [Expr; N]) -> Expr {
    Expr::Apply(function, Vec::from(args))
}

pub(super) fn if_missing(test: Expr, yes: Expr, no: Expr) -> Expr {
    apply("if", [apply("isMissing", [test]), yes, no])
}

/// `value` where `x` is there. By the standard a function of missing is missing; the reference engine
/// fails instead for all functions but arithmetic and comparisons.
pub(super) fn present(x: Expr, value: Expr) -> Expr {
    match x {
        Expr::Constant(..) => value,
        x @ (Expr::Field(_)
        | Expr::Apply(..)
        | Expr::Indicator(..)
        | Expr::Map { .. }
        | Expr::Table(_)
        | Expr::Discretize(..)
        | Expr::Norm(..)
        | Expr::Hits(..)
        | Expr::Moment(..)
        | Expr::Lag(..)) => apply("if", [apply("isNotMissing", [x]), value]),
    }
}

pub(super) fn guarded(function: &'static str, x: Expr) -> Expr {
    present(x.clone(), apply(function, [x]))
}
