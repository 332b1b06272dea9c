//! Functions of texts. Patterns are runs of characters of classes, each class as ranges from `lows` to `highs`.

use holdall_tabular::Kind;
use serde_json::{Value, json};

use super::{Lift, at, choose, element, for_each, rounded};
use crate::{
    doc::Function,
    names::{Flag, Fun},
    number::{array, float, map, optional},
};

/// White space as Unicode has it (property `White_Space`).
const SPACE: &str = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\
                     \u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";

/// How counts become weights, as the calls say it.
pub(crate) mod weight {
    pub(crate) const COUNT: i64 = 0;
    pub(crate) const BINARY: i64 = 1;
    pub(crate) const SUBLINEAR: i64 = 2;
}

pub(super) fn definition(fun: &Fun) -> Option<Function> {
    if fun.flags.iter().any(|flag| *flag != Flag::Null) {
        return None;
    }
    let string = json!("string");
    let text = string.clone();
    let of = |ret: Value, further: &[(&str, Value)], body: Value| {
        let mut params = vec![("x", text.clone(), true)];
        params.extend(further.iter().map(|(name, schema)| (*name, schema.clone(), false)));
        Some(Lift { params: &params, ret }.function(fun, body))
    };
    let plain = !fun.has(Flag::Null);
    match (fun.op.as_str(), fun.kinds.as_slice()) {
        ("trim", [Kind::Text]) => of(string, &[], json!({ "s.strip": ["x", { "string": SPACE }] })),
        ("totext", &[kind]) => {
            let params = [("x", element(kind), true)];
            Some(Lift { params: &params, ret: string }.function(fun, to_text(kind)))
        }
        ("tonumber", [Kind::Text]) => {
            let params = [("x", string, true)];
            let ret = optional(&json!("double"));
            let null = fun.has(Flag::Null);
            Some(Lift { params: &params, ret: Value::Null }.with(
                null,
                ret,
                to_number(),
                &Value::Null,
            ))
        }
        ("parsedate", [Kind::Text]) => {
            let params = [("x", string, true)];
            let ret = optional(&json!("long"));
            let null = fun.has(Flag::Null);
            let lift = Lift { params: &params, ret: Value::Null };
            Some(lift.with(null, ret, parse_date(), &Value::Null))
        }
        ("digits", [Kind::Text]) if plain => {
            let here = json!({ "s.substr": ["x", "i", { "+": ["i", 1] }] });
            let is = json!({ ">=": [{ "s.index": [{ "string": "0123456789" }, here] }, 0] });
            let more = choose(&json!({ "<": ["i", { "s.len": ["x"] }] }), &is, &json!(false));
            Some(Function {
                params: vec![("x".to_owned(), string), ("start".to_owned(), json!("int"))],
                ret: json!("int"),
                body: vec![
                    json!({ "let": { "i": "start" } }),
                    json!({ "while": more, "do": [{ "set": { "i": { "+": ["i", 1] } } }] }),
                    json!("i"),
                ],
            })
        }
        ("inclass", [Kind::Text]) if plain => Some(in_class()),
        ("runend", [Kind::Text]) if plain => Some(run_end()),
        ("matchend", [Kind::Text]) if plain => Some(match_end()),
        ("matches", [Kind::Text]) => of(json!("boolean"), &pattern(), matches()),
        ("replacepattern", [Kind::Text]) => {
            let mut further = pattern();
            further.push(("with", string.clone()));
            of(string, &further, replaced())
        }
        ("tokens", [Kind::Text]) if plain => of(array(&string), &pattern(), tokens()),
        ("terms", &[kind]) if kind.is_float() => {
            let (strings, int) = (array(&string), json!("int"));
            let mut further = pattern();
            further.extend([
                ("lowercase", json!("boolean")),
                ("stop", strings),
                ("shortest", int.clone()),
                ("longest", int.clone()),
                ("places", map(&int)),
                ("size", int.clone()),
                ("weight", int),
                ("idf", array(&json!("double"))),
            ]);
            let mut params = vec![("x", json!("string"), true)];
            params.extend(further.iter().map(|(name, schema)| (*name, schema.clone(), false)));
            let null = fun.has(Flag::Null);
            let items = crate::number::maybe(&json!("double"), null);
            let body = terms(kind, null);
            let lost = json!({ "do": [
                { "let": { "gaps": { "type": array(&items), "value": [] } } },
                for_each("i", &json!("size"), &[json!({
                    "set": { "gaps": { "a.append": ["gaps", null] } }
                })]),
                "gaps",
            ] });
            Some(Lift { params: &params, ret: Value::Null }.with(null, array(&items), body, &lost))
        }
        _ => None,
    }
}

