//! Models of a family that operators cannot say, and why.

use holdall_tabular::{BinaryOp, Construct, Estimator, Kind, Op, Transform, ValidModel};

use super::{
    bayes, combine, decision, distances, gaussian, linear_trees, neighbors, oblivious, reduce,
};

/// The most rows of a table that is compared row by row.
const MOST_ROWS: usize = 1 << 14;

/// Why some node that needs this construct has no operators; none where all have.
pub(super) fn refused(
    valid: &ValidModel,
    construct: Construct,
    may_miss: &[bool],
) -> Option<&'static str> {
    let concerned = matches!(
        construct,
        Construct::Binary(BinaryOp::Modulo | BinaryOp::Remainder | BinaryOp::FloorDiv)
            | Construct::Transform(_)
            | Construct::Estimator(_)
    );
    if !concerned {
        return None;
    }
    let misses = |id: holdall_tabular::ValueId| may_miss.get(id.index()).copied().unwrap_or(false);
    valid.model().nodes.iter().find_map(|(id, node)| match (&node.op, construct) {
        (Op::Binary { op, left, .. }, Construct::Binary(wanted)) if *op == wanted => {
            (valid.kind_of(*left) == Some(Kind::I64))
                .then_some("runtimes end the process where an integer is divided by 0")
        }
        (Op::Transform(transform), Construct::Transform(wanted)) if transform.kind() == wanted => {
            of_transform(valid, transform, &misses)
        }
        (Op::Estimator(estimator), Construct::Estimator(wanted)) if estimator.kind() == wanted => {
            of_estimator(valid, id, estimator, &misses)
        }
        _ => None,
    })
}

fn of_transform(
    valid: &ValidModel,
    transform: &Transform,
    misses: &dyn Fn(holdall_tabular::ValueId) -> bool,
) -> Option<&'static str> {
    match transform {
        Transform::Reduce(op) => {
            reduce::refused(*op, valid.kind_of(op.arg).unwrap_or(Kind::F64), misses(op.arg))
        }
        Transform::Distances(op) => distances::refused(&op.comparison),
        Transform::Lookup(op) => (op.values.len() > MOST_ROWS).then_some(
            "a table of more than 16,384 rows, each compared with each row of the input",
        ),
        Transform::Bin(_)
        | Transform::Curve(_)
        | Transform::Normalize(_)
        | Transform::Polynomial(_)
        | Transform::Spline(_)
        | Transform::TextVector(_)
        | Transform::TextIndex(_)
        | Transform::ImputeNeighbors(_)
        | Transform::Decompose(_)
        | Transform::Lag(_) => None,
    }
}

fn of_estimator(
    valid: &ValidModel,
    id: holdall_tabular::ValueId,
    estimator: &Estimator,
    misses: &dyn Fn(holdall_tabular::ValueId) -> bool,
) -> Option<&'static str> {
    match estimator {
        Estimator::NaiveBayes(op) => bayes::refused(op),
        Estimator::Neighbors(op) => neighbors::refused(op),
        Estimator::GaussianProcess(op) => gaussian::refused(op, gaussian::deviates(valid, id)),
        Estimator::ObliviousTrees(op) => oblivious::refused(op),
        Estimator::DecisionTree(op) => decision::tree_refused(valid, id, op),
        Estimator::Rules(op) => decision::rules_refused(op),
        Estimator::Scorecard(op) => decision::card_refused(op),
        Estimator::LinearTrees(op) => linear_trees::refused(op),
        Estimator::Combine(op) => {
            let members = op.members.iter();
            let silent = members.clone().any(|member| misses(member.estimate));
            combine::refused(op, silent || members.filter_map(|m| m.weight).any(misses))
        }
        Estimator::KernelMachine(_)
        | Estimator::Votes(_)
        | Estimator::Cluster(_)
        | Estimator::Detect(_)
        | Estimator::BayesianNetwork(_)
        | Estimator::TimeSeries(_)
        | Estimator::Survival(_)
        | Estimator::Association(_) => None,
    }
}
