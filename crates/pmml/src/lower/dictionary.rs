use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Categories, Domain, Field, Function, Interval, InvalidPolicy, Kind, Labels, Measure,
    MissingPolicy, OutlierPolicy, Scalar, ValueId,
};

use super::{
    Lower, expression::Operand, invalid, number, required, required_word, unsupported_value, word,
};
use crate::{
    doc::{
        DataType, Document, Element, InvalidValueTreatment, MissingValueTreatment, OpType,
        Outliers, UsageType,
    },
    number as text,
};

/// A field of the data dictionary.
#[derive(Clone, Debug)]
pub(super) struct DataField<'d> {
    pub(super) element: Element<'d>,
    pub(super) kind: Kind,
}

impl<'d> DataField<'d> {
    /// The valid values.
    pub(super) fn values(&self) -> Vec<&'d str> {
        self.listed("valid")
    }

    /// The values with a property, each once.
    pub(super) fn listed(&self, property: &str) -> Vec<&'d str> {
        let values = self.element.children().filter(|child| child.name() == "Value");
        let fit = values.filter(|v| v.attribute("property").unwrap_or("valid") == property);
        let mut all: Vec<&'d str> = Vec::new();
        for value in fit.filter_map(|value| value.attribute("value")) {
            if !all.contains(&value) {
                all.push(value);
            }
        }
        all
    }
}

/// The fields by name. A field of a type that is not carried only matters when it is used.
pub(super) fn data_fields(document: &Document) -> Result<BTreeMap<&str, DataField<'_>>, Failure> {
    let mut fields = BTreeMap::new();
    let dictionary = document.root().and_then(|root| root.child("DataDictionary"));
    let children = dictionary.into_iter().flat_map(Element::children);
    for element in children.filter(|child| child.name() == "DataField") {
        let kind = kind(element)?.unwrap_or(Kind::Text);
        fields.insert(required(element, "name")?, DataField { element, kind });
    }
    Ok(fields)
}

/// The kind that `dataType` names; `None` for dates and times.
pub(super) fn kind(element: Element<'_>) -> Result<Option<Kind>, Failure> {
    Ok(match required_word(element, "dataType")? {
        DataType::String => Some(Kind::Text),
        DataType::Integer => Some(Kind::I64),
        DataType::Float => Some(Kind::F32),
        DataType::Double => Some(Kind::F64),
        DataType::Boolean => Some(Kind::Bool),
        DataType::Date
        | DataType::Time
        | DataType::DateTime
        | DataType::DateDaysSince1960
        | DataType::DateDaysSince1970
        | DataType::DateDaysSince1980
        | DataType::DateDaysSince0
        | DataType::TimeSeconds
        | DataType::DateTimeSecondsSince1960
        | DataType::DateTimeSecondsSince1970
        | DataType::DateTimeSecondsSince1980
        | DataType::DateTimeSecondsSince0 => None,
    })
}

/// What a whole number stands for: days since 1970-01-01, seconds since then, or since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Date,
    Time,
    DateTime,
}

fn moment_of(element: Element<'_>) -> Result<Option<Moment>, Failure> {
    Ok(match required_word(element, "dataType")? {
        DataType::Date => Some(Moment::Date),
        DataType::Time => Some(Moment::Time),
        DataType::DateTime => Some(Moment::DateTime),
        DataType::String
        | DataType::Integer
        | DataType::Float
        | DataType::Double
        | DataType::Boolean
        | DataType::DateDaysSince1960
        | DataType::DateDaysSince1970
        | DataType::DateDaysSince1980
        | DataType::DateDaysSince0
        | DataType::TimeSeconds
        | DataType::DateTimeSecondsSince1960
        | DataType::DateTimeSecondsSince1970
        | DataType::DateTimeSecondsSince1980
        | DataType::DateTimeSecondsSince0 => None,
    })
}

