use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use holdall_diag::Failure;
use holdall_graph::{
    AI_ONNX, AI_ONNX_ML, Attribute, Dim, Graph, NodeId, Origin, ValueId, ValueType, Weight,
};
use holdall_tabular::{Kind, Labels};
use holdall_tensor::{DType, Shape, Tensor};

use crate::codes;

/// A graph under construction: names that collide with nothing, and every constant once.
pub(super) struct Builder {
    pub(super) graph: Graph,
    taken: BTreeSet<String>,
    counter: usize,
    known: Known,
}

/// The element type that stands for a kind.
pub(super) const fn dtype_of(kind: Kind) -> DType {
    match kind {
        Kind::F32 => DType::F32,
        Kind::F64 => DType::F64,
        Kind::I64 => DType::I64,
        Kind::Bool => DType::Bool,
        Kind::Text => DType::Text,
    }
}

/// The number by which ONNX names the element type of a kind (`TensorProto.DataType`).
pub(super) const fn type_number(kind: Kind) -> i64 {
    match kind {
        Kind::F32 => 1,
        Kind::I64 => 7,
        Kind::Text => 8,
        Kind::Bool => 9,
        Kind::F64 => 11,
    }
}

/// The type of `[N, width]`.
pub(super) fn rows_of(kind: Kind, width: u32) -> ValueType {
    ValueType::tensor(
        dtype_of(kind),
        vec![Dim::Symbol("N".to_owned()), Dim::Known(u64::from(width))],
    )
}

#[expect(clippy::cast_possible_truncation, reason = "binary32 constants hold binary32 values")]
pub(super) fn to_f32(value: f64) -> f32 {
    value as f32
}

/// Which constants and conversions stand already; different in every graph.
#[derive(Default)]
pub(super) struct Known {
    constants: BTreeMap<(Kind, Vec<u64>, Bytes), ValueId>,
    casts: BTreeMap<(ValueId, DType), ValueId>,
    cast_from: BTreeMap<ValueId, (ValueId, Kind)>,
}

impl Builder {
    pub(super) fn new(taken: BTreeSet<String>) -> Self {
        Self { graph: Graph::default(), taken, counter: 0, known: Known::default() }
    }

    /// Sets aside what stands already: another graph is built.
    pub(super) fn forget(&mut self) -> Known {
        std::mem::take(&mut self.known)
    }

    /// Takes it up again.
    pub(super) fn remember(&mut self, known: Known) {
        self.known = known;
    }

