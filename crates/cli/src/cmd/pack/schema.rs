//! The schema of the model as the manifest says it, and what the author adds, held against it.

use holdall_codec::{Endpoint, Summary};
use holdall_convert::{Loaded, LoadedBody};
use holdall_diag::Failure;
use holdall_package::{
    manifest::{Domain, DomainRange, DomainValue, FieldSchema, Shape},
    source_form::FieldForm,
};
use holdall_table::{Kind, Port};
use holdall_tabular::{Field, MissingPolicy};

use super::packing::contradiction;

/// Inputs and outputs as the model's bytes have them: columns of a tabular model, tensors of a graph.
pub(super) fn schema(
    loaded: &Loaded,
    summary: &Summary,
) -> Result<(Vec<FieldSchema>, Vec<FieldSchema>), Failure> {
    match &loaded.body {
        LoadedBody::Weights(_) => Ok((Vec::new(), Vec::new())),
        LoadedBody::Graph(_) => Ok((
            summary.inputs.iter().map(of_endpoint).collect(),
            summary.outputs.iter().map(of_endpoint).collect(),
        )),
        LoadedBody::Tabular(model) => {
            let scoring = loaded.scoring(false)?;
            let mut inputs: Vec<FieldSchema> = scoring.inputs().iter().map(of_port).collect();
            for (input, (_, field)) in inputs.iter_mut().zip(model.model().fields.iter()) {
                describe(input, field);
            }
            Ok((inputs, scoring.outputs().iter().map(of_port).collect()))
        }
    }
}

fn field(name: &str, dtype: String) -> FieldSchema {
    FieldSchema {
        name: name.to_owned(),
        dtype,
        shape: Vec::new(),
        description: None,
        unit: None,
        domain: None,
        missing: None,
    }
}

fn of_port(port: &Port) -> FieldSchema {
    field(&port.name, port.kind.to_string())
}

fn of_endpoint(endpoint: &Endpoint) -> FieldSchema {
    let mut found = field(&endpoint.name, endpoint.dtype.clone());
    let extent = |text: &String| match text.parse() {
        Ok(size) => Shape::Size(size),
        Err(_not_a_number) => Shape::Symbol(text.clone()),
    };
    found.shape = endpoint.shape.iter().map(extent).collect();
    found.description.clone_from(&endpoint.meaning);
    found
}

fn describe(input: &mut FieldSchema, field: &Field) {
    let missing = match field.missing {
        MissingPolicy::Keep | MissingPolicy::AsNan => "allowed",
        MissingPolicy::Reject => "rejected",
        MissingPolicy::Replace(_) => "replaced",
    };
    input.missing = Some(missing.to_owned());
    input.unit.clone_from(&field.unit);
    input.description.clone_from(&field.label);
    input.domain = if let Some(categories) = &field.domain.values {
        let texts = categories.values.texts();
        Some(Domain::Values(texts.iter().map(|text| domain_value(text, field.kind)).collect()))
    } else if let [only] = field.domain.intervals.as_slice() {
        let end = |bound: f64| bound.is_finite().then_some(bound);
        // The manifest has closed ranges only; an open end that is finite would be said wrongly.
        let closed = (only.low_closed || !only.low.is_finite())
            && (only.high_closed || !only.high.is_finite());
        closed.then_some(Domain::Range(DomainRange { min: end(only.low), max: end(only.high) }))
    } else {
        None
    };
}

/// A category at the kind of its field.
fn domain_value(text: &str, kind: Kind) -> DomainValue {
    let number = match kind {
        Kind::I64 => text.parse().ok().map(DomainValue::Integer),
        Kind::F32 | Kind::F64 => text.parse().ok().map(DomainValue::Number),
        Kind::Bool => text.parse().ok().map(DomainValue::Boolean),
        Kind::Text => None,
    };
    number.unwrap_or_else(|| DomainValue::Text(text.to_owned()))
}

