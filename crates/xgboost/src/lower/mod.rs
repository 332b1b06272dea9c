//! The document as a tabular model.

mod inputs;
mod linear;
mod objective;
mod trees;

use holdall_codec::Options;
use holdall_diag::{Code, Diagnostic, Failure, Location, PathKind, Report};
use holdall_source::Budget;
use holdall_tabular::{Header, Model};

use crate::{
    codes,
    document::{BoosterModel, Document, LearnerParam, Single, Text},
};

const PARAM: &str = "/learner/learner_model_param";

/// What `inspect` says beside the model itself.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) objective: String,
    pub(crate) booster: String,
    pub(crate) num_parallel_tree: Option<String>,
    pub(crate) attributes: std::collections::BTreeMap<String, String>,
}

/// The learner's numbers.
struct Shape {
    features: usize,
    /// Classes or targets: number of scores.
    outputs: u32,
    classes: u32,
}

/// How many iterations of boosting answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Iterations {
    All,
    Best,
    First(usize),
}

impl Iterations {
    pub(crate) fn of(options: &Options) -> Result<Self, Failure> {
        match options.get("iterations") {
            None | Some("all") => Ok(Self::All),
            Some("best") => Ok(Self::Best),
            Some(_) => {
                let count = options.number("iterations", 1, 1..=i64::from(u32::MAX))?;
                Ok(usize::try_from(count).map_or(Self::All, Self::First))
            }
        }
    }

    /// The number of iterations; none for all of them.
    fn count(self, facts: &Facts) -> Result<Option<usize>, Failure> {
        match (self, facts.attributes.get("best_iteration")) {
            (Self::All, _) | (Self::Best, None) => Ok(None),
            (Self::First(count), _) => Ok(Some(count)),
            (Self::Best, Some(best)) => {
                let pointer = "/learner/attributes/best_iteration";
                let best: usize = parse(&Text(best.clone()), pointer)?;
                Ok(Some(best.saturating_add(1)))
            }
        }
    }
}

/// Says the document in terms of the tabular model. `file` locates nodes.
pub(crate) fn lower(
    document: Document,
    iterations: &Iterations,
    file: &Location,
    budget: &mut Budget,
) -> Result<(Model, Report, Facts), Failure> {
    let Document { learner, version } = document;
    let mut report = Report::new();
    let mut model = Model::new();
    let shape = Shape::of(&learner.param)?;
    let objective = objective::Objective::of(&learner.objective.name, &shape)?;
    let base = base_scores(&learner.param.base_score, &shape, &objective)?;
    let booster = learner.gradient_booster;
    let facts = Facts {
        objective: learner.objective.name.clone(),
        booster: booster.name.clone(),
        num_parallel_tree: booster
            .gbtree
            .as_ref()
            .map(|inner| &inner.model)
            .or(booster.model.as_ref())
            .and_then(|model| model.gbtree_model_param.as_ref()?.num_parallel_tree.clone())
            .map(|text| text.0),
        attributes: learner.attributes,
    };
    model.header = Header {
        producer: Some("xgboost".to_owned()),
        producer_version: (!version.is_empty())
            .then(|| version.iter().map(u32::to_string).collect::<Vec<_>>().join(".")),
        class: Some(learner.objective.name),
        ..Header::default()
    };
    if let Iterations::All = iterations {
        note_attributes(&facts, &mut report);
    }
    let (body, pointer) = body(&booster.name, booster.model, booster.gbtree)?;
    let names = inputs::Names { names: &learner.feature_names, types: &learner.feature_types };
    let cats = body.cats.as_ref().map(|cats| cats.enc.as_slice()).unwrap_or_default();
    let features = inputs::lower(&names, cats, &shape, &mut model, budget)?;
    let location = file.clone().with_path(PathKind::JsonPointer, pointer);
    let margins = if booster.name == "gblinear" {
        linear::lower(&body, &base, &shape, features, &mut model, location)?
    } else {
        let dropped = (booster.name == "dart").then_some(booster.weight_drop.as_slice());
        let place = trees::Place { pointer, location };
        let rounds = iterations.count(&facts)?;
        let parallel = match &facts.num_parallel_tree {
            Some(text) => parse(&Text(text.clone()), pointer)?,
            None => 1,
        };
        let rounds = rounds.map(|rounds| trees::Rounds { rounds, parallel });
        trees::lower(body, dropped, &base, &shape, features, rounds, &place, &mut model, budget)?
    };
    objective.lower(margins, &mut model, &mut report)?;
    Ok((model, report, facts))
}

