use std::{collections::BTreeMap, ops::Range};

use holdall_diag::Failure;
use holdall_table::{Column, Data, Kind, Matching, Port, Role, Scoring, Table, select_inputs};
use serde::{Deserialize, Serialize};

use crate::{codes, cut::key};

/// Rows that are scored at a time.
const BATCH: usize = 1024;

/// By how much two numbers may differ and still agree: it is enough to be within one of the bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// Of the larger magnitude.
    pub relative: f64,
    /// In units of the number.
    pub absolute: f64,
    /// In steps of the coarser of the two kinds.
    pub ulp: u64,
}

/// What came of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every number is the same (zeros of both signs are), every label too.
    Equal,
    /// Numbers differ within the tolerance.
    WithinTolerance,
    /// Something differs beyond the tolerance, is missing on one side, or is another label.
    Different,
}

/// A cell of the answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Row, from 1.
    pub row: u64,
    /// Column as the source names it.
    pub column: String,
}

/// Two answers that differ. Values are texts, so that NaN and infinities can be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// Answer of the source, empty when missing.
    pub source: String,
    /// Answer of the target, empty when missing.
    pub target: String,
}

/// The largest difference by one measure, and the row that shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Largest<T> {
    /// How much.
    pub value: T,
    /// Where, and the two answers.
    #[serde(flatten)]
    pub at: Difference,
}

/// A changed label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelChange {
    /// Where, and the two labels.
    #[serde(flatten)]
    pub at: Difference,
    /// Whether the two most probable classes of the source were within the tolerance.
    pub tie: bool,
}

/// A row that one side answers and the other refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Row, from 1.
    pub row: u64,
    /// Whether the source refuses it; else the target does.
    pub by_source: bool,
    /// Why.
    pub message: String,
}

/// How two scorings differ on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// Rows scored by both sides.
    pub rows: u64,
    /// Rows that both refuse; they agree.
    pub refused_by_both: u64,
    /// Rows that one side refuses.
    pub refused_by_one: u64,
    /// The first of them.
    pub first_refusal: Option<Refusal>,
    /// Cells compared.
    pub cells: u64,
    /// Cells whose numbers differ.
    pub different: u64,
    /// Cells whose numbers differ beyond the tolerance.
    pub beyond_tolerance: u64,
    /// The first of them.
    pub first_beyond: Option<Difference>,
    /// Cells that are infinite on one side only, or a number on one side only: neither missing nor NaN.
    pub unlike: u64,
    /// The first of them.
    pub first_unlike: Option<Difference>,
    /// Largest difference.
    pub largest_absolute: Option<Largest<f64>>,
    /// Largest difference as a part of the larger magnitude.
    pub largest_relative: Option<Largest<f64>>,
    /// Largest difference in steps of the coarser kind.
    pub largest_ulp: Option<Largest<u64>>,
    /// Labels that differ, ties included.
    pub label_changes: u64,
    /// Label changes where the source was undecided within the tolerance.
    pub ties: u64,
    /// The first label change.
    pub first_label_change: Option<LabelChange>,
    /// Source columns that the target does not answer.
    pub unpaired: Vec<String>,
    /// What was allowed.
    pub tolerance: Tolerance,
    /// The outcome.
    pub verdict: Verdict,
}

