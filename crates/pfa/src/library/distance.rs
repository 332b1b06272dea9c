//! Distances and similarities of a vector to points.

use std::f64::consts::LN_2;

use holdall_tabular::{Kind, Metric};
use serde_json::{Value, json};

use super::{at, choose, for_each};
use crate::{
    doc::Function,
    names::{Flag, Fun},
    number::{array, float, maybe},
};

/// How elements are compared, as the lists say it.
pub(crate) mod how {
    pub(crate) const ABSOLUTE: i64 = 0;
    pub(crate) const GAUSSIAN: i64 = 1;
    pub(crate) const DIFFERENT: i64 = 2;
    pub(crate) const EQUAL: i64 = 3;
}

/// Name and parameters of a measure.
pub(crate) fn metric_name(metric: Metric) -> (&'static str, Vec<f64>) {
    match metric {
        Metric::Euclidean => ("euclidean", Vec::new()),
        Metric::SquaredEuclidean => ("squaredeuclidean", Vec::new()),
        Metric::CityBlock => ("cityblock", Vec::new()),
        Metric::Chebyshev => ("chebyshev", Vec::new()),
        Metric::Minkowski(p) => ("minkowski", vec![p]),
        Metric::Cosine => ("cosine", Vec::new()),
        Metric::Hamming => ("hamming", Vec::new()),
        Metric::Canberra => ("canberra", Vec::new()),
        Metric::BrayCurtis => ("braycurtis", Vec::new()),
        Metric::Haversine => ("haversine", Vec::new()),
        Metric::SimpleMatching => ("simplematching", Vec::new()),
        Metric::Jaccard => ("jaccard", Vec::new()),
        Metric::Tanimoto => ("tanimoto", Vec::new()),
        Metric::BinarySimilarity(by) => ("binarysimilarity", by.to_vec()),
    }
}

/// The measure of a name with its parameters.
pub(crate) fn metric_of(name: &str, parameters: &[f64]) -> Option<Metric> {
    let by: [f64; 8] = parameters.try_into().unwrap_or_default();
    let p = parameters.first().copied().unwrap_or(f64::NAN);
    let all = [
        Metric::Euclidean,
        Metric::SquaredEuclidean,
        Metric::CityBlock,
        Metric::Chebyshev,
        Metric::Minkowski(p),
        Metric::Cosine,
        Metric::Hamming,
        Metric::Canberra,
        Metric::BrayCurtis,
        Metric::Haversine,
        Metric::SimpleMatching,
        Metric::Jaccard,
        Metric::Tanimoto,
        Metric::BinarySimilarity(by),
    ];
    all.into_iter().find(|metric| {
        let (known, wanted) = metric_name(*metric);
        known == name && wanted.len() == parameters.len()
    })
}

fn is_metric(name: &str) -> bool {
    metric_of(name, &[]).or(metric_of(name, &[0.0])).or(metric_of(name, &[0.0; 8])).is_some()
}

pub(super) fn definition(fun: &Fun) -> Option<Function> {
    if fun.kinds.as_slice() != [Kind::F64] || fun.flags.iter().any(|flag| *flag != Flag::Null) {
        return None;
    }
    let null = fun.has(Flag::Null);
    let name = fun.op.as_str();
    if name == "compared" && !null {
        return Some(compared());
    }
    if let Some(metric) = name.strip_suffix("apart").filter(|name| is_metric(name) && !null) {
        return Some(apart(metric));
    }
    is_metric(name).then(|| distances(name, null))
}

fn params(list: &[(&str, &Value)]) -> Vec<(String, Value)> {
    list.iter().map(|(name, schema)| ((*name).to_owned(), (*schema).clone())).collect()
}

/// How far two elements are apart.
fn compared() -> Function {
    let (double, int) = (json!("double"), json!("int"));
    let apart = json!({ "-": ["x", "y"] });
    let is = |code: i64| json!({ "==": ["how", code] });
    let number =
        |yes: f64, no: f64| choose(&json!({ "u.eq_f64": ["x", "y"] }), &json!(yes), &json!(no));
    let square = json!({ "*": [{ "*": [-LN_2, apart] }, apart] });
    let gaussian = json!({ "u.exp_f64": [{ "/": [square, { "*": ["scale", "scale"] }] }] });
    Function {
        params: params(&[("x", &double), ("y", &double), ("how", &int), ("scale", &double)]),
        ret: double,
        body: vec![json!({
            "cond": [
                { "if": is(how::GAUSSIAN), "then": gaussian },
                { "if": is(how::DIFFERENT), "then": number(0.0, 1.0) },
                { "if": is(how::EQUAL), "then": number(1.0, 0.0) },
            ],
            "else": { "m.abs": [apart] },
        })],
    }
}

