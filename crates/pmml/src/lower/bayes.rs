//! Naive Bayes: <https://dmg.org/pmml/v4-4-1/NaiveBayes.html>.

use holdall_diag::Failure;
use holdall_tabular::{
    BayesForm, BayesInput, Categories, Classify, Decision, Estimator, Kind, Labels, Likelihood,
    Link, Matrix, NaiveBayes, Op,
};

use super::{Answer, Lower, class_place, dictionary, invalid, number, required, unsupported};
use crate::doc::Element;

impl<'d> Lower<'d> {
    pub(super) fn naive_bayes(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        let output = element.child("BayesOutput").ok_or_else(|| unsupported(element))?;
        let counts = output.child("TargetValueCounts").ok_or_else(|| unsupported(output))?;
        let found: Vec<&str> =
            counts.children().filter_map(|count| count.attribute("value")).collect();
        let classes = self.classes(element, &found)?;
        let priors = by_class(&classes, counts, |count| number(count, "count", None))?;
        let list = element.child("BayesInputs").ok_or_else(|| unsupported(element))?;
        let mut inputs = Vec::new();
        for input in list.children().filter(|c| c.name() == "BayesInput") {
            inputs.push(self.bayes_input(input, &classes)?);
        }
        // Logarithms do not run below the smallest number, however many inputs there are.
        let bayes = NaiveBayes {
            inputs,
            priors,
            threshold: number(element, "threshold", None)?,
            form: BayesForm::Logarithm,
        };
        let margins = Op::Estimator(Estimator::NaiveBayes(Box::new(bayes)));
        let margins = self.model.push_at(margins, element.location())?;
        let classify = Op::Classify(Classify {
            margins,
            classes: classes.clone(),
            link: Link::Softmax,
            decision: Decision::LargestProbability,
            has_probabilities: true,
        });
        let estimate = self.model.push_at(classify, element.location())?;
        Ok(Answer::new(estimate, Some(classes)))
    }

    fn bayes_input(&mut self, input: Element<'d>, classes: &Labels) -> Result<BayesInput, Failure> {
        if let Some(stats) = input.child("TargetValueStats") {
            let value = self.named(input, "fieldName")?;
            let value = self.scalar(value)?;
            let arg = self.cast(input, value, Kind::F64)?;
            let parameter = |name: &str| {
                by_class(classes, stats, |stat| {
                    let inside = stat.proper_children().next().ok_or_else(|| unsupported(stat))?;
                    number(inside, name, None)
                })
            };
            let kind = stats.children().filter_map(|stat| stat.proper_children().next());
            let mut kinds: Vec<&str> = kind.map(Element::name).collect();
            kinds.dedup();
            let likelihood = match kinds.as_slice() {
                ["GaussianDistribution"] => Likelihood::Normal {
                    mean: parameter("mean")?,
                    variance: parameter("variance")?,
                },
                ["PoissonDistribution"] => Likelihood::Poisson { mean: parameter("mean")? },
                ["UniformDistribution"] => {
                    Likelihood::Uniform { low: parameter("lower")?, high: parameter("upper")? }
                }
                _ => return Err(unsupported(stats)),
            };
            return Ok(BayesInput { arg, likelihood });
        }
        let arg = match input.child("DerivedField") {
            Some(field) => {
                let (kind, _) = Self::declared(field)?;
                self.expression_in(field, kind)?
            }
            None => self.named(input, "fieldName")?,
        };
        let arg = self.scalar(arg)?;
        let pairs: Vec<_> = input.children().filter(|c| c.name() == "PairCounts").collect();
        let mut columns = vec![0.0; classes.len()];
        let mut table = Vec::new();
        let mut values = Vec::new();
        let mut kind = self.kind(arg);
        let mut arg = arg;
        for pair in &pairs {
            let value = required(*pair, "value")?;
            if dictionary::scalar(value, kind).is_none() {
                // Values that are texts make the input one.
                kind = Kind::Text;
            }
            values.push(value);
            let counts = pair.child("TargetValueCounts").ok_or_else(|| unsupported(*pair))?;
            let row = by_class(classes, counts, |count| number(count, "count", None))?;
            for (sum, count) in columns.iter_mut().zip(&row) {
                *sum += count;
            }
            table.extend(row);
        }
        if kind != self.kind(arg) {
            arg = self.cast(input, arg, kind)?;
        }
        for (cell, sum) in table.iter_mut().zip(columns.iter().cycle()) {
            *cell /= sum;
        }
        let list = dictionary::labels(&values, kind)
            .ok_or_else(|| invalid(input, "fieldName", "a field of the values' type"))?;
        let size = |n: usize| u32::try_from(n).map_err(|_error| unsupported(input));
        let table =
            Matrix { rows: size(values.len())?, columns: size(columns.len())?, data: table };
        let likelihood = Likelihood::Table { categories: Categories::new(list), table };
        Ok(BayesInput { arg, likelihood })
    }
}

/// One number a class from elements that each name a class.
fn by_class(
    classes: &Labels,
    holder: Element<'_>,
    read: impl Fn(Element<'_>) -> Result<f64, Failure>,
) -> Result<Vec<f64>, Failure> {
    let texts = classes.texts();
    let mut all = vec![0.0; texts.len()];
    for child in holder.proper_children() {
        let place = class_place(&texts, classes.kind(), required(child, "value")?);
        let slot = place.and_then(|place| all.get_mut(place));
        let slot = slot.ok_or_else(|| invalid(child, "value", "a class of the target"))?;
        *slot = read(child)?;
    }
    Ok(all)
}
