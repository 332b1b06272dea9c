//! Types and shapes of what operators give, from those of what they take: every operator of `ai.onnx`,
//! `ai.onnx.ml` and the preview domains, with named extents. Nothing is executed; where an extent depends
//! on data that is not a constant it is left open.

mod call;
mod conv;
mod elementwise;
mod layout;
mod lists;
mod matrix;
mod ml;
mod recurrent;
mod reduce;
mod types;

pub use call::{Call, Fault};
pub(crate) use types::meet;
pub use types::{Content, Known, Num, Setting, Type};

use crate::{AI_ONNX_ML, ops};

/// What a node gives; a [`Fault`] when what it takes cannot be.
pub fn infer(call: &mut Call<'_>) -> Result<Vec<Known>, Fault> {
    let found = match call.domain {
        "" => default_domain(call)?,
        AI_ONNX_ML => ml::infer(call)?,
        "ai.onnx.preview" => matrix::flex_attention(call)?,
        "ai.onnx.preview.training" => lists::training(call),
        _ => Vec::new(),
    };
    Ok(complete(call, found))
}

fn default_domain(call: &mut Call<'_>) -> Result<Vec<Known>, Fault> {
    for family in [
        elementwise::infer,
        reduce::infer,
        layout::infer,
        conv::infer,
        matrix::infer,
        recurrent::infer,
        lists::infer,
    ] {
        if let Some(found) = family(call)? {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

/// Adds what the type variables of the schema say where the rules of the operator say less.
fn complete(call: &Call<'_>, mut found: Vec<Known>) -> Vec<Known> {
    found.truncate(call.outputs);
    found.resize_with(call.outputs, Known::default);
    let Some(schema) = ops::schema(call.domain, call.op, call.opset) else { return found };
    for (position, known) in found.iter_mut().enumerate() {
        if known.ty.as_ref().is_some_and(|ty| !matches!(ty, Type::Tensor(elem, _) if elem.0 == 0)) {
            continue;
        }
        let Some(param) = schema.output(position) else { continue };
        if param.occurs == ops::Occurs::Variadic && schema.mixed_outputs() {
            continue;
        }
        let taken = (0..call.inputs.len()).find_map(|input| {
            let same = schema.input(input).is_some_and(|p| p.type_name == param.type_name);
            let mixed = schema.mixed_inputs()
                && schema.input(input).is_some_and(|p| p.occurs == ops::Occurs::Variadic);
            if same && !mixed { call.ty(input).cloned() } else { None }
        });
        let only = match schema.types(&param.type_name) {
            Some([only]) => Type::parse(only),
            Some(_) => None,
            None => Type::parse(&param.type_name),
        };
        let Some(ty) = taken.or(only) else { continue };
        known.ty = Some(match (ty, known.ty.take()) {
            (Type::Tensor(elem, _), Some(Type::Tensor(_, dims))) => Type::Tensor(elem, dims),
            (Type::Tensor(elem, _), None) => Type::Tensor(elem, None),
            (_, Some(said)) => said,
            (ty, None) => ty,
        });
    }
    found
}
