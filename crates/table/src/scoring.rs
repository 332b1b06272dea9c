use holdall_diag::Failure;

use crate::{Kind, Role, Table, codes};

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

    /// How many rows before a row its answers depend on: 0 where rows never meet. Rows that are scored in several
    /// tables must begin each with so many rows of the table before, whose answers are dropped.
    fn history(&self) -> usize {
        0
    }

    /// Scores rows one by one as it were: the answers, missing for rows that cannot be scored, and
    /// those rows, in order, with why.
    ///
    /// Fails when no row can be scored. What cannot tell rows apart fails with the first of them.
    fn score_rows(&self, rows: &Table) -> Result<(Table, Vec<Failed>), Failure> {
        Ok((self.score(rows)?, Vec::new()))
    }
}

/// A row that failed, counted from 0 in its table, and why.
pub type Failed = (usize, Failure);

/// How rows are matched with inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// By name, as the model names its inputs.
    Name,
    /// By position.
    Position,
}

/// The inputs of something that scores, found among the columns of some rows.
#[derive(Clone, Debug)]
pub struct Inputs {
    ports: Vec<Port>,
    positions: Vec<usize>,
    left_over: Vec<String>,
}

impl Inputs {
    /// Finds them among the columns with these names.
    ///
    /// Fails with `table/missing-column` or `table/too-few-columns`.
    pub fn find(
        scoring: &dyn Scoring,
        names: &[&str],
        matching: Matching,
    ) -> Result<Self, Failure> {
        let ports = scoring.inputs();
        let mut positions = Vec::with_capacity(ports.len());
        let mut left_over: Vec<Option<&str>> = names.iter().copied().map(Some).collect();
        for (i, port) in ports.iter().enumerate() {
            let position = match matching {
                Matching::Position => (i < names.len()).then_some(i),
                Matching::Name => names.iter().position(|name| *name == port.name),
            };
            let Some(position) = position else {
                return Err(match matching {
                    Matching::Position => Failure::usage(
                        codes::TOO_FEW_COLUMNS,
                        format!(
                            "the model takes {} columns, the rows have {}",
                            ports.len(),
                            names.len()
                        ),
                    ),
                    Matching::Name => Failure::usage(
                        codes::MISSING_COLUMN,
                        format!("the model needs a column `{}`, the rows have none", port.name),
                    )
                    .with_help(
                        "`--by-position` takes the columns in order, whatever they are called",
                    ),
                });
            };
            if let Some(name) = left_over.get_mut(position) {
                *name = None;
            }
            positions.push(position);
        }
        let left_over = left_over.into_iter().flatten().map(ToOwned::to_owned).collect();
        Ok(Self { ports: ports.to_vec(), positions, left_over })
    }

    /// The inputs, in model order.
    pub fn ports(&self) -> &[Port] {
        &self.ports
    }

    /// For each input the position of its column.
    pub fn positions(&self) -> &[usize] {
        &self.positions
    }

    /// The names of the columns that no input takes.
    pub fn left_over(&self) -> &[String] {
        &self.left_over
    }
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
    let names: Vec<&str> = rows.columns.iter().map(|column| column.name.as_str()).collect();
    let inputs = Inputs::find(scoring, &names, matching)?;
    let chosen = inputs.positions.iter().filter_map(|&position| rows.columns.get(position));
    let columns = inputs.ports.iter().zip(chosen).map(|(port, column)| {
        let mut cast = column.cast(port.kind, rows.first_row)?;
        cast.name.clone_from(&port.name);
        Ok(cast)
    });
    let columns = columns.collect::<Result<_, Failure>>()?;
    Ok((Table { columns, rows: rows.rows, first_row: rows.first_row }, inputs.left_over))
}
