//! Functions of vectors: weighted sums, links over several margins, decisions.

use holdall_tabular::{Kind, NormalizeBy, ReduceOp};
use serde_json::{Value, json};

use super::{Lift, at, choose, element, for_each, rounded, scalar::over_all_name};
use crate::{
    doc::Function,
    names::{Flag, Fun},
    number::{array, maybe, optional},
};

pub(super) fn definition(fun: &Fun) -> Option<Function> {
    let [kind] = *fun.kinds.as_slice() else { return None };
    if fun.flags.iter().any(|f| *f != Flag::Null) {
        return None;
    }
    let null = fun.has(Flag::Null);
    if fun.op == "pick" {
        let schema = element(kind);
        let params = [("i", json!("int"), true), ("labels", array(&schema), false)];
        let body = at("labels", &json!("i"));
        return Some(Lift { params: &params, ret: schema }.function(fun, body));
    }
    if !kind.is_float() {
        return None;
    }
    match fun.op.as_str() {
        "dot" => Some(dot(kind, null)),
        "together" if null => {
            Some(vector(kind, true, vec![choose(&any_null(kind), &nulls(kind), &json!("x"))]))
        }
        "pair" => Some(two(kind, null, &[rounded(kind, json!({ "-": [1.0, "m"] })), json!("m")])),
        "symmetric" => Some(two(kind, null, &[json!({ "u-": ["m"] }), json!("m")])),
        "softmax" => Some(over_all(kind, null, "softmax", softmax(kind))),
        "share" => Some(over_all(kind, null, "share", share(kind))),
        "largest" => Some(decision(fun, kind, "largest", largest)),
        "above" => Some(compared(fun, ">")),
        "atleast" => Some(compared(fun, ">=")),
        name => {
            let by = normalize_of(name)?;
            Some(over_all(kind, null, name, proportioned(kind, by)))
        }
    }
}

/// Name of the function that puts elements in proportion to their whole.
pub(crate) fn normalize_name(by: NormalizeBy) -> String {
    match by {
        NormalizeBy::Softmax => by.name().to_owned(),
        NormalizeBy::L1
        | NormalizeBy::L2
        | NormalizeBy::MaxAbs
        | NormalizeBy::Max
        | NormalizeBy::Sum => format!("by{}", by.name().replace('-', "")),
    }
}

/// What elements are put in proportion to by a function of this name.
pub(crate) fn normalize_of(name: &str) -> Option<NormalizeBy> {
    NormalizeBy::ALL.iter().copied().find(|by| normalize_name(*by) == name)
}

/// Elements in proportion to their whole, where that is not 0.
fn proportioned(kind: Kind, by: NormalizeBy) -> Vec<Value> {
    let of = |op: ReduceOp| json!({ format!("u.{}_{kind}", over_all_name(op)): ["x"] });
    let total = match by {
        NormalizeBy::L1 => of(ReduceOp::SumAbs),
        NormalizeBy::L2 => rounded(kind, json!({ "m.sqrt": [of(ReduceOp::SumSquares)] })),
        NormalizeBy::MaxAbs => of(ReduceOp::MaxAbs),
        NormalizeBy::Max => of(ReduceOp::Max),
        // The softmax is a function of its own.
        NormalizeBy::Sum | NormalizeBy::Softmax => of(ReduceOp::Sum),
    };
    let is_zero = json!({ format!("u.eq_{kind}"): ["total", 0.0] });
    vec![json!({ "let": { "total": total } }), choose(&is_zero, &json!("x"), &divided(kind, "x"))]
}

fn any_null(kind: Kind) -> Value {
    json!({ "a.any": ["x", { "fcn": format!("u.ismissing_{kind}_null") }] })
}

fn nulls(kind: Kind) -> Value {
    json!({ "a.map": ["x", { "fcn": format!("u.absent_{kind}_null") }] })
}

fn required(kind: Kind) -> Value {
    json!({ "a.map": ["x", { "fcn": format!("u.require_{kind}_null") }] })
}

fn vector(kind: Kind, null: bool, body: Vec<Value>) -> Function {
    let schema = array(&maybe(&element(kind), null));
    Function { params: vec![("x".to_owned(), schema.clone())], ret: schema, body }
}

/// Two elements made of the first one, `m`.
fn two(kind: Kind, null: bool, elements: &[Value; 2]) -> Function {
    let schema = element(kind);
    let made = json!({ "type": array(&maybe(&schema, null)), "new": elements });
    if !null {
        return vector(kind, false, vec![json!({ "let": { "m": at("x", &json!(0)) } }), made]);
    }
    let absent = json!({ "type": array(&optional(&schema)), "new": [null, null] });
    let first = at("x", &json!(0));
    vector(kind, true, vec![json!({ "ifnotnull": { "m": first }, "then": made, "else": absent })])
}

/// A function of all elements; in the variant with nulls all elements are null or none is.
fn over_all(kind: Kind, null: bool, name: &str, body: Vec<Value>) -> Function {
    if !null {
        return vector(kind, false, body);
    }
    let plain = json!({ format!("u.{name}_{kind}"): [required(kind)] });
    let some = json!({ "a.map": [plain, { "fcn": format!("u.some_{kind}") }] });
    vector(kind, true, vec![choose(&any_null(kind), &nulls(kind), &some)])
}

