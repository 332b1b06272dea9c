//! Functions of categories.

use holdall_tabular::Kind;
use serde_json::{Value, json};

use super::{at, choose, element, for_each};
use crate::{
    doc::Function,
    names::{Flag, Fun},
    number::{array, maybe},
};

pub(super) fn definition(fun: &Fun) -> Option<Function> {
    match (fun.op.as_str(), fun.kinds.as_slice()) {
        ("place", &[kind]) => Some(place(fun, kind)),
        ("onehot", &[from, to]) if to.is_number() => Some(one_hot(fun, from, to)),
        ("ordinal", &[from, to]) if to.is_number() => Some(ordinal(fun, from, to)),
        _ => None,
    }
}

/// The position of a category, the number of categories for missing where that is one, else −1.
fn place(fun: &Fun, kind: Kind) -> Function {
    let (null, missing) = (fun.has(Flag::Null), fun.has(Flag::Missing));
    let schema = element(kind);
    let count = json!({ "a.len": ["categories"] });
    let gap = if missing { count.clone() } else { json!(-1) };
    let name = if null { "x0" } else { "x" };
    let same = json!({ format!("u.eq_{kind}"): ["x", at("categories", &json!("i"))] });
    let open = json!({ "&&": [{ "<": ["found", 0] }, { "<": ["i", count] }] });
    let search = json!({ "do": [
        { "let": { "found": -1, "i": 0 } },
        { "while": open, "do": [
            { "if": same, "then": { "set": { "found": "i" } } },
            { "set": { "i": { "+": ["i", 1] } } },
        ] },
        "found",
    ] });
    let search = if kind.is_float() {
        choose(&json!({ "impute.isnan": ["x"] }), &gap, &search)
    } else {
        search
    };
    let body = if null {
        json!({ "ifnotnull": { "x": name }, "then": search, "else": gap })
    } else {
        search
    };
    Function {
        params: vec![
            (name.to_owned(), maybe(&schema, null)),
            ("categories".to_owned(), array(&schema)),
        ],
        ret: json!("int"),
        body: vec![body],
    }
}

fn found(fun: &Fun, from: Kind) -> Value {
    let place = Fun::new("place", &[from])
        .null(fun.has(Flag::Null))
        .with(Flag::Missing, fun.has(Flag::Missing));
    json!({ "let": { "place": { format!("u.{place}"): ["x", "categories"] } } })
}

fn refuse() -> Value {
    json!({ "error": "a category is not listed" })
}

fn params(fun: &Fun, from: Kind) -> Vec<(String, Value)> {
    let schema = element(from);
    vec![
        ("x".to_owned(), maybe(&schema, fun.has(Flag::Null))),
        ("categories".to_owned(), array(&schema)),
    ]
}

/// Indicators of all categories but the dropped one.
fn one_hot(fun: &Fun, from: Kind, to: Kind) -> Function {
    let (zero, one) = if to == Kind::I64 {
        (json!({ "long": 0 }), json!({ "long": 1 }))
    } else {
        (json!(0.0), json!(1.0))
    };
    let items = array(&element(to));
    let extra = i32::from(fun.has(Flag::Missing));
    let indicator = choose(&json!({ "==": ["i", "place"] }), &one, &zero);
    let mut body = vec![found(fun, from)];
    if fun.has(Flag::Reject) {
        body.push(json!({ "if": { "<": ["place", 0] }, "then": refuse() }));
    }
    body.extend([
        json!({ "let": { "indicators": { "type": items, "value": [] } } }),
        for_each(
            "i",
            &json!({ "+": [{ "a.len": ["categories"] }, extra] }),
            &[json!({
                "if": { "!=": ["i", "drop"] },
                "then": { "set": { "indicators": { "a.append": ["indicators", indicator] } } },
            })],
        ),
        json!("indicators"),
    ]);
    let mut params = params(fun, from);
    params.push(("drop".to_owned(), json!("int")));
    Function { params, ret: items, body }
}

/// The number of a category.
fn ordinal(fun: &Fun, from: Kind, to: Kind) -> Function {
    let schema = element(to);
    let mut params = params(fun, from);
    params.push(("codes".to_owned(), array(&schema)));
    let code = at("codes", &json!("place"));
    let unlisted = json!({ "<": ["place", 0] });
    let mut body = vec![found(fun, from)];
    let none = fun.has(Flag::None);
    if fun.has(Flag::Code) {
        params.push(("unlisted".to_owned(), schema.clone()));
        body.push(choose(&unlisted, &json!("unlisted"), &code));
    } else if none {
        body.push(choose(&unlisted, &Value::Null, &code));
    } else {
        body.push(json!({ "if": unlisted, "then": refuse() }));
        body.push(code);
    }
    Function { params, ret: maybe(&schema, none), body }
}