/// The found schema with the author's additions. What the author says again must be what was found; an
/// addition for a name that was not found is a contradiction.
pub(super) fn declared_on(
    mut found: Vec<FieldSchema>,
    declared: &[FieldForm],
    what: &str,
) -> Result<Vec<FieldSchema>, Failure> {
    for form in declared {
        let Some(field) = found.iter_mut().find(|field| field.name == form.name) else {
            let names: Vec<&str> = found.iter().map(|field| field.name.as_str()).collect();
            return Err(contradiction(format!(
                "{what} `{}` is declared; the model has {}",
                form.name,
                names.join(", ")
            )));
        };
        let name = &form.name;
        let same =
            |kind: &str, declared: Option<&String>, found: Option<&String>| match (declared, found)
            {
                (Some(declared), Some(found)) if declared != found => Err(contradiction(format!(
                    "{what} `{name}`: {kind} `{declared}` is declared, the model has `{found}`"
                ))),
                (Some(_) | None, _) => Ok(()),
            };
        same("dtype", form.dtype.as_ref(), Some(&field.dtype))?;
        same("unit", form.unit.as_ref(), field.unit.as_ref())?;
        same("missing policy", form.missing.as_ref(), field.missing.as_ref())?;
        if let Some(shape) = &form.shape
            && !field.shape.is_empty()
            && !fits(shape, &field.shape)
        {
            return Err(contradiction(format!(
                "{what} `{name}`: shape {} is declared, the model has {}",
                shown(shape),
                shown(&field.shape)
            )));
        }
        if let (Some(declared), Some(found)) = (&form.domain, &field.domain)
            && !within(declared, found)
        {
            return Err(contradiction(format!(
                "{what} `{name}`: the declared domain {} goes beyond that of the model, {}",
                domain(declared),
                domain(found)
            )));
        }
        set(&mut field.description, form.description.as_ref());
        set(&mut field.unit, form.unit.as_ref());
        set(&mut field.domain, form.domain.as_ref());
        set(&mut field.missing, form.missing.as_ref());
        if let Some(shape) = &form.shape {
            field.shape.clone_from(shape);
        }
    }
    Ok(found)
}

fn set<T: Clone>(target: &mut Option<T>, value: Option<&T>) {
    if let Some(value) = value {
        *target = Some(value.clone());
    }
}

/// Numbers must be equal; a name on either side fits anything.
fn fits(declared: &[Shape], found: &[Shape]) -> bool {
    declared.len() == found.len()
        && declared.iter().zip(found).all(|pair| match pair {
            (Shape::Size(a), Shape::Size(b)) => a == b,
            (Shape::Symbol(_), _) | (_, Shape::Symbol(_)) => true,
        })
}

/// Whether every declared value is one of the model's.
fn within(declared: &Domain, found: &Domain) -> bool {
    let number = |value: &DomainValue| match value {
        #[expect(clippy::cast_precision_loss, reason = "bounds are compared, not kept")]
        DomainValue::Integer(n) => Some(*n as f64),
        DomainValue::Number(n) => Some(*n),
        DomainValue::Boolean(_) | DomainValue::Text(_) => None,
    };
    match (declared, found) {
        (Domain::Values(declared), Domain::Values(found)) => {
            let found: Vec<String> = found.iter().map(value).collect();
            declared.iter().all(|v| found.contains(&value(v)))
        }
        (Domain::Range(a), Domain::Range(b)) => {
            b.min.is_none_or(|least| a.min.is_some_and(|min| min >= least))
                && b.max.is_none_or(|most| a.max.is_some_and(|max| max <= most))
        }
        (Domain::Values(declared), Domain::Range(b)) => declared.iter().all(|v| {
            number(v).is_some_and(|n| {
                b.min.is_none_or(|least| n >= least) && b.max.is_none_or(|most| n <= most)
            })
        }),
        (Domain::Range(_), Domain::Values(_)) => false,
    }
}

fn value(value: &DomainValue) -> String {
    match value {
        DomainValue::Boolean(flag) => flag.to_string(),
        DomainValue::Integer(number) => number.to_string(),
        DomainValue::Number(number) => number.to_string(),
        DomainValue::Text(text) => text.clone(),
    }
}

fn domain(domain: &Domain) -> String {
    match domain {
        Domain::Values(values) => {
            let shown: Vec<String> = values.iter().take(12).map(value).collect();
            let more = if values.len() > shown.len() { ", …" } else { "" };
            format!("{{{}{more}}}", shown.join(", "))
        }
        Domain::Range(range) => {
            let end = |bound: Option<f64>| bound.map_or_else(|| "…".to_owned(), |b| b.to_string());
            format!("[{}, {}]", end(range.min), end(range.max))
        }
    }
}

fn shown(shape: &[Shape]) -> String {
    let extents: Vec<String> = shape
        .iter()
        .map(|extent| match extent {
            Shape::Size(size) => size.to_string(),
            Shape::Symbol(name) => name.clone(),
        })
        .collect();
    format!("[{}]", extents.join(", "))
}