/// The fewest digits that give the number back, without an exponent.
fn to_text(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!("x"),
        Kind::Bool => {
            choose(&json!("x"), &json!({ "string": "true" }), &json!({ "string": "false" }))
        }
        Kind::I64 => json!({ "s.int": ["x"] }),
        Kind::F32 | Kind::F64 => {
            let text = |text: &str| json!({ "string": text });
            let with = |least: f64, most: f64| json!({ "s.number": ["x", null, "p", float(least), float(most)] });
            let back = |text: &str| rounded(kind, json!({ "parse.double": [text] }));
            let shortest = |format: Value| {
                json!([
                    { "let": { "p": 0, "t": { "string": "" } } },
                    { "set": { "t": format } },
                    { "while": { "!=": [back("t"), "x"] }, "do": [
                        { "set": { "p": { "+": ["p", 1] } } },
                        { "set": { "t": format } },
                    ] },
                ])
            };
            // Without an exponent, and with one whatever the size.
            let fixed = with_value(shortest(with(0.0, f64::INFINITY)), &json!("t"));
            let parts = json!({ "s.split": ["t", text("e+")] });
            let digits = json!({ "s.replaceall": [at("parts", &json!(0)), text("."), text("")] });
            let whole = json!({ "+": [1, { "parse.int": [at("parts", &json!(1)), 10] }] });
            let signed = json!({ "+": [
                whole,
                choose(&json!({ "<": ["x", 0.0] }), &json!(1), &json!(0)),
            ] });
            let zeros =
                json!({ "s.repeat": [text("0"), { "-": [signed, { "s.len": ["digits"] }] }] });
            let large = with_value(
                shortest(with(f64::INFINITY, 0.0)),
                &json!({ "do": [
                { "let": { "parts": parts } },
                { "let": { "digits": digits } },
                { "s.concat": ["digits", zeros] },
            ] }),
            );
            // Engines differ on quotients by -0, not on its angle.
            let below = json!({ "<": [{ "m.atan2": ["x", -1.0] }, 0.0] });
            json!({ "cond": [
                { "if": { "impute.isnan": ["x"] }, "then": text("NaN") },
                { "if": { "==": ["x", float(f64::INFINITY)] }, "then": text("inf") },
                { "if": { "==": ["x", float(f64::NEG_INFINITY)] }, "then": text("-inf") },
                { "if": { "==": ["x", 0.0] }, "then": choose(&below, &text("-0"), &text("0")) },
                { "if": { "<": [{ "m.abs": ["x"] }, 2.0_f64.powi(53)] }, "then": fixed },
            ], "else": large })
        }
    }
}

/// Statements and the value behind them.
fn with_value(statements: Value, value: &Value) -> Value {
    let mut list = if let Value::Array(list) = statements { list } else { vec![statements] };
    list.push(value.clone());
    json!({ "do": list })
}

