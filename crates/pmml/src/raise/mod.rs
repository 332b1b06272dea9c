//! Tabular model → document.
//!
//! Every element of a value that is used becomes a field: the input itself, or a `DerivedField`.
//! Estimators become stages. One stage is the model of the document; several become the segments of a
//! model chain, each seeing the outputs of those before.

mod chain;
mod dictionary;
mod emit;
mod expression;
mod forest;
mod names;
mod regression;
mod tree;
mod used;

use holdall_diag::Failure;
use holdall_tabular::{Kind, Op, Scalar, ValidModel, ValueId};

use crate::{
    codes,
    doc::{Document, NormalizationMethod},
};
pub(crate) use dictionary::reject_target;
pub(crate) use expression::scalar_text;
pub(crate) use forest::is_distribution;
use names::{NameId, Names};
pub(crate) use regression::{is_largest, is_largest_but_for_ties};
pub(crate) use tree::is_writable;
pub(crate) use used::final_estimate;

/// Makes a document of a model. Fails with `pmml/inexpressible` where [`crate::PmmlWriter`] would have
/// refused the plan.
pub fn raise(valid: &ValidModel) -> Result<Document, Failure> {
    let mut raise = Raise::new(valid);
    let last = final_estimate(valid);
    for (id, node) in valid.model().nodes.iter() {
        let items = match &node.op {
            Op::Regress(_) | Op::Classify(_) => {
                if Some(id) != last && raise.used.wanted(id) {
                    raise.estimate(id)?;
                }
                Vec::new()
            }
            Op::Linear(_) | Op::Trees(_) if raise.used.fused(id) => Vec::new(),
            Op::Linear(linear) => raise.linear_margins(id, linear, NormalizationMethod::None)?,
            Op::Trees(trees) => raise.tree_margins(id, trees)?,
            Op::Part { estimate, part } => raise.part(*estimate, *part)?,
            op @ (Op::Input(_)
            | Op::Constant(_)
            | Op::Cast { .. }
            | Op::Concat(_)
            | Op::Select { .. }
            | Op::Unary { .. }
            | Op::Binary { .. }
            | Op::If { .. }
            | Op::Impute(_)
            | Op::Scale(_)
            | Op::OneHot(_)
            | Op::Ordinal(_)
            | Op::Call(_)
            | Op::Transform(_)
            | Op::Estimator(_)
            | Op::Foreign(_)) => raise.expression(id, op)?,
        };
        raise.items.push(items);
    }
    let model = match last {
        Some(id) => raise.stage_of(id)?,
        None => chain::nothing(),
    };
    raise.document(&model, last)
}

/// One element of a value.
#[derive(Clone, Debug)]
enum Item {
    /// Not used by anything.
    Unused,
    /// A field of the document.
    Field(NameId),
    /// A value that does not depend on the row.
    Constant(Scalar, Kind),
}

