use holdall_diag::Failure;

use crate::{Column, Kind, Role, Table, codes};

/// One input or output column of something that scores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Name of the column.
    pub name: String,
    /// Kind of the values.
    pub kind: Kind,
    /// What an output column means.
    pub role: Option<Role>,
}

/// A compiled model: rows in, answers out. Results depend neither on batch size nor on threads.
pub trait Scoring: Send + Sync {
    /// The input columns, in model order.
    fn inputs(&self) -> &[Port];

    /// Whether the model names its inputs; if not, rows are matched by position.
    fn has_named_inputs(&self) -> bool;

    /// The output columns, in the order in which [`Scoring::score`] gives them.
    fn outputs(&self) -> &[Port];

    /// Scores rows. `rows` has exactly the input columns in order, as [`select_inputs`] gives them.
    fn score(&self, rows: &Table) -> Result<Table, Failure>;
}

/// How rows are matched with inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// By name, as the model names its inputs.
    Name,
    /// By position.
    Position,
}

/// The columns of `rows` that `scoring` takes, in its order and kinds, and the names of the columns
/// left over.
///
/// Fails with `table/missing-column` or `table/too-few-columns`, or `table/parse` naming row, column
/// and value.
pub fn select_inputs(
    scoring: &dyn Scoring,
    rows: &Table,
    matching: Matching,
) -> Result<(Table, Vec<String>), Failure> {
    let inputs = scoring.inputs();
    let mut chosen: Vec<&Column> = Vec::with_capacity(inputs.len());
    let mut used = vec![false; rows.columns.len()];
    for (i, port) in inputs.iter().enumerate() {
        let position = match matching {
            Matching::Position => (i < rows.columns.len()).then_some(i),
            Matching::Name => rows.columns.iter().position(|c| c.name == port.name),
        };
        let Some((position, column)) = position.and_then(|p| Some((p, rows.columns.get(p)?)))
        else {
            return Err(match matching {
                Matching::Position => Failure::usage(
                    codes::TOO_FEW_COLUMNS,
                    format!(
                        "the model takes {} columns, the rows have {}",
                        inputs.len(),
                        rows.columns.len()
                    ),
                ),
                Matching::Name => Failure::usage(
                    codes::MISSING_COLUMN,
                    format!("the model needs a column `{}`, the rows have none", port.name),
                )
                .with_help("`--by-position` takes the columns in order, whatever they are called"),
            });
        };
        if let Some(flag) = used.get_mut(position) {
            *flag = true;
        }
        chosen.push(column);
    }
    let columns = inputs
        .iter()
        .zip(chosen)
        .map(|(port, column)| {
            let mut cast = column.cast(port.kind, rows.first_row)?;
            cast.name.clone_from(&port.name);
            Ok(cast)
        })
        .collect::<Result<_, Failure>>()?;
    let left_over = rows
        .columns
        .iter()
        .zip(used)
        .filter(|(_, used)| !used)
        .map(|(column, _)| column.name.clone())
        .collect();
    Ok((Table { columns, rows: rows.rows, first_row: rows.first_row }, left_over))
}
