use super::types::{Content, Known, Num, Setting, Type};
use crate::{Dim, Elem};

/// Why a node cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

/// Enters the subgraph in an attribute with the types that its inputs are given, and says what its outputs
/// are; `None` when that is not known.
type Enter<'a> = dyn FnMut(&str, Vec<Known>) -> Option<Vec<Known>> + 'a;

/// A node, as shape inference sees it.
pub struct Call<'a> {
    /// Its domain; empty for `ai.onnx`.
    pub domain: &'a str,
    /// Its operator.
    pub op: &'a str,
    /// The operator set version that the model asks for.
    pub opset: i64,
    /// What it takes; `None` where an optional input is left out.
    pub inputs: Vec<Option<Known>>,
    /// How many outputs it has.
    pub outputs: usize,
    /// Its attributes.
    pub setting: &'a dyn Fn(&str) -> Option<Setting>,
    /// Enters a subgraph.
    pub enter: &'a mut Enter<'a>,
}

impl std::fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("domain", &self.domain)
            .field("op", &self.op)
            .field("opset", &self.opset)
            .field("inputs", &self.inputs)
            .finish_non_exhaustive()
    }
}

/// What a family of operators says: nothing when the operator is not of it.
pub(super) type Answer = Result<Option<Vec<Known>>, Fault>;

pub(super) fn fault<T>(message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault(message.into()))
}

/// A tensor as the only output.
#[expect(clippy::unnecessary_wraps, reason = "the shape of an answer")]
pub(super) fn one(elem: Elem, dims: Option<Vec<Dim>>) -> Answer {
    Ok(Some(vec![tensor(elem, dims)]))
}

pub(super) const fn tensor(elem: Elem, dims: Option<Vec<Dim>>) -> Known {
    Known::of(Type::Tensor(elem, dims))
}

impl Call<'_> {
    /// What is known of an input.
    pub(super) fn known(&self, position: usize) -> Option<&Known> {
        self.inputs.get(position)?.as_ref()
    }

    /// Whether an input is given.
    pub(super) fn has(&self, position: usize) -> bool {
        self.known(position).is_some()
    }

    /// The type of an input.
    pub(super) fn ty(&self, position: usize) -> Option<&Type> {
        self.known(position)?.ty.as_ref()
    }

    /// The element type of an input; 0 when not known.
    pub(super) fn elem(&self, position: usize) -> Elem {
        self.ty(position).and_then(Type::elem).unwrap_or(Elem(0))
    }

    /// The extents of an input.
    pub(super) fn dims(&self, position: usize) -> Option<Vec<Dim>> {
        self.ty(position).and_then(Type::dims).map(<[Dim]>::to_vec)
    }

    /// The rank of an input.
    pub(super) fn rank(&self, position: usize) -> Option<usize> {
        self.ty(position).and_then(Type::dims).map(<[Dim]>::len)
    }

    /// The contents of an input as numbers, some perhaps not known.
    pub(super) fn nums(&self, position: usize) -> Option<&[Num]> {
        match self.known(position)?.content.as_ref()? {
            Content::Ints(nums) => Some(nums),
            Content::Floats(_) => None,
        }
    }

    /// The contents of an input as integers, when all are known.
    pub(super) fn ints(&self, position: usize) -> Option<Vec<i64>> {
        self.nums(position)?
            .iter()
            .map(|num| match num {
                Num::Int(value) => Some(*value),
                Num::Symbol(_) | Num::Unknown => None,
            })
            .collect()
    }

    /// The contents of an input as floats.
    pub(super) fn floats(&self, position: usize) -> Option<Vec<f64>> {
        match self.known(position)?.content.as_ref()? {
            Content::Floats(values) => Some(values.clone()),
            #[expect(clippy::cast_precision_loss, reason = "extents are far below 2⁵³")]
            Content::Ints(_) => self.ints(position).map(|v| v.iter().map(|&i| i as f64).collect()),
        }
    }

    /// An attribute that is an integer.
    pub(super) fn int(&self, name: &str) -> Option<i64> {
        if let Setting::Int(value) = (self.setting)(name)? { Some(value) } else { None }
    }

    /// An attribute that is an integer, with what holds without it.
    pub(super) fn int_or(&self, name: &str, default: i64) -> i64 {
        self.int(name).unwrap_or(default)
    }

    /// An attribute that is a list of integers.
    pub(super) fn list(&self, name: &str) -> Option<Vec<i64>> {
        if let Setting::Ints(values) = (self.setting)(name)? { Some(values) } else { None }
    }

    /// An attribute that is a text.
    pub(super) fn text(&self, name: &str, default: &str) -> String {
        match (self.setting)(name) {
            Some(Setting::Text(text)) => text,
            _ => default.to_owned(),
        }
    }

    /// An attribute that names an element type.
    pub(super) fn elem_attribute(&self, name: &str) -> Option<Elem> {
        self.int(name).and_then(|n| i32::try_from(n).ok()).filter(|n| *n != 0).map(Elem)
    }

    /// A failure when an input is not of this rank.
    pub(super) fn expect_rank(&self, position: usize, rank: usize) -> Result<(), Fault> {
        match self.rank(position) {
            Some(found) if found != rank => {
                fault(format!("input {position}: expected {rank} axes, found {found}"))
            }
            _ => Ok(()),
        }
    }
}

