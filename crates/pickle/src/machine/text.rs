use std::ops::Range;

use holdall_diag::{Failure, Location};

use super::Machine;
use crate::{Blob, Node, codes};

/// Python refuses longer decimal numbers unless told otherwise.
const MAX_DIGITS: usize = 4_300;

impl Machine<'_> {
    pub(super) fn blob(&mut self, len: u64, node: fn(Blob) -> Node) -> Result<(), Failure> {
        let range = self.cursor.take(len)?;
        self.push(node(Blob::input(range))).map(drop)
    }

    pub(super) fn unicode(&mut self, len: u64) -> Result<(), Failure> {
        let range = self.cursor.take(len)?;
        self.check_utf8(&range)?;
        self.push(Node::Text(Blob::input(range))).map(drop)
    }

    /// UTF-8 in which lone surrogates may occur, as the codec handler `surrogatepass` reads it.
    fn check_utf8(&self, range: &Range<usize>) -> Result<(), Failure> {
        let mut rest = self.cursor.slice(range.clone());
        while let Err(error) = std::str::from_utf8(rest) {
            let bad = rest.get(error.valid_up_to()..).unwrap_or_default();
            match bad {
                [0xed, 0xa0..=0xbf, 0x80..=0xbf, after @ ..] => rest = after,
                _ => return Err(self.malformed(codes::TEXT, "expected text in UTF-8")),
            }
        }
        Ok(())
    }

    /// A line that must be ASCII: numbers and memo indices.
    fn ascii_line(&mut self, what: &str) -> Result<String, Failure> {
        let range = self.cursor.line()?;
        let line = self.cursor.slice(range);
        if !line.is_ascii() {
            return Err(self.malformed(codes::NUMBER, format!("expected {what}")));
        }
        Ok(String::from_utf8_lossy(line).trim().to_owned())
    }

    fn not_a_number(&self, what: &str, line: &str) -> Failure {
        let shown: String = line.chars().take(40).collect();
        self.malformed(codes::NUMBER, format!("expected {what}, found `{}`", shown.escape_debug()))
    }

    /// `INT`: a decimal number, and since protocol 2 `00` and `01` for the booleans.
    pub(super) fn int_line(&mut self) -> Result<(), Failure> {
        let line = self.ascii_line("an integer")?;
        match line.as_str() {
            "00" => self.push(Node::Bool(false)).map(drop),
            "01" => self.push(Node::Bool(true)).map(drop),
            _ => self.decimal(&line),
        }
    }

    /// `LONG`: a decimal number with an `L` behind it.
    pub(super) fn long_line(&mut self) -> Result<(), Failure> {
        let line = self.ascii_line("an integer")?;
        self.decimal(line.strip_suffix('L').unwrap_or(&line))
    }

    fn decimal(&mut self, text: &str) -> Result<(), Failure> {
        if text.trim_start_matches(['+', '-']).len() > MAX_DIGITS {
            let failure = Failure::limit(
                codes::DIGITS,
                format!("a number of more than the {MAX_DIGITS} digits that Python reads"),
            );
            self.passed.get_or_insert(failure.at(Location::at(self.here)));
            return self.push(Node::None).map(drop);
        }
        if let Ok(value) = text.parse::<i64>() {
            return self.push(Node::Int(value)).map(drop);
        }
        let bytes = big_decimal(text).ok_or_else(|| self.not_a_number("an integer", text))?;
        let blob = self.unescape(&bytes)?;
        self.push(Node::BigInt(blob)).map(drop)
    }

    /// `LONG1` and `LONG4`: little-endian two's complement of the given length.
    pub(super) fn long(&mut self, len: u64) -> Result<(), Failure> {
        let range = self.cursor.take(len)?;
        let bytes = self.cursor.slice(range.clone());
        let node = small_int(bytes).map_or_else(|| Node::BigInt(Blob::input(range)), Node::Int);
        self.push(node).map(drop)
    }

    pub(super) fn float_line(&mut self) -> Result<(), Failure> {
        let line = self.ascii_line("a number")?;
        let value = line.parse().map_err(|error: std::num::ParseFloatError| {
            self.not_a_number("a number", &line).caused_by(error)
        })?;
        self.push(Node::Float(value)).map(drop)
    }

    pub(super) fn index_line(&mut self) -> Result<u64, Failure> {
        let line = self.ascii_line("a memo index")?;
        line.parse().map_err(|error: std::num::ParseIntError| {
            self.not_a_number("a memo index", &line).caused_by(error)
        })
    }

    /// `STRING`: a quoted Python 2 literal.
    pub(super) fn string_line(&mut self) -> Result<(), Failure> {
        let range = self.cursor.line()?;
        let line = self.cursor.slice(range.clone());
        let trimmed = line.trim_ascii();
        let ([b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"']) = trimmed else {
            return Err(self.malformed(codes::TEXT, "expected a string in quotes"));
        };
        if !inner.contains(&b'\\') {
            let lead = line.len() - line.trim_ascii_start().len();
            let start = range.start + lead + 1;
            let blob = Blob::input(start..start + inner.len());
            return self.push(Node::ByteString(blob)).map(drop);
        }
        let plain = unescape_literal(inner)
            .ok_or_else(|| self.malformed(codes::TEXT, "expected a string with whole escapes"))?;
        let blob = self.unescape(&plain)?;
        self.push(Node::ByteString(blob)).map(drop)
    }

    /// `UNICODE`: Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
    pub(super) fn unicode_line(&mut self) -> Result<(), Failure> {
        let range = self.cursor.line()?;
        let line = self.cursor.slice(range.clone());
        if line.is_ascii() && !line.contains(&b'\\') {
            return self.push(Node::Text(Blob::input(range))).map(drop);
        }
        let text = unescape_unicode(line)
            .ok_or_else(|| self.malformed(codes::TEXT, "expected text with whole `\\u` escapes"))?;
        let blob = self.unescape(&text)?;
        self.push(Node::Text(blob)).map(drop)
    }

    /// A line of a global: UTF-8 without surrogates.
    pub(super) fn name_line(&mut self) -> Result<Blob, Failure> {
        let range = self.cursor.line()?;
        if std::str::from_utf8(self.cursor.slice(range.clone())).is_err() {
            return Err(self.malformed(codes::TEXT, "expected a name in UTF-8"));
        }
        Ok(Blob::input(range))
    }
}

