//! Elements out of arrays, in C order.

use holdall_diag::Failure;

use super::{Array, ByteOrder, ElementKind, array::Data};
use crate::{Pickle, codes};

impl Array {
    /// All elements as binary64. Integers beyond 2⁵³, text, objects and complex numbers are refused;
    /// objects that are plain numbers are read with [`Array::object_floats`].
    pub fn to_f64(&self) -> Result<Vec<f64>, Failure> {
        let refuse = || self.refuse("f64 without loss");
        match (self.dtype.kind, self.dtype.size) {
            (ElementKind::Float, 8) => self.each(f64::from_le_bytes),
            (ElementKind::Float, 4) => self.each(|b| f64::from(f32::from_le_bytes(b))),
            (ElementKind::Float, 2) => self.each(|b| half::f16::from_le_bytes(b).to_f64()),
            (ElementKind::Bool | ElementKind::Int | ElementKind::UInt, _) => {
                self.to_i64()?.into_iter().map(|v| exact_f64(v).ok_or_else(refuse)).collect()
            }
            _ => Err(refuse()),
        }
    }

    /// All elements as binary32; only those that binary32 holds exactly.
    pub fn to_f32(&self) -> Result<Vec<f32>, Failure> {
        let refuse = || self.refuse("f32 without loss");
        match (self.dtype.kind, self.dtype.size) {
            (ElementKind::Float, 4) => self.each(f32::from_le_bytes),
            (ElementKind::Float, 2) => self.each(|b| half::f16::from_le_bytes(b).to_f32()),
            (ElementKind::Float | ElementKind::Bool | ElementKind::Int | ElementKind::UInt, _) => {
                self.to_f64()?.into_iter().map(|v| exact_f32(v).ok_or_else(refuse)).collect()
            }
            _ => Err(refuse()),
        }
    }

    /// All elements as signed 64-bit integers; only integers and booleans, within range.
    pub fn to_i64(&self) -> Result<Vec<i64>, Failure> {
        match (self.dtype.kind, self.dtype.size) {
            (ElementKind::Int | ElementKind::DateTime | ElementKind::TimeDelta, 8) => {
                self.each(i64::from_le_bytes)
            }
            (ElementKind::Int, 4) => self.each(|b| i64::from(i32::from_le_bytes(b))),
            (ElementKind::Int, 2) => self.each(|b| i64::from(i16::from_le_bytes(b))),
            (ElementKind::Int, 1) => self.each(|b| i64::from(i8::from_le_bytes(b))),
            (ElementKind::UInt, 8) => self
                .each(u64::from_le_bytes)?
                .into_iter()
                .map(|v| i64::try_from(v).map_err(|error| self.refuse("i64").caused_by(error)))
                .collect(),
            (ElementKind::UInt, 4) => self.each(|b| i64::from(u32::from_le_bytes(b))),
            (ElementKind::UInt, 2) => self.each(|b| i64::from(u16::from_le_bytes(b))),
            (ElementKind::UInt | ElementKind::Bool, 1) => self.each(|[b]: [u8; 1]| i64::from(b)),
            _ => Err(self.refuse("i64")),
        }
    }

    /// All elements as booleans; only of a boolean dtype or one-byte unsigned integers.
    pub fn to_bool(&self) -> Result<Vec<bool>, Failure> {
        match (self.dtype.kind, self.dtype.size) {
            (ElementKind::Bool | ElementKind::UInt, 1) => self.each(|[b]: [u8; 1]| b != 0),
            _ => Err(self.refuse("booleans")),
        }
    }

    /// All elements as text: text and byte strings of fixed length, and objects that are text.
    pub fn strings(&self, pickle: &Pickle) -> Result<Vec<String>, Failure> {
        match self.dtype.kind {
            ElementKind::Text => self.texts(),
            ElementKind::Bytes => {
                let mut all = Vec::new();
                self.each_element(|bytes| {
                    all.push(String::from_utf8_lossy(trim_nul(bytes)).into_owned());
                })?;
                Ok(all)
            }
            ElementKind::Object => self
                .objects()?
                .into_iter()
                .map(|id| {
                    let text = pickle.text(id).map(str::to_owned);
                    text.ok_or_else(|| {
                        self.failure(
                            codes::ELEMENT,
                            format!("expected text in the array, found {}", pickle.describe(id)),
                        )
                    })
                })
                .collect(),
            ElementKind::Bool
            | ElementKind::Int
            | ElementKind::UInt
            | ElementKind::Float
            | ElementKind::Complex
            | ElementKind::DateTime
            | ElementKind::TimeDelta
            | ElementKind::Void => Err(self.refuse("text")),
        }
    }