/// A value of a kind from its text.
pub(super) fn scalar(value: &str, kind: Kind) -> Option<Scalar> {
    Some(match kind {
        Kind::Text => Scalar::Text(value.to_owned()),
        Kind::F64 => Scalar::F64(text::parse_f64(value)?),
        Kind::F32 => Scalar::F64(text::parse_f32(value)?),
        Kind::I64 => Scalar::I64(text::parse_i64(value)?),
        Kind::Bool => Scalar::Bool(text::parse_bool(value)?),
    })
}

/// Values of a kind from their texts.
pub(super) fn labels(values: &[&str], kind: Kind) -> Option<Labels> {
    let values = values.iter();
    Some(match kind {
        Kind::Text => Labels::Text(values.map(|&v| v.to_owned()).collect()),
        Kind::F64 => Labels::F64(values.map(|v| text::parse_f64(v)).collect::<Option<_>>()?),
        Kind::F32 => Labels::F64(values.map(|v| text::parse_f32(v)).collect::<Option<_>>()?),
        Kind::I64 => Labels::I64(values.map(|v| text::parse_i64(v)).collect::<Option<_>>()?),
        Kind::Bool => Labels::Bool(values.map(|v| text::parse_bool(v)).collect::<Option<_>>()?),
    })
}

/// The fields of a mining schema with their use.
fn mining_fields(
    element: Element<'_>,
) -> impl Iterator<Item = (Element<'_>, Result<UsageType, Failure>)> {
    let schema = element.child("MiningSchema");
    let fields = schema.into_iter().flat_map(Element::children);
    fields
        .filter(|field| field.name() == "MiningField")
        .map(|field| (field, word(field, "usageType", UsageType::Active)))
}

/// The name of the target, where there is one.
pub(super) fn target(element: Element<'_>) -> Option<&str> {
    mining_fields(element)
        .find(|(_, usage)| matches!(usage, Ok(UsageType::Target | UsageType::Predicted)))
        .and_then(|(field, _)| field.attribute("name"))
}

/// The names of all targets.
pub(super) fn targets(element: Element<'_>) -> Vec<&str> {
    mining_fields(element)
        .filter(|(_, usage)| matches!(usage, Ok(UsageType::Target | UsageType::Predicted)))
        .filter_map(|(field, _)| field.attribute("name"))
        .collect()
}

/// Whether a field is an input. How many steps ahead to forecast is asked of a time series by a field that R's writer
/// calls supplementary.
fn is_input(element: Element<'_>, usage: UsageType) -> bool {
    usage == UsageType::Active
        || (usage == UsageType::Supplementary && element.name() == "TimeSeriesModel")
}

/// The names of the inputs.
pub(super) fn used(element: Element<'_>) -> Result<Vec<&str>, Failure> {
    let mut names = Vec::new();
    for (field, usage) in mining_fields(element) {
        if is_input(element, usage?) {
            names.push(required(field, "name")?);
        }
    }
    Ok(names)
}

impl<'d> Lower<'d> {
    /// Makes the inputs of the fields that the whole model uses.
    pub(super) fn inputs(&mut self, element: Element<'d>) -> Result<(), Failure> {
        for (mining, usage) in mining_fields(element) {
            if !is_input(element, usage?) {
                continue;
            }
            let name = required(mining, "name")?;
            let Some(data) = self.data.get(name).cloned() else {
                return Err(Failure::malformed(
                    crate::codes::UNDEFINED_FIELD,
                    format!("there is no field `{name}` in the data dictionary"),
                )
                .at(mining.location()));
            };
            let moment = moment_of(data.element)?;
            let field = field(name, &data, mining, moment.is_some())?;
            let value = self.model.push_field(field)?;
            let value = match moment {
                Some(moment) => self.moment(mining, Operand::Value(value), moment)?,
                None => self.sentinels(&data, mining, value)?,
            };
            self.values.insert(name.to_owned(), value);
        }
        self.model.target = target(element).map(ToOwned::to_owned);
        Ok(())
    }

    /// The kind that an element declares, and what its numbers stand for.
    pub(super) fn declared(element: Element<'_>) -> Result<(Kind, Option<Moment>), Failure> {
        let moment = moment_of(element)?;
        match kind(element)? {
            Some(kind) => Ok((kind, None)),
            None if moment.is_some() => Ok((Kind::I64, moment)),
            None => Err(unsupported_value(element, "dataType")),
        }
    }