/// Scores both sides on the same rows and compares. Columns are paired by what they mean where both
/// sides say so, else by position. `progress` is told rows done and rows in all.
///
/// Fails when the rows lack columns, or with `prove/no-pair` when no column can be paired. A row that
/// a side refuses is no failure.
pub fn compare(
    source: &dyn Scoring,
    target: &dyn Scoring,
    rows: &Table,
    tolerance: &Tolerance,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Comparison, Failure> {
    let pairs = pair(source.outputs(), target.outputs())?;
    let sides = [Side::new(source, rows)?, Side::new(target, rows)?];
    let mut comparer = Comparer::new(source.outputs(), &pairs, *tolerance);
    let mut start = 0;
    while start < rows.rows {
        let range = start..(start + BATCH).min(rows.rows);
        let batch = slice(rows, range.clone());
        let [a, b] = sides.each_ref().map(|side| side.score(&batch));
        for (i, (a, b)) in a.iter().zip(&b).enumerate() {
            comparer.row(rows.first_row + (start + i) as u64 + 1, a, b);
        }
        start = range.end;
        progress(start as u64, rows.rows as u64);
    }
    Ok(comparer.finish())
}

pub(crate) fn slice(table: &Table, range: Range<usize>) -> Table {
    fn part<T: Clone>(values: &[T], range: &Range<usize>) -> Vec<T> {
        values.get(range.clone()).unwrap_or_default().to_vec()
    }
    let columns = table.columns.iter().map(|column| Column {
        name: column.name.clone(),
        role: column.role.clone(),
        data: match &column.data {
            Data::F32(v) => Data::F32(part(v, &range)),
            Data::F64(v) => Data::F64(part(v, &range)),
            Data::I64(v) => Data::I64(part(v, &range)),
            Data::Bool(v) => Data::Bool(part(v, &range)),
            Data::Text(v) => Data::Text(part(v, &range)),
        },
        missing: part(&column.missing, &range),
    });
    let first_row = table.first_row + range.start as u64;
    Table { columns: columns.collect(), rows: range.len(), first_row }
}

/// One side of the comparison with its way of matching rows.
pub(crate) struct Side<'s> {
    scoring: &'s dyn Scoring,
    matching: Matching,
}

/// Answers of a batch: the table and the row in it, or why the row is refused.
pub(crate) type Answer = Result<(std::rc::Rc<Table>, usize), Failure>;

impl<'s> Side<'s> {
    pub(crate) fn new(scoring: &'s dyn Scoring, rows: &Table) -> Result<Self, Failure> {
        let named = scoring.has_named_inputs()
            && scoring.inputs().iter().all(|port| rows.column(&port.name).is_some());
        let matching = if named { Matching::Name } else { Matching::Position };
        // Columns that are lacking fail once, not row by row.
        select_inputs(scoring, &slice(rows, 0..0), matching)?;
        Ok(Self { scoring, matching })
    }

    fn score(&self, batch: &Table) -> Vec<Answer> {
        match self.try_score(batch) {
            Ok(table) => {
                let table = std::rc::Rc::new(table);
                (0..batch.rows).map(|row| Ok((std::rc::Rc::clone(&table), row))).collect()
            }
            Err(failure) if batch.rows == 1 => vec![Err(failure)],
            Err(_) => {
                (0..batch.rows).map(|row| self.try_one(&slice(batch, row..row + 1))).collect()
            }
        }
    }

    pub(crate) fn try_one(&self, row: &Table) -> Answer {
        self.try_score(row).map(|table| (std::rc::Rc::new(table), 0))
    }

    fn try_score(&self, batch: &Table) -> Result<Table, Failure> {
        self.scoring.score(&self.inputs(batch)?)
    }

    /// The columns that are scored, in their kinds.
    pub(crate) fn inputs(&self, batch: &Table) -> Result<Table, Failure> {
        Ok(select_inputs(self.scoring, batch, self.matching)?.0)
    }
}

/// `probability(no)`, as PMML has it, in the words of all others: `probability_no`.
fn plain(name: &str) -> String {
    let inner = name.strip_prefix("probability(").and_then(|rest| rest.strip_suffix(')'));
    inner.map_or_else(|| name.to_owned(), |class| format!("probability_{class}"))
}