/// An expression of the transformation dictionary. Nesting is bounded by what this crate composes.
#[derive(Clone, Debug)]
enum Expr {
    Field(NameId),
    Constant(Scalar, Kind),
    Apply(&'static str, Vec<Expr>),
    /// The field, the category, the value for missing.
    Indicator(NameId, String),
    /// The field, the pairs, the value for unlisted ones, the value for missing.
    Map {
        field: NameId,
        pairs: Vec<(String, f64)>,
        other: Option<f64>,
        missing: Option<f64>,
    },
}

#[derive(Clone, Debug)]
struct Derived {
    name: NameId,
    kind: Kind,
    categorical: bool,
    expr: Expr,
}

/// A regression table: a sum for a class or a value.
#[derive(Clone, Debug, Default)]
struct Table {
    category: Option<String>,
    terms: Vec<(NameId, f64)>,
    intercept: f64,
}

/// A model of a stage.
#[derive(Clone, Debug)]
enum StageModel {
    Regression {
        classification: bool,
        method: NormalizationMethod,
        f32: bool,
        tables: Vec<Table>,
    },
    /// Trees of the ensemble in this node, added for one output.
    Sum {
        node: ValueId,
        output: u32,
    },
    /// Trees of the ensemble in this node, whose leaves are distributions over these classes.
    Distributions {
        node: ValueId,
        classes: Vec<String>,
    },
}

/// A model and what it passes on.
#[derive(Clone, Debug)]
struct Stage {
    model: StageModel,
    outputs: Vec<StageOutput>,
}

/// An output of a stage: the prediction, or the probability of a class.
#[derive(Clone, Debug)]
struct StageOutput {
    name: NameId,
    kind: Kind,
    class: Option<String>,
    label: bool,
}

struct Raise<'m> {
    valid: &'m ValidModel,
    used: used::Used,
    names: Names,
    items: Vec<Vec<Item>>,
    /// Fields derived from inputs alone.
    dictionary: Vec<Derived>,
    /// Fields derived from outputs of stages, in order; each stage declares those it needs.
    late: Vec<Derived>,
    stages: Vec<Stage>,
    /// Outputs of the stages of estimates whose parts are used, by node.
    parts: std::collections::BTreeMap<ValueId, Vec<StageOutput>>,
    /// Fields derived for trees, by what they are for and from what.
    adapted: std::collections::BTreeMap<(tree::Adapt, NameId), NameId>,
    /// Name of the target.
    target: String,
}

impl<'m> Raise<'m> {
    fn new(valid: &'m ValidModel) -> Self {
        let model = valid.model();
        let mut names = Names::default();
        for (_, field) in model.fields.iter() {
            let nan = field.missing == holdall_tabular::MissingPolicy::AsNan;
            names.root(&field.name, field.kind, nan);
        }
        let target = dictionary::target_name(valid);
        names.reserve(&target);
        for output in model.outputs.iter().filter_map(|o| o.name.as_ref()) {
            names.reserve(output);
        }
        Self {
            valid,
            used: used::Used::of(valid),
            names,
            items: Vec::new(),
            dictionary: Vec::new(),
            late: Vec::new(),
            stages: Vec::new(),
            parts: std::collections::BTreeMap::new(),
            adapted: std::collections::BTreeMap::new(),
            target,
        }
    }

    /// The item of an element of a value.
    fn item(&self, id: ValueId, element: usize) -> Result<Item, Failure> {
        match self.items.get(id.index()).and_then(|items| items.get(element)) {
            Some(item) => Ok(item.clone()),
            None => Err(self.bug(id, "an element has no field")),
        }
    }

    /// The element as a field; a constant becomes a derived one.
    fn field(&mut self, id: ValueId, element: usize) -> Result<NameId, Failure> {
        match self.item(id, element)? {
            Item::Field(name) => Ok(name),
            Item::Unused => Err(self.bug(id, "an element was thought to be unused")),
            Item::Constant(value, kind) => {
                let base = format!("constant({value})");
                Ok(self.derive(&base, kind, false, Expr::Constant(value, kind)))
            }
        }
    }

    /// Adds a derived field and names it.
    fn derive(&mut self, base: &str, kind: Kind, categorical: bool, expr: Expr) -> NameId {
        let mut roots = Vec::new();
        names::roots_of(&expr, &self.names, &mut roots);
        let name = self.names.derived(base, kind, roots);
        let derived = Derived { name, kind, categorical, expr };
        if self.names.depends_on_stage(name) {
            self.late.push(derived);
        } else {
            self.dictionary.push(derived);
        }
        name
    }

    /// Adds a stage with one output, and gives the field of that.
    fn stage(&mut self, model: StageModel, base: &str, kind: Kind) -> NameId {
        let name = self.names.output(base, kind);
        let output = StageOutput { name, kind, class: None, label: false };
        self.stages.push(Stage { model, outputs: vec![output] });
        name
    }

    fn bug(&self, id: ValueId, message: &str) -> Failure {
        let name = self.valid.model().nodes.get(id).map_or("node", |node| node.op.name());
        Failure::bug(codes::INEXPRESSIBLE, format!("{name} {id}: {message}"))
            .at(self.valid.model().location(id))
    }
}
