//! Functions of texts that are known beforehand: a table of what the scorer makes of each.
//!
//! A scalar is *listed* when all its values are known: a category, a constant, an answer out of a table, a
//! label, or a function of such. Of a field whose unlisted values are refused, nothing is promised for them.

use std::collections::BTreeSet;

use holdall_codec::{Fate, Support};
use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_score::Scorer;
use holdall_table::{Column, Data, Scoring, Table};
use holdall_tabular::{
    Bin, Call, Categories, Field, Function, FunctionKind, InvalidPolicy, Kind, Labels, Lookup,
    MissingPolicy, Model, Op, OutlierPolicy, Output, Part, Scalar, Transform, Type, ValidModel,
    ValueId as TabularId, Width, validate,
};

use super::{
    Context, LowerOptions,
    build::inexpressible,
    value::{Gaps, Val},
};

/// The most combinations of listed values, and the most bytes of the texts that a table answers.
const MOST: usize = 1 << 16;
const MOST_BYTES: usize = 1 << 24;

/// The operator set that has `StringConcat`.
pub(super) const JOINED_SINCE: i64 = 20;

/// Whether `Cast` writes numbers of a kind as the model does.
pub(super) const fn writes_number(kind: Kind) -> bool {
    match kind {
        Kind::I64 => true,
        Kind::F32 | Kind::F64 | Kind::Bool | Kind::Text => false,
    }
}

/// What a function of listed values comes to.
#[derive(Clone, Debug)]
pub(super) struct Folded {
    /// The values of each operand.
    args: Vec<Labels>,
    /// What comes of each combination, the last operand changing fastest.
    values: Labels,
    /// Which combinations come to nothing.
    missing: Vec<bool>,
}

/// What is known of the scalars of a model, by node.
pub(super) struct Texts {
    listed: Vec<Option<Labels>>,
    folded: Vec<Option<Folded>>,
    /// Why a function is no table.
    why: Vec<Option<&'static str>>,
}

/// Whether a function is one that operators do not have by themselves.
const fn folds(function: &Function) -> bool {
    match function {
        Function::Coalesce | Function::IsIn(_) => false,
        Function::Uppercase
        | Function::Lowercase
        | Function::Trim
        | Function::Substring
        | Function::Join
        | Function::Length
        | Function::Replace { .. }
        | Function::Matches { .. }
        | Function::CityHash
        | Function::ToText
        | Function::ToNumber
        | Function::FormatNumber(_)
        | Function::ParseDate
        | Function::ParseTime
        | Function::ParseDateTime
        | Function::FormatDateTime(_) => true,
    }
}

impl Texts {
    pub(super) fn new(valid: &ValidModel) -> Self {
        let model = valid.model();
        let count = model.nodes.len();
        let mut texts = Self {
            listed: Vec::with_capacity(count),
            folded: Vec::with_capacity(count),
            why: Vec::with_capacity(count),
        };
        // Without a function that becomes a table nobody asks.
        let asked = model.nodes.iter().any(|(_, node)| {
            if let Op::Call(call) = &node.op {
                folds(&call.function)
            } else if let Op::Binary { left, .. } = &node.op {
                valid.kind_of(*left) == Some(Kind::Text)
            } else {
                false
            }
        });
        if !asked {
            return texts;
        }
        for (id, node) in model.nodes.iter() {
            let (mut folded, mut why) = (None, None);
            let scalar = matches!(valid.type_of(id), Type::Value(_, Width::Scalar));
            let call = if let Op::Call(call) = &node.op { Some(call) } else { None };
            let listed = match call.filter(|call| folds(&call.function)) {
                Some(call) => match texts.fold(valid, call) {
                    Ok(found) => {
                        let listed = distinct([&found.values], Some(&found.missing));
                        folded = Some(found);
                        listed
                    }
                    Err(reason) => {
                        why = Some(reason);
                        None
                    }
                },
                None if scalar => texts.listed_by(valid, &node.op),
                None => None,
            };
            texts.listed.push(listed);
            texts.folded.push(folded);
            texts.why.push(why);
        }
        texts
    }

    /// All values of a scalar, where they are known.
    pub(super) fn listed(&self, id: TabularId) -> Option<&Labels> {
        self.listed.get(id.index())?.as_ref()
    }

