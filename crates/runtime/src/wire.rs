//! Messages between the two processes: the length of a JSON text, the text, and the bytes of tensors.

use std::io::{Read, Write};

use holdall_diag::Failure;
use holdall_exec::{Array, ElementType, Keys, TensorValue};
use serde_json::{Value, json};

use crate::codes;

/// A header is no longer than this.
const LONGEST: u64 = 1 << 30;

fn broken(error: std::io::Error) -> Failure {
    Failure::io(codes::ENDED, "the process that runs the library has ended", error)
}

fn garbled(what: &str) -> Failure {
    Failure::malformed(codes::ENDED, format!("{what} is not a message of the other process"))
}

/// Writes a header and the bytes that belong to it.
pub(crate) fn send(mut to: impl Write, header: &Value, payload: &[u8]) -> Result<(), Failure> {
    let text = header.to_string();
    let mut message = Vec::with_capacity(text.len() + payload.len() + 16);
    message.extend_from_slice(&(text.len() as u64).to_le_bytes());
    message.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    message.extend_from_slice(text.as_bytes());
    message.extend_from_slice(payload);
    to.write_all(&message).and_then(|()| to.flush()).map_err(broken)
}

/// Reads a header and its bytes. Memory grows with what arrives, not with what is announced.
pub(crate) fn receive(mut from: impl Read) -> Result<(Value, Vec<u8>), Failure> {
    let mut length = || -> Result<u64, Failure> {
        let mut bytes = [0; 8];
        from.read_exact(&mut bytes).map_err(broken)?;
        Ok(u64::from_le_bytes(bytes))
    };
    let (header, payload) = (length()?, length()?);
    if header > LONGEST {
        return Err(garbled("a header of that length"));
    }
    let mut part = |count: u64| -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let read = from.by_ref().take(count).read_to_end(&mut bytes).map_err(broken)?;
        if read as u64 == count { Ok(bytes) } else { Err(garbled("a part of one")) }
    };
    let text = part(header)?;
    let header = serde_json::from_slice(&text)
        .map_err(|error| garbled("a header that is not JSON").caused_by(error))?;
    Ok((header, part(payload)?))
}

/// A value as JSON, with its bytes appended to the payload.
pub(crate) fn encode(value: &TensorValue, payload: &mut Vec<u8>) -> Result<Value, Failure> {
    let shape = value.shape();
    if let TensorValue::Text(texts) = value {
        return Ok(json!({ "shape": shape, "texts": texts.data() }));
    }
    if let TensorValue::Maps { keys, values } = value {
        payload.extend(values.data().iter().flat_map(|v| v.to_le_bytes()));
        let bytes = values.len() * 4;
        return Ok(match keys {
            Keys::Ints(keys) => {
                json!({ "shape": shape, "ints": keys, "type": "f32", "bytes": bytes })
            }
            Keys::Texts(keys) => {
                json!({ "shape": shape, "keys": keys, "type": "f32", "bytes": bytes })
            }
        });
    }
    let (Some(kind), Some(bytes)) = (value.element_type(), value.to_bytes()) else {
        let message = "sequences, optionals and complex numbers are not handed over";
        return Err(Failure::unsupported(codes::VALUE, message));
    };
    payload.extend_from_slice(&bytes);
    Ok(json!({ "shape": shape, "type": kind.as_str(), "bytes": bytes.len() }))
}

/// A value from JSON, which takes its bytes from the front of the payload.
pub(crate) fn decode(value: &Value, payload: &mut &[u8]) -> Result<TensorValue, Failure> {
    let bad = || garbled("a value");
    let list = |key: &str| value.get(key).and_then(Value::as_array);
    let shape: Vec<usize> = list("shape")
        .ok_or_else(bad)?
        .iter()
        .map(|n| n.as_u64().and_then(|n| usize::try_from(n).ok()))
        .collect::<Option<_>>()
        .ok_or_else(bad)?;
    let texts = |key: &str| -> Option<Vec<String>> {
        list(key)?.iter().map(|t| t.as_str().map(str::to_owned)).collect()
    };
    if let Some(texts) = texts("texts") {
        return Ok(TensorValue::Text(Array::new(&shape, texts)?));
    }
    let name = value.get("type").and_then(Value::as_str).ok_or_else(bad)?;
    let kind = (1..=28)
        .filter_map(ElementType::of_number)
        .find(|kind| kind.as_str() == name)
        .ok_or_else(bad)?;
    let count = value.get("bytes").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
    let (bytes, rest) = count.and_then(|count| payload.split_at_checked(count)).ok_or_else(bad)?;
    *payload = rest;
    let tensor = TensorValue::of_bytes(kind, &shape, bytes)?;
    let ints = || list("ints")?.iter().map(Value::as_i64).collect::<Option<Vec<i64>>>();
    let keys = texts("keys").map(Keys::Texts).or_else(|| ints().map(Keys::Ints));
    match (keys, tensor) {
        (Some(keys), TensorValue::F32(values)) => Ok(TensorValue::Maps { keys, values }),
        (Some(_), _) => Err(bad()),
        (None, tensor) => Ok(tensor),
    }
}