    /// The elements of an object array that are numbers, as binary64.
    pub fn object_floats(&self, pickle: &Pickle) -> Result<Vec<f64>, Failure> {
        self.objects()?.into_iter().map(|id| pickle.value(id).float()).collect()
    }

    fn texts(&self) -> Result<Vec<String>, Failure> {
        let mut all = Vec::new();
        let mut bad = false;
        self.each_element(|bytes| {
            let points = bytes.as_chunks::<4>().0.iter().map(|&unit| match self.dtype.order {
                ByteOrder::Little => u32::from_le_bytes(unit),
                ByteOrder::Big => u32::from_be_bytes(unit),
            });
            let mut points: Vec<u32> = points.collect();
            points
                .truncate(points.iter().rposition(|&point| point != 0).map_or(0, |last| last + 1));
            let text: Option<String> = points.into_iter().map(char::from_u32).collect();
            bad |= text.is_none();
            all.extend(text);
        })?;
        if bad {
            return Err(self.failure(codes::ELEMENT, "text in the array is not Unicode"));
        }
        Ok(all)
    }

    /// Elements of `N` bytes, turned to low byte first.
    fn each<const N: usize, T>(&self, read: impl Fn([u8; N]) -> T) -> Result<Vec<T>, Failure> {
        match self.dtype.order {
            ByteOrder::Little => self.gather(read),
            ByteOrder::Big => self.gather(|mut bytes| {
                bytes.reverse();
                read(bytes)
            }),
        }
    }

    fn gather<const N: usize, T>(&self, read: impl Fn([u8; N]) -> T) -> Result<Vec<T>, Failure> {
        let bytes = self.raw()?;
        let rest = bytes.get(self.start..).unwrap_or_default();
        if self.is_contiguous() {
            return Ok(rest.as_chunks().0.iter().take(self.len()).map(|&b| read(b)).collect());
        }
        // A column of records: one stride, no axes to count.
        if let ([_], [stride]) = (&*self.shape, &*self.strides) {
            let chunks = rest.chunks((*stride).max(1)).take(self.len());
            return Ok(chunks.filter_map(|b| b.first_chunk().copied()).map(read).collect());
        }
        let mut all = Vec::with_capacity(self.len());
        self.each_position(|position| {
            let element = bytes.get(position..).and_then(|b| b.first_chunk::<N>());
            all.extend(element.map(|&b| read(b)));
        });
        Ok(all)
    }

    fn raw(&self) -> Result<&[u8], Failure> {
        match &self.data {
            Data::Bytes(bytes) => Ok(bytes),
            Data::Objects(_) => Err(self.refuse("bytes")),
        }
    }

    fn each_element(&self, mut with: impl FnMut(&[u8])) -> Result<(), Failure> {
        let bytes = self.raw()?;
        let size = self.dtype.size;
        self.each_position(|position| {
            with(bytes.get(position..position.saturating_add(size)).unwrap_or_default());
        });
        Ok(())
    }

    /// Positions of all elements in C order. Strides were checked when the array was made.
    pub(super) fn each_position(&self, mut with: impl FnMut(usize)) {
        if self.is_empty() {
            return;
        }
        let mut index = vec![0_usize; self.ndim()];
        let mut position = self.start;
        loop {
            with(position);
            let mut done = true;
            for (axis, (at, stride)) in index.iter_mut().zip(&self.strides).enumerate().rev() {
                *at += 1;
                position += stride;
                if *at < self.extent(axis) {
                    done = false;
                    break;
                }
                position -= stride * *at;
                *at = 0;
            }
            if done {
                return;
            }
        }
    }

    /// The elements next to each other in C order, low byte first.
    pub(super) fn little_endian_bytes(&self) -> Result<Vec<u8>, Failure> {
        let swap = self.dtype.order == ByteOrder::Big;
        let part = if self.dtype.kind == ElementKind::Complex {
            self.dtype.size / 2
        } else {
            self.dtype.size
        };
        let mut all = Vec::with_capacity(self.len().saturating_mul(self.dtype.size));
        self.each_element(|bytes| {
            if swap {
                bytes.chunks(part.max(1)).for_each(|part| all.extend(part.iter().rev()));
            } else {
                all.extend_from_slice(bytes);
            }
        })?;
        Ok(all)
    }
}

fn trim_nul(bytes: &[u8]) -> &[u8] {
    let len = bytes.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
    bytes.get(..len).unwrap_or_default()
}

fn exact_f64(value: i64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "values that lose are refused")]
    (value.unsigned_abs() <= 1 << 53).then_some(value as f64)
}

fn exact_f32(value: f64) -> Option<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "values that lose are refused")]
    let narrow = value as f32;
    (value.is_nan() || f64::from(narrow).to_bits() == value.to_bits()).then_some(narrow)
}