    /// The table that a function is.
    pub(super) fn folded(&self, id: TabularId) -> Option<&Folded> {
        self.folded.get(id.index())?.as_ref()
    }

    /// Why a function is no table.
    pub(super) fn why(&self, id: TabularId) -> Option<&'static str> {
        self.why.get(id.index()).copied().flatten()
    }

    /// How functions of a kind are written; none for those that are what they are in every model.
    pub(super) fn support(
        &self,
        valid: &ValidModel,
        kind: FunctionKind,
        options: &LowerOptions,
    ) -> Option<Support> {
        let calls = valid.model().nodes.iter().filter_map(|(id, node)| {
            let Op::Call(call) = &node.op else { return None };
            let concerned = call.function.kind() == kind && folds(&call.function);
            concerned.then_some((id, call))
        });
        let mut found: Option<Support> = None;
        for (id, call) in calls {
            let arg = call.args.first().and_then(|&arg| valid.kind_of(arg));
            let own = if self.folded(id).is_some() {
                Support::rewrite("a table of what the scorer makes of the values listed")
            } else if kind == FunctionKind::Join && options.opset >= JOINED_SINCE {
                Support::rewrite("`StringConcat`")
            } else if kind == FunctionKind::ToText && arg.is_some_and(writes_number) {
                Support::rewrite("`Cast`, which writes integers in decimal")
            } else if kind == FunctionKind::ToNumber {
                Support::drop(
                    "`Cast` reads texts that are numbers: one that is none ends the run, where the \
                     model has a missing number",
                )
            } else {
                return self.why(id).map(Support::refuse);
            };
            found = match found {
                Some(other) if matches!(other.fate, Fate::Drop) => Some(other),
                _ => Some(own),
            };
        }
        found
    }

    fn listed_by(&self, valid: &ValidModel, op: &Op) -> Option<Labels> {
        let model = valid.model();
        let of = |id: TabularId| self.listed.get(id.index())?.as_ref();
        match op {
            Op::Input(field) => of_field(model.fields.get(*field)?),
            Op::Constant(constant) => Some(constant.values.clone()),
            Op::If { yes, no, .. } => distinct([of(*yes)?, of(*no)?], None),
            Op::Transform(
                Transform::Lookup(Lookup { values, default, missing, .. })
                | Transform::Bin(Bin { values, default, missing, .. }),
            ) => {
                let mut values = values.clone();
                for scalar in default.iter().chain(missing) {
                    push(&mut values, scalar)?;
                }
                distinct([&values], None)
            }
            Op::Part { estimate, part: Part::Label } => {
                distinct([valid.classes_of(*estimate)?], None)
            }
            Op::Call(call) if call.function == Function::Coalesce => {
                let args = call.args.iter().map(|&arg| of(arg)).collect::<Option<Vec<_>>>()?;
                distinct(args, None)
            }
            Op::Call(_)
            | Op::Cast { .. }
            | Op::Concat(_)
            | Op::Select { .. }
            | Op::Unary { .. }
            | Op::Binary { .. }
            | Op::Impute(_)
            | Op::Scale(_)
            | Op::OneHot(_)
            | Op::Ordinal(_)
            | Op::Linear(_)
            | Op::Trees(_)
            | Op::Regress(_)
            | Op::Classify(_)
            | Op::Part { .. }
            | Op::Transform(_)
            | Op::Estimator(_)
            | Op::Foreign(_) => None,
        }
    }

    fn fold(&self, valid: &ValidModel, call: &Call) -> Result<Folded, &'static str> {
        let args = call.args.iter().map(|arg| self.listed.get(arg.index())?.clone());
        let args = args.collect::<Option<Vec<Labels>>>().ok_or(
            "there is no operator for it, but where all values are listed: then it is a table",
        )?;
        let empty = |arg: &Labels| match arg {
            Labels::Text(texts) => texts.iter().all(String::is_empty),
            Labels::I64(v) => v.is_empty(),
            Labels::F64(v) => v.is_empty(),
            Labels::Bool(v) => v.is_empty(),
        };
        if args.iter().any(empty) {
            return Err("a function of texts that are all missing");
        }
        if call.args.iter().any(|&arg| valid.kind_of(arg) == Some(Kind::F32)) {
            return Err("a function of binary32 numbers");
        }
        let rows = args.iter().try_fold(1_usize, |rows, arg| {
            rows.checked_mul(arg.len()).filter(|&rows| rows <= MOST)
        });
        let rows = rows.ok_or("a table of more than 65,536 combinations of listed values")?;
        if rows == 0 {
            return Err("a function of nothing");
        }
        let (values, missing) =
            evaluated(call, &args, rows).ok_or("a function that the scorer does not obey")?;
        if let Labels::Text(texts) = &values {
            if texts.iter().zip(&missing).any(|(text, missing)| text.is_empty() && !missing) {
                return Err("its answer may be the empty text, which stands for a missing one");
            }
            if texts.iter().map(String::len).sum::<usize>() > MOST_BYTES {
                return Err("a table of more than 16 MiB of texts");
            }
        }
        Ok(Folded { args, values, missing })
    }
}

