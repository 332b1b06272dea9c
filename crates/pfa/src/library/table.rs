//! Functions of tables, intervals and curves.
//!
//! A table is asked key by key: what is handed on are the rows that fit so far, null once an operand is.

use holdall_tabular::{CurveForm, Kind, Outside};
use serde_json::{Value, json};

use super::{Lift, at, choose, element, field::inside, for_each, rounded};
use crate::{
    doc::Function,
    names::{Flag, Fun},
    number::{array, optional},
};

/// Name of a curve's function.
pub(crate) fn curve_name(outside: Outside, form: CurveForm) -> String {
    let outside = match outside {
        Outside::Extend => "extended",
        Outside::Clamp => "clamped",
        Outside::Missing => "bounded",
    };
    let form = match form {
        CurveForm::Slope => "slope",
        CurveForm::Ratio => "ratio",
    };
    format!("{outside}{form}")
}

/// The curve of a function's name.
pub(crate) fn curve_of(name: &str) -> Option<(Outside, CurveForm)> {
    let outsides = [Outside::Extend, Outside::Clamp, Outside::Missing];
    let forms = [CurveForm::Slope, CurveForm::Ratio];
    let all = outsides.into_iter().flat_map(|o| forms.map(|f| (o, f)));
    all.into_iter().find(|&(outside, form)| curve_name(outside, form) == name)
}

pub(super) fn definition(fun: &Fun) -> Option<Function> {
    let [kind] = *fun.kinds.as_slice() else { return None };
    if fun.flags.iter().any(|flag| *flag != Flag::Null) {
        return None;
    }
    let schema = element(kind);
    let x = ("x", schema.clone(), true);
    let keys = ("keys", array(&schema), false);
    let ints = array(&json!("int"));
    let null = fun.has(Flag::Null);
    match fun.op.as_str() {
        "having" => {
            let count = json!({ "a.len": ["keys"] });
            let params = [x, keys];
            Some(
                Lift { params: &params, ret: ints }
                    .function(fun, rows(&count, &fits(kind, "i"), "i")),
            )
        }
        "among" => {
            let params = [x, keys, ("rows", ints.clone(), true)];
            let count = json!({ "a.len": ["rows"] });
            let row = at("rows", &json!("i"));
            let body = rows(&count, &fits(kind, row.clone()), row.clone());
            Some(Lift { params: &params, ret: ints }.function(fun, body))
        }
        "within" if kind.is_number() => {
            let (doubles, flags) = (array(&json!("double")), array(&json!("boolean")));
            let params = [
                x,
                ("lows", doubles.clone(), false),
                ("highs", doubles, false),
                ("lowclosed", flags.clone(), false),
                ("highclosed", flags, false),
            ];
            let body = rows(&json!({ "a.len": ["lows"] }), &inside(kind), "i");
            Some(Lift { params: &params, ret: ints }.function(fun, body))
        }
        "answer" => Some(answer(kind, null)),
        name => {
            let (outside, form) = curve_of(name)?;
            kind.is_float().then(|| curve(fun, kind, outside, form))
        }
    }
}

fn fits(kind: Kind, row: impl Into<Value>) -> Value {
    json!({ format!("u.eq_{kind}"): ["x", at("keys", &row.into())] })
}

/// Those of so many that pass a test.
fn rows(count: &Value, test: &Value, row: impl Into<Value>) -> Value {
    let found = json!({ "a.append": ["found", row.into()] });
    json!({ "do": [
        { "let": { "found": { "type": array(&json!("int")), "value": [] } } },
        for_each("i", count, &[json!({ "if": test, "then": { "set": { "found": found } } })]),
        "found",
    ] })
}

/// The answer of the first row, the one for none, or the one for missing.
fn answer(kind: Kind, null: bool) -> Function {
    let schema = element(kind);
    let first = at("values", &at("rows", &json!(0)));
    let found = choose(&json!({ ">": [{ "a.len": ["rows"] }, 0] }), &first, &json!("default"));
    let ints = array(&json!("int"));
    let mut params = vec![
        (if null { "rows0" } else { "rows" }.to_owned(), if null { optional(&ints) } else { ints }),
        ("values".to_owned(), array(&schema)),
        ("default".to_owned(), optional(&schema)),
    ];
    let body = if null {
        params.push(("missing".to_owned(), optional(&schema)));
        json!({ "ifnotnull": { "rows": "rows0" }, "then": found, "else": "missing" })
    } else {
        found
    };
    Function { params, ret: optional(&schema), body: vec![body] }
}

/// Straight lines between points.
fn curve(fun: &Fun, kind: Kind, outside: Outside, form: CurveForm) -> Function {
    let doubles = array(&json!("double"));
    let params =
        [("x", json!("double"), true), ("xs", doubles.clone(), false), ("ys", doubles, false)];
    let (before, count) = (json!("before"), json!({ "a.len": ["xs"] }));
    let last = json!({ "-": [count, 1] });
    let nan = json!({ "impute.isnan": ["x"] });
    let step = json!({
        "if": { "<=": [at("xs", &before), "x"] },
        "then": { "set": { "before": { "+": [before, 1] } } },
        "else": { "set": { "open": false } },
    });
    let open = choose(&json!({ "<": [before, count] }), &json!("open"), &json!(false));
    let here = json!({ "-": [before, 1] });
    let at_point = choose(
        &json!({ ">": [before, 0] }),
        &json!({ "==": [at("xs", &here), "x"] }),
        &json!(false),
    );
    let beyond = json!({ "||": [{ "==": [before, 0] }, { "==": [before, count] }] });
    let end = choose(&json!({ "==": [before, 0] }), &json!(0), &last);
    let next = json!({ "+": ["first", 1] });
    let gap =
        |list: &str| rounded(kind, json!({ "-": [at(list, &next), at(list, &json!("first"))] }));
    let way = rounded(kind, json!({ "-": ["x", at("xs", &json!("first"))] }));
    let divided = |a: Value, b: Value| rounded(kind, json!({ "/": [a, b] }));
    let times = |a: Value, b: Value| rounded(kind, json!({ "*": [a, b] }));
    let rise = match form {
        CurveForm::Slope => times(way, divided(gap("ys"), gap("xs"))),
        CurveForm::Ratio => times(divided(way, gap("xs")), gap("ys")),
    };
    let line = rounded(kind, json!({ "+": [at("ys", &json!("first")), rise] }));
    let along = |first: Value| json!({ "do": [{ "let": { "first": first } }, line] });
    let mut cases = vec![json!({ "if": at_point, "then": at("ys", &here) })];
    match outside {
        Outside::Missing => cases.push(json!({ "if": beyond, "then": null })),
        Outside::Clamp => cases.push(json!({ "if": beyond, "then": at("ys", &end) })),
        Outside::Extend => cases.extend([
            json!({ "if": { "==": [count, 1] }, "then": at("ys", &json!(0)) }),
            json!({ "if": { "==": [before, 0] }, "then": along(json!(0)) }),
            json!({ "if": { "==": [before, count] }, "then": along(json!({ "-": [count, 2] })) }),
        ]),
    }
    let value = json!({ "do": [
        { "let": { "before": 0, "open": true } },
        { "while": open, "do": [step] },
        { "cond": cases, "else": along(here) },
    ] });
    let body = choose(&nan, &json!("x"), &value);
    let null = fun.has(Flag::Null);
    let ret = json!("double");
    let ret = if null || outside == Outside::Missing { optional(&ret) } else { ret };
    Lift { params: &params, ret: Value::Null }.with(null, ret, body, &Value::Null)
}
