//! Tabular model → document.
//!
//! Every element of a value that is used becomes a field: the input itself, or a `DerivedField`.
//! Estimators become stages. One stage is the model of the document; several become the segments of a
//! model chain, each seeing the outputs of those before. What nothing names in the end is left out.

mod answers;
mod association;
mod bayes;
mod calls;
mod chain;
mod cluster;
mod combine;
mod decision;
mod dictionary;
mod emit;
mod ensemble;
mod estimate;
mod expr;
mod expression;
mod forest;
mod model;
mod names;
mod neighbors;
mod network;
mod predicate;
mod process;
mod prune;
mod reduce;
mod regression;
mod series;
mod shape;
mod spline;
mod stop;
mod survival;
mod tables;
mod text;
mod transform;
mod tree;
mod used;
mod vectors;
mod verification;

use std::collections::{BTreeMap, BTreeSet};

use holdall_codec::{Examples, Support};
use holdall_diag::Failure;
use holdall_tabular::{
    Construct, Estimator, EstimatorKind, Kind, Labels, Op, Scalar, SurvivalForm, ValidModel,
    ValueId,
};

use crate::{
    codes,
    doc::{Document, NormalizationMethod},
};
use answers::AnswerField;
pub(crate) use dictionary::reject_target;
use expr::Expr;
pub(crate) use expression::scalar_text;
use model::{Stage, StageModel};
use names::{NameId, Names};
use stop::Stop;
pub(crate) use tree::is_writable;
use used::is_estimate;

/// Makes a document of a model, with rows to check it by where there are some. Fails with `pmml/inexpressible` where
/// [`crate::PmmlWriter`] would have refused the plan.
pub fn raise(valid: &ValidModel, examples: &Examples) -> Result<Document, Failure> {
    let plain = valid.spelled_out()?;
    let valid = plain.as_ref().unwrap_or(valid);
    let mut raise = Raise::new(valid);
    let prepared = raise.prepare().and_then(|prepared| match raise.first_refusal() {
        Some(stop) => Err(stop),
        None => Ok(prepared),
    });
    prepared.and_then(|prepared| raise.document(prepared, examples)).map_err(Stop::into_failure)
}