    /// A date or time, from text where it is one.
    pub(super) fn moment(
        &mut self,
        element: Element<'_>,
        operand: Operand,
        moment: Moment,
    ) -> Result<ValueId, Failure> {
        let value = match operand {
            Operand::Value(value) if self.moments.contains_key(&value) => return Ok(value),
            operand @ (Operand::Value(_) | Operand::Constant(..) | Operand::Missing) => {
                self.materialise(element, operand, Kind::Text)?
            }
        };
        let function = match moment {
            Moment::Date => Function::ParseDate,
            Moment::Time => Function::ParseTime,
            Moment::DateTime => Function::ParseDateTime,
        };
        let value = self.call(function, vec![value])?;
        self.moments.insert(value, moment);
        Ok(value)
    }

    /// Values that are declared to stand for missing.
    fn sentinels(
        &mut self,
        data: &DataField<'d>,
        mining: Element<'d>,
        value: ValueId,
    ) -> Result<ValueId, Failure> {
        let kind = data.kind;
        let texts = data.listed("missing");
        // NaN is missing without being listed.
        let counts = |t: &&str| match scalar(t, kind) {
            Some(Scalar::F64(number)) => !number.is_nan(),
            Some(Scalar::I64(_) | Scalar::Bool(_) | Scalar::Text(_)) => true,
            None => false,
        };
        let texts: Vec<&str> = texts.into_iter().filter(counts).collect();
        if texts.is_empty() {
            return Ok(value);
        }
        let treatment = word(mining, "missingValueTreatment", MissingValueTreatment::AsIs)?;
        let outliers = word(mining, "outliers", Outliers::AsIs)?;
        if treatment == MissingValueTreatment::ReturnInvalid || outliers != Outliers::AsIs {
            return Err(unsupported_value(mining, "missingValueTreatment"));
        }
        let replacement = match mining.attribute("missingValueReplacement") {
            Some(_) => {
                let scalar = self::value(mining, "missingValueReplacement", kind)?;
                self.fixed(&scalar, kind)?
            }
            None => self.missing(kind)?,
        };
        let list = labels(&texts, kind).ok_or_else(|| unsupported_value(mining, "name"))?;
        let listed = self.call(Function::IsIn(list), vec![value])?;
        self.choose(listed, replacement, value)
    }

    /// Treatments of outliers and missing values that a model inside another declares for itself.
    pub(super) fn inner_fields(&mut self, element: Element<'d>) -> Result<(), Failure> {
        for (mining, usage) in mining_fields(element) {
            if usage? != UsageType::Active {
                continue;
            }
            let name = required(mining, "name")?;
            let Some(&found) = self.values.get(name) else { continue };
            let outliers = word(mining, "outliers", Outliers::AsIs)?;
            let replaced = mining.attribute("missingValueReplacement").is_some();
            let invalid =
                word(mining, "invalidValueTreatment", InvalidValueTreatment::ReturnInvalid)?;
            // What the outermost model lets pass as it is, is not refused again.
            let treats = match invalid {
                InvalidValueTreatment::ReturnInvalid | InvalidValueTreatment::AsIs => false,
                InvalidValueTreatment::AsMissing | InvalidValueTreatment::AsValue => true,
            };
            if outliers == Outliers::AsIs && !replaced && !treats {
                continue;
            }
            let mut treated = self.scalar(found)?;
            let kind = self.kind(treated);
            if outliers != Outliers::AsIs && kind.is_number() {
                treated = self.cast(mining, treated, Kind::F64)?;
                let ends = [
                    (low(mining)?, BinaryOp::Lt, BinaryOp::Max),
                    (high(mining)?, BinaryOp::Gt, BinaryOp::Min),
                ];
                for (end, beyond, hold) in ends {
                    let end = self.float(Kind::F64, end)?;
                    treated = if outliers == Outliers::AsExtremeValues {
                        self.bin(hold, treated, end)?
                    } else {
                        let beyond = self.bin(beyond, treated, end)?;
                        let none = self.missing(Kind::F64)?;
                        self.choose(beyond, none, treated)?
                    };
                }
                treated = self.cast(mining, treated, kind)?;
            }
            if treats {
                treated = self.treat_invalid(mining, name, treated)?;
            }
            if replaced {
                let scalar = value(mining, "missingValueReplacement", kind)?;
                let other = self.fixed(&scalar, kind)?;
                treated = self.coalesce(treated, other)?;
            }
            self.values.insert(name.to_owned(), treated);
        }
        Ok(())
    }

