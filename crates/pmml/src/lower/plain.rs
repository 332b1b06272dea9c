//! Elements of a tree → columns, where it is of the plain shape.

use std::borrow::Cow;

use crate::doc::{Element, PlainBuilder, PlainOp, PlainTree, SimpleOperator};

/// The tree of a tree model in columns: as it was decoded, or made of its elements. None where it has another
/// shape, which is carried as a tree with predicates, or not.
pub(super) fn plain_tree(model: Element<'_>) -> Option<Cow<'_, PlainTree>> {
    let root = model.child("Node")?;
    match root.trees_apart() {
        [(_, tree), ..] => Some(Cow::Borrowed(tree)),
        [] => of_elements(root).map(Cow::Owned),
    }
}

fn of_elements(root: Element<'_>) -> Option<PlainTree> {
    let mut builder = PlainBuilder::new();
    open_node(&mut builder, root)?;
    let mut open = vec![root.children()];
    while let Some(children) = open.last_mut() {
        if let Some(node) = children.find(|child| child.name() == "Node") {
            open_node(&mut builder, node)?;
            open.push(node.children());
        } else {
            open.pop();
            builder.close_node()?;
        }
    }
    builder.finish(0, 0)
}

fn open_node(builder: &mut PlainBuilder, node: Element<'_>) -> Option<()> {
    let attribute = |name| node.attribute(name);
    builder.open_node(attribute("score"), attribute("id"), attribute("defaultChild"))?;
    test(builder, super::tree::predicate_of(node).ok()?)?;
    for share in node.children().filter(|child| child.name() == "ScoreDistribution") {
        let attribute = |name| share.attribute(name);
        builder.share(attribute("value"), attribute("recordCount"), attribute("probability"))?;
    }
    Some(())
}

/// A predicate with its parts.
fn test(builder: &mut PlainBuilder, predicate: Element<'_>) -> Option<()> {
    let mut parts = vec![predicate];
    // Ends of compound predicates that are open.
    let mut ends = Vec::new();
    loop {
        let next = parts.pop();
        while ends.last().is_some_and(|end| next.is_none_or(|next| next.index() >= *end)) {
            ends.pop();
            builder.close_compound()?;
        }
        let Some(element) = next else { return Some(()) };
        if element.name() == "CompoundPredicate" {
            builder.open_compound(element.attribute("booleanOperator")?)?;
            ends.push(element.end_index());
            let first = parts.len();
            parts.extend(element.proper_children());
            parts.get_mut(first..)?.reverse();
        } else {
            simple(builder, element)?;
        }
    }
}

fn simple(builder: &mut PlainBuilder, element: Element<'_>) -> Option<()> {
    let attribute = |name| element.attribute(name);
    match element.name() {
        "True" => builder.test(PlainOp::True, None, None),
        "False" => builder.test(PlainOp::False, None, None),
        "SimplePredicate" => {
            let op = PlainOp::Simple(SimpleOperator::parse(attribute("operator")?)?);
            builder.test(op, Some(attribute("field")?), attribute("value"))
        }
        "SimpleSetPredicate" => {
            let inverse = match attribute("booleanOperator")? {
                "isIn" => false,
                "isNotIn" => true,
                _ => return None,
            };
            let array = element.child("Array")?;
            let quoted = array.attribute("type") == Some("string");
            builder.set(attribute("field")?, inverse, quoted, &array.text(), array.attribute("n"))
        }
        _ => None,
    }
}