/// The number that a text says: a sign, digits with a point, an exponent; or a word for infinity or NaN.
fn to_number() -> Value {
    let text = |text: &str| json!({ "string": text });
    let char_at = |i: &str| json!({ "s.substr": ["s", i, { "+": [i, 1] }] });
    let is_one_of = |i: &str, of: &str| {
        let found = json!({ ">=": [{ "s.index": [text(of), char_at(i)] }, 0] });
        choose(&json!({ "<": [i, "size"] }), &found, &json!(false))
    };
    let digits = |from: &str| json!({ "u.digits_text": ["s", from] });
    let after = |i: &str, of: &str| choose(&is_one_of(i, of), &json!({ "+": [i, 1] }), &json!(i));
    let word = json!({ "s.lower": [{ "s.substr": ["s", "first", "size"] }] });
    let is = |name: &str| json!({ "==": ["word", text(name)] });
    let minus = is_one_of("zero", "-");
    let signed = |value: f64| choose(&minus, &float(-value), &float(value));
    let some = |value: Value| json!({ "u.some_f64": [value] });
    // Between the sign and the exponent there is a digit; so there is behind an exponent.
    let has_digit = json!({ "||": [
        { ">": ["whole", "first"] }, { ">": ["fraction", "point"] },
    ] });
    let ends = json!({ "||": [
        { "==": ["fraction", "size"] },
        { "&&": [
            { ">": ["e", "fraction"] },
            { "&&": [{ ">": ["power", "sign"] }, { "==": ["power", "size"] }] },
        ] },
    ] });
    json!({ "do": [
        { "let": { "s": { "s.strip": ["x", { "string": SPACE }] }, "zero": 0 } },
        { "let": { "size": { "s.len": ["s"] } } },
        { "let": { "first": after("zero", "+-") } },
        { "let": { "word": word } },
        { "let": { "whole": digits("first") } },
        { "let": { "point": after("whole", ".") } },
        { "let": { "fraction": digits("point") } },
        { "let": { "e": after("fraction", "eE") } },
        { "let": { "sign": after("e", "+-") } },
        { "let": { "power": digits("sign") } },
        { "cond": [
            { "if": { "||": [is("inf"), is("infinity")] }, "then": some(signed(f64::INFINITY)) },
            { "if": is("nan"), "then": some(float(f64::NAN)) },
            { "if": { "&&": [has_digit, ends] }, "then": some(json!({ "parse.double": ["s"] })) },
        ], "else": null },
    ] })
}

