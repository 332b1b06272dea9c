use holdall_diag::Failure;
use holdall_tabular::{
    Accents, Compare, Distances, Kind, Labels, Matrix, MissingElement, TermWeight, Terms,
    TextVector, TokenUnit,
};
use serde_json::{Map, Value, json};

use super::{Raise, impossible};
use crate::{
    library::{
        call,
        distance::{how, metric_name},
        text::weight,
        vector::normalize_name,
    },
    names::Fun,
    number::{array, float, map, narrow},
    pattern::{Pattern, plain_replacement},
};

impl Raise<'_> {
    pub(super) fn replace(
        &mut self,
        symbol: &str,
        x: Value,
        null: bool,
        (pattern, with): (&str, Option<&str>),
    ) -> Result<Value, Failure> {
        let pattern = Pattern::parse(pattern).ok_or_else(|| impossible("a pattern"))?;
        let with = match with {
            Some(with) => Some(plain_replacement(with).ok_or_else(|| impossible("groups"))?),
            None => None,
        };
        let name = if with.is_some() { "replacepattern" } else { "matches" };
        let mut args = vec![x];
        args.extend(self.pattern(symbol, &pattern));
        args.extend(with.map(|with| json!({ "string": with })));
        Ok(call(&Fun::new(name, &[Kind::Text]).null(null), args))
    }

    /// A pattern as parameters.
    fn pattern(&mut self, symbol: &str, pattern: &Pattern) -> Vec<Value> {
        let ends = |of: fn(&(char, char)) -> char| {
            let run = |run: &crate::pattern::Run| {
                run.ranges.iter().map(|range| of(range).to_string()).collect::<Vec<_>>()
            };
            json!(pattern.runs.iter().map(run).collect::<Vec<_>>())
        };
        let ranges = array(&array(&json!("string")));
        let lows = self.cell(&format!("{symbol}_lows"), ranges.clone(), ends(|range| range.0));
        let highs = self.cell(&format!("{symbol}_highs"), ranges, ends(|range| range.1));
        let fewest: Vec<i64> = pattern.runs.iter().map(|run| i64::from(run.fewest)).collect();
        let most = pattern.runs.iter().map(|run| run.most.map_or(-1, i64::from));
        let most: Vec<i64> = most.collect();
        let ints = array(&json!("int"));
        let fewest = self.cell(&format!("{symbol}_fewest"), ints.clone(), json!(fewest));
        let most = self.cell(&format!("{symbol}_most"), ints, json!(most));
        let flags = [pattern.at_start, pattern.at_end, pattern.fresh].map(|flag| json!(flag));
        [lows, highs, fewest, most].into_iter().chain(flags).collect()
    }

    pub(super) fn text_vector(&mut self, symbol: &str, op: &TextVector) -> Result<Value, Failure> {
        let (TokenUnit::Word { pattern }, Terms::Vocabulary(terms), Accents::Keep) =
            (&op.analyzer.unit, &op.terms, op.analyzer.accents)
        else {
            return Err(impossible("terms of another kind"));
        };
        let pattern = Pattern::parse(pattern).ok_or_else(|| impossible("a pattern"))?;
        let null = self.null(op.arg);
        let mut args = vec![self.value(op.arg)];
        args.extend(self.pattern(symbol, &pattern));
        let stop = Labels::Text(op.analyzer.stop_words.clone());
        let stop = self.list(&format!("{symbol}_stop"), Kind::Text, &stop);
        let places: Map<String, Value> =
            (0_u32..).zip(terms).map(|(place, term)| (term.clone(), json!(place))).collect();
        let places = self.cell(&format!("{symbol}_places"), map(&json!("int")), json!(places));
        let idf = self.floats(&format!("{symbol}_idf"), op.kind, &op.idf);
        let counted = match op.weight {
            TermWeight::Count => weight::COUNT,
            TermWeight::Binary => weight::BINARY,
            TermWeight::Sublinear => weight::SUBLINEAR,
        };
        let (shortest, longest) = op.analyzer.ngrams;
        args.extend([
            json!(op.analyzer.lowercase),
            stop,
            json!(shortest),
            json!(longest),
            places,
            json!(terms.len()),
            json!(counted),
            idf,
        ]);
        let value = call(&Fun::new("terms", &[op.kind]).null(null), args);
        Ok(match op.norm {
            Some(norm) => call(&Fun::new(&normalize_name(norm), &[op.kind]).null(null), [value]),
            None => value,
        })
    }

    /// A matrix row by row.
    pub(super) fn matrix(&mut self, name: &str, kind: Kind, matrix: &Matrix) -> Value {
        let row = |r: u32| {
            let row = matrix.row(r as usize).iter();
            row.map(|&c| if kind == Kind::F32 { narrow(c) } else { c }).collect::<Vec<f64>>()
        };
        let rows: Vec<Vec<f64>> = (0..matrix.rows).map(row).collect();
        let schema = array(&array(&json!("double")));
        if rows.iter().flatten().all(|c| c.is_finite()) {
            return self.cell(name, schema, json!(rows));
        }
        let rows = rows.iter().map(|row| {
            let row: Vec<Value> = row.iter().map(|&c| float(c)).collect();
            json!({ "type": array(&json!("double")), "new": row })
        });
        json!({ "type": schema, "new": rows.collect::<Vec<_>>() })
    }

    pub(super) fn distances(&mut self, symbol: &str, op: &Distances) -> Result<Value, Failure> {
        let (name, parameters) = metric_name(op.comparison.metric);
        let width = op.points.columns as usize;
        let (mut codes, mut scales) = (vec![how::ABSOLUTE; width], vec![1.0; width]);
        for ((compare, code), scale) in
            op.comparison.compare.iter().zip(&mut codes).zip(&mut scales)
        {
            *code = match compare {
                Compare::AbsDiff => how::ABSOLUTE,
                Compare::GaussSim(by) => {
                    *scale = *by;
                    how::GAUSSIAN
                }
                Compare::Delta => how::DIFFERENT,
                Compare::Equal => how::EQUAL,
                Compare::Table(_) => return Err(impossible("a table of similarities")),
            };
        }
        let points = self.matrix(&format!("{symbol}_points"), Kind::F64, &op.points);
        let codes = self.cell(&format!("{symbol}_how"), array(&json!("int")), json!(codes));
        let weights = match op.comparison.weights.as_slice() {
            [] => vec![1.0; width],
            given => given.to_vec(),
        };
        let adjust = match &op.comparison.missing {
            MissingElement::Propagate => &[],
            MissingElement::Adjust(by) => by.as_slice(),
        };
        let mut args = vec![self.value(op.arg), points, codes];
        for (list, values) in [
            ("scales", scales.as_slice()),
            ("weights", &weights),
            ("adjust", adjust),
            ("parameters", &parameters),
        ] {
            args.push(self.floats(&format!("{symbol}_{list}"), Kind::F64, values));
        }
        Ok(call(&Fun::new(name, &[Kind::F64]).null(self.null(op.arg)), args))
    }
}
