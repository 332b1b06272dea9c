//! Elements moved without being computed with: a plan says for every element of the result where it
//! comes from, whatever its type.

use holdall_diag::Failure;

use super::{Array, ElementType, TensorValue};
use crate::codes;

/// The element at a position; the default beyond the end.
pub(crate) fn at<T: Copy + Default>(list: &[T], index: usize) -> T {
    list.get(index).copied().unwrap_or_default()
}

impl TensorValue {
    /// The elements at these positions.
    pub(crate) fn pick(&self, shape: &[usize], plan: &[usize]) -> Result<Self, Failure> {
        Self::merge(&[self], shape, plan)
    }

    /// The elements at these positions of tensors of one type, laid one after the other.
    pub(crate) fn merge(parts: &[&Self], shape: &[usize], plan: &[usize]) -> Result<Self, Failure> {
        Self::laid(parts, shape, &plan)
    }

    /// The elements of tensors of one type in another order.
    pub(crate) fn laid(
        parts: &[&Self],
        shape: &[usize],
        order: &impl Order,
    ) -> Result<Self, Failure> {
        let first = *parts
            .first()
            .ok_or_else(|| Failure::malformed(codes::INPUT, "at least one tensor is needed"))?;
        if let Some(other) = parts.iter().find(|p| p.element_type() != first.element_type()) {
            return Err(crate::ops::unfit(other)
                .with_note(format!("the others are of {}", first.type_name())));
        }
        macro_rules! collect {
            ($($variant:ident),+) => {
                match first {
                    $(Self::$variant(_) => {
                        let arrays: Vec<_> = parts
                            .iter()
                            .filter_map(|p| if let Self::$variant(a) = p { Some(a) } else { None })
                            .collect();
                        Ok(Self::$variant(Array::new(shape, order.lay(&arrays)?)?))
                    })+
                    Self::Narrow(kind, _) => {
                        let arrays: Vec<_> = parts
                            .iter()
                            .filter_map(|p| if let Self::Narrow(_, a) = p { Some(a) } else { None })
                            .collect();
                        Ok(Self::Narrow(*kind, Array::new(shape, order.lay(&arrays)?)?))
                    }
                    Self::Maps { .. } | Self::Map(..) | Self::Sequence(_) | Self::Nothing => {
                        Err(crate::ops::unfit(first))
                    }
                }
            };
        }
        collect!(F16, BF16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64, Bool, Text, C64, C128)
    }

    /// The same elements under another shape.
    pub(crate) fn shaped(&self, shape: &[usize]) -> Result<Self, Failure> {
        macro_rules! shaped {
            ($($variant:ident),+) => {
                match self {
                    $(Self::$variant(array) => Ok(Self::$variant(array.shaped(shape)?)),)+
                    Self::Narrow(kind, array) => Ok(Self::Narrow(*kind, array.shaped(shape)?)),
                    Self::Maps { .. } | Self::Map(..) | Self::Sequence(_) | Self::Nothing => {
                        Err(crate::ops::unfit(self))
                    }
                }
            };
        }
        shaped!(F16, BF16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64, Bool, Text, C64, C128)
    }

    /// One element that is zero, false or empty.
    pub(crate) fn zero(kind: ElementType) -> Self {
        match kind {
            ElementType::Text => Self::Text(Array::scalar(String::new())),
            other => {
                let blank = vec![0; other.size()];
                Self::of_bytes(other, &[], &blank).unwrap_or(Self::Nothing)
            }
        }
    }

    /// A tensor without elements.
    pub(crate) fn empty(kind: ElementType, shape: &[usize]) -> Result<Self, Failure> {
        match kind {
            ElementType::Text => Ok(Self::Text(Array::new(shape, Vec::new())?)),
            other => Self::of_bytes(other, shape, &[]),
        }
    }

    /// What the value is, for messages.
    pub(crate) fn type_name(&self) -> String {
        match self {
            Self::Maps { .. } => "a list of maps".to_owned(),
            Self::Map(..) => "a map".to_owned(),
            Self::Sequence(_) => "a sequence".to_owned(),
            Self::Nothing => "an empty optional".to_owned(),
            tensor => {
                let kind = tensor.element_type().map_or("?", ElementType::as_str);
                format!("a tensor of {kind}")
            }
        }
    }
}

