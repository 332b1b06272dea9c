//! Functions of elements.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, PI};

use holdall_tabular::{
    BinaryOp, Kind, UnaryOp,
    quantile::{CENTRE, MIDDLE, Ratio, TAIL},
};
use serde_json::{Value, json};

use super::{Lift, choose, element, rounded};
use crate::{
    doc::Function,
    names::{Flag, Fun},
    number::{float, maybe, optional},
};

/// Above this e raised to it is infinite; Python engines raise an error there.
const EXP_LIMIT: f64 = 709.782_712_893_384;

/// Name of a function of one element.
pub(crate) fn unary_name(op: UnaryOp) -> String {
    op.name().replace('-', "")
}

/// Name of a function of two elements.
pub(crate) fn binary_name(op: BinaryOp) -> String {
    op.name().replace('-', "")
}

pub(super) fn definition(fun: &Fun) -> Option<Function> {
    let op = fun.op.as_str();
    if op == "round" && fun.kinds.is_empty() && fun.flags.is_empty() {
        return Some(round());
    }
    let extra = fun.flags.iter().any(|f| *f != Flag::Null);
    match *fun.kinds.as_slice() {
        [kind] if op == "impute" => Some(impute(fun, kind)),
        [kind] if !extra => single(fun, kind),
        [from, to] if op == "cast" && !extra => {
            let body = cast(from, to)?;
            let params = [("x", element(from), true)];
            Some(Lift { params: &params, ret: element(to) }.function(fun, body))
        }
        _ => None,
    }
}

fn single(fun: &Fun, kind: Kind) -> Option<Function> {
    let op = fun.op.as_str();
    let schema = element(kind);
    if let Some(op) = UnaryOp::ALL.into_iter().find(|o| unary_name(*o) == op) {
        return unary(fun, op, kind);
    }
    if let Some(op) = BinaryOp::ALL.into_iter().find(|o| binary_name(*o) == op) {
        return binary(fun, op, kind);
    }
    let by = op.strip_suffix("by").and_then(|stem| {
        let ops = [BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul, BinaryOp::Div];
        ops.into_iter().find(|o| o.name() == stem).filter(|_| kind.is_float())
    });
    if let Some(by) = by {
        let params = [("a", schema.clone(), true), ("b", schema.clone(), false)];
        let body = binary_body(by, kind)?;
        return Some(Lift { params: &params, ret: schema }.function(fun, body));
    }
    let null = fun.has(Flag::Null);
    match op {
        "some" if !null => Some(Function {
            params: vec![("x".to_owned(), schema.clone())],
            ret: optional(&schema),
            body: vec![json!("x")],
        }),
        "require" if null => {
            let missing = json!({ "error": "a value is missing" });
            let params = [("x", schema.clone(), true)];
            Some(Lift { params: &params, ret: json!(null) }.with(
                true,
                schema,
                json!("x"),
                &missing,
            ))
        }
        "absent" if null => Some(Function {
            params: vec![("x".to_owned(), optional(&schema))],
            ret: optional(&schema),
            body: vec![Value::Null],
        }),
        "if" => {
            let params = [
                ("c", json!("boolean"), null),
                ("a", maybe(&schema, null), false),
                ("b", maybe(&schema, null), false),
            ];
            let body = choose(&json!("c"), &json!("a"), &json!("b"));
            Some(Lift { params: &params, ret: schema }.function(fun, body))
        }
        _ => None,
    }
}

