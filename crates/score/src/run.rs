use std::{collections::BTreeMap, ops::Range, rc::Rc};

use bumpalo::Bump;
use holdall_diag::Failure;
use holdall_table::{Column, Data, Failed, Port, Scoring, Table};
use holdall_tabular::Part;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::{
    Scorer, codes,
    compile::{Step, Terms},
    kernel::{Prepared, Run, binary, cast, choose, constant, linear::Given, regress, scale, unary},
    rows::RowErrors,
    value::{Element, RULE_FEATURES, Shared, Yield, wrong_kind},
};

/// Rows that are scored together on one core: their columns stay in the second cache.
pub(crate) const CHUNK: usize = 1024;
/// Elements that the nodes of a chunk may come to before it has fewer rows: models of very many nodes would take
/// too much memory.
const ELEMENTS: usize = 1 << 23;

/// What came of a chunk.
struct Scored {
    columns: Vec<(Data, Option<Vec<bool>>)>,
    failures: BTreeMap<usize, Failure>,
}

impl Scoring for Scorer {
    fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    fn has_named_inputs(&self) -> bool {
        self.named_inputs
    }

    fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// Fails with the first row that cannot be scored, in row order.
    fn score(&self, rows: &Table) -> Result<Table, Failure> {
        let (table, failures) = self.score_rows(rows)?;
        match failures.into_iter().next() {
            Some((_, failure)) => Err(failure),
            None => Ok(table),
        }
    }

    fn history(&self) -> usize {
        self.history
    }

    fn score_rows(&self, rows: &Table) -> Result<(Table, Vec<Failed>), Failure> {
        self.score_rows(rows)
    }
}

impl Scorer {
    /// See [`Scoring::score_rows`]. Fails when `rows` does not have the model's columns.
    pub fn score_rows(&self, rows: &Table) -> Result<(Table, Vec<Failed>), Failure> {
        self.check_columns(rows)?;
        // Answers do not depend on it.
        let size = (ELEMENTS / self.steps.len().max(1)).clamp(16, CHUNK);
        let chunks = rows.rows.div_ceil(size).max(1);
        let range = |chunk: usize| chunk * size..((chunk + 1) * size).min(rows.rows);
        let scored: Vec<Result<Scored, Failure>> = if chunks == 1 {
            vec![self.score_chunk(rows, range(0))]
        } else {
            (0..chunks).into_par_iter().map(|chunk| self.score_chunk(rows, range(chunk))).collect()
        };
        let mut columns = Vec::new();
        let mut failures = Vec::new();
        for (chunk, scored) in scored.into_iter().enumerate() {
            let start = chunk * size;
            let scored = scored?;
            if chunk == 0 {
                columns = self.first_chunk(scored.columns);
            } else {
                for (column, (data, missing)) in columns.iter_mut().zip(scored.columns) {
                    append(column, data, missing, start);
                }
            }
            failures.extend(scored.failures.into_iter().map(|(row, why)| (start + row, why)));
        }
        for column in &mut columns {
            if !failures.is_empty() || !column.missing.is_empty() {
                column.missing.resize(rows.rows, false);
            }
            for (row, _) in &failures {
                column.missing[*row] = true;
            }
        }
        Ok((Table { columns, rows: rows.rows, first_row: rows.first_row }, failures))
    }

    fn check_columns(&self, rows: &Table) -> Result<(), Failure> {
        if rows.columns.len() != self.inputs.len() {
            return Err(Failure::usage(
                codes::ROWS,
                format!("expected {} columns, found {}", self.inputs.len(), rows.columns.len()),
            ));
        }
        let uneven = rows.columns.iter().find(|column| {
            column.data.len() != rows.rows
                || !(column.missing.is_empty() || column.missing.len() == rows.rows)
        });
        if let Some(column) = uneven {
            return Err(Failure::usage(
                codes::ROWS,
                format!("column `{}` does not have {} rows", column.name, rows.rows),
            ));
        }
        Ok(())
    }

    fn first_chunk(&self, columns: Vec<(Data, Option<Vec<bool>>)>) -> Vec<Column> {
        let named = self.outputs.iter().zip(columns).map(|(port, (data, missing))| Column {
            name: port.name.clone(),
            role: port.role.clone(),
            data,
            missing: missing.unwrap_or_default(),
        });
        named.collect()
    }

