//! What decoding a file will take, before it is decoded: every message, text and list is counted in a
//! walk over the wire format, so that two bytes a message cannot become two hundred.

use bytes::Bytes;
use holdall_diag::Failure;
use holdall_source::{Budget, Source};

use crate::{proto, wire};

#[derive(Clone, Copy)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Element,
    Map,
    Shape,
    Entry,
    Function,
    Training,
    Sparse,
    Annotation,
    Configuration,
    NodeConfiguration,
    Sharding,
    IntList,
    ShardedDim,
}

enum Field {
    /// A message and the bytes that it takes in memory.
    Message(Message, usize),
    /// A text, or a list of them.
    Text,
    /// A list of numbers of this size.
    List(u64),
    /// Bytes that stay in the file, or a number in its place.
    Free,
}

const fn field(of: Message, number: u32) -> Field {
    use Message as M;
    const ENTRY: Field = Field::Message(M::Entry, size_of::<proto::StringStringEntryProto>());
    const GRAPH: Field = Field::Message(M::Graph, size_of::<proto::GraphProto>());
    const NODE: Field = Field::Message(M::Node, size_of::<proto::NodeProto>());
    const ATTRIBUTE: Field = Field::Message(M::Attribute, size_of::<proto::AttributeProto>());
    const TENSOR: Field = Field::Message(M::Tensor, size_of::<proto::TensorProto>());
    const VALUE: Field = Field::Message(M::ValueInfo, size_of::<proto::ValueInfoProto>());
    const TYPE: Field = Field::Message(M::Type, size_of::<proto::TypeProto>());
    const SPARSE: Field = Field::Message(M::Sparse, size_of::<proto::SparseTensorProto>());
    match (of, number) {
        (M::Model, 7) | (M::Attribute, 6 | 11) | (M::Training, 1 | 2) => GRAPH,
        (M::Model, 20) => Field::Message(M::Training, size_of::<proto::TrainingInfoProto>()),
        (M::Model, 25) => Field::Message(M::Function, size_of::<proto::FunctionProto>()),
        (M::Model, 26) => {
            Field::Message(M::Configuration, size_of::<proto::DeviceConfigurationProto>())
        }
        (M::Model, 8 | 14)
        | (M::Tensor, 13 | 16)
        | (M::Graph, 16)
        | (M::Node, 9)
        | (M::ValueInfo, 4)
        | (M::Function, 9 | 14)
        | (M::Training, 3 | 4)
        | (M::Annotation, 2) => ENTRY,
        (M::Graph, 1) | (M::Function, 7) => NODE,
        (M::Graph, 5) | (M::Attribute, 5 | 10) | (M::Sparse, 1 | 2) => TENSOR,
        (M::Graph, 11..=13) | (M::Function, 12) => VALUE,
        (M::Graph, 14) => Field::Message(M::Annotation, size_of::<proto::TensorAnnotation>()),
        (M::Graph, 15) | (M::Attribute, 22 | 23) => SPARSE,
        (M::Node, 5) | (M::Function, 11) => ATTRIBUTE,
        (M::Node, 10) => {
            Field::Message(M::NodeConfiguration, size_of::<proto::NodeDeviceConfigurationProto>())
        }
        (M::NodeConfiguration, 2) => {
            Field::Message(M::Sharding, size_of::<proto::ShardingSpecProto>())
        }
        (M::Sharding, 3) => Field::Message(M::IntList, size_of::<proto::IntIntListEntryProto>()),
        (M::Sharding, 4) => Field::Message(M::ShardedDim, size_of::<proto::ShardedDimProto>()),
        (M::ShardedDim, 2) => Field::Message(M::Entry, size_of::<proto::SimpleShardedDimProto>()),
        (M::Attribute, 7) | (M::Tensor, 4 | 5) => Field::List(4),
        (M::Attribute, 8)
        | (M::Tensor, 1 | 7 | 10 | 11)
        | (M::Sparse, 3)
        | (M::Sharding | M::IntList, 2) => Field::List(8),
        (M::ValueInfo | M::Map, 2) | (M::Element, 1) | (M::Attribute, 14 | 15) => TYPE,
        (M::Type, 1 | 8) => Field::Message(M::TensorType, 0),
        (M::Type, 4 | 9) => Field::Message(M::Element, size_of::<proto::ElementTypeProto>()),
        (M::Type, 5) => Field::Message(M::Map, size_of::<proto::MapTypeProto>()),
        (M::Type, 7) => Field::Message(M::Entry, 0),
        (M::TensorType, 2) => Field::Message(M::Shape, 0),
        (M::Shape, 1) => Field::Message(M::Entry, size_of::<proto::DimensionProto>()),
        (M::Attribute, 1 | 9 | 13 | 21)
        | (M::Node, 1..=4 | 6..=8)
        | (M::Tensor, 6 | 8 | 12)
        | (M::Graph, 2 | 10)
        | (M::ValueInfo | M::Configuration, 1 | 3)
        | (M::Type, 6)
        | (M::Entry, 1..=3)
        | (M::Function, 1 | 4..=6 | 8 | 10 | 13)
        | (M::NodeConfiguration | M::Annotation | M::Sharding, 1)
        | (M::Model, 2..=4 | 6) => Field::Text,
        (_, _) => Field::Free,
    }
}

/// Charges the budget for everything that decoding will allocate, twice over: lists grow by doubling.
pub(super) fn charge(bytes: &Bytes, name: &str, budget: &mut Budget) -> Result<(), Failure> {
    let source = Source::from_bytes(name, bytes.clone());
    let mut cursor = wire::Cursor::new(&source);
    let mut open = vec![(Message::Model, bytes.len() as u64)];
    while let Some(&(message, end)) = open.last() {
        if cursor.position() >= end {
            open.pop();
            continue;
        }
        let (number, wire) = cursor.tag(end)?;
        budget.step(1)?;
        let length = match wire {
            wire::Wire::Bytes => cursor.length(end)?,
            wire::Wire::Varint | wire::Wire::Four | wire::Wire::Eight => {
                cursor.skip(wire, end)?;
                if let Field::List(size) = field(message, number) {
                    budget.charge(2 * size)?;
                }
                continue;
            }
        };
        match field(message, number) {
            Field::Message(inner, size) => {
                budget.charge(2 * size as u64)?;
                // Deeper than prost goes: it will say so.
                if open.len() > 200 {
                    cursor.forward(length);
                } else {
                    open.push((inner, cursor.position() + length));
                }
            }
            Field::Text => {
                budget.charge(2 * size_of::<String>() as u64 + length)?;
                cursor.forward(length);
            }
            // A packed number takes at least one byte of the file.
            Field::List(size) => {
                budget.charge(2 * size * length)?;
                cursor.forward(length);
            }
            Field::Free => cursor.forward(length),
        }
    }
    Ok(())
}
