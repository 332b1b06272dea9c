//! Graphs read as tabular models: each value of the graph gets a meaning, operator by operator.
//!
//! What [`lower`](crate::lower()) writes is recognised as the constructs it came from; so is what
//! skl2onnx writes for linear models, trees, scalers, imputers and their pipelines.

mod arithmetic;
mod attributes;
mod encode;
mod ensemble;
mod general;
mod inputs;
mod leaves;
mod linear;
mod outputs;
mod shape;
mod support;
mod sym;

use std::collections::BTreeMap;

use holdall_diag::{Diagnostic, Failure, Report};
use holdall_graph::{AI_ONNX, AI_ONNX_ML, Graph, Node, Origin, ValueId, Weight};
use holdall_tabular::{Kind, Labels, Link, Model, Op, Part, ValueId as TabularId};
use holdall_tensor::DType;

use crate::codes;
use attributes::{place, refuse};
use sym::{Const, Sym, Val};

/// Reads a graph of classical operators as a tabular model.
///
/// Precision is kept as the operators have it: binary32 ensembles stay binary32. Fails with
/// `passes/operator` at the first node that has no counterpart.
pub fn raise(graph: &Graph) -> Result<(Model, Report), Failure> {
    let mut raise = Raise {
        graph,
        model: Model::new(),
        report: Report::new(),
        meanings: BTreeMap::new(),
        values: BTreeMap::new(),
        elements: BTreeMap::new(),
        estimates: Vec::new(),
        answers: Vec::new(),
        moved: 0,
        classes: None,
        sums: Vec::new(),
        leaves: leaves::find(graph),
    };
    raise.read_inputs()?;
    for (_, node) in graph.nodes.iter() {
        raise.node(node)?;
    }
    raise.read_outputs()?;
    let model = outputs::without_the_unused(raise.model)?;
    Ok((model, raise.report))
}

/// The state of one reading.
struct Raise<'g> {
    graph: &'g Graph,
    model: Model,
    report: Report,
    meanings: BTreeMap<ValueId, Sym>,
    /// The model's values by their nodes.
    values: BTreeMap<TabularId, Val>,
    /// Elements of vectors as scalars.
    elements: BTreeMap<(TabularId, u32), Val>,
    /// Estimates by their margins and link.
    estimates: Vec<(Val, Link, TabularId)>,
    /// Estimates of other families by the values that they answer, and as which part.
    answers: Vec<(Val, Part, TabularId)>,
    /// Elements written out so far.
    moved: usize,
    /// The classes of a label that is answered.
    classes: Option<Labels>,
    /// The sums of ensembles that were added as their operators add.
    sums: Vec<(std::sync::Arc<ensemble::Ensemble>, Val)>,
    /// The linear leaves of the graph.
    leaves: leaves::Found,
}

