//! Functions of scalars: <https://dmg.org/pmml/v4-4-1/BuiltinFunctions.html>.

use holdall_tabular::{Call, Construct, Function, Kind, Op, Scalar, ValueId};

use super::{
    NameId, Raise, Stop,
    expr::{Expr, if_missing, present},
};

fn word(text: &str) -> Expr {
    Expr::Constant(Scalar::Text(text.to_owned()), Kind::Text)
}

/// The date type that a function reads a text as, and the function that counts its days or seconds.
const fn moment_words(function: &Function) -> (&'static str, &'static str) {
    if matches!(function, Function::ParseDate) {
        ("date", "dateDaysSinceYear")
    } else if matches!(function, Function::ParseTime) {
        ("time", "dateSecondsSinceMidnight")
    } else {
        ("dateTime", "dateSecondsSinceYear")
    }
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
                match (items.is_empty(), args.first()) {
                    // Nothing is in an empty list.
                    (true, Some(arg)) => {
                        present(arg.clone(), Expr::Constant(Scalar::Bool(false), Kind::Bool))
                    }
                    _ => function("isIn", &items),
                }
            }
            Function::CityHash => return refuse("PMML has no hash functions"),
            Function::ParseDate | Function::ParseTime | Function::ParseDateTime => {
                let moment = self.moment(id, call)?;
                let (_, function) = moment_words(&call.function);
                let year = Expr::Constant(Scalar::I64(1970), Kind::I64);
                let year = (call.function != Function::ParseTime).then_some(year);
                let args = [Expr::Field(moment)].into_iter().chain(year).collect();
                present(Expr::Field(moment), Expr::Apply(function, args))
            }
            Function::FormatDateTime(format) => {
                let inner = call.args.first().copied();
                let parsed = inner.filter(|id| {
                    matches!(self.op(*id), Some(Op::Call(call)) if call.function == Function::ParseDateTime)
                });
                let Some(inner) = parsed else {
                    return refuse("only what was read as a date with a time is formatted in PMML");
                };
                let Some(Op::Call(parse)) = self.op(inner).cloned() else {
                    return Err(self.bug(id, "no date"));
                };
                let moment = Expr::Field(self.moment(inner, &parse)?);
                present(moment.clone(), Expr::Apply("formatDatetime", vec![moment, word(format)]))
            }
        };
        Ok(self.derive(&base, kind, !kind.is_number(), expr))
    }

    /// A field of a date type, read from the text that a call parses.
    fn moment(&mut self, id: ValueId, call: &Call) -> Result<NameId, Stop> {
        let Some(text) = call.args.first().copied() else {
            return Err(self.bug(id, "no argument"));
        };
        let (word, _) = moment_words(&call.function);
        let field = self.field(text, 0)?;
        if let Some(known) = self.moments.get(&(field, word)) {
            return Ok(*known);
        }
        let base = format!("{word}({})", self.names.text(field));
        let name = self.derive(&base, Kind::I64, false, Expr::Moment(field, word));
        self.moments.insert((field, word), name);
        Ok(name)
    }
}