    fn score_chunk(&self, table: &Table, range: Range<usize>) -> Result<Scored, Failure> {
        // Rows that are only looked back at; they are answered by the chunk that they belong to.
        let lead = self.history.min(range.start);
        let range = range.start - lead..range.end;
        let mut errors = RowErrors::new(table.first_row + range.start as u64);
        let texts = Bump::new();
        let yields = self.evaluate(table, range, &texts, &mut errors)?;
        let mut columns = Vec::with_capacity(self.outputs.len());
        for &(node, part) in &self.answers {
            for element in part_of(operand(&yields, node)?, part) {
                let (mut data, mut missing) = (element.data.to_data(), element.missing.clone());
                data.drop_first(lead);
                if let Some(flags) = &mut missing {
                    flags.drain(..lead.min(flags.len()));
                }
                columns.push((data, missing));
            }
        }
        let failures = errors.into_failures().into_iter();
        let failures = failures.filter_map(|(row, why)| Some((row.checked_sub(lead)?, why)));
        Ok(Scored { columns, failures: failures.collect() })
    }

    /// What every node yields for some rows.
    pub(crate) fn evaluate<'a>(
        &'a self,
        table: &'a Table,
        range: Range<usize>,
        texts: &'a Bump,
        errors: &mut RowErrors,
    ) -> Result<Vec<Option<Yield<'a>>>, Failure> {
        let rows = range.len();
        let fields = self.fields.iter().zip(&table.columns);
        let fields: Vec<Shared<'a>> = fields
            .map(|(field, column)| Ok(Rc::new(field.run(column, range.clone(), errors)?)))
            .collect::<Result<_, Failure>>()?;
        let prepared = Prepared::default();
        let mut yields: Vec<Option<Yield<'a>>> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let yielded = match step {
                Some(Step::Kernel(kernel)) => {
                    let errors = &mut *errors;
                    let mut call =
                        Run { yields: &yields, rows, texts, errors, prepared: &prepared };
                    Some(kernel.run(&mut call)?)
                }
                Some(step) => Some(run(step, &fields, &yields, rows, errors)?),
                None => None,
            };
            yields.push(yielded);
        }
        Ok(yields)
    }
}

fn append(column: &mut Column, data: Data, missing: Option<Vec<bool>>, start: usize) {
    let rows = start + data.len();
    if let Some(flags) = missing {
        column.missing.resize(start, false);
        column.missing.extend(flags);
    } else if !column.missing.is_empty() {
        column.missing.resize(rows, false);
    }
    match (&mut column.data, data) {
        (Data::F32(all), Data::F32(more)) => all.extend(more),
        (Data::F64(all), Data::F64(more)) => all.extend(more),
        (Data::I64(all), Data::I64(more)) => all.extend(more),
        (Data::Bool(all), Data::Bool(more)) => all.extend(more),
        (Data::Text(all), Data::Text(more)) => all.extend(more),
        // A node yields one kind in every chunk.
        (_, _) => {}
    }
}

/// What an earlier node yielded; nodes that are needed are computed.
pub(crate) fn operand<'y, 'a>(
    yields: &'y [Option<Yield<'a>>],
    node: usize,
) -> Result<&'y Yield<'a>, Failure> {
    yields.get(node).and_then(Option::as_ref).ok_or_else(|| {
        Failure::bug(codes::KIND, format!("node #{node} is needed but was not computed"))
    })
}

/// Elements of a value, or what answers in an estimate.
pub(crate) fn value<'y, 'a>(
    yields: &'y [Option<Yield<'a>>],
    node: usize,
) -> Result<&'y [Shared<'a>], Failure> {
    Ok(match operand(yields, node)? {
        Yield::Value(elements) => elements,
        Yield::Estimate(estimate) => &estimate.answers,
    })
}

pub(crate) fn scalar<'y, 'a>(
    yields: &'y [Option<Yield<'a>>],
    node: usize,
) -> Result<&'y Element<'a>, Failure> {
    let elements = value(yields, node)?;
    elements.first().map(|element| &**element).ok_or_else(|| {
        Failure::bug(codes::KIND, format!("node #{node} has no element where validation found one"))
    })
}

fn part_of<'a>(yielded: &Yield<'a>, part: Part) -> Vec<Shared<'a>> {
    match yielded {
        Yield::Value(elements) => elements.clone(),
        Yield::Estimate(estimate) => match part {
            Part::Label | Part::Whole => estimate.label.iter().cloned().collect(),
            Part::Probabilities | Part::Values | Part::Score => estimate.answers.clone(),
            Part::Probability(class) => ranked(&estimate.answers, class),
            Part::Margins | Part::Distances => estimate.margins.clone(),
            Part::Entity(rank) => ranked(&estimate.entities, rank),
            Part::Confidence => estimate.confidence.iter().cloned().collect(),
            Part::Reason(rank) => ranked(&estimate.reasons, rank),
            Part::Rule(rank, feature) => {
                let place = RULE_FEATURES.iter().position(|f| *f == feature);
                let rule = estimate.rules.get(rank as usize);
                place.and_then(|i| rule?.get(i)).into_iter().cloned().collect()
            }
        },
    }
}

