//! Single trees (`tree_`) and forests (`estimators_`): the mean of what the trees answer.
//!
//! `ensemble/_forest.py`: the shares (`predict_proba`) or values of the trees are added in order and
//! the sum is divided by their number; with `n_jobs` above 1 scikit-learn adds in the order in which
//! its threads finish. The label is the class with the largest share, the first of equals. Forests
//! take NaN from 1.4 where their trees do.

use holdall_diag::Failure;
use holdall_tabular::{Aggregate, Labels, Link, Op, Regress, ValueId};

use super::{
    answer::{Lowered, by_shares},
    columns::{Column, Lowering},
    estimator::{Estimator, classes, count, target_classes},
    tree::{Form, Grove, takes_missing, values_of_target},
};
use crate::codes;

pub(crate) fn tree_classifier(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
) -> Result<Lowered, Failure> {
    if let Some(targets) = target_classes(estimator)? {
        let (trees, missing) = (std::slice::from_ref(estimator), takes_missing(estimator));
        return several(lowering, estimator, trees, columns, targets, missing);
    }
    let form = Form::of_classes(estimator, classes(estimator)?.len(), takes_missing(estimator));
    let margins = single(lowering, estimator, columns, form)?;
    by_shares(lowering, classes(estimator)?, margins).map(Lowered::Classes)
}

pub(crate) fn tree_regressor(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
) -> Result<ValueId, Failure> {
    let form = Form::of_values(targets(estimator), takes_missing(estimator));
    let margins = single(lowering, estimator, columns, form)?;
    regress(lowering, estimator, margins)
}

pub(crate) fn classifier(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
) -> Result<Lowered, Failure> {
    let trees = trees(estimator)?;
    if let Some(targets) = target_classes(estimator)? {
        let missing = forest_takes_missing(estimator, &trees);
        return several(lowering, estimator, &trees, columns, targets, missing);
    }
    let total = classes(estimator)?.len();
    let form = Form::of_classes(estimator, total, forest_takes_missing(estimator, &trees));
    let margins = mean(lowering, estimator, &trees, columns, form)?;
    by_shares(lowering, classes(estimator)?, margins).map(Lowered::Classes)
}

pub(crate) fn regressor(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
) -> Result<ValueId, Failure> {
    let trees = trees(estimator)?;
    let form = Form::of_values(targets(estimator), forest_takes_missing(estimator, &trees));
    let margins = mean(lowering, estimator, &trees, columns, form)?;
    regress(lowering, estimator, margins)
}

fn trees<'p>(estimator: &Estimator<'p>) -> Result<Vec<Estimator<'p>>, Failure> {
    let list = estimator.fitted("estimators_")?;
    list.items()?.map(|tree| Estimator::new(&tree, estimator.version())).collect()
}

fn forest_takes_missing(forest: &Estimator<'_>, trees: &[Estimator<'_>]) -> bool {
    forest.since(1, 4) && trees.first().is_some_and(takes_missing)
}

fn targets(estimator: &Estimator<'_>) -> usize {
    let targets = estimator.get("n_outputs_").and_then(|n| usize::try_from(n.as_int()?).ok());
    targets.unwrap_or(1)
}

fn single(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: &[Column],
    form: Form,
) -> Result<ValueId, Failure> {
    add(lowering, estimator, std::slice::from_ref(estimator), columns, form, Aggregate::Sum)
}

fn mean(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    trees: &[Estimator<'_>],
    columns: &[Column],
    form: Form,
) -> Result<ValueId, Failure> {
    let by = f64::from(count(estimator.value(), trees.len())?);
    if trees.is_empty() {
        return Err(estimator.value().failure(codes::SHAPE, "the forest has no tree"));
    }
    add(lowering, estimator, trees, columns, form, Aggregate::DivideBy(by))
}

/// The mean of the trees, for each target on its own: a leaf holds the classes of all.
fn several(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    trees: &[Estimator<'_>],
    columns: &[Column],
    targets: Vec<Labels>,
    missing: bool,
) -> Result<Lowered, Failure> {
    let at = estimator.value();
    let by = f64::from(count(at, trees.len())?);
    let arg = lowering.numbers(columns, at)?;
    if !missing {
        lowering.refuse_missing(columns);
    }
    let same: Vec<i64> = (0..columns.len() as u64).map(u64::cast_signed).collect();
    let mut answers = Vec::with_capacity(targets.len());
    for (target, classes) in targets.into_iter().enumerate() {
        let form = Form::of_classes(estimator, classes.len(), missing);
        let mut grove = Grove::new(form);
        for tree in trees {
            let values = values_of_target(tree, target, classes.len(), lowering.budget)?;
            grove.plant_with(tree, form, 1.0, 0, Some((&same, values)), lowering.budget)?;
        }
        let aggregate = if trees.len() == 1 { Aggregate::Sum } else { Aggregate::DivideBy(by) };
        let outputs = count(at, classes.len())?;
        let margins = lowering.push(grove.into_op(arg, outputs, Vec::new(), aggregate), at)?;
        answers.push(by_shares(lowering, classes, margins)?);
    }
    Ok(Lowered::Targets(answers))
}

fn add(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    trees: &[Estimator<'_>],
    columns: &[Column],
    form: Form,
    aggregate: Aggregate,
) -> Result<ValueId, Failure> {
    let at = estimator.value();
    let arg = lowering.numbers(columns, at)?;
    if !form.missing {
        lowering.refuse_missing(columns);
    }
    let mut grove = Grove::new(form);
    for tree in trees {
        grove.plant(tree, form, 1.0, 0, lowering.budget)?;
    }
    let outputs = count(at, form.width)?;
    lowering.push(grove.into_op(arg, outputs, Vec::new(), aggregate), at)
}

fn regress(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    margins: ValueId,
) -> Result<ValueId, Failure> {
    lowering.push(Op::Regress(Regress { margins, link: Link::Identity }), estimator.value())
}
