//! Functions of scalars, and of all elements of a vector.

use holdall_tabular::{Kind, ReduceOp};
use serde_json::{Value, json};

use super::{Lift, at, choose, element, for_each, rounded};
use crate::{
    doc::Function,
    names::{Flag, Fun},
    number::{array, float, maybe, optional},
};

/// Name of the function of all elements.
pub(crate) fn over_all_name(op: ReduceOp) -> String {
    format!("{}of", op.name().replace('-', ""))
}

/// The function of all elements of a name.
pub(crate) fn over_all_of(name: &str) -> Option<ReduceOp> {
    ReduceOp::ALL.iter().copied().find(|op| over_all_name(*op) == name)
}

pub(super) fn definition(fun: &Fun) -> Option<Function> {
    let [kind] = *fun.kinds.as_slice() else { return None };
    if let Some(op) = over_all_of(&fun.op) {
        return over_all(fun, op, kind);
    }
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
        "present" if fun.has(Flag::Null) => Some(present(kind)),
        _ => None,
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

/// The elements that are not null.
fn present(kind: Kind) -> Function {
    let schema = element(kind);
    let append = json!({ "set": { "there": { "a.append": ["there", "v"] } } });
    let each = json!({ "ifnotnull": { "v": at("x", &json!("i")) }, "then": append });
    Function {
        params: vec![("x".to_owned(), array(&optional(&schema)))],
        ret: array(&schema),
        body: vec![
            json!({ "let": { "there": { "type": array(&schema), "value": [] } } }),
            for_each("i", &json!({ "a.len": ["x"] }), &[each]),
            json!("there"),
        ],
    }
}

/// Whether a function of all elements is defined for a kind.
fn is_defined(op: ReduceOp, kind: Kind) -> bool {
    match op {
        ReduceOp::Count => true,
        ReduceOp::Any | ReduceOp::All => kind == Kind::Bool,
        ReduceOp::Mean | ReduceOp::Median | ReduceOp::StdDev => kind.is_float(),
        ReduceOp::Sum
        | ReduceOp::Product
        | ReduceOp::Min
        | ReduceOp::Max
        | ReduceOp::SumAbs
        | ReduceOp::SumSquares
        | ReduceOp::MaxAbs
        | ReduceOp::ArgMin
        | ReduceOp::ArgMax => kind.is_number(),
    }
}

/// All elements as one. Null where one is, or where all are in the variant that passes over them.
fn over_all(fun: &Fun, op: ReduceOp, kind: Kind) -> Option<Function> {
    let (null, skip) = (fun.has(Flag::Null), fun.has(Flag::Skip));
    if !is_defined(op, kind)
        || fun.flags.iter().any(|flag| !matches!(flag, Flag::Null | Flag::Skip))
        || skip && !null
    {
        return None;
    }
    let schema = element(kind);
    let placed = matches!(op, ReduceOp::ArgMin | ReduceOp::ArgMax);
    let counts = op == ReduceOp::Count;
    let ret = if placed || counts { json!("long") } else { schema.clone() };
    if !null {
        let body = plain(op, kind);
        return Some(Function { params: vec![("x".to_owned(), array(&schema))], ret, body });
    }
    let params = vec![("x".to_owned(), array(&optional(&schema)))];
    let there = json!({ format!("u.present_{kind}_null"): ["x"] });
    let name = fun.op.as_str();
    let of_there = json!({ format!("u.{name}_{kind}"): ["there"] });
    if counts {
        let body = vec![json!({ "let": { "there": there } }), of_there];
        return Some(Function { params, ret, body });
    }
    let body = if skip && placed {
        place(op, kind, true)
    } else {
        let all = json!({ "==": [{ "a.len": ["there"] }, { "a.len": ["x"] }] });
        let some = json!({ ">": [{ "a.len": ["there"] }, 0] });
        vec![
            json!({ "let": { "there": there } }),
            choose(if skip { &some } else { &all }, &of_there, &Value::Null),
        ]
    };
    Some(Function { params, ret: optional(&ret), body })
}

/// The place of the first element that no other beats: NaN beats nothing and is beaten by nothing.
fn place(op: ReduceOp, kind: Kind, skip: bool) -> Vec<Value> {
    let beats = if op == ReduceOp::ArgMin { "lt" } else { "gt" };
    let better =
        choose(&json!("any"), &json!({ format!("u.{beats}_{kind}"): ["v", "best"] }), &json!(true));
    let take =
        json!({ "if": better, "then": { "set": { "best": "v", "place": "i", "any": true } } });
    let here = at("x", &json!("i"));
    let each = if skip {
        json!({ "ifnotnull": { "v": here }, "then": take })
    } else {
        json!({ "do": [{ "let": { "v": here } }, take] })
    };
    let zero = if kind == Kind::I64 { json!({ "long": 0 }) } else { json!(0.0) };
    let found = json!({ "cast.long": ["place"] });
    vec![
        json!({ "let": { "best": zero, "place": 0, "any": false } }),
        for_each("i", &json!({ "a.len": ["x"] }), &[each]),
        if skip { choose(&json!("any"), &found, &Value::Null) } else { found },
    ]
}

/// The function of elements of which none is null.
fn plain(op: ReduceOp, kind: Kind) -> Vec<Value> {
    let here = at("x", &json!("i"));
    let count = json!({ "a.len": ["x"] });
    let first = at("x", &json!(0));
    let whole = |value: i64, float: f64| {
        if kind == Kind::I64 { json!({ "long": value }) } else { json!(float) }
    };
    let zero = whole(0, 0.0);
    let add = |value: Value| rounded(kind, json!({ "+": ["all", value] }));
    let size = |value: &Value| json!({ "m.abs": [value] });
    let fold = |start: Value, next: Value, answer: Value| {
        vec![
            json!({ "let": { "all": start } }),
            for_each("i", &count, &[json!({ "set": { "all": next } })]),
            answer,
        ]
    };
    let all = json!("all");
    let extreme = |name: &str, value: Value| json!({ format!("u.{name}_{kind}"): ["all", value] });
    let share = |of: Value, by: Value| rounded(kind, json!({ "/": [of, by] }));
    let square = |value: Value| rounded(kind, json!({ "*": [value, value] }));
    match op {
        ReduceOp::Sum => fold(zero, add(here), all),
        ReduceOp::Product => fold(whole(1, 1.0), rounded(kind, json!({ "*": ["all", here] })), all),
        // Of equals the first stays, as in the function of two.
        ReduceOp::Min => fold(first, extreme("min", here), all),
        ReduceOp::Max => fold(first, extreme("max", here), all),
        ReduceOp::Mean => fold(zero, add(here), share(all, count.clone())),
        ReduceOp::SumAbs => fold(zero, add(size(&here)), all),
        ReduceOp::SumSquares => fold(zero, add(square(here)), all),
        ReduceOp::MaxAbs => fold(size(&first), extreme("max", size(&here)), all),
        ReduceOp::Count => vec![json!({ "cast.long": [count] })],
        ReduceOp::Any => fold(json!(false), json!({ "||": ["all", here] }), all),
        ReduceOp::All => fold(json!(true), json!({ "&&": ["all", here] }), all),
        ReduceOp::ArgMin | ReduceOp::ArgMax => place(op, kind, false),
        ReduceOp::StdDev => {
            let apart = rounded(kind, json!({ "-": [here, "mean"] }));
            let less = json!({ "-": [count, 1] });
            let mean = json!({ "let": { "mean": {
                format!("u.{}_{kind}", over_all_name(ReduceOp::Mean)): ["x"]
            } } });
            let mut body = vec![mean];
            let deviation = rounded(kind, json!({ "m.sqrt": [share(all, less)] }));
            body.extend(fold(zero, add(square(apart)), deviation));
            body
        }
        ReduceOp::Median => {
            let sorted = |index: Value| at("sorted", &index);
            let half = json!({ "//": [count, 2] });
            let odd = json!({ "==": [{ "%": [count, 2] }, 1] });
            let two = rounded(
                kind,
                json!({
                    "+": [sorted(json!({ "-": [half, 1] })), sorted(half.clone())]
                }),
            );
            let middle = json!({ "do": [
                { "let": { "sorted": { "a.sort": ["x"] } } },
                choose(&odd, &sorted(half), &share(two, json!(2.0))),
            ] });
            let nan = json!({ "a.any": ["x", { "fcn": format!("u.isnan_{kind}") }] });
            vec![choose(&nan, &float(f64::NAN), &middle)]
        }
    }
}