/// The trees or weights, and where they stand.
fn body(
    name: &str,
    model: Option<BoosterModel>,
    gbtree: Option<crate::document::Inner>,
) -> Result<(BoosterModel, &'static str), Failure> {
    let found = match name {
        "gbtree" | "gblinear" => model.map(|model| (model, "/learner/gradient_booster/model")),
        "dart" => gbtree.map(|inner| (inner.model, "/learner/gradient_booster/gbtree/model")),
        other => {
            return Err(Failure::unsupported(
                codes::BOOSTER,
                format!("the booster `{other}` is not carried"),
            )
            .at(at("/learner/gradient_booster/name")));
        }
    };
    found.ok_or_else(|| {
        let message = format!("a booster `{name}` has a model, this one has none");
        Failure::malformed(codes::MISSING, message).at(at("/learner/gradient_booster"))
    })
}

fn note_attributes(facts: &Facts, report: &mut Report) {
    if let Some(best) = facts.attributes.get("best_iteration") {
        report.push(
            Diagnostic::note(
                codes::BEST_ITERATION,
                format!(
                    "the file names iteration {best} as the best one and is read with all its \
                     trees, as `Booster.predict` does"
                ),
            )
            .at(at("/learner/attributes/best_iteration"))
            .with_help(
                "`XGBClassifier` and `XGBRegressor` stop there: read it with `iterations=best` to do \
                 the same",
            ),
        );
    }
}

impl Shape {
    fn of(param: &LearnerParam) -> Result<Self, Failure> {
        let features: u32 = parse(&param.num_feature, &format!("{PARAM}/num_feature"))?;
        let classes: u32 = parse(&param.num_class, &format!("{PARAM}/num_class"))?;
        let targets: u32 = match &param.num_target {
            Some(text) => parse(text, &format!("{PARAM}/num_target"))?,
            None => 1,
        };
        if features == 0 {
            return Err(Failure::malformed(codes::COUNT, "a model has at least one feature")
                .at(at(&format!("{PARAM}/num_feature"))));
        }
        if classes > 1 && targets > 1 {
            let message = format!("{classes} classes and {targets} targets at once");
            return Err(Failure::malformed(codes::COUNT, message).at(at(PARAM)));
        }
        Ok(Self { features: features as usize, outputs: classes.max(targets).max(1), classes })
    }
}

/// `base_score` at the scale of the sum, one an output: `ProbToMargin` of the objective.
fn base_scores(
    text: &Text,
    shape: &Shape,
    objective: &objective::Objective,
) -> Result<Vec<f32>, Failure> {
    let pointer = format!("{PARAM}/base_score");
    let outputs = shape.outputs as usize;
    let inner = text.0.trim();
    let list = inner.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let words: Vec<&str> = list.map_or_else(|| vec![inner], |list| list.split(',').collect());
    if words.len() != 1 && words.len() != outputs {
        let message = format!("{} base scores for {outputs} outputs", words.len());
        return Err(Failure::malformed(codes::COUNT, message).at(at(&pointer)));
    }
    let mut scores = Vec::with_capacity(words.len());
    for word in words {
        let score: f32 = word.trim().parse().map_err(|_error| {
            Failure::malformed(codes::NUMBER, format!("expected a number, found `{word}`"))
                .at(at(&pointer))
        })?;
        scores.push(objective.margin_of(score).ok_or_else(|| {
            let message = format!("`{}` cannot start from a base score of {score}", objective.name);
            Failure::malformed(codes::BASE_SCORE, message).at(at(&pointer))
        })?);
    }
    if let [score] = *scores {
        scores.resize(outputs, score);
    }
    Ok(scores)
}

fn at(pointer: &str) -> Location {
    Location::path(PathKind::JsonPointer, pointer)
}

fn parse<T: std::str::FromStr>(text: &Text, pointer: &str) -> Result<T, Failure> {
    text.0.trim().parse().map_err(|_error| {
        let message = format!("expected a whole number, found `{}`", text.0);
        Failure::malformed(codes::NUMBER, message).at(at(pointer))
    })
}

fn expect_count(what: &str, found: usize, expected: usize, pointer: &str) -> Result<(), Failure> {
    if found == expected {
        return Ok(());
    }
    Err(fail(codes::COUNT, format!("expected {expected} {what}, found {found}"), pointer))
}

fn fail(code: Code, message: impl Into<String>, pointer: &str) -> Failure {
    Failure::malformed(code, message).at(at(pointer))
}

fn widen(values: &[Single]) -> impl Iterator<Item = f64> {
    values.iter().map(|value| f64::from(value.0))
}
