//! [`Graph`] → bytes, field by field in the order of their numbers: same graph, same bytes.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
};

use holdall_diag::{Failure, Location};
use holdall_graph::{Attribute, Dim, Graph, Node, Origin, TensorType, ValueId, ValueType, Weight};
use holdall_tensor::{DType, Shape, Tensor};

use crate::{
    codes, dtypes,
    rewrite::{Aside, LEAST},
    wire::Rope,
};

/// Protobuf readers in C++, Python and Java take no message of 2 GiB or more.
pub(crate) const MOST: u64 = (1 << 31) - 1;

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodeOptions {
    /// Number lists of attributes as one packed field instead of one field a number: a quarter
    /// smaller and read twice as fast, understood by every protobuf parser since 2.3.
    pub packed: bool,
}

impl Default for EncodeOptions {
    fn default() -> Self {
        Self { packed: true }
    }
}

/// Where the elements of constants go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weights<'n> {
    /// Into the model.
    Inside,
    /// Into a file of this name beside the model, those of weight.
    Beside(&'n str),
    /// There where the model would be too large without.
    WhereNeeded(&'n str),
}

/// A model as it is written.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub(crate) model: Rope,
    /// What stands in the file beside it.
    pub(crate) aside: Aside,
}

/// Constants on their way into the file beside the model.
struct Split<'n> {
    name: &'n str,
    checksum: Option<String>,
    aside: Aside,
}

/// Writes a graph as a model file. Fails with `onnx/too-large` at 2 GiB, `onnx/name` or
/// `onnx/duplicate-name` when a value cannot be told by its name.
pub fn encode(graph: &Graph, options: EncodeOptions, out: &mut dyn Write) -> Result<(), Failure> {
    write_parts(&encoded(graph, options, Weights::Inside, MOST)?.model, out)
}

pub(crate) fn write_parts(model: &Rope, out: &mut dyn Write) -> Result<(), Failure> {
    for part in model.parts() {
        out.write_all(part).map_err(|error| {
            Failure::io(holdall_source::codes::WRITE, format!("cannot write: {error}"), error)
        })?;
    }
    Ok(())
}

/// A graph as a model of less than `most` bytes, and what stands beside it. Nothing is written before both are known.
pub(crate) fn encoded(
    graph: &Graph,
    options: EncodeOptions,
    weights: Weights<'_>,
    most: u64,
) -> Result<Encoded, Failure> {
    let mut made = match weights {
        Weights::Inside | Weights::WhereNeeded(_) => {
            Encoded { model: model_message(graph, options, None)?, aside: Aside::default() }
        }
        Weights::Beside(name) => split(graph, options, name)?,
    };
    if let (true, Weights::WhereNeeded(name)) = (made.model.len() >= most, weights) {
        made = split(graph, options, name)?;
    }
    if made.model.len() < most {
        return Ok(made);
    }
    let help = if weights == Weights::Inside {
        "`external=split` puts constants in a file beside the model"
    } else {
        "constants stand in a file beside it; attributes, such as the nodes of tree ensembles, cannot, \
         and several ensembles would stand in the one message"
    };
    let message = format!("the model takes {} bytes, ONNX files end at 2 GiB", made.model.len());
    Err(Failure::unsupported(codes::TOO_LARGE, message).with_help(help))
}

/// Once to know the file beside the model, and once more with its digest.
fn split(graph: &Graph, options: EncodeOptions, name: &str) -> Result<Encoded, Failure> {
    let mut split = Split { name, checksum: None, aside: Aside::default() };
    let mut model = model_message(graph, options, Some(&mut split))?;
    split.checksum = split.aside.checksum();
    if split.checksum.is_some() {
        split.aside = Aside::default();
        model = model_message(graph, options, Some(&mut split))?;
    }
    Ok(Encoded { model, aside: split.aside })
}