/// Days since 1970-01-01 of a date as `YYYY-MM-DD`; null for a day that no month has and for text without a digit. What
/// else may be a date in the grammar of ISO 8601 fails.
fn parse_date() -> Value {
    let char_at = |i: i64| json!({ "s.substr": ["s", i, i + 1] });
    let all = |list: Vec<Value>| {
        let joined =
            list.into_iter().rev().reduce(|later, first| choose(&first, &later, &json!(false)));
        joined.unwrap_or(Value::Null)
    };
    let run = |from: i64, to: i64| json!({ ">=": [{ "u.digits_text": ["s", from] }, to] });
    let dash = |i: i64| json!({ "==": [char_at(i), { "string": "-" }] });
    let is_date = all(vec![
        json!({ "==": [{ "s.len": ["s"] }, 10] }),
        run(0, 4),
        run(5, 7),
        run(8, 10),
        dash(4),
        dash(7),
    ]);
    let part = |from: i64, to: i64| json!({ "parse.int": [{ "s.substr": ["s", from, to] }, 10] });
    let multiple = |of: i64| json!({ "==": [{ "%": ["y", of] }, 0] });
    let leap = choose(&multiple(100), &multiple(400), &multiple(4));
    let is = |month: i64| json!({ "==": ["m", month] });
    let short = json!({ "||": [{ "||": [is(4), is(6)] }, { "||": [is(9), is(11)] }] });
    let last = json!({ "cond": [
        { "if": is(2), "then": choose(&leap, &json!(29), &json!(28)) },
        { "if": short, "then": 30 },
    ], "else": 31 });
    let is_day = all(vec![
        json!({ "&&": [{ ">=": ["m", 1] }, { "<=": ["m", 12] }] }),
        json!({ "&&": [{ ">=": ["d", 1] }, { "<=": ["d", last] }] }),
    ]);
    // Years begin in March and 400 years earlier, so that nothing is below 0.
    let early = json!({ "<=": ["m", 2] });
    let from_march = choose(&early, &json!({ "+": ["m", 9] }), &json!({ "-": ["m", 3] }));
    let year = choose(&early, &json!({ "+": ["y", 399] }), &json!({ "+": ["y", 400] }));
    let over = |of: &str, by: i64| json!({ "//": [of, by] });
    let leaps = json!({ "+": [{ "-": [over("year", 4), over("year", 100)] }, over("year", 400)] });
    let of_months = json!({ "//": [{ "+": [{ "*": [153, from_march] }, 2] }, 5] });
    let days = json!({ "+": [
        { "+": [{ "*": ["year", 365] }, leaps] }, { "+": [of_months, "d"] },
    ] });
    let count = json!({ "do": [
        { "let": { "year": year } },
        { "cast.long": [{ "-": [days, 719_469 + 146_097] }] },
    ] });
    let date = json!({ "do": [
        { "let": { "y": part(0, 4), "m": part(5, 7), "d": part(8, 10) } },
        choose(&is_day, &json!({ "u.some_i64": [count] }), &Value::Null),
    ] });
    let digit = json!({ "<": [
        { "u.runend_text": [
            "s",
            0,
            {
                "type": array(&json!("string")),
                "new": [{ "string": "\u{0}" }, { "string": ":" }],
            },
            {
                "type": array(&json!("string")),
                "new": [{ "string": "/" }, { "string": "\u{10ffff}" }],
            },
            -1,
        ] },
        { "s.len": ["s"] },
    ] });
    let other = json!({ "do": [{ "error": "a date is not written as YYYY-MM-DD" }, null] });
    json!({ "do": [
        { "let": { "s": { "s.strip": ["x", { "string": SPACE }] } } },
        { "cond": [
            { "if": is_date, "then": date },
            { "if": digit, "then": other },
        ], "else": null },
    ] })
}

/// The parameters of a pattern: for each run the ranges of its class and how many characters it has (−1: any number),
/// and where it may stand.
fn pattern() -> Vec<(&'static str, Value)> {
    let ranges = array(&array(&json!("string")));
    let (ints, flag) = (array(&json!("int")), json!("boolean"));
    vec![
        ("lows", ranges.clone()),
        ("highs", ranges),
        ("fewest", ints.clone()),
        ("most", ints),
        ("atstart", flag.clone()),
        ("atend", flag.clone()),
        ("fresh", flag),
    ]
}

fn char_of(x: &str, i: &Value) -> Value {
    json!({ "s.substr": [x, i, { "+": [i, 1] }] })
}

/// Whether a character is in a class: the last range that begins at or before it ends at or behind it.
fn in_class() -> Function {
    let strings = array(&json!("string"));
    let middle = json!({ "//": [{ "+": ["from", "to"] }, 2] });
    let last = json!({ "-": ["from", 1] });
    Function {
        params: vec![
            ("c".to_owned(), json!("string")),
            ("lows".to_owned(), strings.clone()),
            ("highs".to_owned(), strings),
        ],
        ret: json!("boolean"),
        body: vec![
            json!({ "let": { "from": 0, "to": { "a.len": ["lows"] } } }),
            json!({ "while": { "<": ["from", "to"] }, "do": [
                { "let": { "middle": middle } },
                {
                    "if": { "<=": [at("lows", &json!("middle")), "c"] },
                    "then": { "set": { "from": { "+": ["middle", 1] } } },
                    "else": { "set": { "to": "middle" } },
                },
            ] }),
            choose(
                &json!({ ">": ["from", 0] }),
                &json!({ "<=": ["c", at("highs", &last)] }),
                &json!(false),
            ),
        ],
    }
}

