use serde_json::{Value, json};

use super::{documents::full, *};
use crate::diff::{Area, Difference, Level, compare, next_version};

fn manifest(change: impl Fn(&mut Value)) -> Manifest {
    let mut document = full();
    document["inputs"][0]["missing"] = json!("allowed");
    document["provenance"]["datasets"][0]["role"] = json!("test");
    change(&mut document);
    Manifest::read(document.to_string().as_bytes()).unwrap()
}

fn differences(change: impl Fn(&mut Value)) -> Vec<Difference> {
    compare(&manifest(|_| ()), &manifest(change))
}

/// The version that follows 1.2.3, and its reasons.
fn next(change: impl Fn(&mut Value)) -> (String, Vec<String>) {
    let next = next_version(&semver::Version::new(1, 2, 3), &differences(change));
    (next.next.to_string(), next.reasons)
}

#[test]
fn what_is_the_same_has_no_differences() {
    assert_eq!(differences(|_| ()), []);
    assert_eq!(next(|_| ()), ("1.2.3".to_owned(), vec![]));
}

#[test]
fn what_breaks_callers_is_major() {
    for (what, change) in [
        (
            "input `x`: dtype",
            (|d: &mut Value| d["inputs"][0]["dtype"] = json!("text")) as fn(&mut Value),
        ),
        ("input `x`: shape", |d| d["inputs"][0]["shape"] = json!(["N", 4])),
        ("input `x`: unit", |d| d["inputs"][0]["unit"] = json!("mm")),
        ("input `x`: missing", |d| d["inputs"][0]["missing"] = json!("rejected")),
        ("input `x`: domain", |d| d["inputs"][0]["domain"] = json!({"min": 0.5, "max": 1.5})),
        ("input `x`", |d| d["inputs"][0]["name"] = json!("z")),
        ("input `must`", |d| {
            d["inputs"].as_array_mut().unwrap().push(json!({"name": "must", "dtype": "f64"}));
        }),
        ("output `y`", |d| d["outputs"] = json!([])),
        ("output `y`: domain", |d| d["outputs"][0]["domain"] = json!(["a", "b", "c"])),
        ("target column", |d| d["provenance"]["datasets"][0]["target"] = json!("other")),
        ("task", |d| d["task"] = json!("regression")),
    ] {
        let (version, reasons) = next(change);
        assert_eq!(version, "2.0.0", "{what}");
        assert!(reasons.iter().any(|reason| reason.starts_with(what)), "{what}: {reasons:?}");
    }
}

#[test]
fn what_callers_need_not_notice_is_not_major() {
    for change in [
        (|d: &mut Value| d["inputs"][0]["shape"] = json!(["batch", 3])) as fn(&mut Value),
        |d| d["inputs"][0]["domain"] = json!({"min": -1.0, "max": 2.0}),
        |d| d["outputs"][0]["domain"] = json!(["a"]),
        |d| {
            let more = json!({"name": "may", "dtype": "f64", "missing": "allowed"});
            d["inputs"].as_array_mut().unwrap().push(more);
        },
        |d| d["outputs"].as_array_mut().unwrap().push(json!({"name": "more", "dtype": "f64"})),
        |d| d["description"] = json!("other words"),
        |d| d["inputs"][0].as_object_mut().unwrap().remove("unit").map_or((), drop),
    ] {
        let found = differences(change);
        assert!(!found.is_empty());
        assert!(found.iter().all(|d| d.level < Level::Minor), "{found:?}");
    }
}

#[test]
fn better_on_the_same_data_is_minor_and_nothing_else_is() {
    let figure = |value: f64| move |d: &mut Value| d["evaluation"][0]["value"] = json!(value);
    let (version, reasons) = next(figure(0.6));
    assert_eq!(
        (version.as_str(), reasons[0].as_str()),
        ("1.3.0", "f1 on test [s] 0.5 → 0.6: better")
    );
    assert_eq!(next(figure(0.4)).0, "1.2.4");
    let lower = |value: f64| {
        move |d: &mut Value| {
            d["evaluation"][0]["direction"] = json!("lower");
            d["evaluation"][0]["value"] = json!(value);
        }
    };
    let of = |a: f64, b: f64| {
        let found = compare(&manifest(lower(a)), &manifest(lower(b)));
        next_version(&semver::Version::new(1, 2, 3), &found).next.to_string()
    };
    assert_eq!((of(0.5, 0.4).as_str(), of(0.4, 0.5).as_str()), ("1.3.0", "1.2.4"));
    let other_data = |d: &mut Value| {
        d["evaluation"][0]["value"] = json!(0.6);
        d["provenance"]["datasets"][0]["sha256"] = json!("cd".repeat(32));
    };
    let (version, _) = next(other_data);
    assert_eq!(version, "1.2.4");
    let why = differences(other_data).into_iter().find(|d| d.area == Area::Metrics).unwrap().why;
    assert_eq!(why.as_deref(), Some("the data is not the same"));
    // Better here and worse there is a trade.
    let two = |a: f64, b: f64| {
        move |d: &mut Value| {
            let mut other = d["evaluation"][0].clone();
            other["metric"] = json!("auc");
            other["value"] = json!(b);
            d["evaluation"][0]["value"] = json!(a);
            d["evaluation"].as_array_mut().unwrap().push(other);
        }
    };
    let found = compare(&manifest(two(0.5, 0.5)), &manifest(two(0.6, 0.4)));
    assert_eq!(next_version(&semver::Version::new(1, 2, 3), &found).level, Level::Pipeline);
}

#[test]
fn another_way_of_making_it_is_pipeline() {
    for (area, change) in [
        (
            Area::Parameters,
            (|d: &mut Value| d["provenance"]["parameters"]["depth"] = json!(9)) as fn(&mut Value),
        ),
        (Area::Provenance, |d| d["provenance"]["code"]["commit"] = json!("d")),
        (Area::Provenance, |d| d["provenance"]["datasets"][0]["seed"] = json!(1)),
        (Area::Dependencies, |d| {
            d["dependencies"]["requirements"][0]["specifier"] = json!("==2.1");
        }),
        (Area::Dependencies, |d| {
            d["dependencies"]["lock"]["packages"][0]["version"] = json!("2.1");
        }),
        (Area::Opsets, |d| d["dependencies"]["operator_sets"][0]["opsets"]["ai.onnx"] = json!(18)),
        (Area::Files, |d| d["artifacts"][0]["sha256"] = json!("cd".repeat(32))),
    ] {
        let found = differences(change);
        assert!(found.iter().all(|d| d.area == area), "{found:?}");
        let next = next_version(&semver::Version::new(1, 2, 3), &found);
        assert_eq!(next.next.to_string(), "1.2.4", "{area:?}");
    }
}
