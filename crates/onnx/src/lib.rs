//! ONNX: model files of the Open Neural Network Exchange.
//!
//! Read and written are files up to IR 13, as tensor graphs; specification:
//! <https://github.com/onnx/onnx/blob/main/docs/IR.md>. Weights stay in the memory map until they are
//! touched, and [`inspect`] never touches them.

#![warn(clippy::indexing_slicing)]

mod decode;
mod dtypes;
mod encode;
mod format;
mod inspect;
mod proto;
mod wire;

pub use decode::decode;
pub use encode::{EncodeOptions, encode};
pub use format::{FORMAT, Onnx};
pub use inspect::inspect;

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        PROTOBUF = "onnx/protobuf": "the bytes are not a protobuf message of the schema";
        EMPTY = "onnx/empty": "the model has no graph";
        NAME = "onnx/name": "a value is named that nothing gives, or has no name";
        DUPLICATE = "onnx/duplicate-name": "two values or attributes have the same name";
        ORDER = "onnx/order": "a node stands before one whose output it takes";
        NODE = "onnx/node": "a node is malformed";
        ATTRIBUTE = "onnx/attribute": "an attribute is malformed or not carried";
        TENSOR = "onnx/tensor": "a tensor is malformed or not carried";
        EXTERNAL = "onnx/external-data": "a tensor is not where the model says in another file";
        TYPE = "onnx/type": "a type is malformed or not carried";
        STAMP = "onnx/stamp": "the versions of a model contradict each other or what is asked for";
        UNSUPPORTED = "onnx/unsupported": "the model uses a part of ONNX that is not carried";
        LEFT = "onnx/left-behind": "a part without effect on the answers is not carried";
        TOO_LARGE = "onnx/too-large": "the model is too large for the format";
    }
}

#[cfg(test)]
mod tests;