/// Where a run of characters of a class ends.
fn run_end() -> Function {
    let strings = array(&json!("string"));
    let is = json!({ "u.inclass_text": [char_of("x", &json!("i")), "lows", "highs"] });
    let more = json!({ "||": [{ "<": ["most", 0] }, { "<": [{ "-": ["i", "start"] }, "most"] }] });
    let inside = json!({ "&&": [{ "<": ["i", { "s.len": ["x"] }] }, more] });
    Function {
        params: vec![
            ("x".to_owned(), json!("string")),
            ("start".to_owned(), json!("int")),
            ("lows".to_owned(), strings.clone()),
            ("highs".to_owned(), strings),
            ("most".to_owned(), json!("int")),
        ],
        ret: json!("int"),
        body: vec![
            json!({ "let": { "i": "start" } }),
            json!({
                "while": choose(&inside, &is, &json!(false)),
                "do": [{ "set": { "i": { "+": ["i", 1] } } }],
            }),
            json!("i"),
        ],
    }
}

/// Where a match that begins at a place ends; −1 where there is none.
fn match_end() -> Function {
    let run = json!("k");
    let mut params = vec![("x".to_owned(), json!("string")), ("start".to_owned(), json!("int"))];
    params.extend(pattern().into_iter().map(|(name, schema)| (name.to_owned(), schema)));
    let end = json!({ "u.runend_text": [
        "x", "end", at("lows", &run), at("highs", &run), at("most", &run),
    ] });
    let too_few = json!({ "<": [{ "-": ["next", "end"] }, at("fewest", &run)] });
    let step = json!({ "if": { ">=": ["end", 0] }, "then": { "do": [
        { "let": { "next": end } },
        {
            "if": too_few,
            "then": { "set": { "end": -1 } },
            "else": { "set": { "end": "next" } },
        },
    ] } });
    let before = char_of("x", &json!({ "-": ["start", 1] }));
    let follows = json!({ "u.inclass_text": [
        before, at("lows", &json!(0)), at("highs", &json!(0)),
    ] });
    let is_fresh = choose(&json!({ ">": ["start", 0] }), &json!({ "!": [follows] }), &json!(true));
    let beyond = json!({ "&&": ["atend", { "<": ["end", { "s.len": ["x"] }] }] });
    Function {
        params,
        ret: json!("int"),
        body: vec![
            json!({ "let": { "end": "start" } }),
            json!({
                "if": { "&&": ["atstart", { ">": ["start", 0] }] },
                "then": { "set": { "end": -1 } },
            }),
            json!({
                "if": choose(&json!("fresh"), &json!({ "!": [is_fresh] }), &json!(false)),
                "then": { "set": { "end": -1 } },
            }),
            for_each("k", &json!({ "a.len": ["lows"] }), &[step]),
            choose(&beyond, &json!(-1), &json!("end")),
        ],
    }
}

/// The end of a match at `i`.
fn match_here() -> Value {
    json!({ "u.matchend_text": [
        "x", "i", "lows", "highs", "fewest", "most", "atstart", "atend", "fresh",
    ] })
}

fn matches() -> Value {
    json!({ "do": [
        { "let": { "found": false } },
        for_each("i", &json!({ "s.len": ["x"] }), &[json!({
            "if": { ">=": [match_here(), 0] }, "then": { "set": { "found": true } },
        })]),
        "found",
    ] })
}

/// From left to right: what is done with a match, and with a character outside of one.
fn scan(matched: &Value, other: &Value) -> Value {
    json!({ "while": { "<": ["i", { "s.len": ["x"] }] }, "do": [
        { "let": { "end": match_here() } },
        {
            "if": { ">=": ["end", 0] },
            "then": { "do": [matched, { "set": { "i": "end" } }] },
            "else": { "do": [other, { "set": { "i": { "+": ["i", 1] } } }] },
        },
    ] })
}

