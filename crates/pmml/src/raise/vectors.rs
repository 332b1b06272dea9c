//! Support vector machines: <https://dmg.org/pmml/v4-4-1/SupportVectorMachine.html>.

use holdall_codec::Support;
use holdall_tabular::{
    Classify, Construct, Decision, Estimator, EstimatorKind, Kernel, KernelMachine, Kind, Link,
    NormalizeBy, Op, Transform, ValueId, VoteForm, Votes,
};

use super::{
    Item, NameId, Raise, Stop,
    estimate::Form,
    expr::{Expr, apply, guarded},
    model::{Frame, StageModel},
    regression::texts,
};
use crate::{doc::Builder, number};

/// A model of one machine that answers a number, or of one for each pair of classes.
#[derive(Clone, Debug)]
pub(super) struct Vectors {
    node: ValueId,
    pub(super) fields: Vec<NameId>,
    machines: Vec<Pair>,
    pub(super) classes: Option<Vec<String>>,
}

/// A machine: which, with what sign, and the classes below the threshold and above.
#[derive(Clone, Debug)]
struct Pair {
    machine: usize,
    sign: f64,
    classes: Option<(String, String)>,
}

const fn has_kernel(kernel: Kernel) -> bool {
    matches!(
        kernel,
        Kernel::Linear | Kernel::Polynomial { .. } | Kernel::Rbf { .. } | Kernel::Sigmoid { .. }
    )
}

