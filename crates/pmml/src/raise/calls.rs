//! Functions of scalars: <https://dmg.org/pmml/v4-4-1/BuiltinFunctions.html>.

use holdall_tabular::{Call, Construct, Function, Kind, Scalar, ValueId};

use super::{
    NameId, Raise, Stop,
    expr::{Expr, if_missing, present},
};

fn word(text: &str) -> Expr {
    Expr::Constant(Scalar::Text(text.to_owned()), Kind::Text)
}

impl Raise<'_> {
    pub(super) fn call(&mut self, id: ValueId, call: &Call) -> Result<NameId, Stop> {
        let args = call.args.iter().map(|arg| self.arg(*arg, 0)).collect::<Result<Vec<_>, _>>()?;
        let kind = self.kind(id);
        let base = call.function.name().to_owned();
        let refuse = |why: &str| Err(Stop::refuse(Construct::Function(call.function.kind()), why));
        let function = |name: &'static str, more: &[Expr]| {
            let all: Vec<Expr> = args.iter().chain(more).cloned().collect();
            args.iter().rev().fold(Expr::Apply(name, all), |value, arg| present(arg.clone(), value))
        };
        let expr = match &call.function {
            Function::Uppercase => function("uppercase", &[]),
            Function::Lowercase => function("lowercase", &[]),
            Function::Trim => function("trimBlanks", &[]),
            Function::Substring => function("substring", &[]),
            Function::Join => function("concat", &[]),
            Function::Length => function("stringLength", &[]),
            Function::Replace { pattern, with } => {
                function("replace", &[word(pattern), word(with)])
            }
            Function::Matches { pattern } => function("matches", &[word(pattern)]),
            Function::FormatNumber(format) => function("formatNumber", &[word(format)]),
            Function::ToText | Function::ToNumber => match args.into_iter().next() {
                Some(arg) => arg,
                None => return Err(self.bug(id, "no argument")),
            },
            Function::Coalesce => {
                let mut args = args.into_iter().rev();
                let Some(last) = args.next() else { return Err(self.bug(id, "no argument")) };
                args.fold(last, |other, arg| if_missing(arg.clone(), other, arg))
            }
            Function::IsIn(list) => {
                let items = (0..list.len()).filter_map(|i| list.get(i));
                let items: Vec<Expr> =
                    items.map(|value| Expr::Constant(value, list.kind())).collect();
                if items.is_empty() {
                    return refuse("a list without values");
                }
                function("isIn", &items)
            }
            Function::CityHash => return refuse("PMML has no hash functions"),
            Function::ParseDate
            | Function::ParseTime
            | Function::ParseDateTime
            | Function::FormatDateTime(_) => {
                return refuse("dates are fields of a date type in PMML, not texts of a row");
            }
        };
        Ok(self.derive(&base, kind, !kind.is_number(), expr))
    }
}
