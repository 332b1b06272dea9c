//! Functions of scalars, and of all elements of a vector.

use holdall_tabular::{Kind, ReduceOp};
use serde_json::{Value, json};

use super::{Lift, at, element, for_each, rounded};
use crate::{
    doc::Function,
    names::{Flag, Fun},
    number::{array, maybe, optional},
};

/// The functions of all elements, by their names here.
pub(crate) const OVER_ALL: [(ReduceOp, &str); 5] = [
    (ReduceOp::Sum, "sumof"),
    (ReduceOp::Product, "productof"),
    (ReduceOp::Min, "minof"),
    (ReduceOp::Max, "maxof"),
    (ReduceOp::Mean, "meanof"),
];

pub(super) fn definition(fun: &Fun) -> Option<Function> {
    let [kind] = *fun.kinds.as_slice() else { return None };
    if fun.flags.iter().any(|flag| *flag != Flag::Null) {
        return None;
    }
    let schema = element(kind);
    let of_text = |ret: Value, body: Value| {
        let params = [("x", schema.clone(), true)];
        (kind == Kind::Text).then(|| Lift { params: &params, ret }.function(fun, body))
    };
    match fun.op.as_str() {
        "isin" => {
            let place = json!({ format!("u.{}", Fun::new("place", &[kind])): ["x", "list"] });
            let params = [("x", schema.clone(), true), ("list", array(&schema), false)];
            let body = json!({ ">=": [place, 0] });
            Some(Lift { params: &params, ret: json!("boolean") }.function(fun, body))
        }
        "uppercase" => of_text(json!("string"), json!({ "s.upper": ["x"] })),
        "lowercase" => of_text(json!("string"), json!({ "s.lower": ["x"] })),
        "length" => of_text(json!("long"), json!({ "cast.long": [{ "s.len": ["x"] }] })),
        "join" if kind == Kind::Text => {
            let params = [("a", schema.clone(), true), ("b", schema.clone(), true)];
            let body = json!({ "s.concat": ["a", "b"] });
            Some(Lift { params: &params, ret: schema }.function(fun, body))
        }
        "substring" if kind == Kind::Text => Some(substring(fun)),
        "coalesce" => Some(coalesce(fun, kind)),
        op => {
            let (of, _) = OVER_ALL.into_iter().find(|(_, name)| *name == op)?;
            kind.is_float().then(|| over_all(fun, of, kind))
        }
    }
}

/// From a position counted from 1, so many characters; null below 1 and for a negative length.
fn substring(fun: &Fun) -> Function {
    let from = json!({ "-": [{ "cast.int": ["start"] }, 1] });
    let end = json!({ "+": [from, { "cast.int": ["length"] }] });
    let below = json!({ "||": [
        { "<": ["start", { "long": 1 }] }, { "<": ["length", { "long": 0 }] },
    ] });
    let body = json!({ "if": below, "then": null, "else": { "s.substr": ["x", from, end] } });
    let params = [
        ("x", json!("string"), true),
        ("start", json!("long"), true),
        ("length", json!("long"), true),
    ];
    let ret = optional(&json!("string"));
    Lift { params: &params, ret: ret.clone() }.with(fun.has(Flag::Null), ret, body, &Value::Null)
}

/// The first, or the second where that is null; the second may be null in the variant for that.
fn coalesce(fun: &Fun, kind: Kind) -> Function {
    let schema = element(kind);
    let null = fun.has(Flag::Null);
    Function {
        params: vec![("a0".to_owned(), optional(&schema)), ("b".to_owned(), maybe(&schema, null))],
        ret: maybe(&schema, null),
        body: vec![json!({ "ifnotnull": { "a": "a0" }, "then": "a", "else": "b" })],
    }
}

/// All elements as one; null where one is.
fn over_all(fun: &Fun, op: ReduceOp, kind: Kind) -> Function {
    let schema = element(kind);
    if fun.has(Flag::Null) {
        let plain = Fun::new(&fun.op, &[kind]);
        let gap = json!({ "a.any": ["x", { "fcn": format!("u.ismissing_{kind}_null") }] });
        let there = json!({ "a.map": ["x", { "fcn": format!("u.require_{kind}_null") }] });
        let body = json!({ "if": gap, "then": null, "else": { format!("u.{plain}"): [there] } });
        return Function {
            params: vec![("x".to_owned(), array(&optional(&schema)))],
            ret: optional(&schema),
            body: vec![body],
        };
    }
    let here = at("x", &json!("i"));
    let count = json!({ "a.len": ["x"] });
    let (start, next) = match op {
        ReduceOp::Product => (json!(1.0), rounded(kind, json!({ "*": ["all", here] }))),
        // Of equals the first stays, as in the function of two.
        ReduceOp::Min => (at("x", &json!(0)), json!({ format!("u.min_{kind}"): ["all", here] })),
        ReduceOp::Max => (at("x", &json!(0)), json!({ format!("u.max_{kind}"): ["all", here] })),
        ReduceOp::Sum
        | ReduceOp::Mean
        | ReduceOp::Median
        | ReduceOp::Count
        | ReduceOp::SumAbs
        | ReduceOp::SumSquares
        | ReduceOp::MaxAbs
        | ReduceOp::ArgMin
        | ReduceOp::ArgMax
        | ReduceOp::StdDev
        | ReduceOp::Any
        | ReduceOp::All => (json!(0.0), rounded(kind, json!({ "+": ["all", here] }))),
    };
    let answer = if op == ReduceOp::Mean {
        rounded(kind, json!({ "/": ["all", count] }))
    } else {
        json!("all")
    };
    Function {
        params: vec![("x".to_owned(), array(&schema))],
        ret: schema,
        body: vec![
            json!({ "let": { "all": start } }),
            for_each("i", &count, &[json!({ "set": { "all": next } })]),
            answer,
        ],
    }
}