/// The values of a field, where others do not get in.
fn of_field(field: &Field) -> Option<Labels> {
    let mut values = match (&field.domain.values, field.kind) {
        (None, Kind::Bool) => Labels::Bool(vec![false, true]),
        (Some(categories), _) => categories.values.clone(),
        (None, Kind::F32 | Kind::F64 | Kind::I64 | Kind::Text) => return None,
    };
    if !matches!(field.outlier, OutlierPolicy::Keep) {
        return None;
    }
    match &field.invalid {
        InvalidPolicy::Reject | InvalidPolicy::AsMissing => {}
        InvalidPolicy::Replace(with) => push(&mut values, with)?,
        InvalidPolicy::Keep if field.kind == Kind::Bool => {}
        InvalidPolicy::Keep => return None,
    }
    match &field.missing {
        MissingPolicy::Replace(with) => push(&mut values, with)?,
        MissingPolicy::AsNan => return None,
        MissingPolicy::Keep | MissingPolicy::Reject => {}
    }
    distinct([&values], None)
}

fn push(values: &mut Labels, scalar: &Scalar) -> Option<()> {
    match (values, scalar) {
        (Labels::Text(v), Scalar::Text(s)) => v.push(s.clone()),
        (Labels::I64(v), Scalar::I64(s)) => v.push(*s),
        (Labels::F64(v), Scalar::F64(s)) => v.push(*s),
        (Labels::Bool(v), Scalar::Bool(s)) => v.push(*s),
        (Labels::Text(_) | Labels::I64(_) | Labels::F64(_) | Labels::Bool(_), _) => return None,
    }
    Some(())
}

/// The values of lists of one kind, each once, in order; none where one is NaN.
fn distinct<'l>(
    lists: impl IntoIterator<Item = &'l Labels>,
    missing: Option<&[bool]>,
) -> Option<Labels> {
    fn once<T: Clone, K: Ord>(
        values: &[T],
        missing: Option<&[bool]>,
        seen: &mut BTreeSet<K>,
        out: &mut Vec<T>,
        key: impl Fn(&T) -> K,
    ) {
        for (i, value) in values.iter().enumerate() {
            let gone = missing.is_some_and(|flags| flags.get(i) == Some(&true));
            if !gone && seen.insert(key(value)) {
                out.push(value.clone());
            }
        }
    }
    let mut lists = lists.into_iter().peekable();
    let kind = lists.peek()?.kind();
    let (mut texts, mut ints, mut floats, mut bools) = (vec![], vec![], vec![], vec![]);
    let (mut seen_texts, mut seen_ints) = (BTreeSet::new(), BTreeSet::new());
    let (mut seen_floats, mut seen_bools) = (BTreeSet::new(), BTreeSet::new());
    for list in lists {
        match list {
            Labels::Text(v) => once(v, missing, &mut seen_texts, &mut texts, Clone::clone),
            Labels::I64(v) => once(v, missing, &mut seen_ints, &mut ints, |v| *v),
            Labels::F64(v) => {
                if v.iter().any(|v| v.is_nan()) {
                    return None;
                }
                // Zeros of both signs are one category.
                once(v, missing, &mut seen_floats, &mut floats, |v| (v + 0.0).to_bits());
            }
            Labels::Bool(v) => once(v, missing, &mut seen_bools, &mut bools, |v| *v),
        }
    }
    Some(match kind {
        Kind::Text => Labels::Text(texts),
        Kind::I64 => Labels::I64(ints),
        Kind::F32 | Kind::F64 => Labels::F64(floats),
        Kind::Bool => Labels::Bool(bools),
    })
}

