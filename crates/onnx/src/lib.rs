//! ONNX: model files of the Open Neural Network Exchange.
//!
//! Read and written are files up to IR 13, as tensor graphs; specification:
//! <https://github.com/onnx/onnx/blob/main/docs/IR.md>. Weights stay in the memory map until they are
//! touched, and [`inspect`] never touches them.

#![warn(clippy::indexing_slicing)]

mod check;
mod compare;
mod decode;
mod dtypes;
mod encode;
mod fields;
mod format;
mod inspect;
mod proto;
mod restamp;
mod rewrite;
mod versions;
mod view;
mod wire;

pub use check::{Checked, check};
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
        IR = "onnx/ir-version": "the IR version is missing or of no release";
        OPSET = "onnx/opset-version": "an operator set is not imported, or its version is of no release";
        FEATURE = "onnx/ir-feature": "the file holds a part that is newer than its IR version";
        UNKNOWN_DOMAIN = "onnx/unknown-domain": "a node is of a domain whose operators are not known";
        UNKNOWN_OPERATOR = "onnx/unknown-operator": "a domain has no operator of this name";
        NOT_IN_OPSET = "onnx/not-in-opset": "an operator came with a later version than the model imports";
        DEPRECATED = "onnx/deprecated": "an operator is deprecated in the version that the model imports";
        INPUTS = "onnx/inputs": "a node has too few or too many inputs, or leaves out one that it needs";
        OUTPUTS = "onnx/outputs": "a node has too few or too many outputs, or leaves out one that it needs";
        UNKNOWN_ATTRIBUTE = "onnx/unknown-attribute": "an operator has no such attribute in this version";
        MISSING_ATTRIBUTE = "onnx/missing-attribute": "a node lacks an attribute that it needs";
        ATTRIBUTE_KIND = "onnx/attribute-kind": "an attribute is not of the kind that the operator takes";
        TYPE_CONSTRAINT = "onnx/type-constraint": "an input is of a type that the operator does not take";
        SHAPE = "onnx/shape": "the extents of what a node takes do not go together";
        DECLARED = "onnx/declared-type": "a value is declared as something else than it is";
        SHADOW = "onnx/shadow": "a value hides one of the graph around it";
        DEAD = "onnx/dead-node": "no output depends on a node";
        UNUSED = "onnx/unused": "nothing takes an input or a constant";
        FUNCTION = "onnx/function": "a function of the model is malformed";
        QUANTIZATION = "onnx/quantization": "an annotation of quantisation is malformed";
        TRAINING = "onnx/training": "training information is malformed";
        SPARSE = "onnx/sparse": "a sparse tensor is malformed";
        CHECKSUM = "onnx/checksum": "a file beside the model is not the one that the model names";
        NON_FINITE = "onnx/non-finite": "weights are NaN or infinite";
        DENORMAL = "onnx/denormal": "weights are denormal: slow, and zero on some devices";
        TREE_LENGTHS = "onnx/tree-lengths": "lists of a tree ensemble are not of one length";
        TREE_ID = "onnx/tree-id": "two nodes of a tree have the same id";
        TREE_MODE = "onnx/tree-mode": "a tree node has a mode or flag that does not exist";
        TREE_CHILD = "onnx/tree-child": "a tree node leads to a node that is not there";
        TREE_CYCLE = "onnx/tree-cycle": "a tree node is below itself";
        TREE_ROOT = "onnx/tree-root": "a tree has no root, or several";
        TREE_TARGET = "onnx/tree-target": "a leaf gives to a class or target that is not there";
        TREE_LEAF = "onnx/tree-leaf": "a leaf has no weight, or a weight has no leaf";
        TREE_MEMBERS = "onnx/tree-members": "sets of members do not fit the nodes that ask for them";
        FEATURE_ID = "onnx/feature-id": "a column is named that the input does not have";
        BASE_VALUES = "onnx/base-values": "base values do not fit the number of scores";
        POST_TRANSFORM = "onnx/post-transform": "there is no such transform of scores";
        AGGREGATE = "onnx/aggregate": "there is no such way to put trees together";
        CLASS_LABELS = "onnx/class-labels": "class labels are missing, doubled, or do not fit the scores";
        COEFFICIENTS = "onnx/coefficients": "the number of coefficients does not fit classes and columns";
        INTERCEPTS = "onnx/intercepts": "the number of intercepts does not fit classes or targets";
        SVM = "onnx/svm": "attributes of a support vector machine do not fit each other";
        LABEL_ENCODER = "onnx/label-encoder": "keys and values of an encoder are missing, doubled, or do not fit";
        ML_LENGTHS = "onnx/ml-lengths": "a list does not fit the columns, or is given in two forms";
        ML_VALUE = "onnx/ml-value": "an attribute has a value that the operator does not know";
        RESTAMP = "onnx/restamp": "a model cannot be proved to mean the same under other versions";
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a `String` cannot fail.
        let _infallible = write!(out, "{byte:02x}");
    }
    out
}

#[cfg(test)]
mod tests;