/// For each source column the target column with the same meaning.
pub(crate) fn pair(source: &[Port], target: &[Port]) -> Result<Vec<Option<usize>>, Failure> {
    let has_roles = |ports: &[Port]| ports.iter().all(|port| port.role.is_some());
    let mut pairs: Vec<Option<usize>> = vec![None; source.len()];
    if has_roles(source) && has_roles(target) {
        let mut used = vec![false; target.len()];
        for (pair, port) in pairs.iter_mut().zip(source) {
            let mut free = target.iter().zip(&mut used).enumerate();
            let found = free.find(|(_, (t, used))| !**used && t.role == port.role);
            if let Some((i, (_, used))) = found {
                *used = true;
                *pair = Some(i);
            }
        }
        // PMML has probabilities that are worked out beside a model as values of these names.
        for (pair, port) in pairs.iter_mut().zip(source).filter(|(pair, _)| pair.is_none()) {
            let mut free = target.iter().zip(&mut used).enumerate();
            let same = |t: &Port| plain(&t.name) == plain(&port.name);
            if let Some((i, (_, used))) = free.find(|(_, (t, used))| !**used && same(t)) {
                *used = true;
                *pair = Some(i);
            }
        }
    }
    // What answers as much stands in the same order: a graph names its outputs as its converter does, and a column
    // that is paired by chance while others are left over says nothing.
    if pairs.iter().any(Option::is_none) && source.len() == target.len() {
        pairs = (0..source.len()).map(Some).collect();
    }
    if pairs.iter().all(Option::is_none) {
        return Err(Failure::usage(
            codes::NO_PAIR,
            format!(
                "{} columns of the source and {} of the target have nothing in common",
                source.len(),
                target.len()
            ),
        )
        .with_help("compare models that answer the same question"));
    }
    Ok(pairs)
}

struct Comparer<'p> {
    ports: &'p [Port],
    pairs: &'p [Option<usize>],
    result: Comparison,
}

impl<'p> Comparer<'p> {
    fn new(ports: &'p [Port], pairs: &'p [Option<usize>], tolerance: Tolerance) -> Self {
        let unpaired = ports.iter().zip(pairs).filter(|(_, pair)| pair.is_none());
        let result = Comparison {
            rows: 0,
            refused_by_both: 0,
            refused_by_one: 0,
            first_refusal: None,
            cells: 0,
            different: 0,
            beyond_tolerance: 0,
            first_beyond: None,
            unlike: 0,
            first_unlike: None,
            largest_absolute: None,
            largest_relative: None,
            largest_ulp: None,
            label_changes: 0,
            ties: 0,
            first_label_change: None,
            unpaired: unpaired.map(|(port, _)| port.name.clone()).collect(),
            tolerance,
            verdict: Verdict::Equal,
        };
        Self { ports, pairs, result }
    }

    fn row(&mut self, row: u64, source: &Answer, target: &Answer) {
        let (source, target) = match (source, target) {
            (Ok(source), Ok(target)) => (source, target),
            (Err(_), Err(_)) => {
                self.result.refused_by_both += 1;
                return;
            }
            (Err(failure), Ok(_)) => return self.refuse(row, true, failure),
            (Ok(_), Err(failure)) => return self.refuse(row, false, failure),
        };
        self.result.rows += 1;
        let pairs = self.pairs.iter().enumerate();
        for (i, j) in pairs.filter_map(|(i, pair)| Some((i, (*pair)?))) {
            let (Some(a), Some(b)) = (source.0.columns.get(i), target.0.columns.get(j)) else {
                continue;
            };
            self.result.cells += 1;
            let name = self.ports.get(i).map(|port| port.name.clone()).unwrap_or_default();
            let at = || Difference {
                place: Place { row, column: name.clone() },
                source: a.text(source.1),
                target: b.text(target.1),
            };
            let none = [(a, source.1), (b, target.1)].map(|(column, row)| is_none(column, row));
            if none != [false, false] {
                if none != [true, true] {
                    self.unlike(at());
                }
                continue;
            }
            let is_label = self.ports.get(i).is_some_and(|p| p.role == Some(Role::Label));
            match (real(a, source.1), real(b, target.1)) {
                (Some(x), Some(y)) if !is_label => self.numbers(x, y, coarser(a, b), &at),
                (_, _) => {
                    if label(a, source.1) != label(b, target.1) {
                        let tie = self.is_tie(&source.0, source.1);
                        self.label_change(LabelChange { at: at(), tie });
                    }
                }
            }
        }
    }

    fn refuse(&mut self, row: u64, by_source: bool, failure: &Failure) {
        self.result.refused_by_one += 1;
        let message = failure.diagnostic().message.clone();
        self.result.first_refusal.get_or_insert(Refusal { row, by_source, message });
    }

    fn unlike(&mut self, at: Difference) {
        self.result.unlike += 1;
        self.result.first_unlike.get_or_insert(at);
    }