impl Raise<'_> {
    fn node(&mut self, node: &Node) -> Result<(), Failure> {
        let made = match (node.domain.as_str(), node.op_type.as_str()) {
            (AI_ONNX | "ai.onnx", _) => match self.linear_leaves(node) {
                Ok(Some(made)) => Ok(made),
                Ok(None) => self.recognised(node),
                Err(failure) => Err(failure),
            },
            (AI_ONNX_ML, _) => self.classical(node),
            (domain, _) => Err(refuse(node, format!("the domain `{domain}` is not known"))),
        };
        let made = made.map_err(|failure| {
            if failure.location().is_none() { failure.at(place(node)) } else { failure }
        })?;
        for (output, sym) in node.outputs.iter().zip(made) {
            if let Some(output) = output {
                self.meanings.insert(*output, sym);
            }
        }
        Ok(())
    }

    /// An operator as part of a construct, or else by itself.
    fn recognised(&mut self, node: &Node) -> Result<Vec<Sym>, Failure> {
        match self.elementary(node) {
            Ok(sym) => Ok(vec![sym]),
            Err(_) => self.general(node),
        }
    }

    fn classical(&mut self, node: &Node) -> Result<Vec<Sym>, Failure> {
        match node.op_type.as_str() {
            "TreeEnsembleRegressor" => self.tree_regressor(node).map(|sym| vec![sym]),
            "TreeEnsembleClassifier" => self.tree_classifier(node).map(Vec::from),
            "LinearRegressor" => self.linear_regressor(node).map(|sym| vec![sym]),
            "LinearClassifier" => self.linear_classifier(node).map(Vec::from),
            "Scaler" => self.scaler(node).map(|sym| vec![sym]),
            "Imputer" => self.imputer(node).map(|sym| vec![sym]),
            "Normalizer" => self.normalizer(node).map(|sym| vec![sym]),
            "LabelEncoder" => match self.label_encoder(node) {
                Ok(sym) => Ok(vec![sym]),
                Err(_) => self.any_label_encoder(node).map(|sym| vec![sym]),
            },
            "ArrayFeatureExtractor" => match self.gather(node, 1) {
                Ok(sym) => Ok(vec![sym]),
                Err(_) => self.extracted(node).map(|sym| vec![sym]),
            },
            "CategoryMapper" => self.category_mapper(node).map(|sym| vec![sym]),
            "OneHotEncoder" => self.one_hot_encoder(node).map(|sym| vec![sym]),
            "Binarizer" => self.binarizer(node).map(|sym| vec![sym]),
            "FeatureVectorizer" => self.feature_vectorizer(node).map(|sym| vec![sym]),
            "SVMRegressor" => self.svm_regressor(node).map(|sym| vec![sym]),
            "SVMClassifier" => self.svm_classifier(node).map(Vec::from),
            "ZipMap" => {
                self.skip(node, "names of classes beside the probabilities");
                self.meaning(node, 0).map(|sym| vec![sym])
            }
            _ => Err(refuse(node, "no counterpart in tabular models")),
        }
    }

    /// Notes that an operator was left out.
    fn skip(&mut self, node: &Node, what: &str) {
        let message = format!("`{}` was left out: {what}", node.op_type);
        self.report.push(Diagnostic::note(codes::SKIPPED, message).at(place(node)));
    }

    /// What an operand means.
    fn meaning(&self, node: &Node, position: usize) -> Result<Sym, Failure> {
        let id = node
            .inputs
            .get(position)
            .copied()
            .flatten()
            .ok_or_else(|| refuse(node, format!("input {position} is left out")))?;
        if let Some(sym) = self.meanings.get(&id) {
            return Ok(sym.clone());
        }
        match self.graph.weight_of(id) {
            Some(weight) => read_weight(weight).map(Sym::Const),
            None => Err(refuse(node, format!("input {position} has no meaning"))),
        }
    }

    fn constant_arg(&self, node: &Node, position: usize) -> Option<Const> {
        if let Ok(Sym::Const(constant)) = self.meaning(node, position) {
            Some(constant)
        } else {
            None
        }
    }

    /// An operand as a value of the model.
    fn arg_value(&mut self, node: &Node, position: usize) -> Result<Val, Failure> {
        let sym = self.meaning(node, position)?;
        self.as_value(node, &sym)
    }

    fn as_value(&mut self, node: &Node, sym: &Sym) -> Result<Val, Failure> {
        self.try_value(sym)?.ok_or_else(|| refuse(node, "an operand is no value of its own"))
    }

    fn try_value(&mut self, sym: &Sym) -> Result<Option<Val>, Failure> {
        Ok(Some(match sym {
            Sym::Value(value) | Sym::Test(Some(value), _) => *value,
            Sym::Trees(ensemble, sym::Stage::Direct) => {
                let known = self.sums.iter().find(|(of, _)| std::sync::Arc::ptr_eq(of, ensemble));
                if let Some((_, sums)) = known {
                    return Ok(Some(*sums));
                }
                let sums = self.added(ensemble)?;
                self.sums.push((std::sync::Arc::clone(ensemble), sums));
                sums
            }
            Sym::Linked { link: Link::Logistic, margins, binary: false } => {
                let op = holdall_tabular::UnaryOp::Logistic;
                let op = Op::Unary { op, arg: margins.id };
                self.push(op, margins.kind, margins.width, margins.scalar)?
            }
            Sym::Linked { link: Link::Identity, margins, binary: false } => *margins,
            Sym::Indicators(value, categories) => self.one_hot(*value, categories, Kind::Bool)?,
            Sym::Const(constant) if constant.is_row() => {
                return self.constant_value(constant).map(Some);
            }
            Sym::Block(block) if block.dims.is_empty() => block.value,
            Sym::Code(..)
            | Sym::Block(_)
            | Sym::Const(_)
            | Sym::Extents(_)
            | Sym::RunningBlock(..)
            | Sym::Guard(_)
            | Sym::Guarded(_)
            | Sym::Test(None, _)
            | Sym::Linked { .. }
            | Sym::Probability { .. }
            | Sym::Running(..)
            | Sym::Sum(_)
            | Sym::NoSum(_)
            | Sym::Shares(_)
            | Sym::Raised(_)
            | Sym::Products(..)
            | Sym::Trees(..)
            | Sym::Position(_)
            | Sym::Label(..)
            | Sym::Estimated(_) => return Ok(None),
        }))
    }

    fn push_op(&mut self, op: Op) -> Result<TabularId, Failure> {
        self.model.push(op)
    }

    fn push(&mut self, op: Op, kind: Kind, width: u32, scalar: bool) -> Result<Val, Failure> {
        let id = self.push_op(op)?;
        let value = Val { id, kind, width, scalar };
        self.values.insert(id, value);
        Ok(value)
    }

    /// The value as a vector.
    fn vector(&mut self, value: Val) -> Result<Val, Failure> {
        if !value.scalar {
            return Ok(value);
        }
        self.push(Op::Concat(vec![value.id]), value.kind, 1, false)
    }

    fn cast_to(&mut self, value: Val, to: Kind) -> Result<Val, Failure> {
        if value.kind == to {
            return Ok(value);
        }
        self.push(Op::Cast { arg: value.id, to }, to, value.width, value.scalar)
    }

    /// The operation that yields a value.
    fn op_of(&self, value: Val) -> Option<&Op> {
        self.model.nodes.get(value.id).map(|node| &node.op)
    }

    /// The node that yields an operand.
    fn producer(&self, node: &Node, position: usize) -> Option<&Node> {
        let id = node.inputs.get(position).copied().flatten()?;
        match self.graph.values.get(id)?.origin {
            Origin::Node(node, _) => self.graph.nodes.get(node),
            Origin::Input(_) | Origin::Weight(_) | Origin::Outer => None,
        }
    }
}

