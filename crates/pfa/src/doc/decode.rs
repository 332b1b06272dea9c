use holdall_diag::{Failure, Location, PathKind};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{Cell, Document, Function, Method};
use crate::codes;

type Decoded<T> = Result<T, Failure>;

/// A failure at a JSON pointer.
fn wrong(path: &str, expected: &str, found: Option<&Value>) -> Failure {
    let found = match found {
        None => "nothing",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "a truth value",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(_)) => "a string",
        Some(Value::Array(_)) => "an array",
        Some(Value::Object(_)) => "an object",
    };
    Failure::malformed(codes::DOCUMENT, format!("expected {expected}, found {found}"))
        .at(Location::path(PathKind::JsonPointer, path))
        .with_help("the file is not a PFA document of specification 0.8.1")
}

/// Takes a document apart. Unknown top-level keys fail, as the specification demands, except those
/// that begin with `@` (locations written by tools).
pub fn decode(json: Value) -> Decoded<Document> {
    let Value::Object(mut map) = json else {
        return Err(wrong("", "an object", Some(&json)));
    };
    let input = map.shift_remove("input").ok_or_else(|| wrong("/input", "a schema", None))?;
    let output = map.shift_remove("output").ok_or_else(|| wrong("/output", "a schema", None))?;
    let mut document = Document::new(input, output);
    let action = map.shift_remove("action");
    document.action = statements(action.ok_or_else(|| wrong("/action", "expressions", None))?);
    for (key, value) in map {
        let path = format!("/{key}");
        match key.as_str() {
            "name" => document.name = Some(text(&path, value)?),
            "method" => document.method = method(&path, &value)?,
            "begin" => document.begin = statements(value),
            "end" => document.end = statements(value),
            "zero" => document.zero = Some(value),
            "merge" => document.merge = Some(statements(value)),
            "randseed" => document.randseed = Some(integer(&path, &value)?),
            "version" => document.version = Some(integer(&path, &value)?),
            "doc" => document.doc = Some(text(&path, value)?),
            "options" => document.options = object(&path, value)?,
            "pools" => document.pools = object(&path, value)?,
            "metadata" => {
                for (name, value) in object(&path, value)? {
                    let value = text(&format!("{path}/{}", escape(&name)), value)?;
                    document.metadata.insert(name, value);
                }
            }
            "fcns" => document.fcns = functions(object(&path, value)?)?,
            "cells" => document.cells = cells(object(&path, value)?)?,
            other if other.starts_with('@') => {}
            other => {
                let message = format!("`{other}` is not a part of a PFA document");
                return Err(Failure::malformed(codes::DOCUMENT, message)
                    .at(Location::path(PathKind::JsonPointer, path)));
            }
        }
    }
    Ok(document)
}

/// A key as a part of a JSON pointer (RFC 6901, section 3).
pub(crate) fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// One expression may stand without its array.
fn statements(value: Value) -> Vec<Value> {
    if let Value::Array(list) = value { list } else { vec![value] }
}

fn text(path: &str, value: Value) -> Decoded<String> {
    if let Value::String(text) = value {
        Ok(text)
    } else {
        Err(wrong(path, "a string", Some(&value)))
    }
}

fn integer(path: &str, value: &Value) -> Decoded<i64> {
    value.as_i64().ok_or_else(|| wrong(path, "an integer", Some(value)))
}

fn object(path: &str, value: Value) -> Decoded<Map<String, Value>> {
    if let Value::Object(map) = value {
        Ok(map)
    } else {
        Err(wrong(path, "an object", Some(&value)))
    }
}

fn method(path: &str, value: &Value) -> Decoded<Method> {
    [Method::Map, Method::Emit, Method::Fold]
        .into_iter()
        .find(|method| value.as_str() == Some(method.as_str()))
        .ok_or_else(|| wrong(path, "`map`, `emit` or `fold`", Some(value)))
}

fn functions(map: Map<String, Value>) -> Decoded<IndexMap<String, Function>> {
    let mut functions = IndexMap::new();
    for (name, value) in map {
        let path = format!("/fcns/{}", escape(&name));
        let mut parts = object(&path, value)?;
        let mut take = |key: &str| {
            parts.shift_remove(key).ok_or_else(|| wrong(&format!("{path}/{key}"), "a value", None))
        };
        let (params, ret, body) = (take("params")?, take("ret")?, take("do")?);
        let Value::Array(list) = params else {
            return Err(wrong(&format!("{path}/params"), "an array", Some(&params)));
        };
        let mut params = Vec::new();
        for (i, param) in list.into_iter().enumerate() {
            let path = format!("{path}/params/{i}");
            let mut pairs = object(&path, param)?.into_iter();
            match (pairs.next(), pairs.next()) {
                (Some(pair), None) => params.push(pair),
                (_, _) => return Err(wrong(&path, "an object of one pair", None)),
            }
        }
        let body = statements(body);
        functions.insert(name, Function { params, ret, body });
    }
    Ok(functions)
}

fn cells(map: Map<String, Value>) -> Decoded<IndexMap<String, Cell>> {
    let mut cells = IndexMap::new();
    for (name, value) in map {
        let path = format!("/cells/{}", escape(&name));
        let mut parts = object(&path, value)?;
        let mut take = |key: &str| {
            parts.shift_remove(key).ok_or_else(|| wrong(&format!("{path}/{key}"), "a value", None))
        };
        let (schema, init) = (take("type")?, take("init")?);
        cells.insert(name, Cell { schema, init, further: parts });
    }
    Ok(cells)
}
