//! Naive Bayes: <https://dmg.org/pmml/v4-4-1/NaiveBayes.html>.

use holdall_codec::Support;
use holdall_tabular::{
    BayesForm, Classify, Construct, Estimator, EstimatorKind, Likelihood, Link, NaiveBayes, Op,
    ValueId,
};

use super::{
    NameId, Raise, Stop,
    estimate::Form,
    model::{Frame, StageModel},
    regression::texts,
};
use crate::{doc::Builder, number};

const BAYES: Construct = Construct::Estimator(EstimatorKind::NaiveBayes);

impl Raise<'_> {
    fn bayes_of(&self, id: ValueId) -> Option<&NaiveBayes> {
        match self.op(id) {
            Some(Op::Estimator(Estimator::NaiveBayes(op))) => Some(op),
            _ => None,
        }
    }

    pub(super) fn bayes(
        &mut self,
        id: ValueId,
        classify: &Classify,
    ) -> Result<Option<StageModel>, Stop> {
        let Some(op) = self.bayes_of(classify.margins) else { return Ok(None) };
        if classify.link != Link::Softmax || op.form != BayesForm::Logarithm {
            return Err(Stop::refuse(BAYES, "PMML divides products of likelihoods by their sum"));
        }
        let tables = op.inputs.iter().any(|i| matches!(i.likelihood, Likelihood::Table { .. }));
        let args: Vec<ValueId> = op.inputs.iter().map(|input| input.arg).collect();
        let inputs = args.into_iter().map(|arg| self.field(arg, 0)).collect::<Result<_, _>>()?;
        if tables {
            self.note(
                BAYES,
                Support::approximate(
                    "PMML has counts: a likelihood is a count divided by the sum of its column",
                ),
            );
        }
        self.set_form(id, Form::Classes);
        Ok(Some(StageModel::Bayes(classify.margins, inputs, texts(&classify.classes))))
    }

    pub(super) fn naive_bayes(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        (id, fields, classes): (ValueId, &[NameId], &[String]),
    ) -> Result<(), Stop> {
        let Some(op) = self.bayes_of(id) else { return Err(self.bug(id, "no likelihoods")) };
        self.open_model(out, "NaiveBayesModel", model, frame);
        out.attribute("threshold", number::text(op.threshold));
        self.inside(out, frame);
        out.open("BayesInputs");
        for (input, field) in op.inputs.iter().zip(fields) {
            out.open("BayesInput").attribute("fieldName", self.names.text(*field));
            likelihood(out, &input.likelihood, classes);
            out.close();
        }
        out.close();
        let target = frame.target.as_deref().unwrap_or_default();
        out.open("BayesOutput").attribute("fieldName", target);
        counts(out, classes, &op.priors);
        out.close().close();
        Ok(())
    }
}

fn counts(out: &mut Builder, classes: &[String], counts: &[f64]) {
    out.open("TargetValueCounts");
    for (class, count) in classes.iter().zip(counts) {
        out.open("TargetValueCount")
            .attribute("value", class)
            .attribute("count", number::text(*count))
            .close();
    }
    out.close();
}

fn likelihood(out: &mut Builder, likelihood: &Likelihood, classes: &[String]) {
    if let Likelihood::Table { categories, table } = likelihood {
        for (row, value) in texts(&categories.values).into_iter().enumerate() {
            out.open("PairCounts").attribute("value", value);
            counts(out, classes, table.row(row));
            out.close();
        }
        return;
    }
    out.open("TargetValueStats");
    for (i, class) in classes.iter().enumerate() {
        out.open("TargetValueStat").attribute("value", class);
        let at = |list: &[f64]| number::text(list.get(i).copied().unwrap_or_default());
        match likelihood {
            Likelihood::Normal { mean, variance } => out
                .open("GaussianDistribution")
                .attribute("mean", at(mean))
                .attribute("variance", at(variance)),
            Likelihood::Poisson { mean } => {
                out.open("PoissonDistribution").attribute("mean", at(mean))
            }
            Likelihood::Uniform { low, high } => out
                .open("UniformDistribution")
                .attribute("lower", at(low))
                .attribute("upper", at(high)),
            Likelihood::Table { .. } => out,
        };
        out.close().close();
    }
    out.close();
}
