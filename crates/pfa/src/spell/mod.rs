//! Families that score, said in operations that have functions of their own: a tree of predicates is a tree over their
//! answers, a vote is a sum, the nearest row is the place of the smallest distance. Each step is the one that the family
//! takes, in its order, so that the answers are equal to the bit.

mod bayes;
mod choose;
mod combine;
mod expand;
mod kernel;
mod near;
mod scorecard;

use holdall_diag::Failure;
use holdall_tabular::{
    AnomalySide, BinaryOp, Call, Classify, Compare, Comparison, Constant, Decision, EstimateType,
    Estimator, EstimatorKind, Function, Impute, Kind, Labels, Linear, Link, Lookup, Matrix, Model,
    Op, Output, Part, Reduce, ReduceOp, Scalar, Scale, ScaleForm, Summation, Transform, Type,
    UnaryOp, ValidModel, ValueId, VoteForm, Width, validate,
};

use crate::codes;

const fn is_long(op: &Op) -> bool {
    matches!(op, Op::Estimator(_) | Op::Transform(Transform::Polynomial(_)))
}

/// The same model without families that PFA has no function for; none where it has none.
pub(crate) fn spelled(valid: &ValidModel) -> Result<Option<ValidModel>, Failure> {
    let old = valid.model();
    if !old.nodes.iter().any(|(_, node)| is_long(&node.op)) {
        return Ok(None);
    }
    let mut spell = Spell { valid, model: old.clone(), made: Vec::with_capacity(old.nodes.len()) };
    spell.model.nodes = Model::new().nodes;
    spell.model.outputs.clear();
    for (id, node) in old.nodes.iter() {
        let made = spell.node(id, &node.op)?;
        if let Made::Value(new) = made
            && let Some(kept) = spell.model.nodes.get_mut(new)
            && kept.name.is_none()
        {
            kept.name.clone_from(&node.name);
        }
        spell.made.push(made);
    }
    for output in &old.outputs {
        spell.output(output)?;
    }
    let valid = validate(spell.model).map_err(|report| {
        let why = report.entries().first().map_or_else(String::new, |e| e.message.clone());
        Failure::bug(codes::WRITE, format!("a model was spelled out wrongly: {why}"))
    })?;
    Ok(Some(valid))
}

/// Why a family cannot be said of a model; none where it can.
pub(crate) fn refused(
    valid: &ValidModel,
    id: ValueId,
    estimator: &Estimator,
) -> Option<&'static str> {
    match estimator {
        Estimator::DecisionTree(op) => choose::tree_refused(valid, id, op),
        Estimator::KernelMachine(op) => kernel::refused(op.kernel),
        Estimator::Votes(op) => matches!(op.form, VoteForm::Coupled { .. })
            .then_some("probabilities that are coupled in rounds until they no longer change"),
        Estimator::NaiveBayes(op) => bayes::refused(op),
        Estimator::Neighbors(op) => {
            near::refused(op).or_else(|| comparison_refused(&op.comparison))
        }
        Estimator::ObliviousTrees(op) => expand::refused(op),
        Estimator::LinearTrees(_)
        | Estimator::BayesianNetwork(_)
        | Estimator::TimeSeries(_)
        | Estimator::GaussianProcess(_)
        | Estimator::Survival(_)
        | Estimator::Rules(_)
        | Estimator::Scorecard(_)
        | Estimator::Cluster(_)
        | Estimator::Detect(_)
        | Estimator::Association(_)
        | Estimator::Combine(_) => None,
    }
}

/// Why vectors cannot be compared so; none where they can.
pub(crate) fn comparison_refused(comparison: &Comparison) -> Option<&'static str> {
    let tables = comparison.compare.iter().any(|how| matches!(how, Compare::Table(_)));
    tables.then_some("elements compared by a table of similarities")
}

/// What became of a node.
#[derive(Clone, Debug)]
enum Made {
    /// A value, or an estimate that stays one.
    Value(ValueId),
    /// An estimate whose parts are values now.
    Answer(Answer),
}

