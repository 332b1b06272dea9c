//! Gaussian processes: <https://dmg.org/pmml/v4-4-1/GaussianProcess.html>. The standard stores the training rows with
//! their targets, of which engines work the weights out again; here the weights are known, and the targets are worked
//! out of them.

use holdall_codec::Support;
use holdall_tabular::{
    Construct, CovarianceTerm, Estimator, EstimatorKind, GaussianProcess, Kind, Op, ValueId,
};

use super::{
    Item, NameId, Raise, Stage, Stop,
    answers::{AnswerField, Feature},
    expr::{Expr, apply, number as constant},
    model::{Frame, StageModel},
    vectors::real_array,
};
use crate::{doc::Builder, lower::gaussian, number};

const PROCESS: Construct = Construct::Estimator(EstimatorKind::GaussianProcess);

/// By how much the answers of a written process may be off.
const TOLERANCE: f64 = 1e-6;

/// A covariance function as the standard has them: γ · kernel + σ² on the diagonal.
#[derive(Clone, Debug, Default)]
struct Kernel {
    gamma: f64,
    noise: f64,
    term: Option<CovarianceTerm>,
}

/// The kernel of postfix entries; none where the standard has no such one.
fn kernel(op: &GaussianProcess) -> Option<(f64, f64, CovarianceTerm)> {
    let mut stack: Vec<Kernel> = Vec::new();
    for entry in &op.kernel.terms {
        let made = match entry {
            CovarianceTerm::Constant(gamma) => Kernel { gamma: *gamma, ..Kernel::default() },
            CovarianceTerm::White(noise) => Kernel { noise: *noise, ..Kernel::default() },
            CovarianceTerm::Rbf { .. } | CovarianceTerm::AbsoluteExponential { .. } => {
                Kernel { gamma: 1.0, noise: 0.0, term: Some(entry.clone()) }
            }
            CovarianceTerm::Product | CovarianceTerm::Sum => {
                let (right, left) = (stack.pop()?, stack.pop()?);
                if *entry == CovarianceTerm::Product {
                    product(left, right)?
                } else {
                    sum(left, right)?
                }
            }
            CovarianceTerm::Matern { .. }
            | CovarianceTerm::RationalQuadratic { .. }
            | CovarianceTerm::ExpSineSquared { .. }
            | CovarianceTerm::DotProduct { .. }
            | CovarianceTerm::Power(_) => return None,
        };
        stack.push(made);
    }
    match stack.as_slice() {
        [Kernel { gamma, noise, term: Some(term) }] if *gamma > 0.0 && *noise >= 0.0 => {
            Some((*gamma, *noise, term.clone()))
        }
        _ => None,
    }
}

/// A constant times a kernel.
fn product(left: Kernel, right: Kernel) -> Option<Kernel> {
    let (scale, kernel) = match (&left.term, &right.term) {
        (None, Some(_)) => (left, right),
        (Some(_), None) => (right, left),
        _ => return None,
    };
    let plain = |noise: f64| noise.total_cmp(&0.0).is_eq();
    (plain(scale.noise) && plain(kernel.noise))
        .then_some(Kernel { gamma: scale.gamma * kernel.gamma, ..kernel })
}

/// A kernel and noise.
fn sum(left: Kernel, right: Kernel) -> Option<Kernel> {
    let (noise, kernel) = match (&left.term, &right.term) {
        (None, Some(_)) => (left, right),
        (Some(_), None) => (right, left),
        _ => return None,
    };
    noise
        .gamma
        .total_cmp(&0.0)
        .is_eq()
        .then_some(Kernel { noise: kernel.noise + noise.noise, ..kernel })
}

