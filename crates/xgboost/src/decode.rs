//! Bytes as a document.

use std::borrow::Cow;

use holdall_diag::{Failure, Location, PathKind};
use holdall_source::Budget;
use serde::Deserialize;
use serde_path_to_error::{Path, Segment};

use crate::{
    codes,
    document::{Document, Snapshot},
};

/// Decodes JSON. Bare `NaN` and `Infinity`, which XGBoost writes and JSON does not know, are read.
pub(crate) fn json(bytes: &[u8], budget: &mut Budget) -> Result<Document, Failure> {
    refuse_others(bytes)?;
    // The smallest element is two bytes of text and four of memory, in a list that grows by doubling.
    budget.charge_elements(bytes.len() as u64, 4)?;
    let snapshot = is_snapshot(bytes);
    let fast = if snapshot {
        serde_json::from_slice(bytes).map(|Snapshot { model }| model)
    } else {
        serde_json::from_slice(bytes)
    };
    if let Ok(document) = fast {
        return Ok(document);
    }
    // Files without bare words, which are nearly all, never come here.
    budget.charge(bytes.len() as u64)?;
    let bytes = quote_bare_words(bytes);
    let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut deserializer, &mut track);
    let document = if snapshot {
        Snapshot::deserialize(tracked).map(|Snapshot { model }| model)
    } else {
        Document::deserialize(tracked)
    };
    let result = document.and_then(|document| deserializer.end().map(|()| document));
    result.map_err(|error| {
        let (line, column) = (error.line() as u64, error.column() as u64);
        let location =
            Location::line(line, column).with_path(PathKind::JsonPointer, pointer(&track.path()));
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        Failure::malformed(codes::JSON, what).at(location)
    })
}

/// Decodes UBJSON.
pub(crate) fn ubj(bytes: &[u8], budget: &mut Budget) -> Result<Document, Failure> {
    refuse_others(bytes)?;
    // The smallest element is one byte here and four in memory, in a list that grows by doubling.
    budget.charge_elements(bytes.len() as u64, 8)?;
    if is_snapshot(bytes) {
        let Snapshot { model } = holdall_ubjson::from_slice(bytes, budget.limits())?;
        return Ok(model);
    }
    holdall_ubjson::from_slice(bytes, budget.limits())
}

/// Forms of XGBoost that are not this one are refused with advice.
fn refuse_others(bytes: &[u8]) -> Result<(), Failure> {
    if is_old_binary(bytes) {
        return Err(Failure::unsupported(
            codes::OLD_BINARY,
            "this is the binary form that XGBoost wrote before JSON, which is not carried",
        )
        .at(Location::span(0..4))
        .with_help(
            "load it with XGBoost 1.x or 2.x and save it again: \
             `Booster(model_file=\"old.model\").save_model(\"new.json\")`",
        ));
    }
    Ok(())
}

/// `binf`, or without it the parameters of the learner in 136 bytes and then the length and name of
/// the objective.
pub(crate) fn is_old_binary(bytes: &[u8]) -> bool {
    const PARAMETERS: usize = 136;
    if bytes.starts_with(b"binf") {
        return true;
    }
    let Some((length, name)) =
        bytes.get(PARAMETERS..).and_then(|rest| rest.split_first_chunk::<8>())
    else {
        return false;
    };
    let stems: [&[u8]; 6] = [b"binary:", b"count:", b"multi:", b"rank:", b"reg:", b"survival:"];
    (1..=64).contains(&u64::from_le_bytes(*length)) && stems.iter().any(|s| name.starts_with(s))
}

/// What `Booster.__getstate__` and `XGBoosterSerializeToBuffer` give, as JSON or UBJSON.
pub(crate) fn is_snapshot(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.trim_ascii_start().strip_prefix(b"{") else { return false };
    rest.trim_ascii_start().starts_with(b"\"Config\"")
        || rest.starts_with(b"L\0\0\0\0\0\0\0\x06Config")
}

/// The text with each bare `NaN`, `Infinity` and `-Infinity` put as a text of the same length, so
/// that places stay where they are.
fn quote_bare_words(bytes: &[u8]) -> Cow<'_, [u8]> {
    const WORDS: [(&[u8], &[u8]); 3] =
        [(b"NaN", b"\"N\""), (b"Infinity", b"\"Infini\""), (b"-Infinity", b"\"-Infini\"")];
    let mut text = Cow::Borrowed(bytes);
    let (mut i, mut quoted) = (0, false);
    while let Some(&byte) = bytes.get(i) {
        match byte {
            b'\\' if quoted => i += 1,
            b'"' => quoted = !quoted,
            b'N' | b'I' | b'-' if !quoted => {
                let rest = bytes.get(i..).unwrap_or_default();
                if let Some((word, put)) = WORDS.iter().find(|(word, _)| rest.starts_with(word)) {
                    if let Some(place) = text.to_mut().get_mut(i..i + word.len()) {
                        place.copy_from_slice(put);
                    }
                    i += word.len() - 1;
                }
            }
            _ => {}
        }
        i += 1;
    }
    text
}

/// A path as a JSON pointer, RFC 6901.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => pointer.push_str(variant),
            Segment::Unknown => pointer.push('?'),
        }
    }
    pointer
}
