use holdall_diag::Failure;

use crate::{Value, codes};

/// What the elements of an array are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ElementKind {
    /// One byte, 0 or 1.
    Bool,
    /// Signed integers.
    Int,
    /// Unsigned integers.
    UInt,
    /// Floating-point numbers.
    Float,
    /// Complex numbers, real part first.
    Complex,
    /// Byte strings of fixed length, padded with NUL.
    Bytes,
    /// Text of fixed length in UTF-32, padded with NUL.
    Text,
    /// Moments, counted in the unit.
    DateTime,
    /// Time spans, counted in the unit.
    TimeDelta,
    /// Records, sub-arrays, or opaque bytes.
    Void,
    /// Python objects; the elements are nodes.
    Object,
}

/// Byte order of the elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// Low byte first; also where there is only one byte.
    Little,
    /// High byte first.
    Big,
}

/// A NumPy dtype.
#[derive(Clone, Debug, PartialEq)]
pub struct NumpyDtype {
    /// What the elements are.
    pub kind: ElementKind,
    /// Bytes of one element.
    pub size: usize,
    /// Byte order of the elements; fields have their own.
    pub order: ByteOrder,
    /// The fields of a record, in order.
    pub fields: Vec<NumpyField>,
    /// Dtype and shape when every element is an array itself.
    pub subarray: Option<(Box<NumpyDtype>, Vec<u64>)>,
    /// Unit of moments and spans, such as `ns`, and how many of it make one step.
    pub unit: Option<(String, i64)>,
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct NumpyField {
    /// Its name.
    pub name: String,
    /// Bytes from the start of the record.
    pub offset: usize,
    /// What it holds.
    pub dtype: NumpyDtype,
}

/// Records within records; deeper than any real dtype.
const MAX_DEPTH: u32 = 8;
/// Fields of one dtype with all records in it, so that shared parts cannot multiply.
const MAX_FIELDS: usize = 4_096;

impl NumpyDtype {
    /// Reads `numpy.dtype('f8', False, True)` with its state
    /// `(version, byte order, subarray, names, fields, item size, alignment, flags[, metadata])`.
    pub fn read(value: &Value<'_>) -> Result<Self, Failure> {
        Reader { left: MAX_FIELDS }.dtype(value, 0)
    }

    /// Whether elements or fields are Python objects.
    pub fn has_objects(&self) -> bool {
        self.kind == ElementKind::Object
            || self.fields.iter().any(|field| field.dtype.has_objects())
            || self.subarray.as_ref().is_some_and(|(dtype, _)| dtype.has_objects())
    }

    /// The field called `name`.
    pub fn field(&self, name: &str) -> Option<&NumpyField> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The dtype as NumPy spells it: `<f8`, `|V64`.
    pub fn spell(&self) -> String {
        let letter = match self.kind {
            ElementKind::Bool => 'b',
            ElementKind::Int => 'i',
            ElementKind::UInt => 'u',
            ElementKind::Float => 'f',
            ElementKind::Complex => 'c',
            ElementKind::Bytes => 'S',
            ElementKind::Text => 'U',
            ElementKind::DateTime => 'M',
            ElementKind::TimeDelta => 'm',
            ElementKind::Void => 'V',
            ElementKind::Object => 'O',
        };
        let order = match (self.order, self.kind) {
            (_, ElementKind::Bytes | ElementKind::Void | ElementKind::Object) => '|',
            _ if self.size == 1 => '|',
            (ByteOrder::Little, _) => '<',
            (ByteOrder::Big, _) => '>',
        };
        let size = if self.kind == ElementKind::Text { self.size / 4 } else { self.size };
        match &self.unit {
            Some((unit, 1)) => format!("{order}{letter}{size}[{unit}]"),
            Some((unit, count)) => format!("{order}{letter}{size}[{count}{unit}]"),
            None => format!("{order}{letter}{size}"),
        }
    }
}

/// Reads one dtype with the records in it.
struct Reader {
    left: usize,
}

impl Reader {
    /// Recursion ends at [`MAX_DEPTH`].
    fn dtype(&mut self, value: &Value<'_>, depth: u32) -> Result<NumpyDtype, Failure> {
        self.left = self.left.checked_sub(1).filter(|_| depth <= MAX_DEPTH).ok_or_else(|| {
            value.failure(codes::DTYPE, "the dtype has too many records within records")
        })?;
        let object = value.object()?;
        if (object.module(), object.name()) != ("numpy", "dtype") {
            return Err(value.expected("a `numpy.dtype`").with_help(
                "dtypes defined by extensions, such as `StringDType`, are not supported",
            ));
        }
        let spec = object.argument(0)?;
        // Record arrays name the class of their elements.
        let record = spec.as_global().is_some_and(|(_, name)| matches!(name, "record" | "void"));
        let mut dtype = from_spec(if record { "V" } else { spec.text()? }).ok_or_else(|| {
            spec.failure(codes::DTYPE, format!("unknown dtype {}", spec.describe()))
        })?;
        if let Some(state) = object.state() {
            self.state(&mut dtype, &state, depth)?;
        }
        Ok(dtype)
    }