fn plus(a: &Value, b: &Value) -> Value {
    json!({ "+": [a, b] })
}

fn times(a: &Value, b: &Value) -> Value {
    json!({ "*": [a, b] })
}

fn over(a: &Value, b: &Value) -> Value {
    json!({ "/": [a, b] })
}

/// One comparison before its root, over the elements that are there.
fn apart(metric: &str) -> Function {
    let (doubles, ints) = (array(&json!("double")), array(&json!("int")));
    let place = at("there", &json!("k"));
    let (left, right) = (json!("a"), json!("b"));
    let apart = json!({ "u.compared_f64": [left, right, at("how", &json!("i")), at("scales", &json!("i"))] });
    let weighted = |term: &Value| times(&at("weights", &json!("i")), term);
    let size = |term: &Value| json!({ "m.abs": [term] });
    let difference = json!({ "-": [left, right] });
    let sums: Vec<(&str, Value)> = match metric {
        "euclidean" | "squaredeuclidean" => vec![("s", weighted(&times(&apart, &apart)))],
        "cityblock" => vec![("s", weighted(&apart))],
        "chebyshev" => vec![("s", weighted(&apart))],
        "minkowski" => {
            let power = at("parameters", &json!(0));
            vec![("s", weighted(&json!({ "u.pow_f64": [apart, power] })))]
        }
        "cosine" => vec![
            ("s", times(&left, &right)),
            ("t", times(&left, &left)),
            ("u", times(&right, &right)),
        ],
        "hamming" => {
            let differ = choose(&json!({ "u.eq_f64": [left, right] }), &json!(0.0), &json!(1.0));
            vec![("s", differ), ("t", json!(1.0))]
        }
        "canberra" => {
            let whole = plus(&size(&left), &size(&right));
            let some = json!({ "u.gt_f64": [whole, 0.0] });
            vec![("s", choose(&some, &over(&size(&difference), &whole), &json!(0.0)))]
        }
        "braycurtis" => vec![("s", size(&difference)), ("t", size(&plus(&left, &right)))],
        "haversine" => Vec::new(),
        _ => {
            let count = |first: &str, second: &str| {
                let one = choose(
                    &json!({ format!("u.{second}_f64"): [right, 0.0] }),
                    &json!(1.0),
                    &json!(0.0),
                );
                choose(&json!({ format!("u.{first}_f64"): [left, 0.0] }), &one, &json!(0.0))
            };
            vec![
                ("s", count("ne", "ne")),
                ("t", count("ne", "eq")),
                ("u", count("eq", "ne")),
                ("v", count("eq", "eq")),
            ]
        }
    };
    let mut start = serde_json::Map::new();
    let mut next = serde_json::Map::new();
    for (name, term) in &sums {
        start.insert((*name).to_owned(), json!(0.0));
        let sum = if metric == "chebyshev" {
            json!({ "u.max_f64": [name, term] })
        } else {
            json!({ "+": [name, term] })
        };
        next.insert((*name).to_owned(), sum);
    }
    let mut body = Vec::new();
    if !sums.is_empty() {
        body.push(json!({ "let": start }));
        body.push(for_each(
            "k",
            &json!({ "a.len": ["there"] }),
            &[
                json!({ "let": { "i": place } }),
                json!({ "let": { "a": at("x", &json!("i")), "b": at("y", &json!("i")) } }),
                json!({ "set": next }),
            ],
        ));
    }
    body.push(of_sums(metric));
    let lists = [
        ("x", &doubles),
        ("there", &ints),
        ("y", &doubles),
        ("how", &ints),
        ("scales", &doubles),
        ("weights", &doubles),
        ("parameters", &doubles),
    ];
    Function { params: params(&lists), ret: json!("double"), body }
}

/// What the sums of a measure come to.
fn of_sums(metric: &str) -> Value {
    let [first, second, third, fourth] = ["s", "t", "u", "v"].map(|name| json!(name));
    let length = |square: &Value| {
        let some = json!({ "u.gt_f64": [square, 0.0] });
        choose(&some, &json!({ "m.sqrt": [square] }), &json!(1.0))
    };
    match metric {
        "cosine" => json!({ "-": [1.0, over(&first, &times(&length(&second), &length(&third)))] }),
        "hamming" | "braycurtis" => over(&first, &second),
        "haversine" => haversine(),
        "simplematching" => {
            over(&plus(&first, &fourth), &plus(&plus(&plus(&first, &second), &third), &fourth))
        }
        "jaccard" => over(&first, &plus(&plus(&first, &second), &third)),
        "tanimoto" => {
            let below = plus(&plus(&first, &times(&json!(2.0), &plus(&second, &third))), &fourth);
            over(&plus(&first, &fourth), &below)
        }
        "binarysimilarity" => {
            let sum = |from: usize| {
                let by =
                    |i: usize, count: &Value| times(&at("parameters", &json!(from + i)), count);
                plus(&plus(&plus(&by(0, &first), &by(1, &second)), &by(2, &third)), &by(3, &fourth))
            };
            over(&sum(0), &sum(4))
        }
        _ => first,
    }
}