/// What the scorer makes of every combination of the operands' values.
fn evaluated(call: &Call, args: &[Labels], rows: usize) -> Option<(Labels, Vec<bool>)> {
    let mut model = Model::new();
    model.named_inputs = true;
    let mut ids = Vec::with_capacity(args.len());
    let mut columns = Vec::with_capacity(args.len());
    let mut fast = rows;
    for (number, arg) in args.iter().enumerate() {
        let name = number.to_string();
        let field = match arg.kind() {
            kind @ (Kind::F32 | Kind::F64 | Kind::I64) => Field::number(&name, kind),
            kind @ (Kind::Bool | Kind::Text) => Field::category(&name, kind),
        };
        ids.push(model.push_field(field).ok()?);
        fast /= arg.len();
        let places = (0..rows).map(|row| row / fast % arg.len());
        let data = match arg {
            Labels::Text(v) => Data::Text(places.filter_map(|at| v.get(at).cloned()).collect()),
            Labels::I64(v) => Data::I64(places.filter_map(|at| v.get(at).copied()).collect()),
            Labels::F64(v) => Data::F64(places.filter_map(|at| v.get(at).copied()).collect()),
            Labels::Bool(v) => Data::Bool(places.filter_map(|at| v.get(at).copied()).collect()),
        };
        columns.push(Column::new(name, data));
    }
    let made = model.push(Op::Call(Call { function: call.function.clone(), args: ids })).ok()?;
    model.outputs.push(Output::new(made, Part::Whole));
    let valid = validate(model).ok()?;
    let scorer = Scorer::compile(&valid).ok()?;
    let scored = scorer.score(&Table { columns, rows, first_row: 0 }).ok()?;
    let [column] = <[Column; 1]>::try_from(scored.columns).ok()?;
    let missing: Vec<bool> = (0..rows).map(|row| column.is_missing(row)).collect();
    let values = match column.data {
        Data::Text(mut v) => {
            // A missing text is the empty one.
            v.iter_mut()
                .zip(&missing)
                .filter(|(_, gone)| **gone)
                .for_each(|(text, _)| text.clear());
            Labels::Text(v)
        }
        Data::I64(v) => Labels::I64(v),
        Data::F64(v) => Labels::F64(v),
        Data::Bool(v) => Labels::Bool(v),
        Data::F32(_) => return None,
    };
    Some((values, missing))
}