/// To binary32, ties to even: the unit in the first place is found by Rump's method (S. M. Rump,
/// "Ultimately fast accurate summation", 2009, algorithm 3.6), and adding 1.5 × 2²⁹ of it leaves 24
/// bits. Below 2⁻¹²⁶ the step is 2⁻¹⁴⁹.
fn round() -> Function {
    let step = |by: Value| json!([{ "let": { "c": by } }, { "-": [{ "+": ["x", "c"] }, "c"] }]);
    let normal = json!([
        { "let": { "q": { "*": ["a", 4_503_599_627_370_497.0] } } },
        { "let": { "u": { "m.abs": { "-": ["q", { "*": ["q", 1.0 - f64::EPSILON / 2.0] }] } } } },
        { "do": step(json!({ "*": ["u", 805_306_368.0] })) },
    ]);
    // Half a step above the largest binary32.
    let over = 3.402_823_567_797_336_6e38;
    let infinite =
        choose(&json!({ ">": ["x", 0.0] }), &float(f64::INFINITY), &float(f64::NEG_INFINITY));
    let tiny = json!({ "do": step(json!(1.5 * 2.0_f64.powi(-97))) });
    let body = json!({
        "cond": [
            { "if": { "impute.isnan": ["x"] }, "then": "x" },
            { "if": { ">=": ["a", over] }, "then": infinite },
            { "if": { "<": ["a", f64::from(f32::MIN_POSITIVE)] }, "then": tiny },
        ],
        "else": { "do": normal },
    });
    Function {
        params: vec![("x".to_owned(), json!("double"))],
        ret: json!("double"),
        body: vec![json!({ "let": { "a": { "m.abs": ["x"] } } }), body],
    }
}

fn unary(fun: &Fun, op: UnaryOp, kind: Kind) -> Option<Function> {
    let schema = element(kind);
    let x = || json!(["x"]);
    let exp = |arg: Value| json!({ "u.exp_f64": [arg] });
    let float_only = |body: Value| kind.is_float().then(|| rounded(kind, body));
    let body = match op {
        UnaryOp::Neg => kind.is_number().then(|| json!({ "u-": x() })),
        UnaryOp::Abs => kind.is_number().then(|| json!({ "m.abs": x() })),
        UnaryOp::Exp if kind == Kind::F64 => Some(choose(
            &json!({ ">": ["x", EXP_LIMIT] }),
            &choose(&json!({ "impute.isnan": x() }), &json!("x"), &float(f64::INFINITY)),
            &json!({ "m.exp": x() }),
        )),
        UnaryOp::Exp => float_only(exp(json!("x"))),
        UnaryOp::Ln => float_only(json!({ "m.ln": x() })),
        UnaryOp::Ln1p => float_only(json!({ "m.ln1p": x() })),
        UnaryOp::Expm1 => float_only(choose(
            &json!({ ">": ["x", EXP_LIMIT] }),
            &exp(json!("x")),
            &json!({ "m.expm1": x() }),
        )),
        UnaryOp::Sqrt => float_only(json!({ "m.sqrt": x() })),
        UnaryOp::Floor => float_only(json!({ "m.floor": x() })),
        UnaryOp::Ceil => float_only(json!({ "m.ceil": x() })),
        UnaryOp::Logistic => float_only(json!({
            "/": [1.0, rounded(kind, json!({
                "+": [1.0, { format!("u.exp_{kind}"): [{ "u-": x() }] }]
            }))]
        })),
        UnaryOp::Tanh => float_only(json!({ "m.tanh": x() })),
        UnaryOp::Not => (kind == Kind::Bool).then(|| json!({ "!": x() })),
        UnaryOp::IsNan => kind.is_float().then(|| json!({ "impute.isnan": x() })),
        UnaryOp::IsMissing => Some(json!(false)),
        UnaryOp::Sin => float_only(json!({ "m.sin": x() })),
        UnaryOp::Cos => float_only(json!({ "m.cos": x() })),
        UnaryOp::Tan => float_only(json!({ "m.tan": x() })),
        UnaryOp::Asin => float_only(json!({ "m.asin": x() })),
        UnaryOp::Acos => float_only(json!({ "m.acos": x() })),
        UnaryOp::Atan => float_only(json!({ "m.atan": x() })),
        UnaryOp::Sinh => float_only(json!({ "m.sinh": x() })),
        UnaryOp::Cosh => float_only(json!({ "m.cosh": x() })),
        UnaryOp::Log10 => float_only(json!({ "m.log10": x() })),
        UnaryOp::RoundEven => float_only(json!({ "m.rint": x() })),
        UnaryOp::Trunc => float_only(choose(
            &json!({ "<": ["x", 0.0] }),
            &json!({ "m.ceil": x() }),
            &json!({ "m.floor": x() }),
        )),
        UnaryOp::Asinh => float_only(of_size(&json!({ "m.ln1p": [{ "+": ["s", { "/": [
            { "*": ["s", "s"] },
            { "+": [1.0, { "m.sqrt": [{ "+": [{ "*": ["s", "s"] }, 1.0] }] }] },
        ] }] }] }))),
        UnaryOp::Acosh => float_only(json!({ "do": [
            { "let": { "t": { "-": ["x", 1.0] } } },
            { "m.ln1p": [{ "+": ["t", { "*": [
                { "m.sqrt": ["t"] }, { "m.sqrt": [{ "+": ["x", 1.0] }] },
            ] }] }] },
        ] })),
        UnaryOp::Atanh => float_only(of_size(&json!({ "*": [0.5, { "m.ln1p": [
            { "/": [{ "*": [2.0, "s"] }, { "-": [1.0, "s"] }] }
        ] }] }))),
        UnaryOp::Log2 => float_only(json!({ "/": [{ "m.ln": x() }, LN_2] })),
        UnaryOp::Exp2 => float_only(choose(
            &json!({ "u.ge_f64": ["x", 1024.0] }),
            &float(f64::INFINITY),
            &json!({ "**": [2.0, "x"] }),
        )),
        UnaryOp::Cbrt => float_only(of_size(&json!({ "**": ["s", 1.0 / 3.0] }))),
        UnaryOp::Round => float_only(of_size(&json!({ "do": [
            { "let": { "t": { "m.floor": ["s"] } } },
            choose(&json!({ ">=": [{ "-": ["s", "t"] }, 0.5] }), &json!({ "+": ["t", 1.0] }), &json!("t")),
        ] }))),
        UnaryOp::Sign => kind.is_number().then(|| sign(kind)),
        UnaryOp::Erf => float_only(json!({ "m.special.erf": x() })),
        UnaryOp::NormalCdf => float_only(json!({
            "*": [0.5, { "m.special.erfc": [{ "*": [{ "u-": x() }, FRAC_1_SQRT_2] }] }]
        })),
        UnaryOp::NormalPdf => float_only(json!({ "/": [
            exp(json!({ "*": [{ "*": [-0.5, "x"] }, "x"] })), (2.0 * PI).sqrt(),
        ] })),
        UnaryOp::NormalQuantile => float_only(normal_quantile()),
        UnaryOp::LnGamma => None,
    }?;
    let ret = if op.is_test() { json!("boolean") } else { schema.clone() };
    let params = [("x", schema, true)];
    let lift = Lift { params: &params, ret: ret.clone() };
    if op == UnaryOp::IsMissing {
        return Some(lift.with(fun.has(Flag::Null), ret, body, &json!(true)));
    }
    Some(lift.function(fun, body))
}

