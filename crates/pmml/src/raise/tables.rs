//! `MapValues`, `Discretize`, `NormContinuous`, `Lag`: <https://dmg.org/pmml/v4-4-1/Transformations.html>.

use holdall_tabular::{
    Bin, Construct, Curve, CurveForm, Kind, Lag, Lookup, Outside, ReduceOp, Scalar, TransformKind,
    ValueId,
};

use super::{
    Item, NameId, Raise, Stop,
    expr::{Expr, Table, apply, if_missing, number, present},
    expression::scalar_text,
    regression::texts,
};

/// Rows of a table that are written as choices.
const MOST_CHOICES: usize = 16;

impl Raise<'_> {
    pub(super) fn lookup(&mut self, id: ValueId, op: &Lookup) -> Result<Item, Stop> {
        let mut fields = Vec::new();
        for arg in &op.args {
            fields.push(self.field(*arg, 0)?);
        }
        let keys: Vec<Vec<String>> = op.keys.iter().map(texts).collect();
        let answers = texts(&op.values);
        // An XML reader may not tell an empty cell from one that is not there, nor keep blanks around a text.
        let plain = |text: &String| !text.is_empty() && text.trim() == text;
        let row = |(i, answer): (usize, &String)| -> Vec<String> {
            let keys = keys.iter().map(|column| column.get(i).cloned().unwrap_or_default());
            keys.chain([answer.clone()]).collect()
        };
        let rows: Vec<Vec<String>> = answers.iter().enumerate().map(row).collect();
        if rows.iter().flatten().any(|cell| !plain(cell)) {
            return self.odd_lookup(id, op, &fields);
        }
        let kind = self.kind(id);
        let table = Table {
            fields,
            rows,
            kind,
            other: op.default.as_ref().map(scalar_text),
            missing: op.missing.as_ref().map(scalar_text),
        };
        let expr = Expr::Table(Box::new(table));
        let base = format!("lookup({})", self.label(&expr));
        Ok(Item::Field(self.derive(&base, kind, !kind.is_number(), expr)))
    }

    /// A table with cells that are no text of an element: rows as choices.
    fn odd_lookup(&mut self, id: ValueId, op: &Lookup, fields: &[NameId]) -> Result<Item, Stop> {
        if op.values.len() > MOST_CHOICES {
            return Err(Stop::refuse(
                Construct::Transform(TransformKind::Lookup),
                "a long table with cells that are empty or have blanks at their ends",
            ));
        }
        let kind = self.kind(id);
        let fixed = |value: Option<Scalar>| value.map(|value| Expr::Constant(value, kind));
        let first = fields.first().copied().map_or(number(0.0, kind), Expr::Field);
        let mut expr = fixed(op.default.clone()).unwrap_or_else(|| missing(&first));
        for row in (0..op.values.len()).rev() {
            let tests: Vec<Expr> = fields
                .iter()
                .zip(&op.keys)
                .filter_map(|(field, keys)| {
                    let key = Expr::Constant(keys.get(row)?, keys.kind());
                    Some(apply("equal", [Expr::Field(*field), key]))
                })
                .collect();
            let Some(answer) = fixed(op.values.get(row)) else {
                return Err(self.bug(id, "a table is too short"));
            };
            let test = match <[Expr; 1]>::try_from(tests) {
                Ok([test]) => test,
                Err(tests) => Expr::Apply("and", tests),
            };
            expr = apply("if", [test, answer, expr]);
        }
        let gone = fixed(op.missing.clone());
        for field in fields.iter().rev() {
            expr = match &gone {
                Some(gone) => if_missing(Expr::Field(*field), gone.clone(), expr),
                None => present(Expr::Field(*field), expr),
            };
        }
        let base = format!("lookup({})", self.label(&first));
        Ok(Item::Field(self.derive(&base, kind, !kind.is_number(), expr)))
    }

    pub(super) fn bin(&mut self, id: ValueId, op: &Bin) -> Result<Item, Stop> {
        let field = self.field(op.arg, 0)?;
        let kind = self.kind(id);
        let base = format!("bin({})", self.names.text(field));
        let expr = Expr::Discretize(field, Box::new(op.clone()));
        Ok(Item::Field(self.derive(&base, kind, !kind.is_number(), expr)))
    }

    pub(super) fn curve(&mut self, id: ValueId, op: &Curve) -> Result<Vec<Item>, Stop> {
        let kind = self.kind(id);
        let mut items = Vec::new();
        for element in 0..self.valid.width_of(id) as usize {
            if !self.used.element(id, element) {
                items.push(Item::Unused);
                continue;
            }
            let field = self.field(op.arg, element)?;
            let base = format!("curve({})", self.names.text(field));
            let rising = op.x.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
            let native =
                op.form == CurveForm::Ratio && kind == Kind::F64 && op.x.len() > 1 && rising;
            let expr = if native {
                Expr::Norm(field, Box::new(op.clone()))
            } else {
                Self::pieces(kind, &Expr::Field(field), op)?
            };
            items.push(Item::Field(self.derive(&base, kind, false, expr)));
        }
        Ok(items)
    }

    /// Straight lines as choices, by halves, so that none is nested deep.
    fn pieces(kind: Kind, x: &Expr, op: &Curve) -> Result<Expr, Stop> {
        let construct = Construct::Transform(TransformKind::Curve);
        // Of points with one x the last counts at it, and the first before it.
        let points: Vec<(f64, f64)> = op.x.iter().copied().zip(op.y.iter().copied()).collect();
        let (Some(first), Some(last)) = (points.first().copied(), points.last().copied()) else {
            return Err(Stop::refuse(construct, "a curve without points"));
        };
        if kind == Kind::F32 {
            return Err(Stop::refuse(construct, "a curve in binary32"));
        }
        // From each x on: the value at it, and the line after it.
        let mut places: Vec<(f64, Expr)> = Vec::new();
        for (i, (at, y)) in points.iter().enumerate() {
            let next = points.get(i + 1);
            if next.is_some_and(|(x1, _)| x1 <= at) {
                continue;
            }
            let after = match next {
                Some((x1, y1)) => line(x, (*at, *y), (*x1, *y1), op.form),
                None => match (op.outside, points.get(i.wrapping_sub(1))) {
                    (Outside::Extend, Some(before)) => line(x, *before, last, op.form),
                    (Outside::Extend | Outside::Clamp, _) => number(last.1, kind),
                    (Outside::Missing, _) => missing(x),
                },
            };
            let here = apply("equal", [x.clone(), number(*at, kind)]);
            places.push((*at, apply("if", [here, number(*y, kind), after])));
        }
        let before = match (op.outside, points.get(1)) {
            (Outside::Extend, Some(second)) => line(x, first, *second, op.form),
            (Outside::Extend | Outside::Clamp, _) => number(first.1, kind),
            (Outside::Missing, _) => missing(x),
        };
        let inside = halves(kind, x, &places);
        let test = apply("lessThan", [x.clone(), number(first.0, kind)]);
        Ok(apply("if", [test, before, inside]))
    }

    pub(super) fn lag(&mut self, id: ValueId, op: &Lag) -> Result<Item, Stop> {
        let field = self.field(op.arg, 0)?;
        let mut blocks = Vec::new();
        for block in &op.blocks {
            blocks.push(self.field(*block, 0)?);
        }
        let aggregate = match op.aggregate {
            None => None,
            Some(ReduceOp::Mean) => Some("avg"),
            Some(ReduceOp::Max) => Some("max"),
            Some(ReduceOp::Min) => Some("min"),
            Some(ReduceOp::Median) => Some("median"),
            Some(ReduceOp::Product) => Some("product"),
            Some(ReduceOp::Sum) => Some("sum"),
            Some(ReduceOp::StdDev) => Some("stddev"),
            Some(_) => {
                let construct = Construct::Transform(TransformKind::Lag);
                return Err(Stop::refuse(construct, "`Lag` has no such aggregate"));
            }
        };
        let kind = self.kind(id);
        let base = format!("lag({})", self.names.text(field));
        let expr = Expr::Lag(field, op.rows, aggregate, blocks);
        Ok(Item::Field(self.derive(&base, kind, !kind.is_number(), expr)))
    }
}