impl Context<'_> {
    /// A function looked up.
    pub(super) fn folded(&mut self, call: &Call, folded: &Folded) -> Result<Val, Failure> {
        let mut args = Vec::with_capacity(call.args.len());
        for &arg in &call.args {
            args.push(self.value(arg)?);
        }
        let gaps = args.iter().any(|arg| arg.gaps != Gaps::None) || folded.missing.contains(&true);
        let varying: Vec<usize> = (0..args.len())
            .filter(|&i| folded.args.get(i).is_some_and(|values| values.len() > 1))
            .collect();
        if let ([only], Labels::Text(texts)) = (varying.as_slice(), &folded.values)
            && let (Some(arg), Some(Labels::Text(keys))) = (args.get(*only), folded.args.get(*only))
            && args.iter().enumerate().all(|(i, arg)| i == *only || arg.gaps == Gaps::None)
        {
            let id = self.text_table(arg, keys, texts)?;
            let gaps = if gaps { Gaps::InBand } else { Gaps::None };
            return Ok(Val::rows(Kind::Text, 1, id).with_gaps(gaps));
        }
        let mut place = None;
        let mut listed = None;
        let mut shape = Vec::with_capacity(args.len());
        for (arg, values) in args.iter().zip(&folded.args) {
            // 0 is a value that is missing or not listed.
            let number = self.category_place(arg, &Categories::new(values.clone()))?;
            let nowhere = self.builder.whole(0)?;
            let known = self.builder.two("Greater", number, nowhere)?;
            listed = Some(match listed {
                Some(listed) => self.builder.two("And", listed, known)?,
                None => known,
            });
            let one = self.builder.whole(1)?;
            let own = self.builder.two("Sub", number, one)?;
            let own = self.builder.choose(known, own, nowhere)?;
            shape.push(values.len());
            place = Some(match place {
                Some(place) => {
                    let by = i64::try_from(values.len())
                        .map_err(|error| inexpressible("too many values").caused_by(error))?;
                    let by = self.builder.whole(by)?;
                    let moved = self.builder.two("Mul", place, by)?;
                    self.builder.two("Add", moved, own)?
                }
                None => own,
            });
        }
        let (Some(place), Some(listed)) = (place, listed) else {
            return Err(inexpressible("a function of nothing"));
        };
        let kind = folded.values.kind();
        let length = folded.values.len() as u64;
        let table = self.builder.constant(kind, &[length], &folded.values)?;
        let id = self.builder.looked_up(table, place)?;
        let mut gap = self.builder.one("Not", listed)?;
        if folded.missing.contains(&true) {
            let flags = Labels::Bool(folded.missing.clone());
            let flags = self.builder.constant(Kind::Bool, &[length], &flags)?;
            let none = self.builder.looked_up(flags, place)?;
            gap = self.builder.two("Or", gap, none)?;
        }
        self.with_mask(kind, 1, id, gaps.then_some(gap))
    }

    /// Texts by texts; the empty one for missing and unlisted.
    fn text_table(
        &mut self,
        arg: &Val,
        keys: &[String],
        texts: &[String],
    ) -> Result<ValueId, Failure> {
        let id = self.full(arg)?;
        let pairs = keys.iter().zip(texts).filter(|(key, _)| !key.is_empty());
        let (keys, values): (Vec<String>, Vec<String>) =
            pairs.map(|(key, text)| (key.clone(), text.clone())).unzip();
        self.builder.ml_node(
            "LabelEncoder",
            &[id],
            vec![
                ("keys_strings", holdall_graph::Attribute::texts(keys)),
                ("values_strings", holdall_graph::Attribute::texts(values)),
                ("default_string", holdall_graph::Attribute::String(Vec::new())),
            ],
        )
    }

    /// Texts one behind the other.
    pub(super) fn text_joined(&mut self, args: &[Val]) -> Result<Val, Failure> {
        let mut gap = None;
        let mut made = None;
        for arg in args {
            let own = self.mask(arg)?;
            gap = self.either(gap, own)?;
            let id = self.full(arg)?;
            made = Some(match made {
                Some(made) => self.builder.two("StringConcat", made, id)?,
                None => id,
            });
        }
        let made = made.ok_or_else(|| inexpressible("a function of nothing"))?;
        self.with_mask(Kind::Text, 1, made, gap)
    }

    /// An integer in decimal.
    pub(super) fn number_as_text(&mut self, arg: &Val) -> Result<Val, Failure> {
        let id = self.full(arg)?;
        let text = self.builder.cast(id, arg.kind, Kind::Text)?;
        self.with_gaps_of(arg, Kind::Text, 1, text)
    }

    /// The number that a text says.
    pub(super) fn text_as_number(&mut self, arg: &Val) -> Result<Val, Failure> {
        let id = self.full(arg)?;
        let Some(missing) = self.mask(arg)? else {
            let number = self.builder.cast(id, Kind::Text, Kind::F64)?;
            return Ok(Val::rows(Kind::F64, 1, number).with_gaps(Gaps::InBand));
        };
        // The empty text is no number.
        let nan =
            self.builder.constant(Kind::Text, &[1, 1], &Labels::Text(vec!["NaN".to_owned()]))?;
        let id = self.builder.choose(missing, nan, id)?;
        let number = self.builder.cast(id, Kind::Text, Kind::F64)?;
        Ok(Val::rows(Kind::F64, 1, number).with_gaps(Gaps::InBand))
    }

    /// Where two texts are the same, one of them listed.
    pub(super) fn listed_equal(
        &mut self,
        left: &Val,
        right: &Val,
        listed: &Labels,
    ) -> Result<ValueId, Failure> {
        let categories = Categories::new(listed.clone());
        let (l, r) =
            (self.category_place(left, &categories)?, self.category_place(right, &categories)?);
        let same = self.builder.two("Equal", l, r)?;
        let nowhere = self.builder.whole(0)?;
        let known = self.builder.two("Greater", l, nowhere)?;
        self.builder.two("And", same, known)
    }
}
