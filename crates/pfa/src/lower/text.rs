use holdall_tabular::{
    Accents, Analyzer, Compare, Comparison, Distances, Function, Kind, Labels, Matrix,
    MissingElement, TermWeight, Terms, TextVector, TokenUnit, Transform, ValueId,
};
use serde_json::Value;

use super::{Lower, Lowered, cell_name};
use crate::{
    library::{
        distance::{how, metric_of},
        text::weight,
    },
    names::Fun,
    number::read_literal,
    pattern::{Pattern, Run},
};

impl<'d> Lower<'d> {
    /// The regular expression of a pattern's parameters.
    fn pattern(&self, parameters: &'d [Value]) -> Lowered<String> {
        let [lows, highs, fewest, most, at_start, at_end, fresh] = parameters else {
            return Err(self.unsupported("a pattern with other parameters"));
        };
        let (lows, highs) = (self.classes(lows)?, self.classes(highs)?);
        let (fewest, most) = (self.ints(fewest)?, self.whole(most)?);
        let flag = |value: &Value| {
            value.as_bool().ok_or_else(|| self.unsupported("a pattern whose place is computed"))
        };
        if [highs.len(), fewest.len(), most.len()] != [lows.len(); 3] {
            return Err(self.unsupported("runs of a pattern in lists of different lengths"));
        }
        let runs = lows.into_iter().zip(highs).zip(fewest.into_iter().zip(most));
        let runs = runs.map(|((lows, highs), (fewest, most))| Run {
            ranges: lows.into_iter().zip(highs).collect(),
            fewest,
            most: u32::try_from(most).ok(),
        });
        let pattern = Pattern {
            runs: runs.collect(),
            at_start: flag(at_start)?,
            at_end: flag(at_end)?,
            fresh: flag(fresh)?,
        };
        let text = pattern.to_regex();
        // What was taken apart once says the same put together.
        if Pattern::parse(&text).as_ref() != Some(&pattern) {
            return Err(self.unsupported("a pattern that gives characters back"));
        }
        Ok(text)
    }

    fn whole(&self, list: &Value) -> Lowered<Vec<i64>> {
        match self.list(list, Kind::I64)? {
            Labels::I64(list) => Ok(list),
            Labels::F64(_) | Labels::Bool(_) | Labels::Text(_) => Ok(Vec::new()),
        }
    }

    fn classes(&self, expression: &Value) -> Lowered<Vec<Vec<char>>> {
        let rows = match cell_name(expression) {
            Some(name) => self.cell(name)?.as_array(),
            None => None,
        };
        let one = |text: &Value| {
            let mut chars = text.as_str()?.chars();
            chars.next().filter(|_| chars.next().is_none())
        };
        let row = |row: &Value| row.as_array()?.iter().map(one).collect::<Option<Vec<char>>>();
        rows.and_then(|rows| rows.iter().map(row).collect())
            .ok_or_else(|| self.unsupported("classes that are no lists of characters"))
    }

    /// A function of a text and a pattern.
    pub(super) fn matched(&mut self, args: &'d [Value]) -> Lowered<ValueId> {
        let [x, parameters @ ..] = args else {
            return Err(self.unsupported("a pattern without a text"));
        };
        let function = if let Some((with, parameters)) =
            parameters.split_last().filter(|_| parameters.len() == 8)
        {
            let Some(holdall_tabular::Scalar::Text(with)) = read_literal(with) else {
                return Err(self.unsupported("a replacement that is computed"));
            };
            let pattern = self.pattern(parameters)?;
            Function::Replace { pattern, with: with.replace('$', "$$") }
        } else {
            Function::Matches { pattern: self.pattern(parameters)? }
        };
        let x = self.value(x)?;
        self.function(function, vec![x])
    }

