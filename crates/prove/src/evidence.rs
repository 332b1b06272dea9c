use holdall_diag::Failure;
use holdall_score::Covered;
use serde::{Deserialize, Serialize};

use crate::{Boundary, Comparison, codes};

/// Value of the `schema` key of an evidence document.
pub const EVIDENCE_SCHEMA: &str = "holdall/evidence/1";

/// The document that a conversion is proved by (`schemas/evidence-1.json`). It names no time and no
/// machine: the same proof gives the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// [`EVIDENCE_SCHEMA`].
    pub schema: String,
    /// What is proved: `conversion`.
    pub kind: String,
    /// What was converted.
    pub source: Side,
    /// What it became, as read again.
    pub target: Side,
    /// Rows tested.
    pub rows: RowCounts,
    /// What the rows reach in the source; none when it has no trees.
    pub coverage: Option<Covered>,
    /// How the two sides differ, and the verdict.
    pub comparison: Comparison,
    /// What compared them.
    pub tool: Tool,
}

/// One side of a proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// The file as the user or the package names it.
    pub path: String,
    /// Stable id of the format.
    pub format: String,
    /// Digest of the bytes, lower-case hexadecimal.
    pub sha256: String,
}

/// Rows by where they come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowCounts {
    /// From a file.
    pub file: u64,
    /// On the boundaries of the model.
    pub boundary: u64,
    /// Drawn at random.
    pub random: u64,
    /// Seed of what was drawn; none when nothing was.
    pub seed: Option<u64>,
}

/// What made a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// `holdall`.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl RowCounts {
    /// Rows of a file.
    pub fn of_file(rows: u64) -> Self {
        Self { file: rows, ..Self::default() }
    }

    /// Rows made from a model with this seed.
    pub const fn of_boundary(boundary: &Boundary, seed: u64) -> Self {
        Self {
            file: 0,
            boundary: boundary.boundary as u64,
            random: boundary.random as u64,
            seed: Some(seed),
        }
    }
}

impl Evidence {
    /// A proof of a conversion by this version of holdall.
    pub fn of_conversion(
        source: Side,
        target: Side,
        rows: RowCounts,
        covered: Covered,
        comparison: Comparison,
    ) -> Self {
        Self {
            schema: EVIDENCE_SCHEMA.to_owned(),
            kind: "conversion".to_owned(),
            source,
            target,
            rows,
            coverage: (covered.all_leaves > 0).then_some(covered),
            comparison,
            tool: Tool {
                name: "holdall".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
        }
    }

    /// The document as JSON with a final newline.
    pub fn to_json(&self) -> Result<String, Failure> {
        let text = serde_json::to_string_pretty(self).map_err(|error| {
            Failure::bug(codes::EVIDENCE, "the evidence cannot be written").caused_by(error)
        })?;
        Ok(text + "\n")
    }

    /// Reads a document. Fails with `prove/evidence` when it is none of this schema.
    pub fn from_json(text: &str) -> Result<Self, Failure> {
        let evidence: Self = serde_json::from_str(text).map_err(|error| {
            Failure::malformed(codes::EVIDENCE, format!("expected an evidence document: {error}"))
                .caused_by(error)
        })?;
        if evidence.schema == EVIDENCE_SCHEMA {
            return Ok(evidence);
        }
        Err(Failure::unsupported(
            codes::EVIDENCE,
            format!("expected schema `{EVIDENCE_SCHEMA}`, found `{}`", evidence.schema),
        ))
    }
}