    fn state(
        &mut self,
        dtype: &mut NumpyDtype,
        state: &Value<'_>,
        depth: u32,
    ) -> Result<(), Failure> {
        let version = state.item(0)?.int()?;
        if !(3..=4).contains(&version) {
            return Err(state
                .failure(codes::DTYPE, format!("expected dtype state 3 or 4, found {version}"))
                .with_help("load and save the file with a NumPy newer than 1.2"));
        }
        if state.item(1)?.text()? == ">" {
            dtype.order = ByteOrder::Big;
        }
        let subarray = state.item(2)?;
        let names = state.item(3)?;
        if !subarray.is_none() {
            let element = self.dtype(&subarray.item(0)?, depth + 1)?;
            let shape = subarray.item(1)?.extents()?;
            dtype.size = shape
                .iter()
                .try_fold(element.size, |size, &n| size.checked_mul(usize::try_from(n).ok()?))
                .ok_or_else(|| subarray.failure(codes::DTYPE, "the sub-array is too large"))?;
            dtype.subarray = Some((Box::new(element), shape));
        } else if !names.is_none() {
            self.fields(dtype, state, &names, depth)?;
        }
        if matches!(dtype.kind, ElementKind::DateTime | ElementKind::TimeDelta) {
            dtype.unit = Some(unit(state)?);
        }
        Ok(())
    }

    fn fields(
        &mut self,
        dtype: &mut NumpyDtype,
        state: &Value<'_>,
        names: &Value<'_>,
        depth: u32,
    ) -> Result<(), Failure> {
        let size = state.item(5)?.int()?;
        dtype.size = usize::try_from(size).map_err(|error| {
            names.failure(codes::DTYPE, format!("expected a size, found {size}")).caused_by(error)
        })?;
        let fields = state.item(4)?;
        if names.item_ids()?.len() > self.left {
            return Err(names.failure(codes::DTYPE, "the dtype has too many fields"));
        }
        for name in names.items()? {
            let name = name.text()?;
            let place = fields.require(name)?;
            let field = self.dtype(&place.item(0)?, depth + 1)?;
            let offset = place.item(1)?.int()?;
            let offset = usize::try_from(offset)
                .ok()
                .filter(|offset| {
                    offset.checked_add(field.size).is_some_and(|end| end <= dtype.size)
                })
                .ok_or_else(|| {
                    place.failure(codes::DTYPE, format!("the field at {offset} leaves the record"))
                })?;
            dtype.fields.push(NumpyField { name: name.to_owned(), offset, dtype: field });
        }
        Ok(())
    }
}

/// `(metadata, (unit, count, …))`, the last element of the state of moments and spans.
fn unit(state: &Value<'_>) -> Result<(String, i64), Failure> {
    let facts = state.item(8)?.item(1)?;
    let unit = facts.item(0)?;
    let name = match unit.as_bytes() {
        Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        None => unit.text()?.to_owned(),
    };
    Ok((name, facts.item(1)?.int()?))
}

/// A type string such as `f8`, `<i4`, `U5`, `M8[ns]`.
fn from_spec(spec: &str) -> Option<NumpyDtype> {
    let (order, spec) = match spec.as_bytes().first()? {
        b'>' => (ByteOrder::Big, spec.get(1..)?),
        b'<' | b'=' | b'|' => (ByteOrder::Little, spec.get(1..)?),
        _ => (ByteOrder::Little, spec),
    };
    let digits = spec.get(1..)?;
    let digits = digits.split_once('[').map_or(digits, |(digits, _)| digits);
    let count: usize = if digits.is_empty() { 0 } else { digits.parse().ok()? };
    let (kind, size) = match (spec.as_bytes().first()?, count) {
        (b'b', 1) | (b'?', 0) => (ElementKind::Bool, 1),
        (b'i', 1 | 2 | 4 | 8) => (ElementKind::Int, count),
        (b'u', 1 | 2 | 4 | 8) => (ElementKind::UInt, count),
        (b'f', 2 | 4 | 8) => (ElementKind::Float, count),
        // Extended precision has no portable layout; its bytes are carried, its values are not read.
        (b'f', 12 | 16) => (ElementKind::Float, count),
        (b'c', 8 | 16 | 24 | 32) => (ElementKind::Complex, count),
        (b'S' | b'a', _) => (ElementKind::Bytes, count),
        (b'U', _) => (ElementKind::Text, count.checked_mul(4)?),
        (b'M', 8) => (ElementKind::DateTime, 8),
        (b'm', 8) => (ElementKind::TimeDelta, 8),
        (b'V', _) => (ElementKind::Void, count),
        (b'O', 0 | 4 | 8) => (ElementKind::Object, 8),
        _ => return None,
    };
    Some(NumpyDtype { kind, size, order, fields: Vec::new(), subarray: None, unit: None })
}
