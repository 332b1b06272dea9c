use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use holdall_diag::Failure;
use holdall_graph::{Attribute, Node, Stamp};

use crate::{
    Array, Behaviour, TensorValue, codes,
    program::{Program, Subgraph},
};

/// What every node of a model is prepared with.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) stamp: &'a Stamp,
    pub(crate) behaviour: Behaviour,
    /// How many graphs are around.
    pub(crate) depth: usize,
}

/// What an operator is prepared from.
pub(crate) struct Setup<'a> {
    pub(crate) node: &'a Node,
    pub(crate) behaviour: Behaviour,
    world: World<'a>,
    /// Attributes that were asked for.
    seen: RefCell<BTreeSet<String>>,
    /// What subgraphs take from around them, by name.
    captures: RefCell<Vec<String>>,
}

/// The newest operator sets that are known: onnx 1.23.
const NEWEST: [(&str, i64); 5] = [
    ("", 28),
    ("ai.onnx.ml", 5),
    ("ai.onnx.preview", 1),
    ("ai.onnx.preview.training", 1),
    ("com.microsoft", 1),
];

impl<'a> Setup<'a> {
    pub(crate) fn new(node: &'a Node, world: World<'a>) -> Self {
        Self {
            node,
            behaviour: world.behaviour,
            world,
            seen: RefCell::default(),
            captures: RefCell::default(),
        }
    }

    /// What the subgraphs of the node take from around them.
    pub(crate) fn into_captures(self) -> Vec<String> {
        self.captures.into_inner()
    }

    /// A subgraph, ready to run.
    pub(crate) fn subgraph(&self, name: &str) -> Result<Subgraph, Failure> {
        let Some(Attribute::Graph(graph)) = self.attribute(name) else {
            return Err(self.bad(name, "a graph"));
        };
        let world = World { depth: self.world.depth + 1, ..self.world };
        let program = Program::compile(graph, world)?;
        let mut captures = self.captures.borrow_mut();
        let slots = program
            .captures()
            .map(|name| {
                let known = captures.iter().position(|c| c == name).unwrap_or_else(|| {
                    captures.push(name.to_owned());
                    captures.len() - 1
                });
                self.node.inputs.len() + known
            })
            .collect();
        Ok(Subgraph { program, slots })
    }