    fn label_change(&mut self, change: LabelChange) {
        self.result.label_changes += 1;
        self.result.ties += u64::from(change.tie);
        self.result.first_label_change.get_or_insert(change);
    }

    fn numbers(&mut self, x: f64, y: f64, kind: Kind, at: &dyn Fn() -> Difference) {
        #[expect(clippy::float_cmp, reason = "equal means equal")]
        if x == y {
            return;
        }
        if !x.is_finite() || !y.is_finite() {
            return self.unlike(at());
        }
        let result = &mut self.result;
        result.different += 1;
        let (absolute, relative, ulp) = measures(x, y, kind);
        if !within(&result.tolerance, x, y, kind) {
            result.beyond_tolerance += 1;
            result.first_beyond.get_or_insert_with(at);
        }
        raise(&mut result.largest_absolute, absolute, at);
        raise(&mut result.largest_relative, relative, at);
        raise(&mut result.largest_ulp, ulp, at);
    }

    /// Whether the two largest probabilities of a row are within the tolerance.
    fn is_tie(&self, answers: &Table, row: usize) -> bool {
        let mut best: Vec<(f64, Kind)> = (answers.columns.iter())
            .filter(|column| matches!(column.role, Some(Role::Probability(_))))
            .filter_map(|column| Some((real(column, row)?, column.data.kind())))
            .collect();
        best.sort_by(|a, b| b.0.total_cmp(&a.0));
        match *best.as_slice() {
            [(first, kind), (second, _), ..] => within(&self.result.tolerance, first, second, kind),
            _ => false,
        }
    }

    fn finish(self) -> Comparison {
        let mut result = self.result;
        let differs = result.beyond_tolerance
            + result.unlike
            + result.label_changes
            + result.refused_by_one
            + result.unpaired.len() as u64;
        result.verdict = match (differs, result.different) {
            (0, 0) => Verdict::Equal,
            (0, _) => Verdict::WithinTolerance,
            (_, _) => Verdict::Different,
        };
        result
    }
}

fn raise<T: PartialOrd>(largest: &mut Option<Largest<T>>, value: T, at: &dyn Fn() -> Difference) {
    if largest.as_ref().is_none_or(|largest| value > largest.value) {
        *largest = Some(Largest { value, at: at() });
    }
}

/// Difference in units, of the larger magnitude, and in steps of the kind.
fn measures(x: f64, y: f64, kind: Kind) -> (f64, f64, u64) {
    // Numbers of opposite sign can be farther apart than the largest number.
    let absolute = (x - y).abs().min(f64::MAX);
    let relative = (absolute / x.abs().max(y.abs())).min(2.0);
    (absolute, relative, key(x, kind).abs_diff(key(y, kind)))
}

fn within(tolerance: &Tolerance, x: f64, y: f64, kind: Kind) -> bool {
    let (absolute, relative, ulp) = measures(x, y, kind);
    absolute <= tolerance.absolute || relative <= tolerance.relative || ulp <= tolerance.ulp
}

/// Whether a cell holds nothing: it is missing, or NaN. Formats that have no NaN say missing for it.
fn is_none(column: &Column, row: usize) -> bool {
    column.is_missing(row) || real(column, row).is_some_and(f64::is_nan)
}

fn coarser(a: &Column, b: &Column) -> Kind {
    if a.data.kind() == Kind::F32 || b.data.kind() == Kind::F32 { Kind::F32 } else { Kind::F64 }
}

#[expect(clippy::cast_precision_loss, reason = "integers are compared as binary64")]
pub(crate) fn real(column: &Column, row: usize) -> Option<f64> {
    match &column.data {
        Data::F32(v) => v.get(row).map(|&x| f64::from(x)),
        Data::F64(v) => v.get(row).copied(),
        Data::I64(v) => v.get(row).map(|&x| x as f64),
        Data::Bool(_) | Data::Text(_) => None,
    }
}

/// Labels are compared as texts, and truth values as 0 and 1 where the other side has numbers.
fn label(column: &Column, row: usize) -> String {
    let text = column.text(row);
    let spelled = BTreeMap::from([("true", "1"), ("True", "1"), ("false", "0"), ("False", "0")]);
    spelled.get(text.as_str()).map_or(text.clone(), |&number| number.to_owned())
}