    /// An invalid value made missing or another one, as a model inside another has it.
    fn treat_invalid(
        &mut self,
        mining: Element<'d>,
        name: &str,
        treated: ValueId,
    ) -> Result<ValueId, Failure> {
        let kind = self.kind(treated);
        let Some(data) = self.data.get(name).filter(|data| data.kind == kind) else {
            return Ok(treated);
        };
        let optype = if mining.attribute("optype").is_some() { mining } else { data.element };
        let measure = match word(optype, "optype", OpType::Categorical)? {
            OpType::Categorical => Measure::Categorical,
            OpType::Ordinal => Measure::Ordinal,
            OpType::Continuous => Measure::Continuous,
        };
        let domain = domain(data, measure, mining)?;
        let mut valid: Option<ValueId> = None;
        if let Some(categories) = domain.values {
            valid = Some(self.call(Function::IsIn(categories.values), vec![treated])?);
        }
        for interval in domain.intervals {
            let number = self.cast(mining, treated, Kind::F64)?;
            let (low, high) =
                (self.float(Kind::F64, interval.low)?, self.float(Kind::F64, interval.high)?);
            let (above, below) = (
                if interval.low_closed { BinaryOp::Ge } else { BinaryOp::Gt },
                if interval.high_closed { BinaryOp::Le } else { BinaryOp::Lt },
            );
            let (above, below) = (self.bin(above, number, low)?, self.bin(below, number, high)?);
            let within = self.bin(BinaryOp::And, above, below)?;
            valid = Some(match valid {
                Some(before) => self.bin(BinaryOp::Or, before, within)?,
                None => within,
            });
        }
        let Some(valid) = valid else { return Ok(treated) };
        let other = if mining.attribute("invalidValueTreatment") == Some("asValue") {
            let scalar = value(mining, "invalidValueReplacement", kind)?;
            self.fixed(&scalar, kind)?
        } else {
            self.missing(kind)?
        };
        self.choose(valid, treated, other)
    }
}

fn field(
    name: &str,
    data: &DataField<'_>,
    mining: Element<'_>,
    is_moment: bool,
) -> Result<Field, Failure> {
    let element = data.element;
    let kind = if is_moment { Some(Kind::Text) } else { kind(element)? };
    let Some(kind) = kind else { return Err(unsupported_value(element, "dataType")) };
    let mut field = Field::number(name, kind);
    let optype = if mining.attribute("optype").is_some() { mining } else { element };
    field.measure = match word(optype, "optype", OpType::Categorical)? {
        OpType::Categorical => Measure::Categorical,
        OpType::Ordinal => Measure::Ordinal,
        OpType::Continuous => Measure::Continuous,
    };
    field.label = element.attribute("displayName").map(ToOwned::to_owned);
    field.domain = if is_moment { Domain::default() } else { domain(data, field.measure, mining)? };
    field.outlier = match word(mining, "outliers", Outliers::AsIs)? {
        Outliers::AsIs => OutlierPolicy::Keep,
        Outliers::AsMissingValues => {
            OutlierPolicy::AsMissing { low: low(mining)?, high: high(mining)? }
        }
        Outliers::AsExtremeValues => {
            OutlierPolicy::Clamp { low: low(mining)?, high: high(mining)? }
        }
    };
    let treatment = word(mining, "invalidValueTreatment", InvalidValueTreatment::ReturnInvalid)?;
    field.invalid = match treatment {
        _ if field.domain.is_open() => InvalidPolicy::Keep,
        InvalidValueTreatment::ReturnInvalid => InvalidPolicy::Reject,
        InvalidValueTreatment::AsIs => InvalidPolicy::Keep,
        InvalidValueTreatment::AsMissing => InvalidPolicy::AsMissing,
        InvalidValueTreatment::AsValue => {
            InvalidPolicy::Replace(value(mining, "invalidValueReplacement", kind)?)
        }
    };
    // A cell that says NaN has no value: the standard's arithmetic knows none that is not a number.
    field.nan_is_missing = kind.is_float();
    let treatment = word(mining, "missingValueTreatment", MissingValueTreatment::AsIs)?;
    field.missing = if treatment == MissingValueTreatment::ReturnInvalid {
        MissingPolicy::Reject
    } else if mining.attribute("missingValueReplacement").is_some() {
        MissingPolicy::Replace(value(mining, "missingValueReplacement", kind)?)
    } else {
        MissingPolicy::Keep
    };
    Ok(field)
}

