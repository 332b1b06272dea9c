//! Walking trees that lie in cells as columns.

use holdall_tabular::Kind;
use serde_json::{Value, json};

use super::{at, choose, for_each, rounded};
use crate::{
    doc::Function,
    names::{Flag, Fun},
    number::{array, maybe},
};

/// What a node asks, in the `test` column.
pub(crate) mod test {
    pub(crate) const LEAF: i64 = 0;
    pub(crate) const LT: i64 = 1;
    pub(crate) const LE: i64 = 2;
    pub(crate) const GT: i64 = 3;
    pub(crate) const GE: i64 = 4;
    pub(crate) const EQ: i64 = 5;
    pub(crate) const NE: i64 = 6;
    pub(crate) const IN: i64 = 7;
}

/// What a node does with gaps, in the `rule` column. NaN always goes to the node in `gap`.
pub(crate) mod rule {
    /// Null fails.
    pub(crate) const FAIL: i64 = 0;
    /// Null goes where NaN goes.
    pub(crate) const GAP: i64 = 1;
    /// So does a value near 0.
    pub(crate) const GAP_AND_ZERO: i64 = 2;
    /// Null leaves the row without an answer.
    pub(crate) const NONE: i64 = 3;
}

/// LightGBM's `kZeroThreshold`: the binary32 nearest to 1e-35.
const NEAR_ZERO: f32 = 1e-35;

/// The columns of an ensemble's nodes, and their item types, as `walk` takes them.
pub(crate) const COLUMNS: [(&str, &str); 9] = [
    ("test", "int"),
    ("feature", "int"),
    ("threshold", "double"),
    ("yes", "int"),
    ("no", "int"),
    ("gap", "int"),
    ("rule", "int"),
    ("setstart", "int"),
    ("members", "int"),
];

pub(super) fn definition(fun: &Fun) -> Option<Function> {
    if fun.flags.iter().any(|f| !matches!(f, Flag::Null | Flag::None)) {
        return None;
    }
    let gaps = Gaps { null: fun.has(Flag::Null), may_end: fun.has(Flag::None) };
    match (fun.op.as_str(), fun.kinds.as_slice()) {
        ("walk", []) => Some(walk(gaps)),
        ("passes", []) if fun.flags.is_empty() => Some(passes()),
        ("trees", &[kind]) if kind.is_float() => Some(trees(kind, gaps)),
        _ => None,
    }
}

/// What may become of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gaps {
    /// Features may be null.
    null: bool,
    /// A split or a leaf may leave it without an answer: [`rule::NONE`].
    may_end: bool,
}

fn columns() -> impl Iterator<Item = (String, Value)> {
    COLUMNS.into_iter().map(|(name, items)| (name.to_owned(), array(&json!(items))))
}

fn features(null: bool) -> (String, Value) {
    ("x".to_owned(), array(&maybe(&json!("double"), null)))
}

/// The leaf where a tree ends; −1 for no answer.
fn walk(gaps: Gaps) -> Function {
    let here = json!("node");
    let column = |name: &str| at(name, &here);
    let set = |to: Value| json!({ "set": { "node": to } });
    let near = f64::from(NEAR_ZERO);
    let is_gap = json!({ "||": [
        { "impute.isnan": ["v"] },
        { "&&": [
            { "==": [column("rule"), rule::GAP_AND_ZERO] },
            { "<=": [{ "m.abs": ["v"] }, near] },
        ] },
    ] });
    let passes = json!({ "u.passes": [
        "v", column("test"), column("threshold"), "setstart", "members",
    ] });
    let step = choose(&is_gap, &column("gap"), &choose(&passes, &column("yes"), &column("no")));
    let value = at("x", &column("feature"));
    let is = |what: i64| json!({ "==": [column("rule"), what] });
    let refuse = |when: Value| json!({ "if": when, "then": { "error": "a split needs a value that is missing" } });
    let missing = match (gaps.null, gaps.may_end) {
        (false, _) => None,
        (true, false) => Some(json!([refuse(is(rule::FAIL)), set(column("gap"))])),
        // What is asked after the answer is lost fails no more.
        (true, true) => Some(json!([
            refuse(json!({ "&&": [{ "!": ["lost"] }, is(rule::FAIL)] })),
            { "if": is(rule::NONE), "then": { "set": { "lost": true } } },
            set(column("gap")),
        ])),
    };
    let step = match missing {
        Some(missing) => json!({
            "ifnotnull": { "v": value },
            "then": set(step),
            "else": { "do": missing },
        }),
        None => json!({ "do": [{ "let": { "v": value } }, set(step)] }),
    };
    let walked = json!({ "while": { "!=": [column("test"), test::LEAF] }, "do": [step] });
    let body = if gaps.may_end {
        let lost = json!({ "||": ["lost", is(rule::NONE)] });
        vec![
            json!({ "let": { "node": "root", "lost": false } }),
            walked,
            choose(&lost, &json!(-1), &column("yes")),
        ]
    } else {
        vec![json!({ "let": { "node": "root" } }), walked, column("yes")]
    };
    let mut params = vec![features(gaps.null), ("root".to_owned(), json!("int"))];
    params.extend(columns());
    Function { params, ret: json!("int"), body }
}

