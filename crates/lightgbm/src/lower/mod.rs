//! The document as a tabular model.

mod inputs;
mod objective;
mod trees;

use holdall_diag::{Failure, Location, Report};
use holdall_source::Budget;
use holdall_tabular::{Aggregate, Header, Model};

use crate::{codes, document::Document};

/// Says the document in terms of the tabular model. `file` locates nodes.
pub(crate) fn lower(
    document: Document<'_>,
    file: &Location,
    budget: &mut Budget,
) -> Result<(Model, Report), Failure> {
    let mut report = Report::new();
    let mut model = Model::new();
    model.header = Header {
        producer: Some("lightgbm".to_owned()),
        class: document.objective.map(|value| value.text.trim().to_owned()),
        ..Header::default()
    };
    let outputs = document.num_tree_per_iteration;
    let count = document.trees.len();
    if !count.is_multiple_of(outputs as usize) {
        let message = format!("{count} trees do not make iterations of {outputs}");
        return Err(Failure::malformed(codes::COUNT, message));
    }
    let features = inputs::lower(&document, &mut model, budget)?;
    let aggregate = aggregate(&document)?;
    let objective = objective::Objective::of(&document)?;
    let first = document.trees.first().map_or(1, |tree| tree.line);
    let trees = trees::lower(document, features, aggregate, budget)?;
    let location = file.clone().with_line(first, 1);
    let margins = model.push_at(trees, location)?;
    objective.lower(margins, &mut model, &mut report)?;
    Ok((model, report))
}

/// Random forests are divided by the number of iterations.
fn aggregate(document: &Document<'_>) -> Result<Aggregate, Failure> {
    if !document.average_output {
        return Ok(Aggregate::Sum);
    }
    let iterations = document.trees.len() / document.num_tree_per_iteration as usize;
    match u32::try_from(iterations) {
        Ok(iterations) if iterations > 0 => Ok(Aggregate::DivideBy(f64::from(iterations))),
        Ok(_) | Err(_) => {
            Err(Failure::malformed(codes::COUNT, "a mean over no trees has no value"))
        }
    }
}