/// The parts of an estimate as values.
#[derive(Clone, Debug, Default)]
struct Answer {
    label: Option<ValueId>,
    /// Probabilities, values or a score: a vector.
    numbers: Option<ValueId>,
    /// Margins or distances: a vector.
    margins: Option<ValueId>,
    entities: Vec<ValueId>,
    confidence: Option<ValueId>,
    reasons: Vec<ValueId>,
    /// Of each rule: id, antecedent, consequent, rule, support, confidence, lift.
    rules: Vec<[ValueId; 7]>,
}

type Step = Result<ValueId, Failure>;

struct Spell<'m> {
    valid: &'m ValidModel,
    model: Model,
    made: Vec<Made>,
}

fn number(count: usize) -> Result<u32, Failure> {
    u32::try_from(count)
        .map_err(|_error| Failure::limit(codes::WRITE, "a list of the model has 2³² elements"))
}

#[expect(clippy::cast_precision_loss, reason = "positions and counts are below 2³²")]
const fn float(count: usize) -> f64 {
    count as f64
}

/// The numbers from 0.
fn positions(count: usize) -> Vec<f64> {
    (0..count).map(float).collect()
}

fn impossible(what: &str) -> Failure {
    Failure::bug(codes::WRITE, format!("there is no {what} where the model was checked to have it"))
}

