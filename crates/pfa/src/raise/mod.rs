//! From a tabular model to a document.

mod estimate;
mod fields;
mod nodes;
mod outputs;
mod tables;
mod text;
mod trees;

use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_tabular::{
    Call, Function, Kind, Labels, Op, Outside, Part, Reduce, ReduceOp, Transform, Type, Unknown,
    ValidModel, ValueId, Width,
};
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::{
    codes,
    doc::{Cell, Document},
    library::{self, call, reference},
    names::{Fun, sanitized},
    number::{array, literal, narrow, plain, schema},
};

/// The document that answers as the model does.
pub(crate) fn raise(valid: &ValidModel) -> Result<Document, Failure> {
    let mut raise = Raise::new(valid);
    let input = raise.fields()?;
    for (id, node) in valid.model().nodes.iter() {
        if raise.reached.contains(&id) {
            raise.node(id, &node.op)?;
        }
    }
    let output = raise.outputs();
    let mut document = Document::new(input, output);
    let header = &valid.model().header;
    document.name = Some(header.name.as_deref().map_or_else(|| "Holdall".to_owned(), sanitized));
    document.doc.clone_from(&header.description);
    document.metadata = raise.metadata();
    document.action = raise.action;
    document.fcns = library::needed(&document.action).into_iter().collect();
    document.cells = raise.cells;
    Ok(document)
}

struct Raise<'m> {
    valid: &'m ValidModel,
    cells: IndexMap<String, Cell>,
    action: Vec<Value>,
    /// Nodes that an output depends on: only these are computed.
    reached: std::collections::BTreeSet<ValueId>,
    /// What each node's value is called.
    symbols: BTreeMap<ValueId, String>,
    /// Whether an element of a node may be missing.
    nullable: Vec<bool>,
    /// Avro names of the fields.
    fields: Vec<String>,
}

impl<'m> Raise<'m> {
    fn new(valid: &'m ValidModel) -> Self {
        let model = valid.model();
        let mut reached: std::collections::BTreeSet<ValueId> =
            model.outputs.iter().map(|output| output.value).collect();
        for (id, node) in model.nodes.iter().rev() {
            if reached.contains(&id) {
                node.op.each_arg(&mut |arg| {
                    reached.insert(arg);
                });
            }
        }
        let mut raise = Self {
            valid,
            cells: IndexMap::new(),
            action: Vec::new(),
            reached,
            symbols: BTreeMap::new(),
            nullable: Vec::new(),
            fields: Vec::new(),
        };
        for (_, node) in model.nodes.iter() {
            let nullable = raise.may_be_missing(&node.op);
            raise.nullable.push(nullable);
        }
        raise
    }

    fn may_be_missing(&self, op: &Op) -> bool {
        match op {
            Op::Input(field) => self
                .valid
                .model()
                .fields
                .get(*field)
                .is_some_and(|f| f.missing == holdall_tabular::MissingPolicy::Keep),
            Op::Constant(_) | Op::Impute(_) | Op::OneHot(_) => false,
            Op::Trees(ensemble) => ensemble.nodes.may_lose(self.null(ensemble.arg)),
            Op::Call(Call {
                function: Function::Substring | Function::ToNumber | Function::ParseDate,
                ..
            }) => true,
            Op::Call(Call { function: Function::Coalesce, args }) => {
                args.iter().all(|arg| self.null(*arg))
            }
            Op::Unary { op: holdall_tabular::UnaryOp::IsMissing, .. } => false,
            Op::Ordinal(ordinal) => ordinal.unknown == Unknown::None,
            Op::Transform(Transform::Lookup(_) | Transform::Bin(_)) => true,
            Op::Transform(Transform::Curve(curve)) => {
                curve.outside == Outside::Missing || self.null(curve.arg)
            }
            Op::Transform(Transform::Reduce(Reduce { op: ReduceOp::Count, .. })) => false,
            Op::Cast { .. }
            | Op::Concat(_)
            | Op::Select { .. }
            | Op::Unary { .. }
            | Op::Binary { .. }
            | Op::If { .. }
            | Op::Scale(_)
            | Op::Linear(_)
            | Op::Call(_)
            | Op::Transform(_)
            | Op::Estimator(_)
            | Op::Regress(_)
            | Op::Classify(_)
            | Op::Part { .. }
            | Op::Foreign(_) => {
                let mut any = false;
                op.each_arg(&mut |arg| any |= self.null(arg));
                any
            }
        }
    }

