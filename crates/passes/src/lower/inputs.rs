//! Inputs and what the model does to them before anything else.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{
    Domain, Field, FieldId, Interval, InvalidPolicy, Kind, Labels, MissingPolicy, Model,
    OutlierPolicy, Scalar,
};

use super::{
    ColumnLayout, Context, FIELDS_KEY, InputPrecision, LowerOptions,
    build::{inexpressible, rows_of},
    value::{Gaps, Store, Val},
};

/// The inputs of the graph.
#[derive(Default)]
pub(super) struct Inputs {
    joint: Option<(ValueId, u32)>,
    separate: Vec<ValueId>,
    any: Option<ValueId>,
}

impl Inputs {
    /// The tensor of all fields, and how many they are.
    pub(super) fn tensor(&self) -> Result<(ValueId, u32), Failure> {
        self.joint.ok_or_else(|| inexpressible("columns of separate inputs"))
    }

    /// Some input, for its number of rows.
    pub(super) const fn any(&self) -> Option<ValueId> {
        self.any
    }
}

/// Name of the input that holds all fields.
pub(super) const JOINT: &str = "X";

/// Whether all fields can be columns of one tensor: numbers of one kind.
pub(super) fn can_join(model: &Model) -> bool {
    let mut kinds = model.fields.iter().map(|(_, field)| field.kind);
    let Some(first) = kinds.next() else { return false };
    matches!(first, Kind::F32 | Kind::F64 | Kind::I64) && kinds.all(|kind| kind == first)
}

/// Whether all fields become columns of one tensor.
pub(super) fn joined(model: &Model, options: &LowerOptions) -> bool {
    match options.columns {
        ColumnLayout::Auto | ColumnLayout::Tensor => can_join(model),
        ColumnLayout::Columns => false,
    }
}

/// The kind at which a field is handed in.
const fn handed_in(kind: Kind, options: &LowerOptions) -> Kind {
    match (kind, options.input) {
        (Kind::F32 | Kind::F64, InputPrecision::Float) => Kind::F32,
        (Kind::F32 | Kind::F64, InputPrecision::Double) => Kind::F64,
        (Kind::F32 | Kind::F64 | Kind::I64 | Kind::Bool | Kind::Text, _) => kind,
    }
}

