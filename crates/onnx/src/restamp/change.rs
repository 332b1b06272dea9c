//! What changes in a node.

use bytes::Bytes;
use holdall_diag::Failure;
use prost::Message;

use crate::{
    decode,
    proto::{AttributeProto, TensorProto},
    wire::Rope,
};

/// A constant that a node newly takes, made by a node before it: that stands anywhere, whatever the IR.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Constant {
    pub(crate) name: String,
    pub(crate) value: TensorProto,
}

impl Constant {
    /// The `Constant` node.
    pub(crate) fn message(&self) -> Rope {
        let mut attribute = Rope::default();
        attribute.text(1, "value");
        attribute.bytes(5, &self.value.encode_to_vec());
        attribute.varint(20, 4);
        let mut out = Rope::default();
        out.bytes(2, self.name.as_bytes());
        out.text(4, "Constant");
        out.message(5, attribute);
        out
    }
}

/// What changes in a node; everything else stays as it stands in the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Change {
    /// Another operator.
    pub(crate) op_type: Option<String>,
    pub(crate) inputs: Option<Vec<String>>,
    pub(crate) removed: Vec<String>,
    pub(crate) attributes: Vec<AttributeProto>,
    pub(crate) constants: Vec<Constant>,
}

impl Change {
    /// Whether an attribute, as it stands in the file, goes.
    pub(crate) fn removes(&self, attribute: &Bytes) -> Result<bool, Failure> {
        if self.removed.is_empty() {
            return Ok(false);
        }
        let name = AttributeName::decode(attribute.clone()).map_err(decode::not_a_model)?.name;
        Ok(self.removed.contains(&name))
    }
}

/// The name of an attribute and nothing else of it.
#[derive(Clone, PartialEq, prost::Message)]
struct AttributeName {
    #[prost(string, tag = "1")]
    name: String,
}

/// An attribute as a message.
pub(crate) fn message(attribute: &AttributeProto, packed: bool) -> Rope {
    let mut out = Rope::default();
    // The lists are few numbers here; the encoding of the schema is one field a number.
    let plain = AttributeProto { ints: Vec::new(), floats: Vec::new(), ..attribute.clone() };
    out.splice(&plain.encode_to_vec().into());
    if !attribute.floats.is_empty() {
        out.floats(7, &attribute.floats, packed);
    }
    if !attribute.ints.is_empty() {
        out.ints(8, &attribute.ints, packed);
    }
    out
}
