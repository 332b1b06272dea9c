//! What the attributes of `ai.onnx.ml` operators mean together: nothing in the schemas says it, and runtimes
//! find some of it when they load a model, some on the first row, and some never.

mod encoders;
mod linear;
mod trees;
mod trees5;

use std::collections::BTreeSet;

use holdall_diag::Code;
use holdall_graph::{
    Dim,
    infer::{Known, Type},
};

use super::Checking;
use crate::{check::node::attribute, codes, proto::NodeProto, view};

/// Checks a node of the domain.
pub(super) fn check(
    checking: &mut Checking<'_, '_, '_>,
    node: &NodeProto,
    inputs: &[Option<Known>],
    path: &str,
) {
    let mut at = At { checking, node, inputs, path };
    match node.op_type.as_str() {
        "TreeEnsembleClassifier" => trees::check(&mut at, true),
        "TreeEnsembleRegressor" => trees::check(&mut at, false),
        "TreeEnsemble" => trees5::check(&mut at),
        "LinearClassifier" => linear::classifier(&mut at),
        "LinearRegressor" => linear::regressor(&mut at),
        "SVMClassifier" => linear::svm_classifier(&mut at),
        "SVMRegressor" => linear::svm_regressor(&mut at),
        _ => encoders::check(&mut at),
    }
}

/// A node being checked.
struct At<'a, 'c, 'm, 's, 'o> {
    checking: &'c mut Checking<'m, 's, 'o>,
    node: &'a NodeProto,
    inputs: &'a [Option<Known>],
    path: &'a str,
}

impl<'a> At<'a, '_, '_, '_, '_> {
    fn path_of(&self, name: &str) -> String {
        let at = self.node.attribute.iter().position(|a| a.name == name);
        at.map_or_else(|| self.path.to_owned(), |i| format!("{}.attribute[{i}]", self.path))
    }

    /// Adds an error at an attribute.
    fn error(&mut self, code: Code, name: &str, message: impl Into<String>) {
        let path = self.path_of(name);
        self.checking.error(code, &path, message);
    }

    /// Adds a warning at an attribute.
    fn warn(&mut self, code: Code, name: &str, message: impl Into<String>) {
        let path = self.path_of(name);
        self.checking.warn(code, &path, message);
    }

    fn ints(&self, name: &str) -> &'a [i64] {
        attribute(self.node, name).map_or(&[], |a| &a.ints)
    }

    fn floats(&self, name: &str) -> &'a [f32] {
        attribute(self.node, name).map_or(&[], |a| &a.floats)
    }

    fn texts(&self, name: &str) -> Vec<&'a [u8]> {
        attribute(self.node, name)
            .map_or_else(Vec::new, |a| a.strings.iter().map(|s| &**s).collect())
    }

    fn int(&self, name: &str, default: i64) -> i64 {
        super::node::int(self.node, name, default)
    }

    fn has(&self, name: &str) -> bool {
        attribute(self.node, name).is_some()
    }

    fn word(&self, name: &str, default: &str) -> String {
        match attribute(self.node, name).and_then(|a| a.s.as_ref()) {
            Some(text) => String::from_utf8_lossy(text).into_owned(),
            None => default.to_owned(),
        }
    }

    /// The numbers of a tensor attribute, as doubles.
    fn tensor(&mut self, name: &str) -> Option<Vec<f64>> {
        let tensor = attribute(self.node, name)?.t.as_ref()?;
        let bytes = crate::decode::payload(tensor, &mut self.checking.siblings, self.path).ok()?;
        Some(match tensor.data_type {
            1 => view::words(&bytes).map(|w| f32::from_le_bytes(w).into()).collect(),
            11 => view::words(&bytes).map(f64::from_le_bytes).collect(),
            2 => bytes.iter().map(|b| f64::from(*b)).collect(),
            _ => return None,
        })
    }

    /// Numbers from a list attribute, or from a tensor attribute of the same name and `_as_tensor`.
    fn numbers(&mut self, name: &str) -> Vec<f64> {
        let tensor = format!("{name}_as_tensor");
        let list = self.floats(name);
        if !list.is_empty() && self.has(&tensor) {
            let message = format!("`{name}` and `{tensor}` are both given");
            self.error(codes::ML_LENGTHS, name, message);
        }
        if list.is_empty() {
            self.tensor(&tensor).unwrap_or_default()
        } else {
            list.iter().copied().map(f64::from).collect()
        }
    }

    /// Columns of the first input, where known.
    fn width(&self) -> Option<u64> {
        match self.inputs.first()?.as_ref()?.ty.as_ref().and_then(Type::dims)?.last()? {
            Dim::Known(width) => Some(*width),
            Dim::Symbol(_) | Dim::Unknown => None,
        }
    }

    /// An attribute that is one of some words.
    fn one_of(&mut self, name: &str, default: &str, words: &[&str], code: Code) {
        let found = self.word(name, default);
        if !words.contains(&found.as_str()) {
            let message = format!("`{name}` is `{found}`, expected one of {}", words.join(", "));
            self.error(code, name, message);
        }
    }

    fn post_transform(&mut self) {
        let words = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"];
        self.one_of("post_transform", "NONE", &words, codes::POST_TRANSFORM);
    }

    /// How many labels the attributes list: one list of the two, without doubles.
    fn labels(&mut self, texts: &str, numbers: &str) -> usize {
        let (words, ints) = (self.texts(texts), self.ints(numbers));
        let message = match (words.is_empty(), ints.is_empty()) {
            (true, true) => Some(format!("neither `{texts}` nor `{numbers}` lists a class")),
            (false, false) => Some(format!("`{texts}` and `{numbers}` are both given")),
            (_, _) => None,
        };
        if let Some(message) = message {
            self.error(codes::CLASS_LABELS, texts, message);
        }
        let distinct = words.iter().collect::<BTreeSet<_>>().len()
            + ints.iter().collect::<BTreeSet<_>>().len();
        if distinct < words.len() + ints.len() {
            let name = if words.is_empty() { numbers } else { texts };
            self.error(codes::CLASS_LABELS, name, "a class is listed twice");
        }
        words.len().max(ints.len())
    }

    /// Numbers that must be finite.
    fn finite(&mut self, name: &str, values: &[f64]) {
        let bad = values.iter().filter(|v| !v.is_finite()).count();
        if bad > 0 {
            let message = format!("`{name}` has {bad} values that are no finite numbers");
            self.warn(codes::NON_FINITE, name, message);
        }
    }

    /// Column numbers against the width of the input.
    fn features(&mut self, name: &str, ids: impl Iterator<Item = i64>) {
        let width = self.width();
        let outside = ids.enumerate().find(|(_, id)| {
            u64::try_from(*id).map_or(true, |id| width.is_some_and(|width| id >= width))
        });
        if let Some((i, id)) = outside {
            let of = width.map_or_else(String::new, |w| format!(" of {w}"));
            let path = format!("{}.ints[{i}]", self.path_of(name));
            self.checking.error(codes::FEATURE_ID, &path, format!("there is no column {id}{of}"));
        }
    }
}