    pub(super) fn fresh(&mut self, stem: &str) -> String {
        loop {
            let name = format!("{stem}{}", self.counter);
            self.counter += 1;
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    /// Applies an operator with one output.
    pub(super) fn node(
        &mut self,
        op_type: &str,
        inputs: &[ValueId],
        attributes: Vec<(&str, Attribute)>,
    ) -> Result<ValueId, Failure> {
        self.apply(AI_ONNX, op_type, inputs, attributes)
    }

    /// Applies a classical operator with one output.
    pub(super) fn ml_node(
        &mut self,
        op_type: &str,
        inputs: &[ValueId],
        attributes: Vec<(&str, Attribute)>,
    ) -> Result<ValueId, Failure> {
        self.apply(AI_ONNX_ML, op_type, inputs, attributes)
    }

    fn apply(
        &mut self,
        domain: &str,
        op_type: &str,
        inputs: &[ValueId],
        attributes: Vec<(&str, Attribute)>,
    ) -> Result<ValueId, Failure> {
        let name = self.fresh("v");
        let made = self.graph.push_node(domain, op_type, inputs, &[&name], attributes)?;
        let last = self.graph.nodes.len().checked_sub(1).and_then(|at| u32::try_from(at).ok());
        // onnxruntime 1.20 joins several `Gather` of one value and names what it makes after them: without
        // names of their own, two such joints are refused as one.
        if op_type == "Gather"
            && let Some(node) = last.and_then(|at| self.graph.nodes.get_mut(NodeId::new(at)))
        {
            node.name = name;
        }
        made.first().copied().ok_or_else(|| inexpressible("a node without an output"))
    }

    /// A constant; the same one twice is stored once.
    pub(super) fn constant(
        &mut self,
        kind: Kind,
        shape: &[u64],
        values: &Labels,
    ) -> Result<ValueId, Failure> {
        let bytes: Vec<u8> = match (kind, values) {
            (Kind::F32, Labels::F64(v)) => {
                v.iter().flat_map(|v| to_f32(*v).to_le_bytes()).collect()
            }
            (Kind::F64, Labels::F64(v)) => v.iter().flat_map(|v| v.to_le_bytes()).collect(),
            (Kind::I64, Labels::I64(v)) => v.iter().flat_map(|v| v.to_le_bytes()).collect(),
            (Kind::Bool, Labels::Bool(v)) => v.iter().map(|v| u8::from(*v)).collect(),
            (Kind::Text, Labels::Text(v)) => {
                v.iter().flat_map(|v| [v.as_bytes(), &[0xFF]].concat()).collect()
            }
            (
                Kind::F32 | Kind::F64 | Kind::I64 | Kind::Bool | Kind::Text,
                Labels::Text(_) | Labels::I64(_) | Labels::F64(_) | Labels::Bool(_),
            ) => return Err(inexpressible(format!("{} as {kind}", values.kind()))),
        };
        let key = (kind, shape.to_vec(), Bytes::from(bytes));
        if let Some(&found) = self.known.constants.get(&key) {
            return Ok(found);
        }
        let weight = match values {
            Labels::Text(texts) => {
                Weight::Text { shape: Shape(shape.to_vec()), values: texts.clone() }
            }
            Labels::I64(_) | Labels::F64(_) | Labels::Bool(_) => Weight::Tensor(Tensor::new(
                dtype_of(kind),
                Shape(shape.to_vec()),
                // The elements are held once.
                key.2.clone(),
            )?),
        };
        let name = self.fresh("c");
        let id = self.graph.push_weight(name, weight)?;
        self.known.constants.insert(key, id);
        Ok(id)
    }

    /// A float constant.
    pub(super) fn floats(
        &mut self,
        kind: Kind,
        shape: &[u64],
        values: &[f64],
    ) -> Result<ValueId, Failure> {
        self.constant(kind, shape, &Labels::F64(values.to_vec()))
    }

    /// One float that meets every element.
    pub(super) fn float(&mut self, kind: Kind, value: f64) -> Result<ValueId, Failure> {
        self.floats(kind, &[1, 1], &[value])
    }

    /// A list of integers.
    pub(super) fn ints(&mut self, values: &[i64]) -> Result<ValueId, Failure> {
        self.constant(Kind::I64, &[values.len() as u64], &Labels::I64(values.to_vec()))
    }

    /// Converts elements. A binary32 value that was widened is not rounded again.
    pub(super) fn cast(&mut self, id: ValueId, from: Kind, to: Kind) -> Result<ValueId, Failure> {
        if from == to {
            return Ok(id);
        }
        if let Some(&(origin, kind)) = self.known.cast_from.get(&id)
            && (from, kind, to) == (Kind::F64, Kind::F32, Kind::F32)
        {
            return Ok(origin);
        }
        if let Some(&found) = self.known.casts.get(&(id, dtype_of(to))) {
            return Ok(found);
        }
        let made = self.node("Cast", &[id], vec![("to", Attribute::Int(type_number(to)))])?;
        self.known.casts.insert((id, dtype_of(to)), made);
        self.known.cast_from.insert(made, (id, from));
        Ok(made)
    }

    /// Columns of `[N, w]` by position.
    pub(super) fn columns(&mut self, id: ValueId, indices: &[u32]) -> Result<ValueId, Failure> {
        let indices: Vec<i64> = indices.iter().map(|&i| i64::from(i)).collect();
        let indices = self.ints(&indices)?;
        self.node("Gather", &[id, indices], vec![("axis", Attribute::Int(1))])
    }

    /// `[N, 1]` where the value is NaN.
    pub(super) fn is_nan(&mut self, id: ValueId) -> Result<ValueId, Failure> {
        self.node("IsNaN", &[id], Vec::new())
    }

    /// The sum along axis 1 in order: running sums are defined one addition after the other, which
    /// `ReduceSum` and `MatMul` are not.
    pub(super) fn sum_in_order(
        &mut self,
        id: ValueId,
        length: u32,
        axis: i64,
    ) -> Result<ValueId, Failure> {
        let axis_value = self.constant(Kind::I64, &[], &Labels::I64(vec![axis]))?;
        let running = self.node("CumSum", &[id, axis_value], Vec::new())?;
        let last = i64::from(length.saturating_sub(1));
        let last = self.constant(Kind::I64, &[], &Labels::I64(vec![last]))?;
        self.node("Gather", &[running, last], vec![("axis", Attribute::Int(axis))])
    }

    /// The value under this name: renamed where a node yields it first, else copied.
    pub(super) fn named(&mut self, id: ValueId, name: &str) -> Result<ValueId, Failure> {
        let fresh = self.graph.values.get(id).is_some_and(|value| {
            matches!(value.origin, Origin::Node(..)) && !self.graph.outputs.contains(&id)
        });
        if fresh {
            if let Some(value) = self.graph.values.get_mut(id) {
                name.clone_into(&mut value.name);
            }
            return Ok(id);
        }
        let made = self.graph.push_node(AI_ONNX, "Identity", &[id], &[name], Vec::new())?;
        made.first().copied().ok_or_else(|| inexpressible("a copy without an output"))
    }
}

/// A contradiction between plan and model.
pub(super) fn inexpressible(what: impl Into<String>) -> Failure {
    Failure::bug(codes::INEXPRESSIBLE, what)
}
