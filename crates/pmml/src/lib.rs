//! PMML, the Predictive Model Markup Language of the Data Mining Group.
//!
//! Reads 3.0 to 4.4.1, writes 4.4 (<https://dmg.org/pmml/v4-4-1/GeneralStructure.html>). A file is
//! decoded into a [`doc::Document`], which keeps all elements, attributes and texts in columns;
//! `lower` makes a tabular model of it, `raise` makes a document of a tabular model, and
//! [`doc::Document`] is encoded again.
//!
//! Choices where the standard leaves one:
//! - Of equally probable classes the one declared first by the target field is predicted.
//! - A `float` field is compared with its thresholds as binary32; the text of a threshold is parsed as
//!   such. The writer only writes thresholds that mean the same read as binary32 and as binary64.
//! - Segments are added in the order of the document.

#![warn(clippy::indexing_slicing)]

mod check;
mod decode;
pub mod doc;
mod encode;
mod lower;
mod number;
mod raise;
mod reader;
mod since;
mod support;
mod version;
mod writer;

pub use check::check;
pub use decode::decode;
pub use encode::encode;
pub use lower::lower;
pub use raise::raise;
pub use reader::PmmlReader;
pub use version::Version;
pub use writer::PmmlWriter;

use holdall_codec::{BodyKind, Format};

/// The format, as data.
pub const FORMAT: Format = Format {
    id: "pmml",
    title: "PMML",
    extensions: &["pmml", "xml"],
    media_type: "application/xml",
    body: BodyKind::Tabular,
    read_options: &[],
    write_options: writer::OPTIONS,
};

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        XML = "pmml/xml": "the file is not well-formed XML";
        ENCODING = "pmml/encoding": "the text is not in the encoding that the file declares, or in one that is read";
        DOCTYPE = "pmml/doctype": "the file has a document type declaration, which PMML does not use";
        ENTITY = "pmml/entity": "an entity is used that XML does not define";
        ROOT = "pmml/root": "the root element is not PMML";
        VERSION = "pmml/version": "the version of the standard is unknown or not read";
        LIMIT = "pmml/limit": "the document has more elements, names or text than can be numbered";
        MISSING_ELEMENT = "pmml/missing-element": "an element that the standard requires is absent";
        MISSING_ATTRIBUTE = "pmml/missing-attribute": "an attribute that the standard requires is absent";
        INVALID_ELEMENT = "pmml/invalid-element": "an element has content or a place that the standard does not allow";
        INVALID_ATTRIBUTE = "pmml/invalid-attribute": "an attribute has a value that the standard does not allow";
        UNSUPPORTED_ELEMENT = "pmml/unsupported-element": "an element is not carried";
        UNSUPPORTED_ATTRIBUTE = "pmml/unsupported-attribute": "an attribute or its value is not carried";
        UNDEFINED_FIELD = "pmml/undefined-field": "a field is named that is not defined at this place";
        ARRAY_COUNT = "pmml/array-count": "an array has another number of items than it says";
        CYCLE = "pmml/cycle": "derived fields need each other";
        DUPLICATE = "pmml/duplicate": "two things that must differ have one name";
        EMPTY_INTERVAL = "pmml/empty-interval": "no number lies in an interval";
        PROBABILITIES = "pmml/probabilities": "probabilities that must sum to 1 do not";
        TYPE_CLASH = "pmml/type-clash": "a value is not of the type of its field";
        UNDEFINED_FUNCTION = "pmml/undefined-function": "a function is called that neither the standard nor the document has";
        UNDEFINED_REFERENCE = "pmml/undefined-reference": "a part of a model is named that is not there";
        UNREACHABLE = "pmml/unreachable": "a segment or node is never reached";
        VERIFICATION = "pmml/verification": "the model answers a row of its verification block in another way, or not";
        NEWER = "pmml/newer": "the model needs what a newer version of the standard has first";
        WRITE = "pmml/write": "the document cannot be written";
        INEXPRESSIBLE = "pmml/inexpressible": "an accepted model holds something that cannot be written";
    }
}

#[cfg(test)]
mod tests;
