use std::collections::BTreeMap;

use holdall_arena::{Arena, Id};
use holdall_diag::Failure;
use holdall_tensor::{Shape, Tensor};

use crate::{Attribute, ValueType, codes};

/// Names a [`Value`].
pub type ValueId = Id<Value>;
/// Names a [`Node`].
pub type NodeId = Id<Node>;
/// Names a [`Weight`].
pub type WeightId = Id<Weight>;

/// Which versions a graph is written for, and by whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// ONNX IR version.
    pub ir: i64,
    /// Operator set version of each domain; the default domain is the empty string.
    pub opsets: BTreeMap<String, i64>,
    /// What wrote it.
    pub producer: String,
    /// Version of what wrote it.
    pub producer_version: String,
    /// Reverse-DNS name of the model's owner.
    pub domain: String,
    /// Version of the model.
    pub model_version: i64,
}

/// A tensor graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// Name of the graph.
    pub name: String,
    /// Description for people.
    pub description: String,
    /// Versions; of the outermost graph only.
    pub stamp: Stamp,
    /// Free text about the model, in the file's order; of the outermost graph only.
    pub metadata: Vec<(String, String)>,
    /// Everything that nodes take and give.
    pub values: Arena<Value>,
    /// What is computed, in order.
    pub nodes: Arena<Node>,
    /// Constants.
    pub weights: Arena<Weight>,
    /// Values handed in, in order.
    pub inputs: Vec<ValueId>,
    /// Values handed out, in order.
    pub outputs: Vec<ValueId>,
}

/// Something a node takes or gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Its name; unique in the graph.
    pub name: String,
    /// Its type, where declared or inferred.
    pub value_type: Option<ValueType>,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Handed in. Older files also give such a value a default weight.
    Input(Option<WeightId>),
    /// A constant.
    Weight(WeightId),
    /// The output of a node at this position.
    Node(NodeId, u32),
    /// A value of an enclosing graph, found by name.
    Outer,
}

/// A constant of the graph.
#[derive(Clone, Debug, PartialEq)]
pub enum Weight {
    /// Numbers.
    Tensor(Tensor),
    /// Texts in C order.
    Text {
        /// Extents.
        shape: Shape,
        /// The texts.
        values: Vec<String>,
    },
}

/// One operator application.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Operator domain; empty for `ai.onnx`.
    pub domain: String,
    /// Operator name.
    pub op_type: String,
    /// Name of the node, possibly empty.
    pub name: String,
    /// What it takes; `None` where an optional input is left out.
    pub inputs: Vec<Option<ValueId>>,
    /// What it gives; `None` where an optional output is left out.
    pub outputs: Vec<Option<ValueId>>,
    /// Settings, in the file's order.
    pub attributes: Vec<(String, Attribute)>,
}

impl Node {
    /// The attribute called `name`.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }
}

impl Graph {
    /// Adds a value that is handed in.
    pub fn push_input(
        &mut self,
        name: impl Into<String>,
        value_type: ValueType,
    ) -> Result<ValueId, Failure> {
        let id = self.push_value(name.into(), Some(value_type), Origin::Input(None))?;
        self.inputs.push(id);
        Ok(id)
    }

    /// Adds a constant.
    pub fn push_weight(
        &mut self,
        name: impl Into<String>,
        weight: Weight,
    ) -> Result<ValueId, Failure> {
        let weight = self.weights.push(weight).ok_or_else(too_large)?;
        self.push_value(name.into(), None, Origin::Weight(weight))
    }

    /// Adds an operator with named outputs, and gives the values they yield. The operands must exist.
    pub fn push_node(
        &mut self,
        domain: &str,
        op_type: &str,
        inputs: &[ValueId],
        outputs: &[&str],
        attributes: Vec<(&str, Attribute)>,
    ) -> Result<Vec<ValueId>, Failure> {
        let node = Node {
            domain: domain.to_owned(),
            op_type: op_type.to_owned(),
            name: String::new(),
            inputs: inputs.iter().copied().map(Some).collect(),
            outputs: Vec::new(),
            attributes: attributes.into_iter().map(|(n, v)| (n.to_owned(), v)).collect(),
        };
        self.push(node, &outputs.iter().map(|o| Some((*o).to_owned())).collect::<Vec<_>>())
    }

    /// Adds a prepared node; its `outputs` are made here from the names, `None` for one left out. Gives
    /// the values of the outputs that are named.
    pub fn push(
        &mut self,
        mut node: Node,
        outputs: &[Option<String>],
    ) -> Result<Vec<ValueId>, Failure> {
        for input in node.inputs.iter().flatten() {
            if self.values.get(*input).is_none() {
                return Err(Failure::bug(
                    codes::REFERENCE,
                    format!("`{}` takes value {input}, which does not exist", node.op_type),
                ));
            }
        }
        node.outputs.clear();
        let id = self.nodes.push(node).ok_or_else(too_large)?;
        let mut made = Vec::with_capacity(outputs.len());
        let mut slots = Vec::with_capacity(outputs.len());
        for (position, name) in (0_u32..).zip(outputs) {
            let value = match name {
                Some(name) => {
                    Some(self.push_value(name.clone(), None, Origin::Node(id, position))?)
                }
                None => None,
            };
            slots.push(value);
            made.extend(value);
        }
        if let Some(node) = self.nodes.get_mut(id) {
            node.outputs = slots;
        }
        Ok(made)
    }

    /// Adds a value from anywhere. Readers use this; others use the functions for each origin.
    pub fn push_value(
        &mut self,
        name: String,
        value_type: Option<ValueType>,
        origin: Origin,
    ) -> Result<ValueId, Failure> {
        self.values.push(Value { name, value_type, origin }).ok_or_else(too_large)
    }

    /// Declares a value as handed out, with its type.
    pub fn push_output(&mut self, id: ValueId, value_type: ValueType) {
        if let Some(value) = self.values.get_mut(id) {
            value.value_type = Some(value_type);
            self.outputs.push(id);
        }
    }

    /// The constant that a value is, if it is one.
    pub fn weight_of(&self, id: ValueId) -> Option<&Weight> {
        match self.values.get(id)?.origin {
            Origin::Weight(weight) => self.weights.get(weight),
            Origin::Input(_) | Origin::Node(..) | Origin::Outer => None,
        }
    }

    /// The metadata entry called `key`.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }
}

fn too_large() -> Failure {
    Failure::limit(codes::TOO_LARGE, "the graph has more than 2³²−2 values, nodes or weights")
}
