use std::fmt;

use crate::{Dim, Elem};

/// What is known of the type of a value. [`Elem`] 0 stands for an element type that is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// A dense tensor.
    Tensor(Elem, Option<Vec<Dim>>),
    /// A sparse tensor.
    Sparse(Elem, Option<Vec<Dim>>),
    /// A list of values of one type.
    Sequence(Box<Type>),
    /// A value or nothing.
    Optional(Box<Type>),
    /// A map from keys of a scalar type.
    Map(Elem, Box<Type>),
    /// A type that only its domain knows.
    Opaque,
}

impl Type {
    /// The text that type constraints have: `tensor(float)`, `seq(tensor(int64))`. `None` while an element
    /// type is not known.
    pub fn constraint(&self) -> Option<String> {
        let elem = |elem: Elem| elem.is_known().then(|| elem.to_string());
        Some(match self {
            Self::Tensor(e, _) => format!("tensor({})", elem(*e)?),
            Self::Sparse(e, _) => format!("sparse_tensor({})", elem(*e)?),
            // The types of a value are nested as deep as its file says, which its reader bounds.
            Self::Sequence(inner) => format!("seq({})", inner.constraint()?),
            Self::Optional(inner) => format!("optional({})", inner.constraint()?),
            Self::Map(key, value) => {
                // The specification writes scalars of maps without `tensor`.
                let of = match &**value {
                    Self::Tensor(of, _) => elem(*of)?,
                    Self::Sparse(..)
                    | Self::Sequence(_)
                    | Self::Optional(_)
                    | Self::Map(..)
                    | Self::Opaque => value.constraint()?,
                };
                format!("map({}, {of})", elem(*key)?)
            }
            Self::Opaque => return None,
        })
    }

    /// The element type of a tensor.
    pub fn elem(&self) -> Option<Elem> {
        match self {
            Self::Tensor(elem, _) | Self::Sparse(elem, _) if elem.0 != 0 => Some(*elem),
            Self::Tensor(..)
            | Self::Sparse(..)
            | Self::Sequence(_)
            | Self::Optional(_)
            | Self::Map(..)
            | Self::Opaque => None,
        }
    }

    /// The extents of a tensor.
    pub fn dims(&self) -> Option<&[Dim]> {
        match self {
            Self::Tensor(_, dims) | Self::Sparse(_, dims) => dims.as_deref(),
            Self::Sequence(_) | Self::Optional(_) | Self::Map(..) | Self::Opaque => None,
        }
    }

    /// The type of text without spaces: `map(int64, tensor(float))` and the like; the inverse of
    /// [`Type::constraint`], without extents.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, rest) = text.trim().split_once('(')?;
        let inner = rest.strip_suffix(')')?;
        Some(match head {
            "tensor" => Self::Tensor(Elem::named(inner)?, None),
            "sparse_tensor" => Self::Sparse(Elem::named(inner)?, None),
            "seq" => Self::Sequence(Box::new(Self::parse(inner)?)),
            "optional" => Self::Optional(Box::new(Self::parse(inner)?)),
            "map" => {
                let (key, value) = inner.split_once(',')?;
                let value = match Elem::named(value.trim()) {
                    Some(scalar) => Self::Tensor(scalar, None),
                    None => Self::parse(value)?,
                };
                Self::Map(Elem::named(key.trim())?, Box::new(value))
            }
            _ => return None,
        })
    }

    /// What both say together, or what they contradict each other in.
    pub fn meet(&self, other: &Self) -> Result<Self, String> {
        let contradiction = || format!("{self} and {other}");
        Ok(match (self, other) {
            (Self::Tensor(a, x), Self::Tensor(b, y)) => Self::Tensor(
                elems(*a, *b).ok_or_else(contradiction)?,
                extents(x.as_deref(), y.as_deref()).ok_or_else(contradiction)?,
            ),
            (Self::Sparse(a, x), Self::Sparse(b, y)) => Self::Sparse(
                elems(*a, *b).ok_or_else(contradiction)?,
                extents(x.as_deref(), y.as_deref()).ok_or_else(contradiction)?,
            ),
            (Self::Sequence(a), Self::Sequence(b)) => Self::Sequence(Box::new(a.meet(b)?)),
            (Self::Optional(a), Self::Optional(b)) => Self::Optional(Box::new(a.meet(b)?)),
            (Self::Map(k, a), Self::Map(l, b)) => {
                Self::Map(elems(*k, *l).ok_or_else(contradiction)?, Box::new(a.meet(b)?))
            }
            (Self::Opaque, Self::Opaque) => Self::Opaque,
            (_, _) => return Err(contradiction()),
        })
    }

    /// What holds whichever of the two a value has; `None` when they are of different kinds.
    #[must_use]
    pub fn join(&self, other: &Self) -> Option<Self> {
        Some(match (self, other) {
            (Self::Tensor(a, x), Self::Tensor(b, y)) if a == b => {
                Self::Tensor(*a, widen(x.as_deref(), y.as_deref()))
            }
            (Self::Sparse(a, x), Self::Sparse(b, y)) if a == b => {
                Self::Sparse(*a, widen(x.as_deref(), y.as_deref()))
            }
            (Self::Sequence(a), Self::Sequence(b)) => Self::Sequence(Box::new(a.join(b)?)),
            (Self::Optional(a), Self::Optional(b)) => Self::Optional(Box::new(a.join(b)?)),
            (Self::Map(k, a), Self::Map(l, b)) if k == l => Self::Map(*k, Box::new(a.join(b)?)),
            (Self::Opaque, Self::Opaque) => Self::Opaque,
            (_, _) => return None,
        })
    }
}