/// Class labels of a classical classifier.
fn read_classes(node: &Node, ints: &str, texts: &str) -> Result<Labels, Failure> {
    let numbers = attributes::ints(node, ints)?;
    if numbers.is_empty() {
        return attributes::texts(node, texts).map(Labels::Text);
    }
    Ok(Labels::I64(numbers.to_vec()))
}

/// The kind that an element type stands for.
fn kind_of(dtype: DType) -> Option<Kind> {
    match dtype {
        DType::F32 => Some(Kind::F32),
        DType::F64 => Some(Kind::F64),
        DType::I64 | DType::I32 | DType::I16 | DType::I8 | DType::U8 | DType::U16 | DType::U32 => {
            Some(Kind::I64)
        }
        DType::Bool => Some(Kind::Bool),
        DType::Text => Some(Kind::Text),
        DType::U64 | DType::F16 | DType::BF16 | DType::Narrow(_) | DType::C64 | DType::C128 => None,
    }
}

fn read_weight(weight: &Weight) -> Result<Const, Failure> {
    match weight {
        Weight::Text { shape, values } => Ok(Const {
            kind: Kind::Text,
            shape: shape.0.clone(),
            values: Labels::Text(values.clone()),
        }),
        Weight::Tensor(tensor) => {
            let kind = kind_of(tensor.dtype()).ok_or_else(|| {
                let message = format!("constants of {} are not read", tensor.dtype());
                Failure::unsupported(codes::SHAPE, message)
            })?;
            let values = match kind {
                Kind::F32 | Kind::F64 => Labels::F64(tensor.to_f64()?),
                Kind::I64 => Labels::I64(tensor.to_i64()?),
                Kind::Bool => Labels::Bool(tensor.to_i64()?.into_iter().map(|v| v != 0).collect()),
                Kind::Text => Labels::Text(Vec::new()),
            };
            Ok(Const { kind, shape: tensor.shape().0.clone(), values })
        }
    }
}
