//! From the attributes of fitted estimators to the tabular model.

mod anomaly;
mod answer;
mod bayes;
pub(crate) mod boosted;
mod boosting;
mod calibrated;
pub(crate) mod class;
mod cluster;
mod column_transformer;
pub(crate) mod columns;
mod decomposition;
mod dict;
mod discriminant;
mod dummy;
mod ensemble;
mod estimator;
mod forest;
mod function;
mod gaussian_process;
mod hist;
mod importance;
mod imputer;
mod inverse;
mod isotonic;
mod kernels;
mod knn_imputer;
mod labels;
mod linear;
mod linear_classifier;
mod logistic;
mod loss;
mod manifold;
mod matrix;
mod mixture;
mod mlp;
mod multiclass;
mod multioutput;
mod neighbors;
mod numeric;
mod one_hot;
mod ordinal;
mod pipeline;
mod projection;
mod scaler;
mod select;
pub(crate) mod selection;
mod shares;
mod sketch;
mod stacking;
mod svm;
mod text;
mod tree;
mod union;
mod width;
mod wrapper;

use holdall_diag::Failure;
use holdall_pickle::{Pickle, Value};
use holdall_source::Budget;
use holdall_tabular::{Header, Kind, Model, Output, Part};

use self::{
    answer::Lowered,
    boosted::Boosters,
    columns::{Column, Lowering, Origin},
    estimator::Estimator,
};
use crate::{codes, facts, version::Version};

/// What is asked of an estimator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<'e, 'p> {
    pub(crate) estimator: &'e Estimator<'p>,
    /// What comes in.
    pub(crate) columns: &'e [Column],
    /// How many steps it is within.
    pub(crate) depth: u32,
    /// Whether columns for a further step are asked for, of estimators that can also answer.
    pub(crate) transforms: bool,
}

/// What an input costs in memory, with its name, its field and its node.
const INPUT_BYTES: usize = 512;

/// What an estimator costs in elementary steps.
const ESTIMATOR_STEPS: u64 = 10_000;

/// Steps within steps: deeper than any honest model, so that recursion ends here.
const MAX_DEPTH: u32 = 16;

/// The model of the estimator at the root.
pub(crate) fn lower(
    pickle: &Pickle,
    boosters: &mut Boosters,
    budget: &mut Budget,
) -> Result<Model, Failure> {
    let root = pickle.root();
    let version = facts::version(pickle).as_deref().and_then(Version::parse);
    let outermost = Estimator::new(&root, version)?;
    let first = pipeline::first(&outermost);
    let (names, named) = inputs(&first, boosters, budget)?;
    let mut lowering = Lowering::new(names, named, boosters, budget);
    let columns = lowering.inputs();
    let answer = lower_estimator(&mut lowering, &root, version, &columns, 0, false)?;
    outputs(&mut lowering, &answer, &root)?;
    // A wrapper alone says only which booster it holds.
    let (producer, producer_version) = match (facts::version(pickle), lowering.boosters.producer())
    {
        (None, Some((producer, version))) => (producer, version),
        (version, _) => ("scikit-learn".to_owned(), version),
    };
    lowering.model.header = Header {
        name: None,
        description: None,
        producer: Some(producer),
        producer_version,
        class: Some(pipeline::last(&outermost).object().name().to_owned()),
    };
    lowering.finish()
}

/// A transformer within a step.
fn lower_step(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    value: &Value<'_>,
    columns: &[Column],
) -> Result<Lowered, Failure> {
    lower_estimator(lowering, value, step.estimator.version(), columns, step.depth + 1, true)
}

/// An estimator that answers within a step.
fn lower_member(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    value: &Value<'_>,
    columns: &[Column],
) -> Result<Lowered, Failure> {
    lower_estimator(lowering, value, step.estimator.version(), columns, step.depth + 1, false)
}

/// An estimator that is asked what the step is asked.
fn lower_inside(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
    value: &Value<'_>,
    columns: &[Column],
) -> Result<Lowered, Failure> {
    let (version, depth) = (step.estimator.version(), step.depth + 1);
    lower_estimator(lowering, value, version, columns, depth, step.transforms)
}

fn lower_estimator(
    lowering: &mut Lowering<'_>,
    value: &Value<'_>,
    outer: Option<Version>,
    columns: &[Column],
    depth: u32,
    transforms: bool,
) -> Result<Lowered, Failure> {
    if depth > MAX_DEPTH {
        return Err(Failure::limit(codes::DEPTH, "steps within steps go too deep")
            .at(estimator::place(value)));
    }
    // Steps may be shared: a small file can name very many.
    lowering.budget.step(ESTIMATOR_STEPS + columns.len() as u64)?;
    let estimator = Estimator::new(value, outer)?;
    let lower = family(&estimator)?;
    let before = std::mem::replace(&mut lowering.place, estimator::place(value));
    let step = Step { estimator: &estimator, columns, depth, transforms };
    let answer = lower(lowering, &step);
    lowering.place = before;
    answer
}