impl Spell<'_> {
    fn node(&mut self, id: ValueId, op: &Op) -> Result<Made, Failure> {
        if let Op::Transform(Transform::Polynomial(op)) = op {
            return self.polynomial(op).map(Made::Value);
        }
        if let Op::Part { estimate, part } = op {
            return self.part_of(*estimate, *part).map(Made::Value);
        }
        // Leaves that are linear are spelled out for several formats alike.
        if let Op::Estimator(estimator) = op
            && estimator.kind() != EstimatorKind::LinearTrees
        {
            return self.estimator(id, estimator);
        }
        self.kept(id, op).map(Made::Value)
    }

    fn kept(&mut self, id: ValueId, op: &Op) -> Step {
        let mut op = op.clone();
        let mut lost = None;
        op.each_arg_mut(&mut |arg| match self.value(*arg) {
            Ok(new) => *arg = new,
            Err(failure) => lost = Some(failure),
        });
        match lost {
            Some(failure) => Err(failure),
            None => self.model.push_at(op, self.valid.model().location(id)),
        }
    }

    fn estimator(&mut self, id: ValueId, estimator: &Estimator) -> Result<Made, Failure> {
        let margins = match estimator {
            Estimator::KernelMachine(op) => self.kernel_machine(op)?,
            Estimator::Votes(op) => self.votes(op)?,
            Estimator::ObliviousTrees(op) => self.oblivious_trees(op)?,
            Estimator::NaiveBayes(op) => self.naive_bayes(op)?,
            Estimator::Neighbors(op) => return self.neighbors(op).map(Made::Answer),
            Estimator::DecisionTree(op) => return self.decision_tree(op).map(Made::Answer),
            Estimator::Rules(op) => return self.rules(op).map(Made::Answer),
            Estimator::Scorecard(op) => return self.scorecard(op).map(Made::Answer),
            Estimator::Association(op) => return self.association(op).map(Made::Answer),
            Estimator::Combine(op) => {
                let classes = self.valid.classes_of(id).cloned();
                return self.combine(op, classes.as_ref()).map(Made::Answer);
            }
            Estimator::Cluster(op) => {
                let distances = self.value(op.distances)?;
                let sign = if op.largest { 1.0 } else { -1.0 };
                let width = self.valid.width_of(op.distances) as usize;
                let nearness = self.scaled(distances, &vec![sign; width])?;
                let label = self.label_of_largest(nearness, &op.labels)?;
                let (label, margins) = (Some(label), Some(distances));
                return Ok(Made::Answer(Answer { label, margins, ..Answer::default() }));
            }
            Estimator::Detect(op) => {
                let score = self.value(op.score)?;
                let wide = self.cast(score, Kind::F64)?;
                let threshold = self.float(op.threshold)?;
                let test = match op.anomaly {
                    AnomalySide::Below => BinaryOp::Lt,
                    AnomalySide::Above => BinaryOp::Gt,
                    AnomalySide::AtMost => BinaryOp::Le,
                    AnomalySide::AtLeast => BinaryOp::Ge,
                };
                let anomaly = self.binary(test, wide, threshold)?;
                let label =
                    self.looked_up(anomaly, Labels::Bool(vec![false, true]), op.labels.clone())?;
                let numbers = Some(self.push(Op::Concat(vec![score]))?);
                return Ok(Made::Answer(Answer {
                    label: Some(label),
                    numbers,
                    ..Answer::default()
                }));
            }
            Estimator::LinearTrees(_)
            | Estimator::BayesianNetwork(_)
            | Estimator::TimeSeries(_)
            | Estimator::GaussianProcess(_)
            | Estimator::Survival(_) => return Err(impossible("function for this family")),
        };
        Ok(Made::Value(margins))
    }

    fn made_of(&self, id: ValueId) -> Result<Made, Failure> {
        self.made.get(id.index()).cloned().ok_or_else(|| impossible("operand"))
    }

    /// The new value of an old one.
    fn value(&self, id: ValueId) -> Step {
        match self.made.get(id.index()) {
            Some(Made::Value(new)) => Ok(*new),
            Some(Made::Answer(_)) | None => Err(impossible("operand")),
        }
    }

    /// A part of an old estimate as a value.
    fn part_of(&mut self, estimate: ValueId, part: Part) -> Step {
        match self.made_of(estimate)? {
            Made::Answer(answer) => self.part(&answer, part),
            Made::Value(estimate) => self.push(Op::Part { estimate, part }),
        }
    }

    fn part(&mut self, answer: &Answer, part: Part) -> Step {
        let ranked = |list: &[ValueId], rank: u32| list.get(rank as usize).copied();
        let found = match part {
            Part::Label | Part::Whole => answer.label,
            Part::Probabilities | Part::Values => answer.numbers,
            Part::Score => match answer.numbers {
                Some(numbers) => Some(self.element(numbers, 0)?),
                None => None,
            },
            Part::Probability(class) => match answer.numbers {
                Some(numbers) => Some(self.element(numbers, class)?),
                None => None,
            },
            Part::Margins | Part::Distances => answer.margins,
            Part::Entity(rank) => ranked(&answer.entities, rank),
            Part::Confidence => answer.confidence,
            Part::Reason(rank) => ranked(&answer.reasons, rank),
            Part::Rule(rank, feature) => {
                use holdall_tabular::RuleFeature as F;
                let all = [
                    F::Id,
                    F::Antecedent,
                    F::Consequent,
                    F::Rule,
                    F::Support,
                    F::Confidence,
                    F::Lift,
                ];
                let place = all.iter().position(|f| *f == feature);
                let rule = answer.rules.get(rank as usize);
                place.and_then(|place| rule?.get(place).copied())
            }
        };
        found.ok_or_else(|| impossible("part"))
    }

    /// Outputs of estimates that are values now keep their columns and these their names.
    fn output(&mut self, output: &Output) -> Result<(), Failure> {
        let answer = match self.made_of(output.value)? {
            Made::Value(value) => {
                self.model.outputs.push(Output { value, ..output.clone() });
                return Ok(());
            }
            Made::Answer(answer) => answer,
        };
        let given = output.name.as_deref();
        let named = |fallback: String| Some(given.map_or(fallback, ToOwned::to_owned));
        let ranked = |stem: &str, rank: u32| {
            named(if rank == 0 { stem.to_owned() } else { format!("{stem}_{rank}") })
        };
        let texts = self.valid.classes_of(output.value).map(Labels::texts).unwrap_or_default();
        let Type::Estimate(of) = self.valid.type_of(output.value) else {
            return Err(impossible("estimate"));
        };
        let name = match output.part {
            Part::Probabilities => {
                for (class, text) in (0_u32..).zip(texts) {
                    let value = self.part(&answer, Part::Probability(class))?;
                    let name = Some(format!("{}_{text}", given.unwrap_or("probability")));
                    self.model.outputs.push(Output { name, value, part: Part::Whole });
                }
                return Ok(());
            }
            Part::Values | Part::Margins | Part::Distances => {
                let (stem, count) = match (output.part, of) {
                    (Part::Distances, EstimateType::Clustering { clusters, .. }) => {
                        ("distance", clusters)
                    }
                    (Part::Margins, EstimateType::Regression { targets, .. }) => {
                        ("margin", targets)
                    }
                    (Part::Margins, EstimateType::Classification { margins, .. }) => {
                        ("margin", margins)
                    }
                    (_, EstimateType::Regression { targets, .. }) => ("prediction", targets),
                    (_, _) => return Err(impossible("part")),
                };
                let value = self.part(&answer, output.part)?;
                for i in 0..count {
                    let alone = output.part == Part::Values && count == 1;
                    let name = match given {
                        Some(name) if count == 1 => name.to_owned(),
                        None if alone => stem.to_owned(),
                        _ => format!("{}_{i}", given.unwrap_or(stem)),
                    };
                    let value = self.element(value, i)?;
                    let name = Some(name);
                    self.model.outputs.push(Output { name, value, part: Part::Whole });
                }
                return Ok(());
            }
            Part::Label | Part::Whole => {
                let is_cluster = matches!(of, EstimateType::Clustering { .. });
                named(if is_cluster { "cluster" } else { "label" }.to_owned())
            }
            Part::Probability(class) => {
                let text = texts.get(class as usize).cloned().unwrap_or_default();
                named(format!("probability_{text}"))
            }
            Part::Score => named("score".to_owned()),
            Part::Confidence => named("confidence".to_owned()),
            Part::Entity(rank) => ranked("entity", rank),
            Part::Reason(rank) => ranked("reason", rank),
            Part::Rule(rank, feature) => ranked(&format!("rule_{}", feature.name()), rank),
        };
        let value = self.part(&answer, output.part)?;
        self.model.outputs.push(Output { name, value, part: Part::Whole });
        Ok(())
    }
}

