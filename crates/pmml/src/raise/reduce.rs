//! All elements of a vector as one, in words of `Apply`.

use holdall_tabular::{Construct, Kind, Reduce, ReduceOp, TransformKind, ValueId};

use super::{
    Item, NameId, Raise, Stop,
    expr::{Expr, apply, guarded, number},
};

/// Longer expressions are cut into fields.
const LONGEST: usize = 24;

impl Raise<'_> {
    /// A function of two arguments; binary32 rounds at each step, which takes a field each.
    pub(super) fn step(
        &mut self,
        base: &str,
        kind: Kind,
        function: &'static str,
        args: [Expr; 2],
    ) -> Expr {
        let expr = apply(function, args);
        if kind == Kind::F32 { self.bind(base, kind, expr) } else { expr }
    }

    /// A function of two arguments from the left.
    pub(super) fn fold(
        &mut self,
        base: &str,
        kind: Kind,
        function: &'static str,
        items: Vec<Expr>,
    ) -> Expr {
        let mut items = items.into_iter();
        let mut all = items.next().unwrap_or(number(0.0, kind));
        for (i, item) in items.enumerate() {
            all = self.step(base, kind, function, [all, item]);
            if (i + 1) % LONGEST == 0 {
                all = self.bind(base, kind, all);
            }
        }
        all
    }

    /// 1 / (1 + exp(−x)), each step rounded.
    pub(super) fn logistic(&mut self, base: &str, kind: Kind, x: Expr) -> Expr {
        let minus = self.step(base, kind, "*", [number(-1.0, kind), x.clone()]);
        let power = apply("exp", [minus]);
        let power = if kind == Kind::F32 { self.bind(base, kind, power) } else { power };
        let below = self.step(base, kind, "+", [number(1.0, kind), power]);
        super::expr::present(x, apply("/", [number(1.0, kind), below]))
    }

    /// `value`, where no element is missing.
    fn all_present(&self, elements: &[Expr], value: Expr) -> Expr {
        let unsure =
            |expr: &&Expr| matches!(expr, Expr::Field(name) if self.names.may_be_missing(*name));
        let tests: Vec<Expr> = elements
            .iter()
            .filter(unsure)
            .map(|expr| apply("isNotMissing", [expr.clone()]))
            .collect();
        match tests.len() {
            0 => value,
            1 => Expr::Apply("if", tests.into_iter().chain([value]).collect()),
            _ => apply("if", [Expr::Apply("and", tests), value]),
        }
    }

    /// The largest or smallest element; missing where one is.
    pub(super) fn extreme(&mut self, base: &str, kind: Kind, max: bool, elements: &[Expr]) -> Expr {
        if let [one] = elements {
            return one.clone();
        }
        let expr = Expr::Apply(if max { "max" } else { "min" }, elements.to_vec());
        let expr = self.all_present(elements, expr);
        self.bind(base, kind, expr)
    }

    /// The place of the first largest (or smallest) element, from 0.
    pub(super) fn place_of(&mut self, base: &str, elements: &[Expr], max: bool) -> NameId {
        let kind = match elements.first() {
            Some(Expr::Field(name)) => self.names.kind(*name),
            _ => Kind::F64,
        };
        let best = self.extreme(&format!("{base} of all"), kind, max, elements);
        let last = elements.len().saturating_sub(1);
        let at =
            |place: usize| number(f64::from(u32::try_from(place).unwrap_or(u32::MAX)), Kind::I64);
        let mut expr = at(last);
        for (i, element) in elements.iter().enumerate().take(last).rev() {
            let test = apply("equal", [element.clone(), best.clone()]);
            expr = apply("if", [test, at(i), expr]);
            if (last - i).is_multiple_of(LONGEST) {
                expr = self.bind(&format!("{base} from {i}"), Kind::I64, expr);
            }
        }
        self.derive(base, Kind::I64, false, expr)
    }

    pub(super) fn reduced(&mut self, id: ValueId, op: Reduce) -> Result<Item, Stop> {
        let kind = self.kind(op.arg);
        let width = self.valid.width_of(op.arg) as usize;
        let elements =
            (0..width).map(|i| self.arg(op.arg, i)).collect::<Result<Vec<Expr>, Stop>>()?;
        let base = op.op.name().to_owned();
        if let (
            [Expr::Field(name)],
            ReduceOp::Max
            | ReduceOp::Min
            | ReduceOp::Sum
            | ReduceOp::Any
            | ReduceOp::All
            | ReduceOp::Mean
            | ReduceOp::Median
            | ReduceOp::Product,
        ) = (elements.as_slice(), op.op)
        {
            return Ok(Item::Field(*name));
        }
        let refuse =
            |why: &str| Err(Stop::refuse(Construct::Transform(TransformKind::Reduce), why));
        let skip = op.skip_missing;
        let several = |function: &'static str, list: Vec<Expr>| Expr::Apply(function, list);
        let mapped = |this: &mut Self, function: &'static str| -> Vec<Expr> {
            elements
                .iter()
                .map(|x| {
                    let expr = match function {
                        "abs" => guarded("abs", x.clone()),
                        _ => apply("*", [x.clone(), x.clone()]),
                    };
                    if kind == Kind::F32 { this.bind(&base, kind, expr) } else { expr }
                })
                .collect()
        };
        let expr = match op.op {
            ReduceOp::Sum if skip => several("sum", elements),
            ReduceOp::Product if skip => several("product", elements),
            ReduceOp::Mean if skip && kind == Kind::F64 => several("avg", elements),
            ReduceOp::Median if kind == Kind::F64 => {
                let all = several("median", elements.clone());
                if skip { all } else { self.all_present(&elements, all) }
            }
            ReduceOp::Max if skip => several("max", elements),
            ReduceOp::Min if skip => several("min", elements),
            ReduceOp::Sum => self.fold(&base, kind, "+", elements),
            ReduceOp::Product => self.fold(&base, kind, "*", elements),
            ReduceOp::Max => self.extreme(&base, kind, true, &elements),
            ReduceOp::Min => self.extreme(&base, kind, false, &elements),
            ReduceOp::Mean if !skip && kind.is_float() => {
                let count = f64::from(u32::try_from(width).unwrap_or(u32::MAX));
                let sum = self.fold(&base, kind, "+", elements);
                self.step(&base, kind, "/", [sum, number(count, kind)])
            }
            ReduceOp::SumAbs if !skip => {
                let list = mapped(self, "abs");
                self.fold(&base, kind, "+", list)
            }
            ReduceOp::SumSquares if !skip => {
                let list = mapped(self, "*");
                self.fold(&base, kind, "+", list)
            }
            ReduceOp::MaxAbs if !skip => {
                let list: Vec<Expr> = mapped(self, "abs");
                let list: Vec<Expr> = list.into_iter().map(|x| self.bind(&base, kind, x)).collect();
                self.extreme(&base, kind, true, &list)
            }
            ReduceOp::ArgMax | ReduceOp::ArgMin if !skip => {
                let max = op.op == ReduceOp::ArgMax;
                return Ok(Item::Field(self.place_of(&base, &elements, max)));
            }
            ReduceOp::Count => {
                let one = |x: &Expr| {
                    let test = apply("isMissing", [x.clone()]);
                    apply("if", [test, number(0.0, Kind::I64), number(1.0, Kind::I64)])
                };
                let list = elements.iter().map(one).collect();
                self.fold(&base, Kind::I64, "+", list)
            }
            ReduceOp::Any | ReduceOp::All if !skip => {
                let function = if op.op == ReduceOp::Any { "or" } else { "and" };
                let all = several(function, elements.clone());
                self.all_present(&elements, all)
            }
            ReduceOp::Mean
            | ReduceOp::Median
            | ReduceOp::SumAbs
            | ReduceOp::SumSquares
            | ReduceOp::MaxAbs
            | ReduceOp::ArgMax
            | ReduceOp::ArgMin
            | ReduceOp::Any
            | ReduceOp::All
            | ReduceOp::StdDev => {
                return refuse(
                    "PMML has no function that does this and passes missing values over",
                );
            }
        };
        Ok(self.item_of(&base, self.kind(id), expr))
    }

    /// The item of an expression: a field as it is, a constant, or a derived field.
    pub(super) fn item_of(&mut self, base: &str, kind: Kind, expr: Expr) -> Item {
        if let Expr::Field(name) = expr {
            return Item::Field(name);
        }
        if let Expr::Constant(value, kind) = expr {
            return Item::Constant(value, kind);
        }
        Item::Field(self.derive(base, kind, false, expr))
    }
}