fn total(kind: Kind, of: &str) -> [Value; 2] {
    let next = rounded(kind, json!({ "+": ["total", at(of, &json!("i"))] }));
    [
        json!({ "let": { "total": 0.0 } }),
        for_each("i", &json!({ "a.len": [of] }), &[json!({ "set": { "total": next } })]),
    ]
}

fn softmax(kind: Kind) -> Vec<Value> {
    let larger = json!({ format!("u.gt_{kind}"): [at("x", &json!("j")), "most"] });
    let [start, add] = total(kind, "powers");
    vec![
        json!({ "let": { "most": { "/": [-1.0, 0.0] } } }),
        for_each(
            "j",
            &json!({ "a.len": ["x"] }),
            &[json!({
                "if": larger,
                "then": { "set": { "most": at("x", &json!("j")) } },
            })],
        ),
        json!({ "let": { "moved": { "a.map": ["x", {
            "fcn": format!("u.subby_{kind}"), "fill": { "b": "most" },
        }] } } }),
        json!({ "let": { "powers": { "a.map": ["moved", { "fcn": format!("u.exp_{kind}") }] } } }),
        start,
        add,
        divided(kind, "powers"),
    ]
}

fn divided(kind: Kind, of: &str) -> Value {
    json!({ "a.map": [of, { "fcn": format!("u.divby_{kind}"), "fill": { "b": "total" } }] })
}

/// Each element's share of the sum; equal shares of a sum of 0.
fn share(kind: Kind) -> Vec<Value> {
    let [start, add] = total(kind, "x");
    let equal = rounded(kind, json!({ "/": [1.0, { "a.len": ["x"] }] }));
    let zeros = json!({ "a.map": ["x", {
        "fcn": format!("u.mulby_{kind}"), "fill": { "b": 0.0 },
    }] });
    let equal = json!({ "a.map": [zeros, {
        "fcn": format!("u.addby_{kind}"), "fill": { "b": equal },
    }] });
    let is_zero = json!({ format!("u.eq_{kind}"): ["total", 0.0] });
    vec![start, add, choose(&is_zero, &equal, &divided(kind, "x"))]
}

/// The position of the first of the largest; NaN is never it.
fn largest(kind: Kind) -> Vec<Value> {
    let here = at("x", &json!("i"));
    let better = json!({ "||": [
        { "<": ["best", 0] },
        { format!("u.gt_{kind}"): [here, at("x", &json!({ "max": ["best", 0] }))] },
    ] });
    let is_number = json!({ "!": [{ "impute.isnan": [here] }] });
    vec![
        json!({ "let": { "best": -1 } }),
        for_each(
            "i",
            &json!({ "a.len": ["x"] }),
            &[json!({
                "if": { "&&": [is_number, better] },
                "then": { "set": { "best": "i" } },
            })],
        ),
        json!({ "max": ["best", 0] }),
    ]
}

fn decision(fun: &Fun, kind: Kind, name: &str, body: fn(Kind) -> Vec<Value>) -> Function {
    let null = fun.has(Flag::Null);
    let schema = array(&maybe(&element(kind), null));
    let body = if null {
        let plain = json!({ format!("u.{name}_{kind}"): [required(kind)] });
        vec![choose(&any_null(kind), &Value::Null, &plain)]
    } else {
        body(kind)
    };
    Function { params: vec![("x".to_owned(), schema)], ret: maybe(&json!("int"), null), body }
}

/// 1 where a number is beyond a limit, else 0.
fn compared(fun: &Fun, name: &str) -> Function {
    let params = [("x", json!("double"), true), ("limit", json!("double"), false)];
    let any_nan = json!({ "||": [{ "impute.isnan": ["x"] }, { "impute.isnan": ["limit"] }] });
    let beyond = choose(&json!({ name: ["x", "limit"] }), &json!(1), &json!(0));
    let body = choose(&any_nan, &json!(0), &beyond);
    Lift { params: &params, ret: json!("int") }.function(fun, body)
}

/// One weighted sum in the order of the elements, the intercept last.
fn dot(kind: Kind, null: bool) -> Function {
    let doubles = array(&json!("double"));
    let schema = element(kind);
    let here = if null { json!("v") } else { at("x", &json!("i")) };
    let product = rounded(kind, json!({ "*": [at("row", &json!("i")), here] }));
    let add = json!({ "set": { "sum": rounded(kind, json!({ "+": ["sum", product] })) } });
    let add = if null {
        json!({
            "ifnotnull": { "v": at("x", &json!("i")) },
            "then": add,
            "else": { "set": { "gap": true } },
        })
    } else {
        add
    };
    let last = rounded(kind, json!({ "+": ["sum", "intercept"] }));
    let last = if null { choose(&json!("gap"), &Value::Null, &last) } else { last };
    let mut body = vec![json!({ "let": { "sum": 0.0 } })];
    if null {
        body.push(json!({ "let": { "gap": false } }));
    }
    body.push(for_each("i", &json!({ "a.len": ["row"] }), &[add]));
    body.push(last);
    Function {
        params: vec![
            ("x".to_owned(), array(&maybe(&schema, null))),
            ("row".to_owned(), doubles),
            ("intercept".to_owned(), json!("double")),
        ],
        ret: maybe(&schema, null),
        body,
    }
}