impl Raise<'_> {
    fn machine(&self, id: ValueId) -> Option<&KernelMachine> {
        match self.op(id) {
            Some(Op::Estimator(Estimator::KernelMachine(op))) => Some(op),
            _ => None,
        }
    }

    fn kernel_or_refuse(op: &KernelMachine) -> Result<(), Stop> {
        if has_kernel(op.kernel) {
            return Ok(());
        }
        Err(Stop::refuse(
            Construct::Estimator(EstimatorKind::KernelMachine),
            "PMML has linear, polynomial, radial and sigmoid kernels alone",
        ))
    }

    /// A regression of its own for each machine.
    pub(super) fn kernels(&mut self, id: ValueId, op: &KernelMachine) -> Result<Vec<Item>, Stop> {
        Self::kernel_or_refuse(op)?;
        let fields = self.fields(op.arg)?;
        let mut items = Vec::new();
        for machine in 0..op.machines.len() {
            let pair = Pair { machine, sign: 1.0, classes: None };
            let vectors =
                Vectors { node: id, fields: fields.clone(), machines: vec![pair], classes: None };
            let base = format!("decision_{machine}");
            let name = self.stage(StageModel::Vectors(Box::new(vectors)), &base, Kind::F64);
            items.push(Item::Field(name));
        }
        Ok(items)
    }

    /// A regression whose value is that of one machine.
    pub(super) fn single_machine(
        &mut self,
        margins: ValueId,
        link: Link,
    ) -> Result<Option<StageModel>, Stop> {
        let Some(op) = self.machine(margins) else { return Ok(None) };
        if link != Link::Identity || op.machines.len() != 1 || !has_kernel(op.kernel) {
            return Ok(None);
        }
        let arg = op.arg;
        let fields = self.fields(arg)?;
        let machines = vec![Pair { machine: 0, sign: 1.0, classes: None }];
        let vectors = Vectors { node: margins, fields, machines, classes: None };
        Ok(Some(StageModel::Vectors(Box::new(vectors))))
    }

    /// The machines whose votes decide, each by its number.
    fn voters(&self, id: ValueId) -> Option<(ValueId, Vec<usize>, &Votes)> {
        let Some(Op::Estimator(Estimator::Votes(votes))) = self.op(id) else { return None };
        let (node, order) = match self.op(votes.arg) {
            Some(Op::Select { arg, indices }) => {
                (*arg, indices.iter().map(|&i| i as usize).collect())
            }
            _ => (votes.arg, (0..self.valid.width_of(votes.arg) as usize).collect()),
        };
        (votes.form == VoteForm::Count && has_kernel(self.machine(node)?.kernel))
            .then_some((node, order, votes))
    }

    /// A classification by votes of pairs, or by one machine of two classes.
    pub(super) fn voting_machine(
        &mut self,
        id: ValueId,
        classify: &Classify,
    ) -> Result<Option<StageModel>, Stop> {
        if classify.link != Link::Identity {
            return Ok(None);
        }
        let classes = texts(&classify.classes);
        let (node, machines, form) = if let Some(op) = self.machine(classify.margins) {
            let zero = |by: f64| by.total_cmp(&0.0).is_eq();
            let [no, yes] = classes.as_slice() else { return Ok(None) };
            let pair = match classify.decision {
                Decision::MarginAtLeast(by) if zero(by) => (1.0, (no.clone(), yes.clone())),
                Decision::MarginAbove(by) if zero(by) => (-1.0, (yes.clone(), no.clone())),
                Decision::MarginAtLeast(_)
                | Decision::MarginAbove(_)
                | Decision::LargestProbability
                | Decision::LargestMargin
                | Decision::ProbabilityAbove(_) => return Ok(None),
            };
            if op.machines.len() != 1 || classify.has_probabilities || !has_kernel(op.kernel) {
                return Ok(None);
            }
            let machine = Pair { machine: 0, sign: pair.0, classes: Some(pair.1) };
            (classify.margins, vec![machine], Form::Label)
        } else {
            let (counts, shares) = match self.op(classify.margins) {
                Some(Op::Transform(Transform::Normalize(op))) if op.by == NormalizeBy::Sum => {
                    (op.arg, true)
                }
                _ => (classify.margins, false),
            };
            let Some((node, order, votes)) = self.voters(counts) else { return Ok(None) };
            if votes.classes as usize != classes.len()
                || (classify.has_probabilities && !shares)
                || !matches!(
                    classify.decision,
                    Decision::LargestMargin | Decision::LargestProbability
                )
            {
                return Ok(None);
            }
            let mut pairs = Vec::new();
            let mut order = order.into_iter();
            for (i, a) in classes.iter().enumerate() {
                for b in classes.iter().skip(i + 1) {
                    let Some(machine) = order.next() else { return Ok(None) };
                    // Below the threshold the target category wins.
                    let classes = Some((a.clone(), b.clone()));
                    pairs.push(Pair { machine, sign: -1.0, classes });
                }
            }
            if classes.len() > 2 {
                let how = "of classes with equally many votes the model predicts the first; PMML \
                           leaves open which, and engines differ";
                let votes = Construct::Estimator(EstimatorKind::Votes);
                self.note(votes, Support::approximate(how));
            }
            (node, pairs, if shares { Form::Classes } else { Form::Label })
        };
        let Some(arg) = self.machine(node).map(|op| op.arg) else { return Ok(None) };
        let fields = self.fields(arg)?;
        self.set_form(id, form);
        let vectors = Vectors { node, fields, machines, classes: Some(classes) };
        Ok(Some(StageModel::Vectors(Box::new(vectors))))
    }

    /// Votes between pairs as arithmetic.
    pub(super) fn votes(&mut self, op: &Votes) -> Result<Vec<Item>, Stop> {
        if let VoteForm::Coupled { .. } = op.form {
            return Err(Stop::refuse(
                Construct::Estimator(EstimatorKind::Votes),
                "coupled probabilities are the end of an iteration, which PMML has no words for",
            ));
        }
        let kind = self.valid.kind_of(op.arg).unwrap_or(Kind::F64);
        if kind == Kind::F32 {
            return Err(Stop::refuse(
                Construct::Estimator(EstimatorKind::Votes),
                "votes in binary32",
            ));
        }
        let first_wins = op.form == VoteForm::Confidence;
        let classes = op.classes as usize;
        let (mut won, mut sums) = (vec![Vec::new(); classes], vec![None::<Expr>; classes]);
        let mut place = 0;
        for i in 0..classes {
            for j in i + 1..classes {
                let d = Expr::Field(self.field(op.arg, place)?);
                place += 1;
                let test = if first_wins { "greaterOrEqual" } else { "greaterThan" };
                let test = apply(test, [d.clone(), super::expr::number(0.0, kind)]);
                let vote = |yes: f64| {
                    apply(
                        "if",
                        [
                            test.clone(),
                            super::expr::number(yes, kind),
                            super::expr::number(1.0 - yes, kind),
                        ],
                    )
                };
                for (class, own, function) in [(i, 1.0, "+"), (j, 0.0, "-")] {
                    let (Some(won), Some(sum)) = (won.get_mut(class), sums.get_mut(class)) else {
                        continue;
                    };
                    won.push(vote(own));
                    let before = sum.take().unwrap_or(super::expr::number(0.0, kind));
                    *sum = Some(apply(function, [before, d.clone()]));
                }
            }
        }
        let mut items = Vec::new();
        for (class, (won, sum)) in won.into_iter().zip(sums).enumerate() {
            let base = format!("votes_{class}");
            let mut expr = self.fold(&base, kind, "+", won);
            if first_wins {
                let sum = self.bind(
                    &format!("decisions_{class}"),
                    kind,
                    sum.unwrap_or(super::expr::number(0.0, kind)),
                );
                let size =
                    apply("+", [guarded("abs", sum.clone()), super::expr::number(1.0, kind)]);
                let below = apply("*", [super::expr::number(3.0, kind), size]);
                expr = apply("+", [expr, apply("/", [sum, below])]);
            }
            items.push(Item::Field(self.derive(&base, kind, false, expr)));
        }
        Ok(items)
    }

    pub(super) fn vector_machine(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        vectors: &Vectors,
    ) -> Result<(), Stop> {
        let Some(op) = self.machine(vectors.node) else {
            return Err(self.bug(vectors.node, "no machines"));
        };
        self.open_model(out, "SupportVectorMachineModel", model, frame);
        if vectors.classes.is_some() {
            out.attribute("classificationMethod", "OneAgainstOne");
        }
        out.attribute("svmRepresentation", "SupportVectors");
        self.inside(out, frame);
        kernel(out, op.kernel);
        let machines =
            || vectors.machines.iter().filter_map(|p| Some((p, op.machines.get(p.machine)?)));
        let used: std::collections::BTreeSet<u32> =
            machines().flat_map(|(_, m)| m.terms.iter().map(|(vector, _)| *vector)).collect();
        out.open("VectorDictionary").attribute("numberOfVectors", used.len());
        out.open("VectorFields").attribute("numberOfFields", vectors.fields.len());
        for field in &vectors.fields {
            out.open("FieldRef").attribute("field", self.names.text(*field)).close();
        }
        out.close();
        for vector in used {
            out.open("VectorInstance").attribute("id", format!("v{vector}"));
            real_array(out, op.vectors.row(vector as usize));
            out.close();
        }
        out.close();
        for (pair, machine) in machines() {
            let count = machine.terms.len();
            out.open("SupportVectorMachine");
            if let Some((target, alternate)) = &pair.classes {
                out.attribute("targetCategory", target)
                    .attribute("alternateTargetCategory", alternate);
            }
            out.open("SupportVectors")
                .attribute("numberOfAttributes", vectors.fields.len())
                .attribute("numberOfSupportVectors", count);
            for (vector, _) in &machine.terms {
                out.open("SupportVector").attribute("vectorId", format!("v{vector}")).close();
            }
            out.close();
            out.open("Coefficients")
                .attribute("numberOfCoefficients", count)
                .attribute("absoluteValue", number::text(pair.sign * machine.intercept));
            for (_, coefficient) in &machine.terms {
                let value = number::text(pair.sign * coefficient);
                out.open("Coefficient").attribute("value", value).close();
            }
            out.close().close();
        }
        out.close();
        Ok(())
    }
}

fn kernel(out: &mut Builder, kernel: Kernel) {
    match kernel {
        Kernel::Polynomial { gamma, coef0, degree } => {
            out.open("PolynomialKernelType")
                .attribute("gamma", number::text(gamma))
                .attribute("coef0", number::text(coef0))
                .attribute("degree", number::text(degree));
        }
        Kernel::Rbf { gamma } => {
            out.open("RadialBasisKernelType").attribute("gamma", number::text(gamma));
        }
        Kernel::Sigmoid { gamma, coef0 } => {
            out.open("SigmoidKernelType")
                .attribute("gamma", number::text(gamma))
                .attribute("coef0", number::text(coef0));
        }
        Kernel::Linear
        | Kernel::Laplacian { .. }
        | Kernel::Cosine
        | Kernel::ChiSquared { .. }
        | Kernel::AdditiveChiSquared => {
            out.open("LinearKernelType");
        }
    }
    out.close();
}

/// Numbers as an array.
pub(super) fn real_array(out: &mut Builder, numbers: &[f64]) {
    let texts: Vec<String> = numbers.iter().map(|v| number::text(*v)).collect();
    out.open("Array").attribute("type", "real").attribute("n", numbers.len());
    out.text(&texts.join(" ")).close();
}
