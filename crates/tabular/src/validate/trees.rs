use holdall_table::Kind;

use super::{Fault, fault};
use crate::{Aggregate, MissingRule, Test, TreeEnsemble, Type, Width, codes};

/// Checks an ensemble and gives its margins. Time is linear in nodes and trees.
pub(super) fn infer(
    ensemble: &TreeEnsemble,
    (kind, width): (Kind, Width),
) -> Result<Option<Type>, Fault> {
    let Width::Vector(features) = width else {
        return fault(codes::TYPE, "expected a vector, found a scalar");
    };
    if !kind.is_float() {
        return fault(codes::TYPE, format!("expected a float vector, found {kind}"));
    }
    let mut failed = Fault::default();
    if failed.passes(columns(ensemble)) {
        failed.passes(unanswered(ensemble));
        failed.passes(nodes(ensemble, features));
        failed.passes(roots(ensemble));
        failed.passes(acyclic(ensemble));
    }
    failed.passes(sums(ensemble));
    let kind = if ensemble.summation.is_f32() { Kind::F32 } else { Kind::F64 };
    failed.unless_failed(Some(Type::Value(kind, Width::Vector(ensemble.outputs))))
}

fn sums(ensemble: &TreeEnsemble) -> Result<(), Fault> {
    if !ensemble.base.is_empty() && ensemble.base.len() != ensemble.outputs as usize {
        return fault(
            codes::LENGTH,
            format!("{} base values for {} outputs", ensemble.base.len(), ensemble.outputs),
        );
    }
    if let Aggregate::DivideBy(by) = ensemble.aggregate
        && !(by.is_finite() && by > 0.0)
    {
        return fault(codes::VALUE, format!("the sum cannot be divided by {by}"));
    }
    Ok(())
}

fn columns(ensemble: &TreeEnsemble) -> Result<(), Fault> {
    let nodes = &ensemble.nodes;
    let lengths = [
        nodes.feature.len(),
        nodes.threshold.len(),
        nodes.yes.len(),
        nodes.no.len(),
        nodes.missing.len(),
    ];
    if lengths.iter().any(|&length| length != nodes.len()) {
        return fault(codes::LENGTH, "the columns of the nodes have different lengths");
    }
    if !nodes.samples.is_empty() && nodes.samples.len() != nodes.len() {
        return fault(codes::LENGTH, "the sample counts and the nodes disagree");
    }
    let width = ensemble.leaf_width as usize;
    if width == 0 || !ensemble.leaves.len().is_multiple_of(width) || ensemble.outputs == 0 {
        return fault(
            codes::LENGTH,
            format!("{} leaf values in leaves of {width}", ensemble.leaves.len()),
        );
    }
    Ok(())
}

fn nodes(ensemble: &TreeEnsemble, features: u32) -> Result<(), Fault> {
    let nodes = &ensemble.nodes;
    let leaves = ensemble.leaves.len() / ensemble.leaf_width as usize;
    let rows = nodes.test.iter().zip(&nodes.feature).zip(nodes.yes.iter().zip(&nodes.no));
    for (i, ((test, &feature), (&yes, &no))) in rows.enumerate() {
        if *test == Test::Leaf {
            if yes as usize >= leaves && !nodes.is_unanswered(i) {
                return fault(codes::REFERENCE, format!("node {i}: there is no leaf {yes}"));
            }
            continue;
        }
        if feature >= features {
            return fault(
                codes::FEATURE,
                format!("node {i}: feature {feature} of a vector of {features}"),
            );
        }
        if yes as usize >= nodes.len() || no as usize >= nodes.len() {
            return fault(codes::REFERENCE, format!("node {i}: there is no node {}", yes.max(no)));
        }
        if let Test::In(set) = test
            && *set as usize >= ensemble.sets.len()
        {
            return fault(codes::REFERENCE, format!("node {i}: there is no set {set}"));
        }
    }
    if let Some(i) = nodes.threshold.iter().position(|threshold| threshold.is_nan()) {
        return fault(codes::VALUE, format!("node {i}: the threshold is NaN"));
    }
    Ok(())
}

fn unanswered(ensemble: &TreeEnsemble) -> Result<(), Fault> {
    let nodes = &ensemble.nodes;
    let lost = nodes.missing.iter().position(|rule| *rule == MissingRule::Unanswered);
    match lost {
        Some(i) if ensemble.leaf_width != ensemble.outputs => fault(
            codes::VALUE,
            format!(
                "node {i}: a row can lose its answer only where leaves have a value for each of the {} outputs",
                ensemble.outputs
            ),
        ),
        Some(_) | None => Ok(()),
    }
}

fn roots(ensemble: &TreeEnsemble) -> Result<(), Fault> {
    for (i, tree) in ensemble.trees.iter().enumerate() {
        if tree.root as usize >= ensemble.nodes.len() {
            return fault(codes::REFERENCE, format!("tree {i}: there is no node {}", tree.root));
        }
        let last = u64::from(tree.output) + u64::from(ensemble.leaf_width);
        if last > u64::from(ensemble.outputs) {
            return fault(
                codes::FEATURE,
                format!("tree {i}: output {} of {}", last - 1, ensemble.outputs),
            );
        }
    }
    Ok(())
}

/// Depth-first with three colours, without recursion; each node is entered once.
fn acyclic(ensemble: &TreeEnsemble) -> Result<(), Fault> {
    #[derive(Clone, Copy, PartialEq)]
    enum Colour {
        White,
        Grey,
        Black,
    }
    let nodes = &ensemble.nodes;
    let mut colours = vec![Colour::White; nodes.len()];
    let mut stack: Vec<(u32, bool)> = Vec::new();
    for tree in &ensemble.trees {
        stack.push((tree.root, false));
        while let Some((node, leaving)) = stack.pop() {
            let i = node as usize;
            let Some(colour) = colours.get_mut(i) else { continue };
            if leaving {
                *colour = Colour::Black;
                continue;
            }
            match *colour {
                Colour::Black => continue,
                Colour::Grey => {
                    return fault(codes::CYCLE, format!("node {i} is below itself"));
                }
                Colour::White => *colour = Colour::Grey,
            }
            stack.push((node, true));
            if let (Some(test), Some(&yes), Some(&no)) =
                (nodes.test.get(i), nodes.yes.get(i), nodes.no.get(i))
                && *test != Test::Leaf
            {
                stack.push((no, false));
                stack.push((yes, false));
            }
        }
    }
    Ok(())
}