fn ranked<'a>(list: &[Shared<'a>], rank: u32) -> Vec<Shared<'a>> {
    list.get(rank as usize).into_iter().cloned().collect()
}

fn run<'a>(
    step: &'a Step,
    fields: &[Shared<'a>],
    yields: &[Option<Yield<'a>>],
    rows: usize,
    errors: &mut RowErrors,
) -> Result<Yield<'a>, Failure> {
    let one = |element: Element<'a>| Yield::Value(vec![Rc::new(element)]);
    Ok(match step {
        Step::Kernel(_) => {
            return Err(Failure::bug(codes::KIND, "a kernel was taken for another step"));
        }
        Step::Input(field) => Yield::Value(vec![Rc::clone(&fields[*field])]),
        Step::Constant(op) => Yield::Value(constant::run(op, rows)),
        Step::Cast(arg, to) => each(value(yields, *arg)?, |element| cast::run(element, *to))?,
        Step::Concat(args) => {
            let mut all = Vec::new();
            for &arg in args {
                all.extend_from_slice(value(yields, arg)?);
            }
            Yield::Value(all)
        }
        Step::Select(arg, indices) => {
            let all = value(yields, *arg)?;
            Yield::Value(indices.iter().map(|&i| Rc::clone(&all[i as usize])).collect())
        }
        Step::Unary(op, arg) => {
            each(value(yields, *arg)?, |element| unary::run(*op, element, rows))?
        }
        Step::Binary(op, left, right) => {
            let (left, right) = (value(yields, *left)?, value(yields, *right)?);
            let width = if left.len() == 1 { right.len() } else { left.len() };
            // A scalar meets each element of a vector.
            let at = |side: &[Shared<'a>], i: usize| Rc::clone(&side[i.min(side.len() - 1)]);
            let elements = (0..width)
                .map(|i| Ok(Rc::new(binary::run(*op, &at(left, i), &at(right, i))?)))
                .collect::<Result<_, Failure>>()?;
            Yield::Value(elements)
        }
        Step::If(condition, yes, no) => one(choose::run(
            scalar(yields, *condition)?,
            scalar(yields, *yes)?,
            scalar(yields, *no)?,
        )?),
        Step::Impute(arg, op) => Yield::Value(op.run(value(yields, *arg)?)?),
        Step::Scale(arg, op) => Yield::Value(scale::run(op, value(yields, *arg)?)?),
        Step::OneHot(arg, op) => Yield::Value(op.run(scalar(yields, *arg)?, errors)?),
        Step::Ordinal(arg, op) => one(op.run(scalar(yields, *arg)?, errors)?),
        Step::Linear(terms, op) => {
            let given = terms.iter().map(|terms| {
                Ok(match terms {
                    Terms::Elements(node) => Given::Elements(value(yields, *node)?),
                    Terms::Indicators { category, step, width } => {
                        Given::Indicators(step.places(scalar(yields, *category)?, errors), *width)
                    }
                })
            });
            Yield::Value(op.run(&given.collect::<Result<Vec<_>, Failure>>()?, rows)?)
        }
        Step::Trees(arg, op) => Yield::Value(op.run(value(yields, *arg)?, rows, errors)?),
        Step::Regress(arg, link) => Yield::Estimate(regress::run(*link, value(yields, *arg)?)?),
        Step::Classify(arg, op) => Yield::Estimate(op.run(value(yields, *arg)?, rows)?),
        Step::Part(arg, part) => Yield::Value(part_of(operand(yields, *arg)?, *part)),
    })
}

fn each<'a>(
    elements: &[Shared<'a>],
    function: impl Fn(&Element<'a>) -> Result<Element<'a>, Failure>,
) -> Result<Yield<'a>, Failure> {
    let done = elements.iter().map(|element| Ok(Rc::new(function(element)?)));
    Ok(Yield::Value(done.collect::<Result<_, Failure>>()?))
}

/// Numbers of an element widened to binary64.
pub(crate) fn widened(element: &Element<'_>) -> Result<Vec<f64>, Failure> {
    use crate::value::Elements;
    match &element.data {
        Elements::F32(v) => Ok(v.iter().map(|&x| f64::from(x)).collect()),
        Elements::F64(v) => Ok(v.clone()),
        Elements::I64(_) | Elements::Bool(_) | Elements::Text(_) => {
            Err(wrong_kind(element.data.kind()))
        }
    }
}