    pub(super) fn terms(&mut self, fun: &Fun, args: &'d [Value]) -> Lowered<ValueId> {
        let Some((x, rest)) = args.split_first().filter(|_| args.len() == 16) else {
            return Err(self.unsupported("terms with other parameters"));
        };
        let (pattern, rest) = rest.split_at(7);
        let pattern = self.pattern(pattern)?;
        let [lowercase, stop, shortest, longest, places, size, counted, idf] = rest else {
            return Err(self.unsupported("terms with other parameters"));
        };
        let number = |value: &Value| {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            number.ok_or_else(|| self.unsupported("a number of terms that is computed"))
        };
        let stop_words = match self.list(stop, Kind::Text)? {
            Labels::Text(words) => words,
            Labels::F64(_) | Labels::I64(_) | Labels::Bool(_) => Vec::new(),
        };
        let entries = match cell_name(places) {
            Some(name) => self.cell(name)?.as_object(),
            None => None,
        };
        let mut terms = vec![None; number(size)? as usize];
        for (term, place) in entries.into_iter().flatten() {
            let slot = place.as_u64().and_then(|place| terms.get_mut(usize::try_from(place).ok()?));
            match slot {
                Some(slot) if slot.is_none() => *slot = Some(term.clone()),
                Some(_) | None => return Err(self.unsupported("terms beyond the vector")),
            }
        }
        let Some(terms) = terms.into_iter().collect::<Option<Vec<String>>>() else {
            return Err(self.unsupported("an element of no term"));
        };
        let weight = match counted.as_i64() {
            Some(weight::COUNT) => TermWeight::Count,
            Some(weight::BINARY) => TermWeight::Binary,
            Some(weight::SUBLINEAR) => TermWeight::Sublinear,
            _ => return Err(self.unsupported("another weight of terms")),
        };
        let analyzer = Analyzer {
            lowercase: lowercase
                .as_bool()
                .ok_or_else(|| self.unsupported("letters whose case is computed"))?,
            accents: Accents::Keep,
            unit: TokenUnit::Word { pattern },
            stop_words,
            ngrams: (number(shortest)?, number(longest)?),
        };
        let idf = self.floats(idf)?;
        let kind = fun.kinds.first().copied().unwrap_or(Kind::F64);
        let arg = self.value(x)?;
        let terms = Terms::Vocabulary(terms);
        let op = TextVector { arg, analyzer, terms, weight, idf, norm: None, kind };
        self.transform(Transform::TextVector(Box::new(op)))
    }

    /// A matrix row by row.
    pub(super) fn matrix(&self, rows: &'d Value) -> Lowered<Matrix> {
        let list = match cell_name(rows) {
            Some(name) => self.cell(name)?.as_array(),
            None => rows.get("new").and_then(Value::as_array),
        };
        let is_cell = cell_name(rows).is_some();
        let Some(list) = list else {
            return Err(self.unsupported("rows that are computed"));
        };
        let (mut data, mut columns) = (Vec::new(), None);
        for row in list {
            let row = if is_cell {
                row.as_array().and_then(|row| row.iter().map(Value::as_f64).collect())
            } else {
                Some(self.floats(row)?)
            };
            let row: Vec<f64> = row.ok_or_else(|| self.unsupported("rows of other things"))?;
            if *columns.get_or_insert(row.len()) != row.len() {
                return Err(self.unsupported("rows of different lengths"));
            }
            data.extend(row);
        }
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Ok(Matrix { rows: count(list.len()), columns: count(columns.unwrap_or(0)), data })
    }

    pub(super) fn distances(&mut self, fun: &Fun, args: &'d [Value]) -> Lowered<ValueId> {
        let [x, points, codes, scales, weights, adjust, parameters] = args else {
            return Err(self.unsupported("distances with other parameters"));
        };
        let points = self.matrix(points)?;
        let (codes, scales) = (self.whole(codes)?, self.floats(scales)?);
        let compare = |(code, scale): (&i64, &f64)| match *code {
            how::ABSOLUTE => Some(Compare::AbsDiff),
            how::GAUSSIAN => Some(Compare::GaussSim(*scale)),
            how::DIFFERENT => Some(Compare::Delta),
            how::EQUAL => Some(Compare::Equal),
            _ => None,
        };
        let compare: Option<Vec<Compare>> = codes.iter().zip(&scales).map(compare).collect();
        let mut compare = compare.ok_or_else(|| self.unsupported("another comparison"))?;
        if compare.iter().all(|compare| *compare == Compare::AbsDiff) {
            compare.clear();
        }
        let mut weights = self.floats(weights)?;
        if weights.iter().all(|weight| weight.total_cmp(&1.0).is_eq()) {
            weights.clear();
        }
        let missing = match self.floats(adjust)? {
            by if by.is_empty() => MissingElement::Propagate,
            by => MissingElement::Adjust(by),
        };
        let metric = metric_of(&fun.op, &self.floats(parameters)?)
            .ok_or_else(|| self.unsupported("another measure"))?;
        let arg = self.value(x)?;
        let comparison = Comparison { metric, compare, weights, missing };
        self.transform(Transform::Distances(Box::new(Distances { arg, points, comparison })))
    }
}
