//! Encodings: <https://www.w3.org/TR/xml/#charencoding>, and the characters that XML allows.

use bytes::Bytes;
use holdall_diag::{Failure, Location};
use holdall_source::Budget;

use memchr::memmem;

use crate::{codes, doc::line_of};

/// The bytes as text, when they are UTF-8 without characters that XML forbids.
pub(super) fn allowed(bytes: &[u8]) -> Result<&str, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let (line, column) = line_of(bytes, error.valid_up_to() as u64);
        Failure::malformed(codes::ENCODING, "the text is not UTF-8")
            .at(Location::line(line, column))
            .with_help("declare the encoding in the XML declaration, or convert the file")
            .caused_by(error)
    })?;
    let control = bytes.iter().position(|byte| is_control(*byte));
    match control.into_iter().chain(noncharacter(bytes)).min() {
        None => Ok(text),
        Some(place) => {
            let (line, column) = line_of(bytes, place as u64);
            let found = text.get(place..).and_then(|rest| rest.chars().next()).unwrap_or_default();
            Err(Failure::malformed(codes::XML, not_allowed(found)).at(Location::line(line, column)))
        }
    }
}

/// Where U+FFFE or U+FFFF stands in UTF-8.
pub(super) fn noncharacter(bytes: &[u8]) -> Option<usize> {
    memmem::find_iter(bytes, &[0xEF, 0xBF])
        .find(|place| matches!(bytes.get(place + 2), Some(0xBE | 0xBF)))
}

/// Clauses 2.2 and 4.3.3: of the control characters only tabs and ends of lines are text.
const fn is_control(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')
}

/// The first character of a text that XML has none of (clause 2.2, `Char`), as a message.
pub(super) fn forbidden(text: &str) -> Option<String> {
    let is_none =
        |c: &char| u8::try_from(*c).is_ok_and(is_control) || matches!(*c, '\u{fffe}' | '\u{ffff}');
    text.chars().find(is_none).map(not_allowed)
}

fn not_allowed(character: char) -> String {
    format!("the character U+{:04X} is not allowed in XML", u32::from(character))
}

/// The file as UTF-8 where it is something else. UTF-16 is told by its byte order mark, the others by the XML
/// declaration.
pub(super) fn to_utf8(bytes: &Bytes, budget: &mut Budget) -> Result<Option<Bytes>, Failure> {
    let utf16 = match bytes.get(..2) {
        Some([0xFE, 0xFF]) => Some(u16::from_be_bytes as fn([u8; 2]) -> u16),
        Some([0xFF, 0xFE]) => Some(u16::from_le_bytes as fn([u8; 2]) -> u16),
        _ => None,
    };
    if let Some(unit) = utf16 {
        budget.charge(bytes.len() as u64 * 3)?;
        let (pairs, rest) = bytes.as_chunks::<2>();
        let text: Result<String, _> =
            char::decode_utf16(pairs.iter().skip(1).map(|pair| unit(*pair))).collect();
        return match text {
            Ok(text) if rest.is_empty() => Ok(Some(text.into())),
            Ok(_) | Err(_) => Err(Failure::malformed(codes::ENCODING, "the text is not UTF-16")
                .at(Location::line(1, 1))),
        };
    }
    let encoding = declared_encoding(bytes);
    match encoding.as_deref().unwrap_or("utf-8") {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => Ok(None),
        // Bytes 0x80 to 0x9F differ; windows-1252 has letters where ISO 8859-1 has controls.
        "iso-8859-1" | "latin1" | "windows-1252" | "cp1252" => {
            budget.charge(bytes.len() as u64 * 2)?;
            let text: String = bytes.iter().map(|&byte| latin(byte)).collect();
            Ok(Some(text.into()))
        }
        other => Err(Failure::unsupported(
            codes::ENCODING,
            format!("expected UTF-8, UTF-16, ISO-8859-1 or windows-1252, found `{other}`"),
        )
        .at(Location::line(1, 1))),
    }
}

fn declared_encoding(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..bytes.len().min(256))?;
    let head = String::from_utf8_lossy(head);
    let head = head.trim_start_matches('\u{feff}').strip_prefix("<?xml")?;
    let (declaration, _) = head.split_once("?>")?;
    let (_, rest) = declaration.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest.split(quote).nth(1).map(str::to_ascii_lowercase)
}

/// windows-1252; 0x80 to 0x9F as the WHATWG index has them.
fn latin(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    let high = byte.checked_sub(0x80).and_then(|i| HIGH.get(usize::from(i)));
    high.copied().unwrap_or(char::from(byte))
}