/// The sign; zeros and NaN stay.
fn sign(kind: Kind) -> Value {
    let whole = |v: i64, f: f64| if kind == Kind::I64 { json!({ "long": v }) } else { json!(f) };
    let over = choose(&json!({ ">": ["x", whole(0, 0.0)] }), &whole(1, 1.0), &json!("x"));
    let body = choose(&json!({ "<": ["x", whole(0, 0.0)] }), &whole(-1, -1.0), &over);
    if !kind.is_float() {
        return body;
    }
    choose(&json!({ "impute.isnan": ["x"] }), &json!("x"), &body)
}

/// A function of the size `s`, with the sign of the operand; zeros and NaN stay.
fn of_size(value: &Value) -> Value {
    let some = json!({ "||": [{ ">": ["x", 0.0] }, { "<": ["x", 0.0] }] });
    let number = choose(&json!({ "impute.isnan": ["x"] }), &json!(false), &some);
    let signed = choose(&json!({ "<": ["x", 0.0] }), &json!({ "u-": ["v"] }), &json!("v"));
    let of = json!({ "do": [
        { "let": { "s": { "m.abs": ["x"] } } },
        { "let": { "v": value } },
        signed,
    ] });
    choose(&number, &of, &json!("x"))
}

/// The routine that [`holdall_tabular::quantile`] has the coefficients of.
fn normal_quantile() -> Value {
    let polynomial = |of: &[f64; 8]| {
        let mut terms = of.iter().rev();
        let first = terms.next().map_or(Value::Null, |c| json!(c));
        terms.fold(first, |sum, c| json!({ "+": [{ "*": [sum, "r"] }, c] }))
    };
    let ratio = |(above, below): &Ratio| json!({ "/": [polynomial(above), polynomial(below)] });
    let with = |r: Value, value: Value| json!({ "do": [{ "let": { "r": r } }, value] });
    let size = choose(
        &json!({ "<=": ["w", 5.0] }),
        &with(json!({ "-": ["w", 1.6] }), ratio(&MIDDLE)),
        &with(json!({ "-": ["w", 5.0] }), ratio(&TAIL)),
    );
    let rest = choose(&json!({ "<": ["q", 0.0] }), &json!("x"), &json!({ "-": [1.0, "x"] }));
    let outer = json!({ "do": [
        { "let": { "rest": rest } },
        { "let": { "v": choose(
            &json!({ "<=": ["rest", 0.0] }),
            &float(f64::INFINITY),
            &json!({ "do": [
                { "let": { "w": { "m.sqrt": [{ "u-": [{ "m.ln": ["rest"] }] }] } } },
                size,
            ] }),
        ) } },
        choose(&json!({ "<": ["q", 0.0] }), &json!({ "u-": ["v"] }), &json!("v")),
    ] });
    let inner = with(
        json!({ "-": [0.180_625, { "*": ["q", "q"] }] }),
        json!({ "*": ["q", ratio(&CENTRE)] }),
    );
    let value = json!({ "do": [
        { "let": { "q": { "-": ["x", 0.5] } } },
        choose(&json!({ "<=": [{ "m.abs": ["q"] }, 0.425] }), &inner, &outer),
    ] });
    let outside = json!({ "||": [{ "<": ["x", 0.0] }, { ">": ["x", 1.0] }] });
    let nan = choose(&json!({ "impute.isnan": ["x"] }), &json!(true), &outside);
    choose(&nan, &float(f64::NAN), &value)
}