/// What the model needs beyond what its constructs alone say: an answer for each construct that is not
/// written as it usually is.
pub(crate) fn survey(valid: &ValidModel) -> Result<BTreeMap<Construct, Support>, Failure> {
    if let Some(why) = valid.linear_trees_obstacle() {
        let linear = Construct::Estimator(EstimatorKind::LinearTrees);
        return Ok(BTreeMap::from([(linear, Support::refuse(why))]));
    }
    let plain = valid.spelled_out()?;
    let valid = plain.as_ref().unwrap_or(valid);
    let mut raise = Raise::new(valid);
    match raise.prepare() {
        Ok(_) => {}
        Err(Stop::Refuse(construct, why)) => raise.note(construct, Support::refuse(why)),
        Err(Stop::Failed(failure)) => return Err(failure),
    }
    Ok(raise.notes)
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

#[derive(Clone, Debug)]
struct Derived {
    name: NameId,
    kind: Kind,
    categorical: bool,
    expr: Expr,
}

/// What was made, in order: it can only name what was made before it.
#[derive(Clone, Copy, Debug)]
enum Made {
    Dictionary(usize),
    Late(usize),
    Stage(usize),
}

/// What is left to be written.
struct Prepared {
    last: Option<ValueId>,
    model: StageModel,
    answers: Vec<AnswerField>,
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
    made: Vec<Made>,
    /// Fields that hold parts of estimates.
    parts: estimate::Parts,
    /// Fields of date types, by the text that they are read from.
    moments: BTreeMap<(NameId, &'static str), NameId>,
    /// Fields derived for trees, by what they are for and from what.
    adapted: BTreeMap<(tree::Adapt, NameId), NameId>,
    /// The fields that the splits of an ensemble test.
    tested: BTreeMap<ValueId, BTreeSet<NameId>>,
    /// Answers for constructs that are not written as they usually are.
    notes: BTreeMap<Construct, Support>,
    /// Name of the target.
    target: String,
    /// Names, kinds and classes of what stages predict.
    inner_targets: Vec<(String, Kind, Option<Labels>, bool)>,
}

impl<'m> Raise<'m> {
    fn new(valid: &'m ValidModel) -> Self {
        let model = valid.model();
        let mut names = Names::default();
        for (_, field) in model.fields.iter() {
            names.root(field);
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
            made: Vec::new(),
            parts: estimate::Parts::default(),
            moments: BTreeMap::new(),
            adapted: BTreeMap::new(),
            tested: BTreeMap::new(),
            notes: BTreeMap::new(),
            target,
            inner_targets: Vec::new(),
        }
    }

    /// Makes all fields and stages. What cannot be said is noted, and stands as a constant.
    fn prepare(&mut self) -> Result<Prepared, Stop> {
        let valid = self.valid;
        let last = used::final_estimate(valid);
        for (id, node) in valid.model().nodes.iter() {
            let made = self.made.len();
            let items = match self.node(id, &node.op, last) {
                Err(Stop::Refuse(construct, why)) => {
                    self.note(construct, Support::refuse(why));
                    let kind = valid.kind_of(id).unwrap_or(Kind::F64);
                    vec![Item::Constant(Scalar::F64(0.0), kind); valid.width_of(id) as usize]
                }
                items => items?,
            };
            if let ([Item::Field(field)], Some(name)) = (items.as_slice(), &node.name) {
                self.rename(made, *field, name);
            }
            self.items.push(items);
        }
        let model = match last {
            Some(id) => self.last_model(id)?,
            None => model::nothing(),
        };
        let answers = self.answers(last)?;
        Ok(Prepared { last, model, answers })
    }

    fn node(&mut self, id: ValueId, op: &Op, last: Option<ValueId>) -> Result<Vec<Item>, Stop> {
        if is_estimate(op) {
            // An estimate is written where its parts are asked for, or as the whole model.
            let beside = if Some(id) == last { self.used.read(id) } else { self.used.shown(id) };
            if beside {
                self.estimate(id)?;
            }
            return Ok(Vec::new());
        }
        if !self.used.wanted(id) || self.used.fused(id) {
            return Ok(vec![Item::Unused; self.valid.width_of(id) as usize]);
        }
        match op {
            Op::Linear(linear) => self.linear_margins(id, linear, NormalizationMethod::None),
            Op::Trees(trees) => self.tree_margins(id, trees),
            Op::Part { estimate, part } => self.part(*estimate, *part),
            Op::Estimator(estimator) => self.margins(id, estimator),
            Op::Input(_)
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
            | Op::Regress(_)
            | Op::Classify(_)
            | Op::Foreign(_) => self.expression(id, op),
        }
    }

    /// The margins of a family that gives margins.
    fn margins(&mut self, id: ValueId, estimator: &Estimator) -> Result<Vec<Item>, Stop> {
        let refuse = |why: &str| Err(Stop::refuse(Construct::Estimator(estimator.kind()), why));
        match estimator {
            Estimator::KernelMachine(op) => self.kernels(id, op),
            Estimator::Votes(op) => self.votes(op),
            // It is written where it is classified.
            Estimator::NaiveBayes(_) if self.only_classified(id) => {
                Ok(vec![Item::Unused; self.valid.width_of(id) as usize])
            }
            Estimator::NaiveBayes(_) => refuse("only a classification of its own says it in PMML"),
            Estimator::ObliviousTrees(_) | Estimator::LinearTrees(_) => {
                refuse("holdall does not write it to PMML")
            }
            Estimator::BayesianNetwork(_) if self.is_classified_network(id) => {
                Ok(vec![Item::Unused; self.valid.width_of(id) as usize])
            }
            // They are what the document answers.
            Estimator::TimeSeries(_) if self.is_answer(id) => Ok(vec![Item::Unused]),
            Estimator::Survival(op)
                if op.form == SurvivalForm::CumulativeHazard && self.is_answer(id) =>
            {
                Ok(vec![Item::Unused])
            }
            Estimator::BayesianNetwork(op) => self.network(id, op),
            Estimator::TimeSeries(_) => self.series(id),
            Estimator::GaussianProcess(op) => self.process(id, op),
            Estimator::Survival(op) => self.survival(id, op),
            Estimator::Neighbors(_)
            | Estimator::DecisionTree(_)
            | Estimator::Rules(_)
            | Estimator::Scorecard(_)
            | Estimator::Cluster(_)
            | Estimator::Detect(_)
            | Estimator::Association(_)
            | Estimator::Combine(_) => Err(self.bug(id, "no margins")),
        }
    }

    /// Whether nothing but classifications reads a node.
    fn only_classified(&self, id: ValueId) -> bool {
        let model = self.valid.model();
        let answered = model.outputs.iter().any(|output| output.value == id);
        !answered
            && model.nodes.iter().all(|(_, node)| {
                let mut reads = false;
                node.op.each_arg(&mut |arg| reads |= arg == id);
                !reads || matches!(node.op, Op::Classify(_))
            })
    }

    /// The item of an element of a value.
    fn item(&self, id: ValueId, element: usize) -> Result<Item, Stop> {
        match self.items.get(id.index()).and_then(|items| items.get(element)) {
            Some(item) => Ok(item.clone()),
            None => Err(self.bug(id, "an element has no field")),
        }
    }

    /// The element as a field; a constant becomes a derived one.
    fn field(&mut self, id: ValueId, element: usize) -> Result<NameId, Stop> {
        match self.item(id, element)? {
            Item::Field(name) => Ok(name),
            Item::Unused => Err(self.bug(id, "an element was thought to be unused")),
            Item::Constant(value, kind) => {
                let base = format!("constant({value})");
                Ok(self.derive(&base, kind, false, Expr::Constant(value, kind)))
            }
        }
    }

    /// All elements as fields.
    fn fields(&mut self, id: ValueId) -> Result<Vec<NameId>, Stop> {
        (0..self.valid.width_of(id) as usize).map(|element| self.field(id, element)).collect()
    }

    /// Adds a derived field and names it.
    fn derive(&mut self, base: &str, kind: Kind, categorical: bool, expr: Expr) -> NameId {
        let name = self.names.derived(base, kind, &expr);
        let derived = Derived { name, kind, categorical, expr };
        if self.names.depends_on_stage(name) {
            self.made.push(Made::Late(self.late.len()));
            self.late.push(derived);
        } else {
            self.made.push(Made::Dictionary(self.dictionary.len()));
            self.dictionary.push(derived);
        }
        name
    }

    /// Calls a field that was just derived as the file does that the model was read from.
    fn rename(&mut self, made: usize, field: NameId, name: &str) {
        let new = self.made.get(made..).unwrap_or_default().iter().any(|made| match made {
            Made::Dictionary(place) => self.dictionary.get(*place).is_some_and(|d| d.name == field),
            Made::Late(place) => self.late.get(*place).is_some_and(|d| d.name == field),
            Made::Stage(_) => false,
        });
        if new {
            self.names.rename(field, name);
        }
    }

    /// The expression as one that may be named more than once.
    fn bind(&mut self, base: &str, kind: Kind, expr: Expr) -> Expr {
        if matches!(expr, Expr::Field(_) | Expr::Constant(..)) {
            return expr;
        }
        Expr::Field(self.derive(base, kind, false, expr))
    }

    /// Adds a stage with one output, its prediction, and gives the field of that.
    fn stage(&mut self, model: StageModel, base: &str, kind: Kind) -> NameId {
        let name = self.names.output(base, kind);
        let output = AnswerField::predicted(self.names.text(name).to_owned(), kind, false);
        self.push_stage(Stage { model, outputs: vec![(name, output)], target: None });
        name
    }

    fn push_stage(&mut self, stage: Stage) {
        self.made.push(Made::Stage(self.stages.len()));
        self.stages.push(stage);
    }

    /// Remembers an answer for a construct, of several the worst.
    fn note(&mut self, construct: Construct, support: Support) {
        let worst = self.notes.entry(construct).or_insert_with(|| support.clone());
        if support.fate > worst.fate {
            *worst = support;
        }
    }

    fn first_refusal(&self) -> Option<Stop> {
        let mut refused = self.notes.iter().filter(|(_, s)| s.fate == holdall_codec::Fate::Refuse);
        refused.next().map(|(construct, support)| Stop::Refuse(*construct, support.how.clone()))
    }

    fn bug(&self, id: ValueId, message: &str) -> Stop {
        let name = self.valid.model().nodes.get(id).map_or("node", |node| node.op.name());
        let failure = Failure::bug(codes::INEXPRESSIBLE, format!("{name} {id}: {message}"));
        Stop::Failed(failure.at(self.valid.model().location(id)))
    }
}