impl Raise<'_> {
    fn process_of(&self, id: ValueId) -> Result<&GaussianProcess, Stop> {
        match self.op(id) {
            Some(Op::Estimator(Estimator::GaussianProcess(op))) => Ok(op),
            _ => Err(self.bug(id, "no process")),
        }
    }

    /// A stage that gives the mean and the deviation.
    pub(super) fn process(&mut self, id: ValueId, op: &GaussianProcess) -> Result<Vec<Item>, Stop> {
        let refuse = |why: &str| Err(Stop::refuse(PROCESS, why));
        let Some((gamma, noise, term)) = kernel(op) else {
            return refuse("PMML has one exponential kernel times a number, with noise");
        };
        let targets = gaussian::targets((gamma, noise, &term), &op.vectors, &op.alpha);
        let solved = gaussian::solve(gamma, noise, &term, &op.vectors, targets);
        let Some((alpha, factor)) = solved else {
            return refuse("engines cannot invert the covariance of its training rows");
        };
        let near = |found: &[f64], wanted: &[f64]| {
            let size = wanted.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
            found.len() == wanted.len()
                && found.iter().zip(wanted).all(|(a, b)| (a - b).abs() <= TOLERANCE * size)
        };
        if !near(&alpha, &op.alpha) {
            return refuse("its weights do not come back from the targets that they give");
        }
        let deviation = self.used.element(id, 1);
        if deviation && !op.factor.as_ref().is_some_and(|own| near(&factor.data, &own.data)) {
            return refuse("PMML works the deviation out of the kernel and its noise alone");
        }
        self.note(
            PROCESS,
            Support::approximate(
                "engines work the weights out again from the training rows: answers agree to rounding",
            ),
        );
        let fields = self.fields(op.arg)?;
        let model = StageModel::Process(id, fields);
        let target = self.inner_target(id, &model);
        let (mut outputs, mut names) = (Vec::new(), [None; 2]);
        for (element, (base, name)) in ["mean", "deviation"].iter().zip(&mut names).enumerate() {
            if !self.used.element(id, element) {
                continue;
            }
            let own = *name.insert(self.names.output(base, Kind::F64));
            let text = self.names.text(own).to_owned();
            let feature = if element == 0 { Feature::Predicted } else { Feature::Deviation };
            let (kind, categorical) = (Kind::F64, false);
            outputs.push((own, AnswerField { name: text, kind, categorical, feature }));
        }
        self.push_stage(Stage { model, outputs, target });
        let rescaled = names.into_iter().enumerate().map(|(element, name)| {
            name.map_or(Item::Unused, |name| self.rescaled(op, element, name))
        });
        Ok(rescaled.collect())
    }

    /// The scale and offset of the target, which the standard has none of.
    fn rescaled(&mut self, op: &GaussianProcess, element: usize, name: NameId) -> Item {
        let text = self.names.text(name).to_owned();
        let mut expr = Expr::Field(name);
        if op.scale.total_cmp(&1.0).is_ne() {
            expr = apply("*", [expr, constant(op.scale, Kind::F64)]);
        }
        if element == 0 && op.offset.total_cmp(&0.0).is_ne() {
            expr = apply("+", [expr, constant(op.offset, Kind::F64)]);
        }
        self.item_of(&format!("scaled({text})"), Kind::F64, expr)
    }

    pub(super) fn gaussian_process(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        (id, fields): (ValueId, &[NameId]),
    ) -> Result<(), Stop> {
        let op = self.process_of(id)?;
        let Some((gamma, noise, term)) = kernel(op) else {
            return Err(self.bug(id, "no such kernel"));
        };
        let targets = gaussian::targets((gamma, noise, &term), &op.vectors, &op.alpha);
        self.open_model(out, "GaussianProcessModel", model, frame);
        self.inside(out, frame);
        write_kernel(out, gamma, noise, &term, fields.len());
        let target = frame.target.as_deref().unwrap_or_default();
        out.open("TrainingInstances")
            .attribute("recordCount", targets.len())
            .attribute("fieldCount", fields.len() + 1)
            .attribute("isTransformed", true);
        out.open("InstanceFields");
        let mut column = |field: &str, column: &str| {
            out.open("InstanceField").attribute("field", field).attribute("column", column).close();
        };
        for (i, field) in fields.iter().enumerate() {
            column(self.names.text(*field), &format!("x{i}"));
        }
        column(target, "answer");
        out.close();
        out.open("InlineTable");
        for (row, answer) in targets.iter().enumerate() {
            out.open("row");
            for (i, value) in op.vectors.row(row).iter().enumerate() {
                out.open(&format!("x{i}")).text(&number::text(*value)).close();
            }
            out.open("answer").text(&number::text(*answer)).close().close();
        }
        out.close().close().close();
        Ok(())
    }
}

fn write_kernel(out: &mut Builder, gamma: f64, noise: f64, term: &CovarianceTerm, inputs: usize) {
    let (element, lengths, degree) = match term {
        CovarianceTerm::AbsoluteExponential { length, degree } => {
            // Of λ engines take the half of its power.
            let half = 2.0_f64.powf(degree.recip());
            let lengths = length.iter().map(|length| length / half).collect();
            ("GeneralizedExponentialKernel", lengths, Some(*degree))
        }
        CovarianceTerm::Rbf { length } if length.len() == 1 && inputs != 1 => {
            ("RadialBasisKernel", length.clone(), None)
        }
        CovarianceTerm::Rbf { length } => ("ARDSquaredExponentialKernel", length.clone(), None),
        CovarianceTerm::Constant(_)
        | CovarianceTerm::White(_)
        | CovarianceTerm::Matern { .. }
        | CovarianceTerm::RationalQuadratic { .. }
        | CovarianceTerm::ExpSineSquared { .. }
        | CovarianceTerm::DotProduct { .. }
        | CovarianceTerm::Sum
        | CovarianceTerm::Product
        | CovarianceTerm::Power(_) => return,
    };
    out.open(element)
        .attribute("gamma", number::text(gamma))
        .attribute("noiseVariance", number::text(noise))
        .optional("degree", degree.map(number::text));
    if element == "RadialBasisKernel" {
        out.optional("lambda", lengths.first().copied().map(number::text)).close();
        return;
    }
    out.open("Lambda");
    let every: Vec<f64> =
        (0..inputs).filter_map(|i| lengths.get(i).or(lengths.first()).copied()).collect();
    real_array(out, &every);
    out.close().close();
}
