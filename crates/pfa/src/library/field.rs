//! Treatment of inputs: outliers, values outside the domain, missing values.

use holdall_tabular::Kind;
use serde_json::{Value, json};

use super::{Lift, at, choose, element};
use crate::{
    doc::Function,
    names::{Flag, Fun},
    number::{array, float, optional},
};

pub(super) fn definition(fun: &Fun) -> Option<Function> {
    let [kind] = *fun.kinds.as_slice() else { return None };
    let only = |flags: &[Flag]| fun.flags.iter().all(|f| flags.contains(f));
    let schema = element(kind);
    let null = fun.has(Flag::Null);
    match fun.op.as_str() {
        "asnan" if kind.is_float() && null && only(&[Flag::Null]) => {
            let params = [("x", schema.clone(), true)];
            let lift = Lift { params: &params, ret: Value::Null };
            Some(lift.with(true, schema, json!("x"), &float(f64::NAN)))
        }
        "read" if kind == Kind::F32 && only(&[Flag::Null]) => {
            let params = [("x", json!("float"), true)];
            Some(Lift { params: &params, ret: schema }.function(fun, json!({ "u.round": ["x"] })))
        }
        "replace" if null && only(&[Flag::Null]) => {
            let params = [("x", schema.clone(), true), ("with", schema.clone(), false)];
            let lift = Lift { params: &params, ret: Value::Null };
            Some(lift.with(true, schema, json!("x"), &json!("with")))
        }
        "nullnan" if kind.is_float() && only(&[Flag::Null]) => {
            let nan = json!({ "impute.isnan": ["x"] });
            let body = choose(&nan, &Value::Null, &json!("x"));
            let params = [("x", schema.clone(), true)];
            let lift = Lift { params: &params, ret: Value::Null };
            Some(lift.with(null, optional(&schema), body, &Value::Null))
        }
        "outlier" if kind.is_number() && only(&[Flag::Null]) => Some(outlier(fun, kind)),
        "clamp" if kind.is_number() && only(&[Flag::Null]) => Some(clamp(fun, kind)),
        "valid" if only(&[Flag::Missing]) => Some(valid(fun, kind)),
        "rejectinvalid" if only(&[Flag::Null, Flag::Missing]) => {
            let refuse = json!({ "do": [{ "error": "a value is not valid" }, "x"] });
            Some(treated(fun, kind, &[], &schema, &refuse))
        }
        "replaceinvalid" if only(&[Flag::Null, Flag::Missing]) => {
            Some(treated(fun, kind, &[("with", schema.clone(), false)], &schema, &json!("with")))
        }
        "nullinvalid" if only(&[Flag::Null, Flag::Missing]) => {
            Some(treated(fun, kind, &[], &optional(&schema), &Value::Null))
        }
        _ => None,
    }
}

fn number(kind: Kind) -> Value {
    if kind == Kind::I64 { json!({ "cast.double": ["x"] }) } else { json!("x") }
}

fn bounds(kind: Kind) -> [(&'static str, Value, bool); 3] {
    [("x", element(kind), true), ("low", json!("double"), false), ("high", json!("double"), false)]
}

fn below(kind: Kind) -> Value {
    json!({ "u.lt_f64": [number(kind), "low"] })
}

fn over(kind: Kind) -> Value {
    json!({ "u.gt_f64": [number(kind), "high"] })
}

fn outlier(fun: &Fun, kind: Kind) -> Function {
    let out = json!({ "||": [below(kind), over(kind)] });
    let body = choose(&out, &Value::Null, &json!("x"));
    let schema = optional(&element(kind));
    Lift { params: &bounds(kind), ret: Value::Null }.with(
        fun.has(Flag::Null),
        schema,
        body,
        &Value::Null,
    )
}

fn clamp(fun: &Fun, kind: Kind) -> Function {
    let bound = |name: &str| match kind {
        Kind::F32 => json!({ "u.round": [name] }),
        Kind::I64 => json!({ "u.cast_f64_i64": [name] }),
        Kind::F64 | Kind::Bool | Kind::Text => json!(name),
    };
    let body = json!({
        "cond": [
            { "if": below(kind), "then": bound("low") },
            { "if": over(kind), "then": bound("high") },
        ],
        "else": "x",
    });
    Lift { params: &bounds(kind), ret: element(kind) }.function(fun, body)
}

/// The parameters of a domain: values, and intervals as columns.
fn domain(kind: Kind) -> Vec<(&'static str, Value, bool)> {
    let (doubles, flags) = (array(&json!("double")), array(&json!("boolean")));
    vec![
        ("values", array(&element(kind)), false),
        ("lows", doubles.clone(), false),
        ("highs", doubles, false),
        ("lowclosed", flags.clone(), false),
        ("highclosed", flags, false),
    ]
}

/// Whether `x` is in the interval `i`.
pub(super) fn inside(kind: Kind) -> Value {
    let i = json!("i");
    let x = number(kind);
    let side = |open: &str, closed: &str, list: &str, flags: &str| {
        let bound = at(list, &i);
        choose(
            &at(flags, &i),
            &json!({ format!("u.{closed}_f64"): [x, bound] }),
            &json!({ format!("u.{open}_f64"): [x, bound] }),
        )
    };
    json!({ "&&": [
        side("gt", "ge", "lows", "lowclosed"),
        side("lt", "le", "highs", "highclosed"),
    ] })
}

/// Whether a value is listed or in an interval.
fn valid(fun: &Fun, kind: Kind) -> Function {
    let place = Fun::new("place", &[kind]).with(Flag::Missing, fun.has(Flag::Missing));
    let listed = json!({ ">=": [{ format!("u.{place}"): ["x", "values"] }, 0] });
    let mut body = vec![json!({ "let": { "valid": listed } })];
    if kind.is_number() {
        body.push(super::for_each(
            "i",
            &json!({ "a.len": ["lows"] }),
            &[json!({
                "if": inside(kind),
                "then": { "set": { "valid": true } },
            })],
        ));
    }
    body.push(json!("valid"));
    let mut params = vec![("x", element(kind), false)];
    params.extend(domain(kind));
    let params = params.into_iter().map(|(name, schema, _)| (name.to_owned(), schema)).collect();
    Function { params, ret: json!("boolean"), body }
}

/// A value that is valid, or what stands for one that is not.
fn treated(
    fun: &Fun,
    kind: Kind,
    further: &[(&'static str, Value, bool)],
    ret: &Value,
    otherwise: &Value,
) -> Function {
    let check = Fun::new("valid", &[kind]).with(Flag::Missing, fun.has(Flag::Missing));
    let mut params = vec![("x", element(kind), true)];
    params.extend(domain(kind));
    params.extend_from_slice(further);
    let lists = ["x", "values", "lows", "highs", "lowclosed", "highclosed"];
    let body = choose(&json!({ format!("u.{check}"): lists }), &json!("x"), otherwise);
    let null = fun.has(Flag::Null);
    let lift = Lift { params: &params, ret: Value::Null };
    let ret = if null && !ret.is_array() { optional(ret) } else { ret.clone() };
    lift.with(null, ret, body, &Value::Null)
}
