//! Proof of a conversion: source and target are scored on the same rows and compared.
//!
//! [`boundary_rows`] makes rows out of the model itself: for every split a row that reaches it on
//! either side of its threshold, to the last bit; every category; unknown, missing, zeros, infinities,
//! edges of domains; a seeded random fill. [`compare`] scores two models on rows and measures by how
//! much they differ and where. [`examples`] picks rows for the target to carry. [`Evidence`] is the document that says so.

#![warn(clippy::indexing_slicing)]

mod boundary;
mod compare;
mod cut;
mod evidence;
mod examples;
mod random;
mod trace;

pub use boundary::{Boundary, BoundaryOptions, boundary_rows};
pub use compare::{
    Comparison, Difference, LabelChange, Largest, Place, Refusal, Tolerance, Verdict, compare,
};
pub use evidence::{EVIDENCE_SCHEMA, Evidence, RowCounts, Side, Tool};
pub use examples::examples;

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        NO_PAIR = "prove/no-pair": "source and target have no output column in common";
        EVIDENCE = "prove/evidence": "an evidence document is malformed";
    }
}

#[cfg(test)]
mod tests;