/// Never there.
fn missing(x: &Expr) -> Expr {
    apply("if", [apply("isMissing", [x.clone()]), x.clone()])
}

fn line(x: &Expr, (x0, y0): (f64, f64), (x1, y1): (f64, f64), form: CurveForm) -> Expr {
    let n = |value: f64| number(value, Kind::F64);
    let less = apply("-", [x.clone(), n(x0)]);
    match form {
        CurveForm::Slope => {
            let slope = (y1 - y0) / (x1 - x0);
            apply("+", [apply("*", [less, n(slope)]), n(y0)])
        }
        CurveForm::Ratio => {
            let share = apply("/", [less, n(x1 - x0)]);
            apply("+", [n(y0), apply("*", [share, n(y1 - y0)])])
        }
    }
}

/// Choices by halves.
pub(super) fn halves(kind: Kind, x: &Expr, places: &[(f64, Expr)]) -> Expr {
    match places {
        [] => x.clone(),
        [(_, one)] => one.clone(),
        several => {
            let (low, high) = several.split_at(several.len() / 2);
            let at = high.first().map_or(0.0, |(at, _)| *at);
            let test = apply("lessThan", [x.clone(), number(at, kind)]);
            apply("if", [test, halves(kind, x, low), halves(kind, x, high)])
        }
    }
}