/// Operations by name.
impl Spell<'_> {
    fn push(&mut self, op: Op) -> Step {
        self.model.push(op)
    }

    fn constant(&mut self, kind: Kind, width: Width, values: Labels) -> Step {
        self.push(Op::Constant(Constant { kind, width, values }))
    }

    fn float(&mut self, value: f64) -> Step {
        self.constant(Kind::F64, Width::Scalar, Labels::F64(vec![value]))
    }

    fn truth(&mut self, value: bool) -> Step {
        self.constant(Kind::Bool, Width::Scalar, Labels::Bool(vec![value]))
    }

    fn floats(&mut self, values: Vec<f64>) -> Step {
        let width = Width::Vector(number(values.len())?);
        self.constant(Kind::F64, width, Labels::F64(values))
    }

    fn unary(&mut self, op: UnaryOp, arg: ValueId) -> Step {
        self.push(Op::Unary { op, arg })
    }

    fn binary(&mut self, op: BinaryOp, left: ValueId, right: ValueId) -> Step {
        self.push(Op::Binary { op, left, right })
    }

    fn cast(&mut self, arg: ValueId, to: Kind) -> Step {
        self.push(Op::Cast { arg, to })
    }

    fn coalesce(&mut self, args: Vec<ValueId>) -> Step {
        self.push(Op::Call(Call { function: Function::Coalesce, args }))
    }

    /// Whether a predicate is true: unknown is not.
    fn holds(&mut self, when: ValueId) -> Step {
        let when = self.value(when)?;
        let no = self.truth(false)?;
        self.coalesce(vec![when, no])
    }

    fn is_there(&mut self, arg: ValueId) -> Step {
        let missing = self.unary(UnaryOp::IsMissing, arg)?;
        self.unary(UnaryOp::Not, missing)
    }

    fn either(&mut self, condition: ValueId, yes: ValueId, no: ValueId) -> Step {
        self.push(Op::If { condition, yes, no })
    }

    fn reduce(&mut self, op: ReduceOp, arg: ValueId, skip_missing: bool) -> Step {
        self.push(Op::Transform(Transform::Reduce(Reduce { arg, op, skip_missing })))
    }

    /// An element of a vector as a scalar.
    fn element(&mut self, arg: ValueId, index: u32) -> Step {
        let arg = self.push(Op::Select { arg, indices: vec![index] })?;
        self.reduce(ReduceOp::Max, arg, false)
    }

    fn concat(&mut self, args: Vec<ValueId>) -> Step {
        self.push(Op::Concat(args))
    }

    /// The value of a key; missing for other keys.
    fn looked_up(&mut self, arg: ValueId, keys: Labels, values: Labels) -> Step {
        let (args, keys) = (vec![arg], vec![keys]);
        let lookup = Lookup { args, keys, values, default: None, missing: None };
        self.push(Op::Transform(Transform::Lookup(lookup)))
    }

    /// An entry of a list by its position, a binary64 number.
    fn entry(&mut self, place: ValueId, values: Labels) -> Step {
        let keys = Labels::F64(positions(values.len()));
        self.looked_up(place, keys, values)
    }

    /// 1 where the condition is true, else missing: its product with a number is missing with it.
    fn gate(&mut self, condition: ValueId) -> Step {
        self.looked_up(condition, Labels::Bool(vec![true]), Labels::F64(vec![1.0]))
    }

    /// A scalar of any kind, missing where the condition is not true.
    fn only_where(&mut self, condition: ValueId, value: ValueId) -> Step {
        let truth = Labels::Bool(vec![true]);
        let condition = self.looked_up(condition, truth.clone(), truth)?;
        self.either(condition, value, value)
    }

    /// Each element times a factor.
    fn scaled(&mut self, arg: ValueId, factors: &[f64]) -> Step {
        let factor = Some(factors.to_vec());
        self.push(Op::Scale(Scale { arg, form: ScaleForm::MultiplyAdd, offset: None, factor }))
    }

    fn moved(
        &mut self,
        arg: ValueId,
        form: ScaleForm,
        offset: &[f64],
        factor: Option<Vec<f64>>,
    ) -> Step {
        let offset = Some(offset.to_vec());
        self.push(Op::Scale(Scale { arg, form, offset, factor }))
    }

    fn filled(&mut self, arg: ValueId, nan: bool, with: Labels) -> Step {
        self.push(Op::Impute(Impute { arg, nan, sentinel: None, with }))
    }

    fn linear(&mut self, arg: ValueId, coefficients: Matrix, intercepts: Vec<f64>) -> Step {
        let summation = Summation::SequentialF64;
        self.push(Op::Linear(Linear { arg, coefficients, intercepts, summation }))
    }

    /// The label of the first of the largest numbers; NaN is never it, and missing where all are.
    fn label_of_largest(&mut self, margins: ValueId, classes: &Labels) -> Step {
        let estimate = self.push(Op::Classify(Classify {
            margins,
            classes: classes.clone(),
            link: Link::Identity,
            decision: Decision::LargestMargin,
            has_probabilities: false,
        }))?;
        let label = self.push(Op::Part { estimate, part: Part::Label })?;
        let nan = self.unary(UnaryOp::IsNan, margins)?;
        let all = self.reduce(ReduceOp::All, nan, false)?;
        let any = self.unary(UnaryOp::Not, all)?;
        self.only_where(any, label)
    }

    /// A constant that is missing.
    fn nothing(&mut self, kind: Kind) -> Step {
        let other = self.truth(false)?;
        let value = match kind {
            Kind::Text => Scalar::Text(String::new()),
            Kind::I64 => Scalar::I64(0),
            Kind::F32 | Kind::F64 => Scalar::F64(0.0),
            Kind::Bool => Scalar::Bool(false),
        };
        let values = match value {
            Scalar::Text(v) => Labels::Text(vec![v]),
            Scalar::I64(v) => Labels::I64(vec![v]),
            Scalar::F64(v) => Labels::F64(vec![v]),
            Scalar::Bool(v) => Labels::Bool(vec![v]),
        };
        self.looked_up(other, Labels::Bool(vec![true]), values)
    }
}
