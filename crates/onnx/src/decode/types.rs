//! `TypeProto` and `ValueInfoProto`.

use holdall_diag::Failure;
use holdall_graph::{Dim, TensorType, ValueType};
use holdall_tensor::DType;

use super::place;
use crate::{codes, dtypes, proto};

/// The dtype with this number, for tensors and types.
pub(super) fn dtype(number: i32, path: &str) -> Result<DType, Failure> {
    dtypes::from_number(number).ok_or_else(|| {
        Failure::malformed(codes::TYPE, format!("there is no element type {number}"))
            .at(place(path))
    })
}

/// A type. Its depth is bounded by the protobuf decoder, which stops at 100 nested messages.
pub(crate) fn value_type(
    found: Option<&proto::TypeProto>,
    path: &str,
) -> Result<Option<ValueType>, Failure> {
    let Some(found) = found else { return Ok(None) };
    if let Some(tensor) = &found.tensor_type {
        // A tensor type without an element type says nothing; some writers emit it for unknown types.
        if tensor.elem_type == 0 {
            return Ok(None);
        }
        return Ok(Some(ValueType::Tensor(tensor_type(tensor, path)?)));
    }
    if let Some(tensor) = &found.sparse_tensor_type {
        return Ok(Some(ValueType::Sparse(tensor_type(tensor, path)?)));
    }
    let inner = |element: Option<&proto::TypeProto>| {
        value_type(element, path)?.ok_or_else(|| {
            Failure::malformed(codes::TYPE, "a container type does not say what it contains")
                .at(place(path))
        })
    };
    if let Some(sequence) = &found.sequence_type {
        return Ok(Some(ValueType::Sequence(Box::new(inner(sequence.elem_type.as_ref())?))));
    }
    if let Some(optional) = &found.optional_type {
        return Ok(Some(ValueType::Optional(Box::new(inner(optional.elem_type.as_ref())?))));
    }
    if let Some(map) = &found.map_type {
        let key = dtype(map.key_type, path)?;
        return Ok(Some(ValueType::Map(key, Box::new(inner(map.value_type.as_ref())?))));
    }
    Ok(None)
}

fn tensor_type(found: &proto::TensorTypeProto, path: &str) -> Result<TensorType, Failure> {
    let dims = found.shape.as_ref().map(|shape| shape.dim.iter().map(dim).collect());
    Ok(TensorType { dtype: dtype(found.elem_type, path)?, dims })
}

/// Negative extents are written by some tools for unknown ones.
fn dim(found: &proto::DimensionProto) -> Dim {
    match (found.dim_value.map(u64::try_from), &found.dim_param) {
        (Some(Ok(extent)), _) => Dim::Known(extent),
        (_, Some(name)) if !name.is_empty() => Dim::Symbol(name.clone()),
        (_, _) => Dim::Unknown,
    }
}