    /// Fails when the operator set is newer than what is known, or an attribute was never asked for.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let seen = self.seen.borrow();
        match self.node.attributes.iter().find(|(name, _)| !seen.contains(name)) {
            None => Ok(()),
            Some((name, _)) => Err(Failure::unsupported(
                codes::ATTRIBUTE,
                format!("`{}` has the attribute `{name}`, which is not known", self.node.op_type),
            )
            .with_help("the answer could depend on it, so nothing is computed")),
        }
    }

    /// Fails unless the operator set is between the first version of an operator and the newest known.
    pub(crate) fn check_opset(&self, first: i64) -> Result<(), Failure> {
        let opset = self.opset();
        let newest = NEWEST.iter().find(|(domain, _)| *domain == self.node.domain);
        if let Some((_, newest)) = newest.filter(|(_, newest)| opset > *newest) {
            let message = format!("operator set {opset} is newer than {newest}, the newest known");
            return Err(Failure::unsupported(codes::OPERATOR, message));
        }
        if opset < first {
            let message = format!(
                "`{}` exists since operator set {first}, and the model asks for {opset}",
                self.node.op_type
            );
            return Err(Failure::malformed(codes::OPERATOR, message));
        }
        Ok(())
    }

    fn attribute(&self, name: &str) -> Option<&'a Attribute> {
        self.seen.borrow_mut().insert(name.to_owned());
        self.node.attribute(name)
    }

    /// Attributes that change nothing here.
    pub(crate) fn ignore(&self, names: &[&str]) {
        self.seen.borrow_mut().extend(names.iter().map(|n| (*n).to_owned()));
    }

    /// Whether onnxruntime is to be followed.
    pub(crate) fn like_runtime(&self) -> bool {
        self.behaviour == Behaviour::OnnxRuntime
    }

    /// The versions of the operator sets.
    pub(crate) fn opsets(&self) -> &BTreeMap<String, i64> {
        &self.world.stamp.opsets
    }

    /// The version of the operator set of the node.
    pub(crate) fn opset(&self) -> i64 {
        let assumed = match self.node.domain.as_str() {
            "" => 17,
            "ai.onnx.ml" => 3,
            _ => 1,
        };
        self.opsets().get(&self.node.domain).copied().unwrap_or(assumed)
    }

    fn bad(&self, name: &str, expected: &str) -> Failure {
        Failure::malformed(
            codes::ATTRIBUTE,
            format!("`{name}` of `{}`: expected {expected}", self.node.op_type),
        )
    }

    /// Whether an attribute is given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// An integer.
    pub(crate) fn int(&self, name: &str, default: i64) -> Result<i64, Failure> {
        match self.attribute(name) {
            None => Ok(default),
            Some(Attribute::Int(value)) => Ok(*value),
            Some(_) => Err(self.bad(name, "an integer")),
        }
    }

    /// A float.
    pub(crate) fn float(&self, name: &str, default: f32) -> Result<f32, Failure> {
        match self.attribute(name) {
            None => Ok(default),
            Some(Attribute::Float(value)) => Ok(*value),
            Some(_) => Err(self.bad(name, "a float")),
        }
    }

    /// A text.
    pub(crate) fn text(&self, name: &str, default: &str) -> Result<String, Failure> {
        match self.attribute(name) {
            None => Ok(default.to_owned()),
            Some(Attribute::String(value)) => self.utf8(name, value),
            Some(_) => Err(self.bad(name, "a text")),
        }
    }

    /// Integers.
    pub(crate) fn ints(&self, name: &str) -> Result<Option<Vec<i64>>, Failure> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Ints(values)) => Ok(Some(values.clone())),
            // A list without elements looks like any other to writers that leave the type open.
            Some(Attribute::Floats(values)) if values.is_empty() => Ok(Some(Vec::new())),
            Some(_) => Err(self.bad(name, "integers")),
        }
    }

    /// Integers that are extents or counts.
    pub(crate) fn sizes(&self, name: &str) -> Result<Option<Vec<usize>>, Failure> {
        self.ints(name)?.map(|list| super::args::extents(&list)).transpose()
    }

    /// Floats.
    pub(crate) fn floats(&self, name: &str) -> Result<Option<Vec<f32>>, Failure> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Floats(values)) => Ok(Some(values.clone())),
            Some(Attribute::Ints(values)) if values.is_empty() => Ok(Some(Vec::new())),
            Some(_) => Err(self.bad(name, "floats")),
        }
    }

    /// Texts.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Failure> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Strings(values)) => values
                .iter()
                .map(|value| self.utf8(name, value))
                .collect::<Result<_, _>>()
                .map(Some),
            Some(Attribute::Ints(values)) if values.is_empty() => Ok(Some(Vec::new())),
            Some(_) => Err(self.bad(name, "texts")),
        }
    }

    /// A tensor.
    pub(crate) fn tensor(&self, name: &str) -> Result<Option<TensorValue>, Failure> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Tensor(tensor)) => TensorValue::of_tensor(tensor).map(Some),
            Some(Attribute::TextTensor { shape, values }) => {
                let weight =
                    holdall_graph::Weight::Text { shape: shape.clone(), values: values.clone() };
                TensorValue::of_weight(&weight).map(Some)
            }
            Some(_) => Err(self.bad(name, "a tensor")),
        }
    }

    /// Integers as a vector.
    pub(crate) fn int_vector(&self, name: &str) -> Result<Option<TensorValue>, Failure> {
        Ok(self.ints(name)?.map(|list| TensorValue::I64(Array::vector(list))))
    }

    /// A truth value spelled as an integer.
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool, Failure> {
        Ok(self.int(name, i64::from(default))? != 0)
    }

    /// One of some words; the first when absent.
    pub(crate) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<T, Failure> {
        let default = words.first().map_or("", |(word, _)| word);
        let given = self.text(name, default)?;
        words.iter().find(|(word, _)| *word == given).map(|(_, value)| *value).ok_or_else(|| {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.bad(name, &format!("one of {}, found `{given}`", known.join(", ")))
        })
    }

    /// An attribute that makes no sense.
    pub(crate) fn refuse(&self, message: impl Into<String>) -> Failure {
        Failure::malformed(codes::ATTRIBUTE, format!("`{}`: {}", self.node.op_type, message.into()))
    }

    fn utf8(&self, name: &str, value: &[u8]) -> Result<String, Failure> {
        String::from_utf8(value.to_vec()).map_err(|error| self.bad(name, "UTF-8").caused_by(error))
    }
}