/// The value, when it fits 64 bits.
pub(crate) fn small_int(bytes: &[u8]) -> Option<i64> {
    let negative = bytes.last().is_some_and(|&high| high >= 0x80);
    let fill = if negative { 0xff } else { 0 };
    let mut all = [fill; 8];
    let (low, high) = bytes.split_at(bytes.len().min(8));
    all.iter_mut().zip(low).for_each(|(to, &from)| *to = from);
    let value = i64::from_le_bytes(all);
    (high.iter().all(|&b| b == fill) && (value < 0) == negative).then_some(value)
}

/// Little-endian two's complement of a decimal number.
fn big_decimal(text: &str) -> Option<Vec<u8>> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !plain || digits.len() > MAX_DIGITS {
        return None;
    }
    let mut limbs: Vec<u32> = Vec::new();
    for chunk in digits.as_bytes().chunks(9) {
        let mut carry = chunk.iter().fold(0_u64, |sum, b| sum * 10 + u64::from(b - b'0'));
        let scale = chunk.iter().fold(1_u64, |scale, _| scale * 10);
        for limb in &mut limbs {
            let product = u64::from(*limb) * scale + carry;
            *limb = low_half(product);
            carry = product >> 32;
        }
        limbs.push(low_half(carry));
    }
    let mut bytes: Vec<u8> = limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
    bytes.push(0);
    if negative {
        let mut carry = true;
        for byte in &mut bytes {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    Some(bytes)
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is asked for")]
fn low_half(value: u64) -> u32 {
    value as u32
}

/// A Python 2 string literal without its quotes.
fn unescape_literal(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(rest.len());
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'\\' {
            plain.push(first);
            continue;
        }
        let (&kind, after) = rest.split_first()?;
        rest = after;
        match kind {
            b'\n' => {}
            b'\\' | b'\'' | b'"' => plain.push(kind),
            b'a' => plain.push(7),
            b'b' => plain.push(8),
            b't' => plain.push(b'\t'),
            b'n' => plain.push(b'\n'),
            b'v' => plain.push(11),
            b'f' => plain.push(12),
            b'r' => plain.push(b'\r'),
            b'x' => {
                let (digits, after) = rest.split_at_checked(2)?;
                plain.push(u8::try_from(hex(digits)?).ok()?);
                rest = after;
            }
            b'0'..=b'7' => {
                let more = rest.iter().take(2).take_while(|b| (b'0'..=b'7').contains(*b)).count();
                let (digits, after) = rest.split_at(more);
                let value = digits
                    .iter()
                    .fold(u32::from(kind - b'0'), |sum, b| sum * 8 + u32::from(b - b'0'));
                // Python keeps the low eight bits of `\400` and above.
                plain.push(value.to_le_bytes().first().copied()?);
                rest = after;
            }
            other => plain.extend([b'\\', other]),
        }
    }
    Some(plain)
}

/// Python's `raw-unicode-escape`, as UTF-8 in which lone surrogates may occur.
fn unescape_unicode(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(rest.len());
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'\\' {
            push_code_point(&mut text, u32::from(first))?;
            continue;
        }
        let digits = match rest.first() {
            Some(b'u') => 4,
            Some(b'U') => 8,
            Some(&other) => {
                text.push(b'\\');
                push_code_point(&mut text, u32::from(other))?;
                rest = rest.get(1..)?;
                continue;
            }
            None => {
                text.push(b'\\');
                break;
            }
        };
        push_code_point(&mut text, hex(rest.get(1..=digits)?)?)?;
        rest = rest.get(1 + digits..)?;
    }
    Some(text)
}

fn push_code_point(text: &mut Vec<u8>, point: u32) -> Option<()> {
    if let Some(c) = char::from_u32(point) {
        text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        return Some(());
    }
    if !(0xd800..=0xdfff).contains(&point) {
        return None;
    }
    let [low, high, ..] = point.to_le_bytes();
    text.extend([0xed, 0x80 | ((high & 0xf) << 2) | (low >> 6), 0x80 | (low & 0x3f)]);
    Some(())
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |sum, &b| Some((sum << 4) | char::from(b).to_digit(16)?))
}