fn elems(a: Elem, b: Elem) -> Option<Elem> {
    match (a.0, b.0) {
        (0, _) => Some(b),
        (_, 0) => Some(a),
        (_, _) => (a == b).then_some(a),
    }
}

#[expect(clippy::option_option, reason = "no contradiction, and perhaps no extents")]
fn extents(a: Option<&[Dim]>, b: Option<&[Dim]>) -> Option<Option<Vec<Dim>>> {
    let (Some(x), Some(y)) = (a, b) else { return Some(a.or(b).map(<[Dim]>::to_vec)) };
    if x.len() != y.len() {
        return None;
    }
    x.iter().zip(y).map(|(x, y)| meet(x, y)).collect::<Option<Vec<Dim>>>().map(Some)
}

fn widen(a: Option<&[Dim]>, b: Option<&[Dim]>) -> Option<Vec<Dim>> {
    let (x, y) = (a?, b?);
    (x.len() == y.len()).then(|| {
        x.iter().zip(y).map(|(x, y)| if x == y { x.clone() } else { Dim::Unknown }).collect()
    })
}

/// What two extents that must be equal say together; `None` when they differ.
pub(crate) fn meet(a: &Dim, b: &Dim) -> Option<Dim> {
    match (a, b) {
        (Dim::Known(x), Dim::Known(y)) => (x == y).then(|| a.clone()),
        (Dim::Known(_), _) | (Dim::Symbol(_), Dim::Unknown) => Some(a.clone()),
        (_, Dim::Known(_)) | (Dim::Unknown, _) => Some(b.clone()),
        (Dim::Symbol(_), Dim::Symbol(_)) => Some(a.clone()),
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let extents = |f: &mut fmt::Formatter<'_>, dims: &Option<Vec<Dim>>| match dims {
            None => f.write_str("[…]"),
            Some(dims) => {
                let dims: Vec<String> = dims.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", dims.join(", "))
            }
        };
        match self {
            Self::Tensor(elem, dims) => {
                if elem.0 == 0 {
                    f.write_str("tensor")?;
                } else {
                    write!(f, "{elem}")?;
                }
                extents(f, dims)
            }
            Self::Sparse(elem, dims) => {
                write!(f, "sparse {elem}")?;
                extents(f, dims)
            }
            Self::Sequence(inner) => write!(f, "seq({inner})"),
            Self::Optional(inner) => write!(f, "optional({inner})"),
            Self::Map(key, value) => write!(f, "map({key}, {value})"),
            Self::Opaque => f.write_str("opaque"),
        }
    }
}

/// A number that is known, named, or neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Num {
    /// Known.
    Int(i64),
    /// The extent with this name.
    Symbol(String),
    /// Not known.
    Unknown,
}

impl From<&Dim> for Num {
    fn from(dim: &Dim) -> Self {
        match dim {
            Dim::Known(extent) => i64::try_from(*extent).map_or(Self::Unknown, Self::Int),
            Dim::Symbol(name) => Self::Symbol(name.clone()),
            Dim::Unknown => Self::Unknown,
        }
    }
}

impl From<&Num> for Dim {
    fn from(num: &Num) -> Self {
        match num {
            Num::Int(value) => u64::try_from(*value).map_or(Self::Unknown, Self::Known),
            Num::Symbol(name) => Self::Symbol(name.clone()),
            Num::Unknown => Self::Unknown,
        }
    }
}

/// Small contents of a value, where they are known before a row is seen.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Integers and truth values.
    Ints(Vec<Num>),
    /// Floats.
    Floats(Vec<f64>),
}

/// What is known of a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Its type.
    pub ty: Option<Type>,
    /// Its contents, when it is a small vector or scalar.
    pub content: Option<Content>,
}

impl Known {
    /// A value of a type.
    pub const fn of(ty: Type) -> Self {
        Self { ty: Some(ty), content: None }
    }
}

/// Value of an attribute, as far as shapes depend on it.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// One integer.
    Int(i64),
    /// One float.
    Float(f32),
    /// One text.
    Text(String),
    /// Integers.
    Ints(Vec<i64>),
    /// Floats.
    Floats(Vec<f32>),
    /// Texts.
    Texts(Vec<String>),
    /// A constant.
    Constant(Known),
    /// A type.
    Type(Type),
    /// A subgraph, which the caller enters.
    Graph,
    /// Anything else.
    Other,
}
