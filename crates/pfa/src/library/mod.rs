//! The user functions that statements call: fixed text for every name.

mod category;
pub(crate) mod distance;
mod element;
pub(crate) use self::element::{binary_name, unary_name};
mod field;
pub(crate) mod scalar;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod trees;
pub(crate) mod vector;

use std::collections::BTreeMap;

use holdall_tabular::Kind;
use serde_json::{Value, json};

use crate::{
    doc::Function,
    names::{Flag, Fun},
    number::{maybe, schema},
};

/// What a function of this name does; none where there is no such function.
pub(crate) fn definition(name: &str) -> Option<Function> {
    let fun = Fun::parse(name)?;
    element::definition(&fun)
        .or_else(|| vector::definition(&fun))
        .or_else(|| category::definition(&fun))
        .or_else(|| field::definition(&fun))
        .or_else(|| scalar::definition(&fun))
        .or_else(|| table::definition(&fun))
        .or_else(|| text::definition(&fun))
        .or_else(|| distance::definition(&fun))
        .or_else(|| trees::definition(&fun))
}

/// Every function that the expressions call, and those that these call, by name.
pub(crate) fn needed(expressions: &[Value]) -> BTreeMap<String, Function> {
    let mut found = BTreeMap::new();
    let mut names = Vec::new();
    for expression in expressions {
        calls(expression, &mut names);
    }
    while let Some(name) = names.pop() {
        if found.contains_key(&name) {
            continue;
        }
        if let Some(function) = definition(&name) {
            function.body.iter().for_each(|expression| calls(expression, &mut names));
            found.insert(name, function);
        }
    }
    found
}

/// The names of the user functions in an expression, calls and references.
pub(crate) fn calls(expression: &Value, names: &mut Vec<String>) {
    let mut rest = vec![expression];
    while let Some(value) = rest.pop() {
        match value {
            Value::Array(list) => rest.extend(list),
            Value::Object(map) => {
                for (key, value) in map {
                    let name = if key == "fcn" { value.as_str() } else { Some(key.as_str()) };
                    names.extend(name.and_then(|n| n.strip_prefix("u.")).map(str::to_owned));
                    rest.push(value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// A call of a user function.
pub(crate) fn call(fun: &Fun, args: impl IntoIterator<Item = Value>) -> Value {
    let args: Vec<Value> = args.into_iter().collect();
    json!({ format!("u.{fun}"): args })
}

/// A reference to a user function, for functions over arrays.
pub(crate) fn reference(fun: &Fun) -> Value {
    json!({ "fcn": format!("u.{fun}") })
}

/// A reference with some parameters given.
pub(crate) fn filled(fun: &Fun, fill: &Value) -> Value {
    json!({ "fcn": format!("u.{fun}"), "fill": fill })
}

/// `if` with both branches.
fn choose(condition: &Value, yes: &Value, no: &Value) -> Value {
    json!({ "if": condition, "then": yes, "else": no })
}

/// An element of an array.
fn at(array: &str, index: &Value) -> Value {
    json!({ "attr": array, "path": [index] })
}

/// Counts `index` from 0 to the length of `array`.
fn for_each(index: &str, limit: &Value, body: &[Value]) -> Value {
    json!({
        "for": { index: 0 },
        "while": { "<": [index, limit] },
        "step": { index: { "+": [index, 1] } },
        "do": body,
    })
}

/// A function of one expression whose first parameters may be null in the variant for that.
struct Lift<'a> {
    /// Name, kind, and whether it may be null.
    params: &'a [(&'a str, Value, bool)],
    ret: Value,
}

impl Lift<'_> {
    /// Null operands give null.
    fn function(&self, fun: &Fun, body: Value) -> Function {
        let null = fun.has(Flag::Null);
        let ret = maybe(&self.ret, null);
        self.with(null, ret, body, &Value::Null)
    }

    /// Null operands give what `otherwise` says.
    fn with(&self, null: bool, ret: Value, body: Value, otherwise: &Value) -> Function {
        let mut unwrap = serde_json::Map::new();
        let mut params = Vec::new();
        for (name, schema, lifts) in self.params {
            if null && *lifts {
                let outer = format!("{name}0");
                unwrap.insert((*name).to_owned(), json!(outer));
                params.push((outer, maybe(schema, true)));
            } else {
                params.push(((*name).to_owned(), schema.clone()));
            }
        }
        let body = if null {
            json!({ "ifnotnull": unwrap, "then": body, "else": otherwise })
        } else {
            body
        };
        Function { params, ret, body: vec![body] }
    }
}

/// Rounds to the kind: binary32 by `u.round`.
fn rounded(kind: Kind, value: Value) -> Value {
    if kind == Kind::F32 { json!({ "u.round": [value] }) } else { value }
}

fn element(kind: Kind) -> Value {
    schema(kind)
}