fn binary(fun: &Fun, op: BinaryOp, kind: Kind) -> Option<Function> {
    let schema = element(kind);
    let body = binary_body(op, kind)?;
    let ret = if op.is_test() { json!("boolean") } else { schema.clone() };
    if matches!(op, BinaryOp::And | BinaryOp::Or) && fun.has(Flag::Null) {
        let param = |name: &str| (name.to_owned(), optional(&schema));
        let name = if op == BinaryOp::And { "&&&" } else { "|||" };
        return Some(Function {
            params: vec![param("a0"), param("b0")],
            ret: optional(&ret),
            body: vec![json!({ name: ["a0", "b0"] })],
        });
    }
    let params = [("a", schema.clone(), true), ("b", schema, true)];
    Some(Lift { params: &params, ret }.function(fun, body))
}

fn binary_body(op: BinaryOp, kind: Kind) -> Option<Value> {
    let (a, b) = (json!("a"), json!("b"));
    let plain = |name: &str| json!({ name: ["a", "b"] });
    let any_nan = json!({ "||": [{ "impute.isnan": ["a"] }, { "impute.isnan": ["b"] }] });
    // Engines differ on how NaN compares.
    let guarded = |name: &str, with_nan: bool| {
        if kind.is_float() { choose(&any_nan, &json!(with_nan), &plain(name)) } else { plain(name) }
    };
    let extreme = |name: &str| {
        let pick = choose(&plain(name), &b, &a);
        if !kind.is_float() {
            return pick;
        }
        choose(
            &json!({ "impute.isnan": ["a"] }),
            &a,
            &choose(&json!({ "impute.isnan": ["b"] }), &b, &pick),
        )
    };
    let number = kind.is_number();
    match op {
        BinaryOp::Add => number.then(|| rounded(kind, plain("+"))),
        BinaryOp::Sub => number.then(|| rounded(kind, plain("-"))),
        BinaryOp::Mul => number.then(|| rounded(kind, plain("*"))),
        BinaryOp::Div => kind.is_float().then(|| rounded(kind, plain("/"))),
        BinaryOp::Pow => kind.is_float().then(|| rounded(kind, power())),
        BinaryOp::Min => number.then(|| extreme(">")),
        BinaryOp::Max => number.then(|| extreme("<")),
        BinaryOp::Eq => Some(guarded("==", false)),
        BinaryOp::Ne => Some(guarded("!=", true)),
        BinaryOp::Lt => number.then(|| guarded("<", false)),
        BinaryOp::Le => number.then(|| guarded("<=", false)),
        BinaryOp::Gt => number.then(|| guarded(">", false)),
        BinaryOp::Ge => number.then(|| guarded(">=", false)),
        BinaryOp::And => (kind == Kind::Bool).then(|| plain("&&")),
        BinaryOp::Or => (kind == Kind::Bool).then(|| plain("||")),
        BinaryOp::Xor => (kind == Kind::Bool).then(|| plain("^^")),
        BinaryOp::FloorDiv => {
            kind.is_float().then(|| json!({ "m.floor": [rounded(kind, plain("/"))] }))
        }
        BinaryOp::Modulo => kind.is_float().then(|| {
            let whole = json!({ "m.floor": [rounded(kind, plain("/"))] });
            let part = rounded(kind, json!({ "*": ["b", whole] }));
            rounded(kind, json!({ "-": ["a", part] }))
        }),
        BinaryOp::Remainder | BinaryOp::Atan2 => None,
    }
}

