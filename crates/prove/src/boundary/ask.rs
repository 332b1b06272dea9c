use std::collections::BTreeMap;

use holdall_table::Kind;
use holdall_tabular::{Field, Scalar, Test, TreeEnsemble, ValidModel};

use super::plan::{FieldPlan, cell};
use crate::{
    cut::{arrives, last_alike, number},
    trace::{Origin, Step, trace},
};

/// What a split asks of a field.
pub(super) enum Ask {
    /// Yes on one side of the cut: up to this key, or above it.
    Cut { field: usize, last_low: i64, yes_low: bool },
    /// Yes for these values, no for those.
    Among { field: usize, yes: Vec<Scalar>, no: Vec<Scalar> },
}

pub(super) fn asks_of(
    model: &ValidModel,
    trees: &TreeEnsemble,
    fields: &[Field],
    plans: &mut [FieldPlan],
) -> Vec<Option<Ask>> {
    let nodes = &trees.nodes;
    let mut origins: BTreeMap<u32, Option<Origin>> = BTreeMap::new();
    let columns = nodes.test.iter().zip(nodes.feature.iter().zip(&nodes.threshold));
    let asks = columns.map(|(&test, (&feature, &limit))| {
        if test == Test::Leaf {
            return None;
        }
        let origin =
            origins.entry(feature).or_insert_with(|| trace(model, trees.arg, feature as usize));
        match origin.as_ref()? {
            Origin::Number { field, steps } => {
                let kind = fields.get(*field)?.kind;
                let ask = ask_number(trees, test, limit, *field, kind, steps)?;
                if let (Ask::Cut { last_low, .. }, Some(plan)) = (&ask, plans.get_mut(*field)) {
                    plan.widen(number(*last_low, kind));
                }
                Some(ask)
            }
            Origin::Category { field, values } => {
                let (yes, no): (Vec<_>, Vec<_>) =
                    values.iter().partition(|(_, x)| answers(trees, test, limit, *x));
                let scalars = |list: Vec<&(Scalar, f64)>| -> Vec<Scalar> {
                    list.into_iter().map(|(scalar, _)| scalar.clone()).collect()
                };
                Some(Ask::Among { field: *field, yes: scalars(yes), no: scalars(no) })
            }
        }
    });
    asks.collect()
}

fn ask_number(
    trees: &TreeEnsemble,
    test: Test,
    limit: f64,
    field: usize,
    kind: Kind,
    steps: &[Step],
) -> Option<Ask> {
    let come = |x: f64| arrives(steps, trees.round_features, x);
    let answer = |x: f64| answers(trees, test, limit, come(x));
    match test {
        Test::Lt | Test::Le | Test::Gt | Test::Ge => {
            let last_low = last_alike(kind, answer)?;
            Some(Ask::Cut { field, last_low, yes_low: answer(number(last_low, kind)) })
        }
        Test::Eq | Test::Ne => {
            let at = last_alike(kind, |x| come(x) < limit)?;
            Some(among(field, kind, (at - 1..=at + 3).map(|k| number(k, kind)), answer))
        }
        Test::In(set) => {
            let members = trees.sets.get(set as usize)?.members().take(64).map(f64::from);
            // Truncation, the numbers beside the members, and what is in no set.
            let tried: Vec<f64> = members.flat_map(|m| [m, m + 0.5, m + 1.0, m - 1.0]).collect();
            Some(among(field, kind, tried.into_iter().chain([-1.0, 1e9]), answer))
        }
        Test::Leaf => None,
    }
}

fn among(
    field: usize,
    kind: Kind,
    tried: impl Iterator<Item = f64>,
    answer: impl Fn(f64) -> bool,
) -> Ask {
    let fits = tried.filter(|x| kind.is_float() || x.fract().abs() <= 0.0);
    let (yes, no): (Vec<f64>, Vec<f64>) = fits.partition(|&x| answer(x));
    let cells = |list: Vec<f64>| list.into_iter().map(|x| cell(x, kind)).collect();
    Ask::Among { field, yes: cells(yes), no: cells(no) }
}

fn answers(trees: &TreeEnsemble, test: Test, limit: f64, x: f64) -> bool {
    #[expect(clippy::float_cmp, reason = "the test is exact equality")]
    match test {
        Test::Leaf => true,
        Test::Lt => x < limit,
        Test::Le => x <= limit,
        Test::Gt => x > limit,
        Test::Ge => x >= limit,
        Test::Eq => x == limit,
        Test::Ne => x != limit,
        Test::In(set) => {
            let whole = x.trunc();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
            let in_set = (0.0..f64::from(1 << 24)).contains(&whole)
                && trees.sets.get(set as usize).is_some_and(|set| set.contains(whole as u32));
            in_set
        }
    }
}