impl Context<'_> {
    pub(super) fn declare_inputs(&mut self) -> Result<(), Failure> {
        let model = self.valid.model();
        if joined(model, self.options) {
            let Some((_, first)) = model.fields.iter().next() else { return Ok(()) };
            let width = u32::try_from(model.fields.len())
                .map_err(|error| inexpressible("too many fields").caused_by(error))?;
            let kind = handed_in(first.kind, self.options);
            let id = self.builder.graph.push_input(JOINT, rows_of(kind, width))?;
            self.inputs.any = Some(id);
            self.inputs.joint = Some((self.builder.cast(id, kind, first.kind)?, width));
        } else {
            for (_, field) in model.fields.iter() {
                let kind = handed_in(field.kind, self.options);
                let id = self.builder.graph.push_input(&field.name, rows_of(kind, 1))?;
                self.inputs.any.get_or_insert(id);
                let id = self.builder.cast(id, kind, field.kind)?;
                self.inputs.separate.push(id);
            }
        }
        if model.named_inputs {
            let names: Vec<&str> =
                model.fields.iter().map(|(_, field)| field.name.as_str()).collect();
            self.builder
                .graph
                .metadata
                .push((FIELDS_KEY.to_owned(), serde_json::Value::from(names).to_string()));
        }
        Ok(())
    }

    pub(super) fn input(&mut self, id: FieldId) -> Result<Val, Failure> {
        let valid = self.valid;
        let field = valid
            .model()
            .fields
            .get(id)
            .ok_or_else(|| inexpressible(format!("there is no field {id}")))?;
        let raw = match self.inputs.joint {
            Some(_) => Store::Columns(vec![id.raw()]),
            None => Store::Rows(
                self.inputs
                    .separate
                    .get(id.index())
                    .copied()
                    .ok_or_else(|| inexpressible(format!("there is no input {id}")))?,
            ),
        };
        let gaps = match field.kind {
            Kind::F32 | Kind::F64 | Kind::Text => Gaps::InBand,
            Kind::I64 | Kind::Bool => Gaps::None,
        };
        let value = Val { kind: field.kind, width: 1, store: raw, gaps };
        let value = self.outliers(field, value)?;
        let value = self.invalid(field, value)?;
        match &field.missing {
            MissingPolicy::Keep => Ok(value),
            // A row that would be refused: nothing is promised for it.
            MissingPolicy::AsNan | MissingPolicy::Reject => Ok(value.with_gaps(Gaps::None)),
            MissingPolicy::Replace(with) => {
                let Some(mask) = self.mask(&value)? else { return Ok(value) };
                self.replace(&value, mask, with).map(|value| value.with_gaps(Gaps::None))
            }
        }
    }

    /// A value with one scalar where the mask is true.
    pub(super) fn replace(
        &mut self,
        value: &Val,
        mask: ValueId,
        with: &Scalar,
    ) -> Result<Val, Failure> {
        let with = scalar(value.kind, with)?;
        let with = self.builder.constant(value.kind, &[1, 1], &with)?;
        let id = self.tensor(value)?;
        let id = self.select_where(value.kind, mask, with, id)?;
        Ok(Val { store: Store::Rows(id), ..value.clone() })
    }

    fn outliers(&mut self, field: &Field, value: Val) -> Result<Val, Failure> {
        let (low, high, clamp) = match field.outlier {
            OutlierPolicy::Keep => return Ok(value),
            OutlierPolicy::AsMissing { low, high } => (low, high, false),
            OutlierPolicy::Clamp { low, high } => (low, high, true),
        };
        let id = self.tensor(&value)?;
        let below = self.compare("Less", field.kind, id, low)?;
        let above = self.compare("Greater", field.kind, id, high)?;
        if clamp {
            let value = self.replace(&value, below, &Scalar::F64(low))?;
            return self.replace(&value, above, &Scalar::F64(high));
        }
        let out = self.builder.node("Or", &[below, above], Vec::new())?;
        self.with_mask(field.kind, 1, id, Some(out))
    }

    fn invalid(&mut self, field: &Field, value: Val) -> Result<Val, Failure> {
        let with = match &field.invalid {
            InvalidPolicy::Keep | InvalidPolicy::Reject => return Ok(value),
            InvalidPolicy::AsMissing => None,
            InvalidPolicy::Replace(with) => Some(with),
        };
        let id = self.tensor(&value)?;
        let Some(valid) = self.is_valid(&field.domain, field.kind, id)? else { return Ok(value) };
        let missing = self.mask(&value)?;
        let mut invalid = self.builder.node("Not", &[valid], Vec::new())?;
        match with {
            None => {
                let mask = self.either(missing, Some(invalid))?;
                self.with_mask(field.kind, 1, id, mask)
            }
            Some(with) => {
                if let Some(missing) = missing {
                    let present = self.builder.node("Not", &[missing], Vec::new())?;
                    invalid = self.builder.node("And", &[invalid, present], Vec::new())?;
                }
                self.replace(&value, invalid, with)
            }
        }
    }

    /// Where values are in the domain; none where all are.
    fn is_valid(
        &mut self,
        domain: &Domain,
        kind: Kind,
        id: ValueId,
    ) -> Result<Option<ValueId>, Failure> {
        let mut valid = None;
        if let Some(categories) = &domain.values {
            valid = Some(self.is_one_of(kind, id, &categories.values)?);
        }
        let mut inside = None;
        for interval in &domain.intervals {
            let one = self.in_interval(interval, kind, id)?;
            inside = self.either(inside, Some(one))?;
        }
        match (valid, inside) {
            (Some(a), Some(b)) => self.builder.node("And", &[a, b], Vec::new()).map(Some),
            (found, None) | (None, found) => Ok(found),
        }
    }

    fn in_interval(
        &mut self,
        interval: &Interval,
        kind: Kind,
        id: ValueId,
    ) -> Result<ValueId, Failure> {
        let low = if interval.low_closed { "GreaterOrEqual" } else { "Greater" };
        let high = if interval.high_closed { "LessOrEqual" } else { "Less" };
        let low = self.compare(low, kind, id, interval.low)?;
        let high = self.compare(high, kind, id, interval.high)?;
        self.builder.node("And", &[low, high], Vec::new())
    }

    /// Where a scalar value equals one of the values listed.
    pub(super) fn is_one_of(
        &mut self,
        kind: Kind,
        id: ValueId,
        values: &Labels,
    ) -> Result<ValueId, Failure> {
        if let Labels::Text(texts) = values {
            return self.text_is(id, texts);
        }
        let listed = self.builder.constant(kind, &[1, values.len() as u64], values)?;
        let equal = self.builder.node("Equal", &[id, listed], Vec::new())?;
        let ones = self.builder.cast(equal, Kind::Bool, Kind::F32)?;
        let axis = self.builder.ints(&[1])?;
        let count = self.builder.node("ReduceSum", &[ones, axis], Vec::new())?;
        let none = self.builder.float(Kind::F32, 0.0)?;
        self.builder.node("Greater", &[count, none], Vec::new())
    }

    /// Compares numbers with a number; integers through binary64.
    fn compare(
        &mut self,
        operator: &str,
        kind: Kind,
        id: ValueId,
        with: f64,
    ) -> Result<ValueId, Failure> {
        let id = self.builder.cast(id, kind, Kind::F64)?;
        let with = self.builder.float(Kind::F64, with)?;
        self.builder.node(operator, &[id, with], Vec::new())
    }
}

/// One scalar as a constant of a kind.
fn scalar(kind: Kind, value: &Scalar) -> Result<Labels, Failure> {
    #[expect(clippy::cast_precision_loss, reason = "a replacement in the kind of its field")]
    #[expect(clippy::cast_possible_truncation, reason = "a replacement in the kind of its field")]
    Ok(match (kind, value) {
        (Kind::F32 | Kind::F64, Scalar::F64(v)) => Labels::F64(vec![*v]),
        (Kind::F32 | Kind::F64, Scalar::I64(v)) => Labels::F64(vec![*v as f64]),
        (Kind::I64, Scalar::I64(v)) => Labels::I64(vec![*v]),
        (Kind::I64, Scalar::F64(v)) => Labels::I64(vec![*v as i64]),
        (Kind::Bool, Scalar::Bool(v)) => Labels::Bool(vec![*v]),
        (Kind::Text, Scalar::Text(v)) => Labels::Text(vec![v.clone()]),
        (
            Kind::F32 | Kind::F64 | Kind::I64 | Kind::Bool | Kind::Text,
            Scalar::F64(_) | Scalar::I64(_) | Scalar::Bool(_) | Scalar::Text(_),
        ) => return Err(inexpressible(format!("`{value}` does not fit {kind}"))),
    })
}
