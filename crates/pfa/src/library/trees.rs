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
    if fun.flags.iter().any(|f| *f != Flag::Null) {
        return None;
    }
    let null = fun.has(Flag::Null);
    match (fun.op.as_str(), fun.kinds.as_slice()) {
        ("walk", []) => Some(walk(null)),
        ("passes", []) if !null => Some(passes()),
        ("trees", &[kind]) if kind.is_float() => Some(trees(kind, null)),
        _ => None,
    }
}

fn columns() -> impl Iterator<Item = (String, Value)> {
    COLUMNS.into_iter().map(|(name, items)| (name.to_owned(), array(&json!(items))))
}

fn features(null: bool) -> (String, Value) {
    ("x".to_owned(), array(&maybe(&json!("double"), null)))
}

/// The node where a tree ends; its `yes` is the leaf.
fn walk(null: bool) -> Function {
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
    let step = if null {
        let refuse = json!({
            "if": { "==": [column("rule"), rule::FAIL] },
            "then": { "error": "a split needs a value that is missing" },
        });
        json!({
            "ifnotnull": { "v": value },
            "then": set(step),
            "else": { "do": [refuse, set(column("gap"))] },
        })
    } else {
        json!({ "do": [{ "let": { "v": value } }, set(step)] })
    };
    let mut params = vec![features(null), ("root".to_owned(), json!("int"))];
    params.extend(columns());
    Function {
        params,
        ret: json!("int"),
        body: vec![
            json!({ "let": { "node": "root" } }),
            json!({ "while": { "!=": [column("test"), test::LEAF] }, "do": [step] }),
            column("yes"),
        ],
    }
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
    let inside = json!({ "&&": [
        { ">": ["v", -1.0] },
        { "<": ["v", { "-": [start(1), start(0)] }] },
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
fn trees(kind: Kind, null: bool) -> Function {
    let walk = Fun::new("walk", &[]).null(null);
    let mut args = vec![json!("x"), at("root", &json!("t"))];
    args.extend(COLUMNS.iter().map(|(name, _)| json!(name)));
    let place = json!({ "+": [at("output", &json!("t")), "k"] });
    let leaf = at("leaves", &json!({ "+": [{ "*": ["leaf", "width"] }, "k"] }));
    let value = rounded(kind, json!({ "*": [leaf, at("weight", &json!("t"))] }));
    let sum = rounded(kind, json!({ "+": [at("sums", &place), value] }));
    let add = json!({ "set": { "sums": { "attr": "sums", "path": [place], "to": sum } } });
    let tree = [
        json!({ "let": { "leaf": { format!("u.{walk}"): args } } }),
        for_each("k", &json!("width"), &[add]),
    ];
    let (ints, doubles) = (array(&json!("int")), array(&json!("double")));
    let mut params = vec![features(null)];
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
    Function {
        params,
        ret: doubles.clone(),
        body: vec![
            json!({ "let": { "sums": "base" } }),
            for_each("t", &json!({ "a.len": ["root"] }), &tree),
            json!("sums"),
        ],
    }
}