    /// Whether a reduction of one element is that element.
    fn picks(&self, op: Reduce) -> bool {
        let same = match op.op {
            ReduceOp::Sum
            | ReduceOp::Product
            | ReduceOp::Min
            | ReduceOp::Max
            | ReduceOp::Mean
            | ReduceOp::Median => true,
            ReduceOp::Count
            | ReduceOp::SumAbs
            | ReduceOp::SumSquares
            | ReduceOp::MaxAbs
            | ReduceOp::ArgMin
            | ReduceOp::ArgMax
            | ReduceOp::StdDev
            | ReduceOp::Any
            | ReduceOp::All => false,
        };
        same && self.valid.width_of(op.arg) == 1
    }

    fn null(&self, id: ValueId) -> bool {
        self.nullable.get(id.index()).copied().unwrap_or(true)
    }

    fn symbol(&self, id: ValueId) -> String {
        self.symbols.get(&id).cloned().unwrap_or_else(|| format!("v{}", id.index()))
    }

    fn value(&self, id: ValueId) -> Value {
        json!(self.symbol(id))
    }

    fn kind(&self, id: ValueId) -> Kind {
        self.valid.kind_of(id).unwrap_or(Kind::F64)
    }

    fn is_scalar(&self, id: ValueId) -> bool {
        matches!(self.valid.type_of(id), Type::Value(_, Width::Scalar))
    }

    /// A value, made one that may be null where it is not and `null` asks for it.
    fn lifted(&self, id: ValueId, null: bool) -> Value {
        let value = self.value(id);
        if !null || self.null(id) {
            return value;
        }
        self.apply(id, value, &Fun::new("some", &[self.kind(id)]))
    }

    /// A function of one element, applied to each element of a value as wide as `like`.
    fn apply(&self, like: ValueId, value: Value, fun: &Fun) -> Value {
        if self.is_scalar(like) {
            call(fun, [value])
        } else {
            json!({ "a.map": [value, reference(fun)] })
        }
    }

    fn assign(&mut self, symbol: &str, value: &Value) {
        self.action.push(json!({ "let": { symbol: value } }));
    }

    /// A list as a cell, or written out where JSON has no token for an element.
    fn list(&mut self, name: &str, kind: Kind, labels: &Labels) -> Value {
        let labels = match labels {
            Labels::F64(v) if kind == Kind::F32 => {
                Labels::F64(v.iter().map(|&v| narrow(v)).collect())
            }
            Labels::F64(_) | Labels::I64(_) | Labels::Bool(_) | Labels::Text(_) => labels.clone(),
        };
        let schema = array(&schema(kind));
        if let Some(init) = plain(&labels) {
            return self.cell(name, schema, init);
        }
        let elements: Vec<Value> =
            (0..labels.len()).filter_map(|i| labels.get(i)).map(|v| literal(&v)).collect();
        json!({ "type": schema, "new": elements })
    }

    fn floats(&mut self, name: &str, kind: Kind, values: &[f64]) -> Value {
        self.list(name, kind, &Labels::F64(values.to_vec()))
    }

    fn cell(&mut self, name: &str, schema: Value, init: Value) -> Value {
        let cell = Cell { schema, init, further: serde_json::Map::new() };
        self.cells.insert(name.to_owned(), cell);
        json!({ "cell": name })
    }

    /// The parts of an estimate have symbols of their own.
    fn part(&self, estimate: ValueId, part: Part) -> String {
        let margins = match self.valid.model().nodes.get(estimate).map(|node| &node.op) {
            Some(Op::Regress(op)) => Some(op.margins),
            Some(Op::Classify(op)) => Some(op.margins),
            _ => None,
        };
        let id = estimate.index();
        match (part, margins) {
            (Part::Margins, Some(margins)) => self.symbol(margins),
            (Part::Label, _) => format!("v{id}_label"),
            (Part::Probabilities | Part::Probability(_), _) => format!("v{id}_probabilities"),
            (Part::Values, _) => format!("v{id}_values"),
            (
                Part::Whole
                | Part::Margins
                | Part::Distances
                | Part::Score
                | Part::Entity(_)
                | Part::Confidence
                | Part::Reason(_)
                | Part::Rule(..),
                _,
            ) => self.symbol(estimate),
        }
    }
}

fn impossible(what: &str) -> Failure {
    Failure::bug(codes::WRITE, format!("the plan accepted {what}, which cannot be written"))
}