fn model_message(
    graph: &Graph,
    options: EncodeOptions,
    split: Option<&mut Split<'_>>,
) -> Result<Rope, Failure> {
    let mut model = Rope::default();
    let stamp = &graph.stamp;
    model.int(1, stamp.ir);
    model.text(2, &stamp.producer);
    model.text(3, &stamp.producer_version);
    model.text(4, &stamp.domain);
    if stamp.model_version != 0 {
        model.int(5, stamp.model_version);
    }
    model.message(7, graph_message(graph, options, split)?);
    for (domain, version) in &stamp.opsets {
        let mut opset = Rope::default();
        opset.text(1, domain);
        opset.int(2, *version);
        model.message(8, opset);
    }
    for (key, value) in &graph.metadata {
        let mut entry = Rope::default();
        entry.text(1, key);
        entry.text(2, value);
        model.message(14, entry);
    }
    Ok(model)
}

/// Writes a graph. It calls itself for subgraphs, whose depth is bounded where they are read.
fn graph_message(
    graph: &Graph,
    options: EncodeOptions,
    mut split: Option<&mut Split<'_>>,
) -> Result<Rope, Failure> {
    check_names(graph)?;
    let mut out = Rope::default();
    for (_, node) in graph.nodes.iter() {
        out.message(1, node_message(graph, node, options)?);
    }
    // The checker wants a name.
    out.text(2, if graph.name.is_empty() { "graph" } else { &graph.name });
    let mut weights: BTreeMap<_, &str> = BTreeMap::new();
    for (_, value) in graph.values.iter() {
        if let Origin::Weight(id) | Origin::Input(Some(id)) = value.origin {
            weights.insert(id, &value.name);
        }
    }
    for (id, name) in weights {
        let weight = graph.weights.get(id).ok_or_else(|| missing("a weight"))?;
        out.message(
            5,
            match weight {
                Weight::Tensor(tensor) => match split.as_deref_mut() {
                    Some(split) if tensor.bytes().len() >= LEAST => {
                        let mut out = tensor_head(tensor, name);
                        let checksum = split.checksum.as_deref();
                        split.aside.put(tensor.bytes(), split.name, checksum, &mut out);
                        out
                    }
                    Some(_) | None => tensor_message(tensor, name),
                },
                Weight::Text { shape, values } => text_message(shape, values, name),
            },
        );
    }
    out.text(10, &graph.description);
    for id in &graph.inputs {
        out.message(11, value_message(graph, *id)?);
    }
    for id in &graph.outputs {
        out.message(12, value_message(graph, *id)?);
    }
    for (id, value) in graph.values.iter() {
        let inner = matches!(value.origin, Origin::Node(..)) && !graph.outputs.contains(&id);
        if inner && value.value_type.is_some() {
            out.message(13, value_message(graph, id)?);
        }
    }
    Ok(out)
}

fn check_names(graph: &Graph) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    for (id, value) in graph.values.iter() {
        let at = || Location::model(format!("value {id}"));
        if value.name.is_empty() {
            return Err(Failure::unsupported(codes::NAME, "a value has no name").at(at()));
        }
        if !seen.insert(value.name.as_str()) {
            let message = format!("two values are called `{}`", value.name);
            return Err(Failure::unsupported(codes::DUPLICATE, message).at(at()));
        }
    }
    Ok(())
}

fn missing(what: &str) -> Failure {
    Failure::bug(codes::NAME, format!("the graph names {what} that it does not hold"))
}

fn node_message(graph: &Graph, node: &Node, options: EncodeOptions) -> Result<Rope, Failure> {
    let mut out = Rope::default();
    for (field, ids) in [(1, &node.inputs), (2, &node.outputs)] {
        for id in ids {
            let name = match id {
                Some(id) => &graph.values.get(*id).ok_or_else(|| missing("a value"))?.name,
                None => "",
            };
            out.bytes(field, name.as_bytes());
        }
    }
    out.text(3, &node.name);
    out.text(4, &node.op_type);
    for (name, attribute) in &node.attributes {
        out.message(5, attribute_message(name, attribute, options)?);
    }
    out.text(7, &node.domain);
    Ok(out)
}