/// In which order elements are laid.
pub(crate) trait Order {
    fn lay<T: Clone>(&self, parts: &[&Array<T>]) -> Result<Vec<T>, Failure>;
}

fn lost() -> Failure {
    Failure::bug(codes::SHAPE, "an element is taken from beyond the end")
}

/// By their positions among all elements of all parts.
impl Order for &[usize] {
    fn lay<T: Clone>(&self, parts: &[&Array<T>]) -> Result<Vec<T>, Failure> {
        if let [only] = parts {
            let data = only.data();
            let mut out = Vec::with_capacity(self.len());
            out.extend(self.iter().map_while(|&i| data.get(i).cloned()));
            return if out.len() == self.len() { Ok(out) } else { Err(lost()) };
        }
        let mut starts = Vec::with_capacity(parts.len());
        let mut total = 0;
        for part in parts {
            starts.push(total);
            total += part.len();
        }
        self.iter()
            .map(|&i| {
                let part = starts.partition_point(|&start| start <= i).checked_sub(1);
                let part = part.ok_or_else(lost)?;
                let start = starts.get(part).copied().unwrap_or(0);
                parts.get(part).and_then(|p| p.data().get(i - start)).cloned().ok_or_else(lost)
            })
            .collect()
    }
}

/// From each part a block in turn, until all are at their end.
pub(crate) struct Blocks<'b> {
    /// Elements of a block of each part.
    pub(crate) sizes: &'b [usize],
    /// Blocks of each part.
    pub(crate) times: usize,
    /// Elements of all parts.
    pub(crate) total: usize,
}

impl Order for Blocks<'_> {
    fn lay<T: Clone>(&self, parts: &[&Array<T>]) -> Result<Vec<T>, Failure> {
        let mut out = Vec::with_capacity(self.total);
        for turn in 0..self.times {
            for (part, size) in parts.iter().zip(self.sizes) {
                let block = part.data().get(turn * size..(turn + 1) * size).ok_or_else(lost)?;
                out.extend_from_slice(block);
            }
        }
        Ok(out)
    }
}

/// Along the axes of a shape, each by steps of its own.
pub(crate) struct Steps<'s> {
    pub(crate) shape: &'s [usize],
    pub(crate) steps: &'s [usize],
}

impl Order for Steps<'_> {
    fn lay<T: Clone>(&self, parts: &[&Array<T>]) -> Result<Vec<T>, Failure> {
        let data = parts.first().map_or(&[][..], |part| part.data());
        let (Some((&count, outer)), Some((&step, steps))) =
            (self.shape.split_last(), self.steps.split_last())
        else {
            return Ok(data.to_vec());
        };
        let mut out = Vec::with_capacity(data.len());
        if count > 0 {
            crate::ops::walk(outer, steps, |start| {
                let line = data.get(start..).unwrap_or_default();
                if step == 1 {
                    out.extend_from_slice(line.get(..count).unwrap_or_default());
                } else {
                    out.extend(line.iter().step_by(step).take(count).cloned());
                }
            });
        }
        Ok(out)
    }
}

/// The same positions from each of several starts.
pub(crate) struct Lines<'l> {
    pub(crate) starts: &'l [usize],
    pub(crate) line: &'l [usize],
    /// Elements of all lines.
    pub(crate) total: usize,
}

impl Order for Lines<'_> {
    fn lay<T: Clone>(&self, parts: &[&Array<T>]) -> Result<Vec<T>, Failure> {
        let data = parts.first().map_or(&[][..], |part| part.data());
        let mut out = Vec::with_capacity(self.total);
        let run = self.line.windows(2).all(|pair| matches!(pair, [a, b] if a + 1 == *b));
        let first = self.line.first().copied().unwrap_or(0);
        for start in self.starts {
            if run {
                let line = data.get(start + first..start + first + self.line.len());
                out.extend_from_slice(line.ok_or_else(lost)?);
            } else {
                let line = data.get(*start..).unwrap_or_default();
                out.extend(self.line.iter().map_while(|&i| line.get(i).cloned()));
            }
        }
        if out.len() == self.total { Ok(out) } else { Err(lost()) }
    }
}