/// Whether a number passes a test. A set's number stands where the threshold does.
fn passes() -> Function {
    let case = |code: i64, name: &str| json!({ "if": { "==": ["test", code] }, "then": { name: ["v", "threshold"] } });
    let start = |plus: i64| at("setstart", &json!({ "+": ["set", plus] }));
    let whole = choose(
        &json!({ "<": ["v", 0.0] }),
        &json!(0),
        &json!({ "cast.int": [{ "m.floor": ["v"] }] }),
    );
    let member = at("members", &json!({ "+": [start(0), whole] }));
    // A number between -1 and 0 is 0 without its fraction, which no empty set has.
    let length = json!({ "-": [start(1), start(0)] });
    let inside = json!({ "&&": [
        { "<": [0, length] },
        { "&&": [{ ">": ["v", -1.0] }, { "<": ["v", length] }] },
    ] });
    let in_set = json!({ "do": [
        { "let": { "set": { "cast.int": ["threshold"] } } },
        choose(&inside, &json!({ "==": [member, 1] }), &json!(false)),
    ] });
    let ints = array(&json!("int"));
    Function {
        params: vec![
            ("v".to_owned(), json!("double")),
            ("test".to_owned(), json!("int")),
            ("threshold".to_owned(), json!("double")),
            ("setstart".to_owned(), ints.clone()),
            ("members".to_owned(), ints),
        ],
        ret: json!("boolean"),
        body: vec![json!({
            "cond": [
                case(test::LE, "<="),
                case(test::LT, "<"),
                case(test::GT, ">"),
                case(test::GE, ">="),
                case(test::EQ, "=="),
                case(test::NE, "!="),
            ],
            "else": in_set,
        })],
    }
}

/// The sum of an ensemble from `base`, tree by tree.
fn trees(kind: Kind, gaps: Gaps) -> Function {
    let may_end = gaps.may_end;
    let walk = Fun::new("walk", &[]).null(gaps.null).with(Flag::None, may_end);
    let mut args = vec![json!("x"), at("root", &json!("t"))];
    args.extend(COLUMNS.iter().map(|(name, _)| json!(name)));
    let place = json!({ "+": [at("output", &json!("t")), "k"] });
    let leaf = at("leaves", &json!({ "+": [{ "*": ["leaf", "width"] }, "k"] }));
    let value = rounded(kind, json!({ "*": [leaf, at("weight", &json!("t"))] }));
    let sum = rounded(kind, json!({ "+": [at("sums", &place), value] }));
    let add = json!({ "set": { "sums": { "attr": "sums", "path": [place], "to": sum } } });
    let add = for_each("k", &json!("width"), &[add]);
    let lose = json!({ "set": { "lost": true } });
    let add = if may_end { choose(&json!({ "<": ["leaf", 0] }), &lose, &add) } else { add };
    let tree = [json!({ "let": { "leaf": { format!("u.{walk}"): args } } }), add];
    let (ints, doubles) = (array(&json!("int")), array(&json!("double")));
    let mut params = vec![features(gaps.null)];
    params.extend(columns());
    let further = [
        ("root", &ints),
        ("weight", &doubles),
        ("output", &ints),
        ("width", &json!("int")),
        ("leaves", &doubles),
        ("base", &doubles),
    ];
    params.extend(further.map(|(name, schema)| (name.to_owned(), schema.clone())));
    let start = if may_end {
        json!({ "let": { "sums": "base", "lost": false } })
    } else {
        json!({ "let": { "sums": "base" } })
    };
    let each = |list: &Value, fun: &Fun| json!({ "a.map": [list, { "fcn": format!("u.{fun}") }] });
    let answer = if may_end {
        let some = each(&json!("sums"), &Fun::new("some", &[kind]));
        choose(&json!("lost"), &each(&some, &Fun::new("absent", &[kind]).null(true)), &some)
    } else {
        json!("sums")
    };
    Function {
        params,
        ret: array(&maybe(&json!("double"), may_end)),
        body: vec![start, for_each("t", &json!({ "a.len": ["root"] }), &tree), answer],
    }
}