fn replaced() -> Value {
    let add = |text: Value| json!({ "set": { "out": { "s.concat": ["out", text] } } });
    json!({ "do": [
        { "let": { "i": 0, "out": { "string": "" } } },
        scan(&add(json!("with")), &add(char_of("x", &json!("i")))),
        "out",
    ] })
}

fn tokens() -> Value {
    let token = json!({ "s.substr": ["x", "i", "end"] });
    json!({ "do": [
        { "let": { "i": 0, "found": { "type": array(&json!("string")), "value": [] } } },
        scan(&json!({ "set": { "found": { "a.append": ["found", token] } } }), &Value::Null),
        "found",
    ] })
}

/// Counts of terms as weights: tokens but for stop words, runs of them joined by spaces.
fn terms(kind: Kind, null: bool) -> Value {
    let doubles = array(&json!("double"));
    let (n, k) = (json!("n"), json!("k"));
    let text = choose(&json!("lowercase"), &json!({ "s.lower": ["x"] }), &json!("x"));
    let found = json!({ "u.tokens_text": [
        "text", "lows", "highs", "fewest", "most", "atstart", "atend", "fresh",
    ] });
    let token = at("found", &json!("t"));
    let kept = json!({ "<": [{ "u.place_text": [token, "stop"] }, 0] });
    let keep = json!({
        "if": kept, "then": { "set": { "kept": { "a.append": ["kept", token] } } },
    });
    let term =
        json!({ "s.join": [{ "a.subseq": ["kept", k, { "+": [k, n] }] }, { "string": " " }] });
    let place = json!({ "attr": "places", "path": ["term"] });
    let more = rounded(kind, json!({ "+": [at("row", &json!("place")), 1.0] }));
    let count = json!({
        "if": { "map.containsKey": ["places", "term"] },
        "then": { "do": [
            { "let": { "place": place } },
            { "set": { "row": { "attr": "row", "path": ["place"], "to": more } } },
        ] },
    });
    let runs = json!({
        "for": { "n": "shortest" },
        "while": { "&&": [{ "<=": ["n", "longest"] }, { "<=": ["n", { "a.len": ["kept"] }] }] },
        "step": { "n": { "+": ["n", 1] } },
        "do": [for_each(
            "k",
            &json!({ "+": [{ "-": [{ "a.len": ["kept"] }, n] }, 1] }),
            &[json!({ "let": { "term": term } }), count],
        )],
    });
    let value = at("row", &json!("i"));
    let is = |code: i64| json!({ "==": ["weight", code] });
    let weighted = json!({ "cond": [
        { "if": { "==": [value, 0.0] }, "then": value },
        { "if": is(weight::BINARY), "then": 1.0 },
        {
            "if": is(weight::SUBLINEAR),
            "then": rounded(kind, json!({ "+": [{ format!("u.ln_{kind}"): [value] }, 1.0] })),
        },
    ], "else": value });
    let times = rounded(kind, json!({ "*": [weighted, at("idf", &json!("i"))] }));
    let scaled = choose(&json!({ ">": [{ "a.len": ["idf"] }, 0] }), &times, &weighted);
    let change = json!({ "set": { "row": { "attr": "row", "path": ["i"], "to": scaled } } });
    let answer = if null {
        json!({ "a.map": ["row", { "fcn": format!("u.some_{kind}") }] })
    } else {
        json!("row")
    };
    json!({ "do": [
        { "let": { "text": text } },
        { "let": { "found": found } },
        { "let": { "kept": { "type": array(&json!("string")), "value": [] } } },
        for_each("t", &json!({ "a.len": ["found"] }), &[keep]),
        { "let": { "row": { "type": doubles, "value": [] } } },
        for_each("i", &json!("size"), &[json!({ "set": { "row": { "a.append": ["row", 0.0] } } })]),
        runs,
        for_each("i", &json!("size"), &[change]),
        answer,
    ] })
}