fn low(mining: Element<'_>) -> Result<f64, Failure> {
    number(mining, "lowValue", Some(f64::NEG_INFINITY))
}

fn high(mining: Element<'_>) -> Result<f64, Failure> {
    number(mining, "highValue", Some(f64::INFINITY))
}

fn value(element: Element<'_>, attribute: &str, kind: Kind) -> Result<Scalar, Failure> {
    scalar(required(element, attribute)?, kind)
        .ok_or_else(|| invalid(element, attribute, &format!("a value of type {kind}")))
}

fn domain(data: &DataField<'_>, measure: Measure, mining: Element<'_>) -> Result<Domain, Failure> {
    let mut domain = Domain::default();
    for child in data.element.proper_children() {
        match child.name() {
            "Interval" => domain.intervals.push(narrowed(interval(child)?, data.kind)),
            // What counts as it is need not be told from valid values.
            "Value"
                if child.attribute("property") == Some("invalid")
                    && mining.attribute("invalidValueTreatment") == Some("asIs") => {}
            "Value" if !matches!(child.attribute("property"), None | Some("valid" | "missing")) => {
                return Err(unsupported_value(child, "property"));
            }
            _ => {}
        }
    }
    let mut values = data.values();
    // What stands for missing passes, and is replaced after that.
    let missing = data.listed("missing");
    let missing: Vec<&str> =
        missing.into_iter().filter(|t| scalar(t, data.kind).is_some()).collect();
    if !domain.intervals.is_empty() && data.kind.is_number() {
        for value in missing.iter().filter_map(|t| text::parse_f64(t)).filter(|v| !v.is_nan()) {
            let (low, high) = (value, value);
            domain.intervals.push(Interval { low, high, low_closed: true, high_closed: true });
        }
    }
    if !values.is_empty() {
        let more: Vec<&str> = missing.into_iter().filter(|t| !values.contains(t)).collect();
        values.extend(more);
    }
    // Listed values of a continuous field do not close its domain.
    if !values.is_empty() && measure != Measure::Continuous {
        let list = labels(&values, data.kind)
            .ok_or_else(|| invalid(data.element, "dataType", "the type of the values"))?;
        domain.values = Some(Categories::new(list));
    }
    Ok(domain)
}

/// Ends as values of the field's kind: what is written alike is equal.
fn narrowed(mut interval: Interval, kind: Kind) -> Interval {
    if kind == Kind::F32 {
        interval.low = text::round_f32(interval.low);
        interval.high = text::round_f32(interval.high);
    }
    interval
}

pub(super) fn interval(element: Element<'_>) -> Result<Interval, Failure> {
    let (low_closed, high_closed) = match required(element, "closure")? {
        "closedClosed" => (true, true),
        "closedOpen" => (true, false),
        "openClosed" => (false, true),
        "openOpen" => (false, false),
        _ => return Err(invalid(element, "closure", "open or closed on each side")),
    };
    Ok(Interval {
        low: number(element, "leftMargin", Some(f64::NEG_INFINITY))?,
        high: number(element, "rightMargin", Some(f64::INFINITY))?,
        low_closed,
        high_closed,
    })
}