/// The great circle between two places; NaN unless both coordinates are there.
fn haversine() -> Value {
    let [lat1, lon1] = [0, 1].map(|i| at("x", &json!(i)));
    let [lat2, lon2] = [0, 1].map(|i| at("y", &json!(i)));
    let half = |a: &Value, b: &Value| {
        let sine = json!({ "m.sin": [over(&json!({ "-": [a, b] }), &json!(2.0))] });
        times(&sine, &sine)
    };
    let cosines = times(&json!({ "m.cos": [lat1] }), &json!({ "m.cos": [lat2] }));
    let sum = plus(&half(&lat1, &lat2), &times(&cosines, &half(&lon1, &lon2)));
    let angle = times(&json!(2.0), &json!({ "m.asin": [{ "m.sqrt": [sum] }] }));
    choose(&json!({ "==": [{ "a.len": ["there"] }, 2] }), &angle, &float(f64::NAN))
}

/// To each of several points. `adjust` has weights by which a distance grows where elements are missing; where there
/// are none, a missing element makes all distances missing.
fn distances(metric: &str, null: bool) -> Function {
    let (doubles, ints) = (array(&json!("double")), array(&json!("int")));
    let answers = array(&maybe(&json!("double"), null));
    let given = array(&maybe(&json!("double"), null));
    let lists = [
        ("x", &given),
        ("points", &array(&doubles)),
        ("how", &ints),
        ("scales", &doubles),
        ("weights", &doubles),
        ("adjust", &doubles),
        ("parameters", &doubles),
    ];
    let i = json!("i");
    let there = json!({ "set": { "there": { "a.append": ["there", "i"] } } });
    let share = json!({ "set": { "present": { "+": ["present", at("adjust", &i)] } } });
    let adjusts = json!({ ">": [{ "a.len": ["adjust"] }, 0] });
    let note = if null {
        json!({
            "ifnotnull": { "v": at("x", &i) },
            "then": { "do": [there, { "if": adjusts, "then": share }] },
        })
    } else {
        there
    };
    let mut body = vec![
        json!({ "let": { "there": { "type": ints, "value": [] } } }),
        json!({ "let": { "present": 0.0 } }),
        for_each("i", &json!({ "a.len": ["x"] }), &[note]),
    ];
    let full = if null {
        json!({ "a.map": ["x", { "fcn": "u.replace_f64_null", "fill": { "with": 0.0 } }] })
    } else {
        json!("x")
    };
    body.push(json!({ "let": { "full": full } }));
    let mut raw = json!({ format!("u.{metric}apart_f64"): [
        "full", "there", at("points", &json!("p")), "how", "scales", "weights", "parameters",
    ] });
    if null {
        raw = choose(&json!("gaps"), &times(&raw, &json!("factor")), &raw);
    }
    let value = match metric {
        "euclidean" => json!({ "m.sqrt": [raw] }),
        "minkowski" => {
            let root = over(&json!(1.0), &at("parameters", &json!(0)));
            json!({ "u.pow_f64": [raw, root] })
        }
        _ => raw,
    };
    let append = |value: &Value| {
        let longer = json!({ "a.append": ["answers", value] });
        let points = json!({ "a.len": ["points"] });
        for_each("p", &points, &[json!({ "set": { "answers": longer } })])
    };
    body.push(json!({ "let": { "answers": { "type": answers, "value": [] } } }));
    if null {
        let lost = choose(&adjusts, &json!({ "==": [{ "a.len": ["there"] }, 0] }), &json!("gaps"));
        let factor = choose(
            &adjusts,
            &over(&json!({ "u.sumof_f64": ["adjust"] }), &json!("present")),
            &json!(1.0),
        );
        body.extend([
            json!({ "let": { "gaps": { "<": [{ "a.len": ["there"] }, { "a.len": ["x"] }] } } }),
            json!({ "let": { "factor": factor } }),
            choose(
                &lost,
                &json!({ "do": [append(&Value::Null)] }),
                &json!({ "do": [append(&json!({ "u.some_f64": [value] }))] }),
            ),
        ]);
    } else {
        body.push(append(&value));
    }
    body.push(json!("answers"));
    Function { params: params(&lists), ret: answers, body }
}
