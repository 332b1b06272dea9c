use holdall_diag::Failure;
use holdall_graph::{Attribute, Graph, Node};

use crate::{Behaviour, TensorValue, codes};

/// What an operator is prepared from.
pub(crate) struct Setup<'a> {
    pub(crate) node: &'a Node,
    pub(crate) graph: &'a Graph,
    pub(crate) behaviour: Behaviour,
}

impl Setup<'_> {
    /// The version of the operator set of the node.
    pub(crate) fn opset(&self) -> i64 {
        self.graph.stamp.opsets.get(&self.node.domain).copied().unwrap_or(17)
    }

    fn bad(&self, name: &str, expected: &str) -> Failure {
        Failure::malformed(
            codes::ATTRIBUTE,
            format!("`{name}` of `{}`: expected {expected}", self.node.op_type),
        )
    }

    /// Whether an attribute is given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.node.attribute(name).is_some()
    }

    /// An integer.
    pub(crate) fn int(&self, name: &str, default: i64) -> Result<i64, Failure> {
        match self.node.attribute(name) {
            None => Ok(default),
            Some(Attribute::Int(value)) => Ok(*value),
            Some(_) => Err(self.bad(name, "an integer")),
        }
    }

    /// A float.
    pub(crate) fn float(&self, name: &str, default: f32) -> Result<f32, Failure> {
        match self.node.attribute(name) {
            None => Ok(default),
            Some(Attribute::Float(value)) => Ok(*value),
            Some(_) => Err(self.bad(name, "a float")),
        }
    }

    /// A text.
    pub(crate) fn text(&self, name: &str, default: &str) -> Result<String, Failure> {
        match self.node.attribute(name) {
            None => Ok(default.to_owned()),
            Some(Attribute::String(value)) => self.utf8(name, value),
            Some(_) => Err(self.bad(name, "a text")),
        }
    }

    /// Integers.
    pub(crate) fn ints(&self, name: &str) -> Result<Option<Vec<i64>>, Failure> {
        match self.node.attribute(name) {
            None => Ok(None),
            Some(Attribute::Ints(values)) => Ok(Some(values.clone())),
            // A list without elements looks like any other to writers that leave the type open.
            Some(Attribute::Floats(values)) if values.is_empty() => Ok(Some(Vec::new())),
            Some(_) => Err(self.bad(name, "integers")),
        }
    }

    /// Floats.
    pub(crate) fn floats(&self, name: &str) -> Result<Option<Vec<f32>>, Failure> {
        match self.node.attribute(name) {
            None => Ok(None),
            Some(Attribute::Floats(values)) => Ok(Some(values.clone())),
            Some(Attribute::Ints(values)) if values.is_empty() => Ok(Some(Vec::new())),
            Some(_) => Err(self.bad(name, "floats")),
        }
    }

    /// Texts.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Failure> {
        match self.node.attribute(name) {
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
        match self.node.attribute(name) {
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