fn attribute_message(
    name: &str,
    attribute: &Attribute,
    options: EncodeOptions,
) -> Result<Rope, Failure> {
    let mut out = Rope::default();
    out.text(1, name);
    let kind = match attribute {
        Attribute::Float(value) => {
            out.float(2, *value);
            1
        }
        Attribute::Int(value) => {
            out.int(3, *value);
            2
        }
        Attribute::String(value) => {
            out.bytes(4, value);
            3
        }
        Attribute::Tensor(tensor) => {
            out.message(5, tensor_message(tensor, ""));
            4
        }
        Attribute::TextTensor { shape, values } => {
            out.message(5, text_message(shape, values, ""));
            4
        }
        Attribute::Graph(graph) => {
            // Constants of loops stay in the model.
            out.message(6, graph_message(graph, options, None)?);
            5
        }
        Attribute::Type(value_type) => {
            out.message(14, type_message(value_type));
            13
        }
        Attribute::Floats(values) => {
            out.floats(7, values, options.packed);
            6
        }
        Attribute::Ints(values) => {
            out.ints(8, values, options.packed);
            7
        }
        Attribute::Strings(values) => {
            for value in values {
                out.bytes(9, value);
            }
            8
        }
    };
    out.varint(20, kind);
    Ok(out)
}

fn dims(out: &mut Rope, shape: &Shape) {
    for &extent in &shape.0 {
        out.varint(1, extent);
    }
}

fn tensor_head(tensor: &Tensor, name: &str) -> Rope {
    let mut out = Rope::default();
    dims(&mut out, tensor.shape());
    out.varint(2, dtypes::number(tensor.dtype()).into());
    out.text(8, name);
    out
}

fn tensor_message(tensor: &Tensor, name: &str) -> Rope {
    let mut out = tensor_head(tensor, name);
    out.payload(9, tensor.bytes());
    out
}

fn text_message(shape: &Shape, values: &[String], name: &str) -> Rope {
    let mut out = Rope::default();
    dims(&mut out, shape);
    out.varint(2, dtypes::number(DType::Text).into());
    for value in values {
        out.bytes(6, value.as_bytes());
    }
    out.text(8, name);
    out
}

fn value_message(graph: &Graph, id: ValueId) -> Result<Rope, Failure> {
    let value = graph.values.get(id).ok_or_else(|| missing("a value"))?;
    let mut out = Rope::default();
    out.text(1, &value.name);
    if let Some(value_type) = &value.value_type {
        out.message(2, type_message(value_type));
    }
    Ok(out)
}

/// Writes a type. Its depth is bounded where it is read.
fn type_message(value_type: &ValueType) -> Rope {
    let mut out = Rope::default();
    let element = |inner: &ValueType| {
        let mut element = Rope::default();
        element.message(1, type_message(inner));
        element
    };
    match value_type {
        ValueType::Tensor(tensor) => out.message(1, tensor_type(tensor)),
        ValueType::Sequence(inner) => out.message(4, element(inner)),
        ValueType::Map(key, inner) => {
            let mut map = Rope::default();
            map.varint(1, dtypes::number(*key).into());
            map.message(2, type_message(inner));
            out.message(5, map);
        }
        ValueType::Sparse(tensor) => out.message(8, tensor_type(tensor)),
        ValueType::Optional(inner) => out.message(9, element(inner)),
    }
    out
}

fn tensor_type(tensor: &TensorType) -> Rope {
    let mut out = Rope::default();
    out.varint(1, dtypes::number(tensor.dtype).into());
    if let Some(dims) = &tensor.dims {
        let mut shape = Rope::default();
        for dim in dims {
            let mut extent = Rope::default();
            match dim {
                Dim::Known(value) => extent.varint(1, *value),
                Dim::Symbol(name) => extent.text(2, name),
                Dim::Unknown => {}
            }
            shape.message(1, extent);
        }
        out.message(2, shape);
    }
    out
}
