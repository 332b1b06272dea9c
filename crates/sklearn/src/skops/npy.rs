//! NumPy's file of one array, versions 1 to 3: a magic number, the length of the header, a Python literal
//! `{'descr': …, 'fortran_order': …, 'shape': …}`, the elements.

use holdall_diag::{Failure, Location};

use crate::codes;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Fields of a record.
const MOST_FIELDS: usize = 4_096;

/// One array.
pub(super) struct Npy<'b> {
    pub(super) descr: Descr<'b>,
    pub(super) fortran: bool,
    pub(super) shape: Vec<i64>,
    pub(super) data: &'b [u8],
}

/// What the elements are.
#[derive(Debug, PartialEq)]
pub(super) enum Descr<'b> {
    /// A type string such as `<f8`.
    Plain(&'b str),
    /// Names and type strings of a record; a field without a name is padding.
    Record(Vec<(&'b str, &'b str)>),
}

/// Bytes of an element of a type string.
pub(super) fn size(spec: &str) -> Option<usize> {
    let spec = spec.trim_start_matches(['<', '>', '=', '|']);
    let digits = spec.get(1..)?;
    let digits = digits.split_once('[').map_or(digits, |(digits, _)| digits);
    let count: usize = digits.parse().ok()?;
    if spec.starts_with('U') { count.checked_mul(4) } else { Some(count) }
}

impl<'b> Npy<'b> {
    pub(super) fn parse(bytes: &'b [u8]) -> Result<Self, Failure> {
        let broken =
            || Failure::malformed(codes::NPY, "expected a `.npy` array").at(Location::at(0));
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(broken)?;
        let (&[major, _minor], rest) = rest.split_first_chunk::<2>().ok_or_else(broken)?;
        let (length, rest) = if major == 1 {
            let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(broken)?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        } else {
            let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(broken)?;
            (usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX), rest)
        };
        let (header, data) = rest.split_at_checked(length).ok_or_else(broken)?;
        let header = std::str::from_utf8(header).map_err(|error| broken().caused_by(error))?;
        let mut literal = Literal { rest: header };
        let (descr, fortran, shape) = literal.header().ok_or_else(|| {
            let message =
                format!("the header of the array cannot be read: `{}`", header.trim_end());
            Failure::unsupported(codes::NPY, message).at(Location::at(0))
        })?;
        Ok(Self { descr, fortran, shape, data })
    }

    /// The numbers of a list of integers.
    pub(super) fn integers(&self) -> Option<Vec<i64>> {
        match self.descr {
            Descr::Plain("<i8") => {
                let (numbers, []) = self.data.as_chunks::<8>() else { return None };
                Some(numbers.iter().map(|bytes| i64::from_le_bytes(*bytes)).collect())
            }
            Descr::Plain("<i4") => {
                let (numbers, []) = self.data.as_chunks::<4>() else { return None };
                Some(numbers.iter().map(|bytes| i64::from(i32::from_le_bytes(*bytes))).collect())
            }
            Descr::Plain(_) | Descr::Record(_) => None,
        }
    }
}

/// A header that is taken apart from the front.
struct Literal<'b> {
    rest: &'b str,
}

impl<'b> Literal<'b> {
    fn header(&mut self) -> Option<(Descr<'b>, bool, Vec<i64>)> {
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        self.token("{")?;
        while self.token("}").is_none() {
            let key = self.text()?;
            self.token(":")?;
            match key {
                "descr" => descr = Some(self.descr()?),
                "fortran_order" => {
                    fortran = Some(self.token("True").is_some());
                    if fortran == Some(false) {
                        self.token("False")?;
                    }
                }
                "shape" => shape = Some(self.integers()?),
                _ => return None,
            }
            let _last = self.token(",");
        }
        Some((descr?, fortran?, shape?))
    }

    /// Passes over a token and the blanks before it.
    fn token(&mut self, token: &str) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(token)?;
        Some(())
    }

    fn text(&mut self) -> Option<&'b str> {
        self.token("'")?;
        let (text, rest) = self.rest.split_once('\'')?;
        self.rest = rest;
        (!text.contains('\\')).then_some(text)
    }

    fn descr(&mut self) -> Option<Descr<'b>> {
        if self.token("[").is_none() {
            return self.text().map(Descr::Plain);
        }
        let mut fields = Vec::new();
        while self.token("]").is_none() {
            self.token("(")?;
            let name = self.text()?;
            self.token(",")?;
            // Sub-arrays have a shape behind, which is not taken.
            let spec = self.text()?;
            self.token(")")?;
            fields.push((name, spec));
            let _last = self.token(",");
            if fields.len() > MOST_FIELDS {
                return None;
            }
        }
        Some(Descr::Record(fields))
    }

    fn integers(&mut self) -> Option<Vec<i64>> {
        self.token("(")?;
        let mut all = Vec::new();
        while self.token(")").is_none() {
            let rest = self.rest.trim_start();
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (digits, rest) = rest.split_at(end);
            all.push(digits.parse().ok()?);
            self.rest = rest;
            let _last = self.token(",");
        }
        Some(all)
    }
}
