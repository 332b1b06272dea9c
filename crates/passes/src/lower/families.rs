//! Models of a family that operators cannot say, and why.

use holdall_tabular::{
    BinaryOp, Construct, Estimator, Kind, Metric, Model, Op, SplineOutside, Transform, ValidModel,
};

use super::{
    association, bayes, combine, decision, decompose, distances, gaps, gaussian, linear_trees,
    neighbors, network, oblivious, reduce, spline,
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

/// Whether places on a sphere are compared.
pub(super) fn haversine(model: &Model) -> bool {
    model.nodes.iter().any(|(_, node)| {
        let metric = if let Op::Transform(Transform::Distances(op)) = &node.op {
            op.comparison.metric
        } else if let Op::Estimator(Estimator::Neighbors(op)) = &node.op {
            op.comparison.metric
        } else {
            return false;
        };
        metric == Metric::Haversine
    })
}

/// Whether a spline refuses rows beyond its ends.
pub(super) fn ends(model: &Model) -> bool {
    model.nodes.iter().any(|(_, node)| {
        matches!(&node.op, Op::Transform(Transform::Spline(op)) if op.outside == SplineOutside::Reject)
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
        Transform::Distances(op) => distances::refused(&op.comparison, op.points.columns),
        Transform::Lookup(op) if op.values.is_empty() => Some("a table without rows"),
        Transform::Lookup(op) => (op.values.len() > MOST_ROWS).then_some(
            "a table of more than 16,384 rows, each compared with each row of the input",
        ),
        Transform::Decompose(op) => decompose::refused(op),
        Transform::Spline(op) => spline::refused(op),
        Transform::ImputeNeighbors(op) => gaps::refused(op),
        Transform::Bin(_)
        | Transform::Curve(_)
        | Transform::Normalize(_)
        | Transform::Polynomial(_)
        | Transform::TextVector(_)
        | Transform::TextIndex(_)
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
        Estimator::Association(op) => association::refused(op),
        Estimator::BayesianNetwork(op) => network::refused(op),
        Estimator::KernelMachine(_)
        | Estimator::Votes(_)
        | Estimator::Cluster(_)
        | Estimator::Detect(_)
        | Estimator::TimeSeries(_)
        | Estimator::Survival(_) => None,
    }
}