/// 1 to whatever power is 1, as IEEE 754 says and Java does not.
fn power() -> Value {
    choose(&json!({ "==": ["a", 1.0] }), &json!(1.0), &json!({ "**": ["a", "b"] }))
}

fn cast(from: Kind, to: Kind) -> Option<Value> {
    let two_63 = 2.0_f64.powi(63);
    Some(match (from, to) {
        (Kind::Bool, Kind::F32 | Kind::F64) => choose(&json!("x"), &json!(1.0), &json!(0.0)),
        (Kind::Bool, Kind::I64) => {
            choose(&json!("x"), &json!({ "long": 1 }), &json!({ "long": 0 }))
        }
        (Kind::F64, Kind::F32) => json!({ "u.round": ["x"] }),
        (Kind::F32, Kind::F64) => json!("x"),
        (Kind::I64, Kind::F64) => json!({ "cast.double": ["x"] }),
        // Beyond 2^53 the lowest 11 bits become one sticky bit, so that nothing is rounded twice.
        (Kind::I64, Kind::F32) => json!({
            "cond": [
                {
                    "if": { "&&": [
                        { "<=": ["x", { "long": 1_i64 << 53 }] },
                        { ">=": ["x", { "long": -1_i64 << 53 }] },
                    ] },
                    "then": { "u.round": [{ "cast.double": ["x"] }] },
                },
                {
                    "if": { "==": [{ "&": ["x", { "long": 2047 }] }, { "long": 0 }] },
                    "then": { "u.round": [{ "cast.double": ["x"] }] },
                },
            ],
            "else": { "u.round": [{ "cast.double": [
                { "+": [{ "-": ["x", { "&": ["x", { "long": 2047 }] }] }, { "long": 1024 }] }
            ] }] },
        }),
        (Kind::F32 | Kind::F64, Kind::I64) => json!({
            "cond": [
                { "if": { "impute.isnan": ["x"] }, "then": { "long": 0 } },
                { "if": { ">=": ["x", two_63] }, "then": { "long": i64::MAX } },
                { "if": { "<=": ["x", -two_63] }, "then": { "long": i64::MIN } },
                { "if": { "<": ["x", 0.0] }, "then": { "cast.long": [{ "m.ceil": ["x"] }] } },
            ],
            "else": { "cast.long": [{ "m.floor": ["x"] }] },
        }),
        (Kind::F32, Kind::F32) | (Kind::F64, Kind::F64) | (Kind::I64, Kind::I64) => json!("x"),
        (Kind::Text, _) | (_, Kind::Bool | Kind::Text) => return None,
    })
}

fn impute(fun: &Fun, kind: Kind) -> Function {
    let schema = element(kind);
    let mut value = json!("x");
    if fun.has(Flag::Sentinel) {
        let same = json!({ format!("u.eq_{kind}"): ["x", "sentinel"] });
        value = choose(&same, &json!("with"), &value);
    }
    if fun.has(Flag::Nan) && kind.is_float() {
        value = choose(&json!({ "impute.isnan": ["x"] }), &json!("with"), &value);
    }
    let mut params = vec![("x", schema.clone(), true), ("with", schema.clone(), false)];
    if fun.has(Flag::Sentinel) {
        params.push(("sentinel", schema.clone(), false));
    }
    let lift = Lift { params: &params, ret: schema.clone() };
    lift.with(fun.has(Flag::Null), schema, value, &json!("with"))
}