/// An axis counted from the front; a failure when there is none. `last` is the greatest plus one.
pub(super) fn axis(axis: i64, last: usize) -> Result<usize, Fault> {
    let count = i64::try_from(last).unwrap_or(i64::MAX);
    let from_front = if axis < 0 { axis.checked_add(count) } else { Some(axis) };
    match from_front.filter(|a| (0..count).contains(a)).and_then(|a| usize::try_from(a).ok()) {
        Some(axis) => Ok(axis),
        None => fault(format!("axis {axis} is not one of {last} axes")),
    }
}

/// Extents that are not known, of this rank.
pub(super) fn open(rank: usize) -> Vec<Dim> {
    vec![Dim::Unknown; rank]
}

pub(super) fn known(extent: i64) -> Dim {
    u64::try_from(extent).map_or(Dim::Unknown, Dim::Known)
}

/// The product of extents, where it is known.
pub(super) fn product(dims: &[Dim]) -> Dim {
    match dims {
        [] => return Dim::Known(1),
        [one] => return one.clone(),
        _ => {}
    }
    let mut product = 1_u64;
    let mut open = None;
    for dim in dims {
        match dim {
            Dim::Known(extent) => match product.checked_mul(*extent) {
                Some(more) => product = more,
                None => return Dim::Unknown,
            },
            Dim::Symbol(_) | Dim::Unknown if open.is_none() => open = Some(dim.clone()),
            Dim::Symbol(_) | Dim::Unknown => return Dim::Unknown,
        }
    }
    match open {
        None => Dim::Known(product),
        Some(dim) if product == 1 => dim,
        Some(_) => Dim::Unknown,
    }
}

/// The sum of extents, where it is known.
pub(super) fn sum(dims: &[Dim]) -> Dim {
    if let [only] = dims {
        return only.clone();
    }
    let mut sum = 0_u64;
    for dim in dims {
        match dim {
            Dim::Known(extent) => sum = sum.saturating_add(*extent),
            Dim::Symbol(_) | Dim::Unknown => return Dim::Unknown,
        }
    }
    Dim::Known(sum)
}

/// The shape that shapes are stretched to.
pub(super) fn broadcast(shapes: &[Vec<Dim>]) -> Result<Vec<Dim>, Fault> {
    let rank = shapes.iter().map(Vec::len).max().unwrap_or(0);
    let mut out = vec![Dim::Known(1); rank];
    for shape in shapes {
        let skip = rank - shape.len();
        for (slot, dim) in out.iter_mut().skip(skip).zip(shape) {
            *slot = match (&*slot, dim) {
                (Dim::Known(1), other) => other.clone(),
                (_, Dim::Known(1)) => slot.clone(),
                (Dim::Known(a), Dim::Known(b)) if a != b => {
                    let texts: Vec<String> = shapes.iter().map(|s| show(s)).collect();
                    return fault(format!("{} do not go together", texts.join(" and ")));
                }
                (Dim::Known(_), _) => slot.clone(),
                (_, Dim::Known(_)) => dim.clone(),
                (Dim::Symbol(a), Dim::Symbol(b)) if a == b => slot.clone(),
                (_, _) => Dim::Unknown,
            };
        }
    }
    Ok(out)
}

/// Extents for people.
pub(super) fn show(dims: &[Dim]) -> String {
    let texts: Vec<String> = dims.iter().map(ToString::to_string).collect();
    format!("[{}]", texts.join(", "))
}

/// What two extents that must be equal say together.
pub(super) fn equal(a: &Dim, b: &Dim, what: &str) -> Result<Dim, Fault> {
    match super::meet(a, b) {
        Some(dim) => Ok(dim),
        None => fault(format!("{what}: {a} and {b}")),
    }
}
