//! Messages as shape inference sees them.

use holdall_graph::{
    Dim, Elem,
    infer::{Content, Known, Num, Setting, Type},
};

use crate::proto::{
    AttributeProto, SparseTensorProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
};

/// Longer vectors are not looked into.
const LONG: usize = 4096;

/// A type; `None` where the message says nothing. Its depth is bounded by the protobuf decoder.
pub(crate) fn type_of(found: &TypeProto) -> Option<Type> {
    let dims = |shape: &Option<TensorShapeProto>| {
        shape.as_ref().map(|shape| {
            shape
                .dim
                .iter()
                .map(|dim| match (dim.dim_value.map(u64::try_from), &dim.dim_param) {
                    (Some(Ok(extent)), _) => Dim::Known(extent),
                    (_, Some(name)) if !name.is_empty() => Dim::Symbol(name.clone()),
                    (_, _) => Dim::Unknown,
                })
                .collect()
        })
    };
    if let Some(tensor) = &found.tensor_type {
        return Some(Type::Tensor(Elem(tensor.elem_type), dims(&tensor.shape)));
    }
    if let Some(tensor) = &found.sparse_tensor_type {
        return Some(Type::Sparse(Elem(tensor.elem_type), dims(&tensor.shape)));
    }
    if let Some(sequence) = &found.sequence_type {
        return Some(Type::Sequence(Box::new(type_of(sequence.elem_type.as_ref()?)?)));
    }
    if let Some(optional) = &found.optional_type {
        return Some(Type::Optional(Box::new(type_of(optional.elem_type.as_ref()?)?)));
    }
    if let Some(map) = &found.map_type {
        return Some(Type::Map(Elem(map.key_type), Box::new(type_of(map.value_type.as_ref()?)?)));
    }
    found.opaque_type.as_ref().map(|_| Type::Opaque)
}

/// The declared type of a value.
pub(crate) fn declared(info: &ValueInfoProto) -> Option<Type> {
    type_of(info.r#type.as_ref()?)
}

fn extents(dims: &[i64]) -> Vec<Dim> {
    dims.iter().map(|d| u64::try_from(*d).map_or(Dim::Unknown, Dim::Known)).collect()
}

/// A constant: its type, and its contents when it is a short vector of numbers in the model.
pub(crate) fn constant(found: &TensorProto) -> Known {
    let ty = Type::Tensor(Elem(found.data_type), Some(extents(&found.dims)));
    Known { ty: Some(ty), content: contents(found) }
}

/// The type of a sparse constant; operators take it as a dense one.
pub(crate) fn sparse(found: &SparseTensorProto) -> Known {
    let elem = found.values.as_ref().map_or(0, |v| v.data_type);
    Known::of(Type::Tensor(Elem(elem), Some(extents(&found.dims))))
}

fn contents(found: &TensorProto) -> Option<Content> {
    let count = match found.dims.as_slice() {
        [] => 1,
        [count] => usize::try_from(*count).ok()?,
        _ => return None,
    };
    if count > LONG || found.data_location == 1 {
        return None;
    }
    let raw = found.raw_data.as_ref().filter(|raw| !raw.is_empty());
    let ints = |ints: Vec<i64>| {
        (ints.len() == count).then(|| Content::Ints(ints.into_iter().map(Num::Int).collect()))
    };
    let floats = |floats: Vec<f64>| (floats.len() == count).then_some(Content::Floats(floats));
    match (found.data_type, raw) {
        (7, None) => ints(found.int64_data.clone()),
        (6 | 9, None) => ints(found.int32_data.iter().copied().map(i64::from).collect()),
        (1, None) => floats(found.float_data.iter().copied().map(f64::from).collect()),
        (11, None) => floats(found.double_data.clone()),
        (7, Some(raw)) => ints(words(raw).map(i64::from_le_bytes).collect()),
        (6, Some(raw)) => ints(words(raw).map(|w| i32::from_le_bytes(w).into()).collect()),
        (9, Some(raw)) => ints(raw.iter().copied().map(i64::from).collect()),
        (1, Some(raw)) => floats(words(raw).map(|w| f32::from_le_bytes(w).into()).collect()),
        (11, Some(raw)) => floats(words(raw).map(f64::from_le_bytes).collect()),
        (_, _) => None,
    }
}

/// The words of raw bytes; a rest is left out.
pub(crate) fn words<const N: usize>(raw: &[u8]) -> impl Iterator<Item = [u8; N]> {
    raw.as_chunks::<N>().0.iter().copied()
}

/// The kind that an attribute has or, before IR 2, shows.
pub(crate) fn kind(found: &AttributeProto) -> i32 {
    if found.r#type != 0 {
        return found.r#type;
    }
    [
        (found.f.is_some(), 1),
        (found.i.is_some(), 2),
        (found.s.is_some(), 3),
        (found.t.is_some(), 4),
        (found.g.is_some(), 5),
        (!found.floats.is_empty(), 6),
        (!found.ints.is_empty(), 7),
        (!found.strings.is_empty(), 8),
        (!found.tensors.is_empty(), 9),
        (!found.graphs.is_empty(), 10),
        (found.sparse_tensor.is_some(), 11),
        (!found.sparse_tensors.is_empty(), 12),
        (found.tp.is_some(), 13),
        (!found.type_protos.is_empty(), 14),
    ]
    .into_iter()
    .find_map(|(set, kind)| set.then_some(kind))
    .unwrap_or(0)
}

/// The name of a kind in the operator table.
pub(crate) const fn kind_name(kind: i32) -> &'static str {
    match kind {
        1 => "FLOAT",
        2 => "INT",
        3 => "STRING",
        4 => "TENSOR",
        5 => "GRAPH",
        6 => "FLOATS",
        7 => "INTS",
        8 => "STRINGS",
        9 => "TENSORS",
        10 => "GRAPHS",
        11 => "SPARSE_TENSOR",
        12 => "SPARSE_TENSORS",
        13 => "TYPE_PROTO",
        14 => "TYPE_PROTOS",
        _ => "UNDEFINED",
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An attribute, as far as shapes depend on it.
pub(crate) fn setting(found: &AttributeProto) -> Setting {
    match kind(found) {
        1 => Setting::Float(found.f.unwrap_or(0.0)),
        2 => Setting::Int(found.i.unwrap_or(0)),
        3 => Setting::Text(text(found.s.as_deref().unwrap_or_default())),
        4 => found.t.as_ref().map_or(Setting::Other, |t| Setting::Constant(constant(t))),
        5 => Setting::Graph,
        6 => Setting::Floats(found.floats.clone()),
        7 => Setting::Ints(found.ints.clone()),
        8 => Setting::Texts(found.strings.iter().map(|s| text(s)).collect()),
        11 => found.sparse_tensor.as_ref().map_or(Setting::Other, |t| Setting::Constant(sparse(t))),
        13 => found.tp.as_ref().and_then(type_of).map_or(Setting::Other, Setting::Type),
        _ => Setting::Other,
    }
}
