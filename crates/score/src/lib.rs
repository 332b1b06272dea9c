//! Scores rows with a tabular model.
//!
//! [`Scorer::compile`] takes a [`ValidModel`](holdall_tabular::ValidModel) once; scoring goes by
//! columns, in chunks of rows on all cores. What each construct means is written in `tabular` beside
//! the construct, and obeyed to the bit: kind of every operation, order of every sum, treatment of
//! missing and NaN. Results depend neither on batch size nor on threads, because rows never meet.
//!
//! Where the constructs leave a choice, it is made here, once:
//!
//! - Every field is treated whether it is used or not. Nodes that no output depends on are not
//!   computed and refuse no row; both sides of a choice are.
//! - A value is in a domain when it is listed or lies in an interval. NaN lies in none.
//! - Integers wrap on overflow. NaN cast to an integer is 0, numbers beyond the range its ends.
//! - A weighted sum with a missing term is missing, and so is what is estimated from a missing margin.
//! - Of equal operands, `min` and `max` give the left one (zeros of both signs are equal).
//! - Sums start from +0. With no probability or margin to prefer, the label is the first class.

mod compile;
mod coverage;
mod kernel;
mod real;
mod rows;
mod run;
mod undecided;
mod value;

pub use compile::{ScoreOptions, Scorer};
pub use coverage::{Coverage, Covered};

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        MISSING = "score/missing": "a row has no value where the model demands one";
        INVALID = "score/invalid": "a row has a value outside the domain of a field";
        UNKNOWN = "score/unknown-category": "a row has a category that the model does not list";
        ROWS = "score/rows": "the rows do not have the columns that the model takes";
        TOO_LARGE = "score/too-large": "a tree ensemble is too large to be laid out";
        FORMAT = "score/format": "a pattern or format of the model cannot be obeyed";
        KIND = "score/kind": "a value does not have the kind that validation found";
    }
}

#[cfg(test)]
mod tests;