fn family(estimator: &Estimator<'_>) -> Result<class::Lower, Failure> {
    let object = estimator.object();
    let package = object.module().split('.').next().unwrap_or_default();
    class::of(object.module(), object.name()).ok_or_else(|| {
        let message = format!("`{}` is not carried", object.class());
        if package == "sklearn" {
            let help = format!("carried are {}", class::carried());
            return match class::reason(object.name()) {
                Some(reason) => {
                    estimator.refuse(codes::CLASS, format!("{message}: {reason}")).with_help(help)
                }
                None => estimator.refuse(codes::CLASS, message).with_help(help),
            };
        }
        estimator.refuse(codes::NOT_AN_ESTIMATOR, format!("{message}: it is not of scikit-learn")).with_help(
            "save a booster in the format of its library; own classes cannot be read, because their \
             code is not in the file",
        )
    })
}

/// Names and number of the columns that come in.
fn inputs(
    first: &Estimator<'_>,
    boosters: &mut Boosters,
    budget: &mut Budget,
) -> Result<(Vec<String>, bool), Failure> {
    if boosted::is_booster(first) {
        return boosters.inputs(first);
    }
    if let Some(names) = width::names(first)? {
        return Ok((names, true));
    }
    let width = width::of(first)?;
    budget.charge_elements(width as u64, INPUT_BYTES)?;
    Ok(((0..width).map(|i| format!("x{i}")).collect(), false))
}

fn outputs(lowering: &mut Lowering<'_>, answer: &Lowered, at: &Value<'_>) -> Result<(), Failure> {
    match answer {
        Lowered::Classes(classifier) => {
            lowering.model.outputs.push(Output::new(classifier.label, Part::Label));
            if let Some(id) = classifier.probabilities {
                lowering.model.outputs.push(Output::new(id, Part::Probabilities));
            }
        }
        Lowered::Targets(targets) => {
            for (i, target) in targets.iter().enumerate() {
                let label = Output::new(target.label, Part::Label).named(format!("y{i}_label"));
                lowering.model.outputs.push(label);
                if let Some(id) = target.probabilities {
                    let shares = Output::new(id, Part::Probabilities);
                    lowering.model.outputs.push(shares.named(format!("y{i}_probability")));
                }
            }
        }
        Lowered::Clusters(clusters) => {
            lowering.model.outputs.push(Output::new(clusters.label, Part::Label));
            if clusters.distances {
                lowering.model.outputs.push(Output::new(clusters.label, Part::Distances));
            }
            if let Some(shares) = clusters.shares {
                let shares = Output::new(shares, Part::Whole).named("probability");
                lowering.model.outputs.push(shares);
            }
        }
        Lowered::Anomaly(id) => {
            lowering.model.outputs.push(Output::new(*id, Part::Label));
            lowering.model.outputs.push(Output::new(*id, Part::Score));
        }
        Lowered::Values(id) => lowering.model.outputs.push(Output::new(*id, Part::Values)),
        Lowered::Columns(columns) => {
            let text = columns.iter().any(|c| matches!(c.source, Origin::Scalar(_, Kind::Text)));
            if !text {
                let id = lowering.numbers(columns, at)?;
                lowering.model.outputs.push(Output::new(id, Part::Whole));
                return Ok(());
            }
            for (i, column) in columns.iter().enumerate() {
                let id = match column.source {
                    Origin::Scalar(id, _) => id,
                    Origin::Field(_) | Origin::Element { .. } => {
                        lowering.numbers(std::slice::from_ref(column), at)?
                    }
                };
                lowering.model.outputs.push(Output::new(id, Part::Whole).named(format!("y_{i}")));
            }
        }
    }
    Ok(())
}

/// The estimators in order, outermost first, as `name: class`; for people.
pub(crate) fn steps(root: &Value<'_>) -> Vec<String> {
    let mut all = Vec::new();
    let mut open = vec![(String::new(), root.clone(), 0_u32)];
    while let Some((name, value, depth)) = open.pop() {
        let Ok(estimator) = Estimator::new(&value, None) else { continue };
        let class = estimator.object().name();
        all.push(if name.is_empty() { class.to_owned() } else { format!("{name}: {class}") });
        let parts = estimator.get("steps").or_else(|| estimator.get("transformers_"));
        let Some(parts) = parts.and_then(|parts| parts.items().ok()).filter(|_| depth < MAX_DEPTH)
        else {
            continue;
        };
        let mut inner: Vec<_> = parts
            .filter_map(|part| Some((part.item(0).ok()?.as_text()?.to_owned(), part.item(1).ok()?)))
            .map(|(part, value)| {
                (if name.is_empty() { part } else { format!("{name}.{part}") }, value, depth + 1)
            })
            .collect();
        inner.reverse();
        open.append(&mut inner);
        if all.len() > 1_000 {
            break;
        }
    }
    all
}
