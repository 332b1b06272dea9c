use bytes::Bytes;
use holdall_codec::{Body, Confidence, Head, ReadOptions, Reader};
use holdall_source::Source;
use holdall_tabular::{Model, Op, ValidModel, validate};

use super::{models, writing::written};
use crate::PmmlReader;

pub(super) fn read(bytes: Vec<u8>) -> Model {
    let source = Source::from_bytes("model.pmml", bytes);
    let outcome = PmmlReader.read(&source, &ReadOptions::default()).unwrap();
    assert!(outcome.report.is_empty(), "{:?}", outcome.report);
    let Body::Tabular(model) = outcome.body else { panic!("no tabular model") };
    *model
}

fn operations(model: &ValidModel) -> Vec<&'static str> {
    model.model().nodes.iter().map(|(_, node)| node.op.name()).collect()
}

#[test]
fn what_is_written_is_read_validates_and_settles() {
    for (name, model) in models::all() {
        let first = written(&model);
        let read_once = validate(read(first.clone())).unwrap_or_else(|r| panic!("{name}: {r:?}"));
        // Reading what was written of what was read needs the same things again.
        let read_twice = validate(read(written(&read_once))).unwrap();
        let needs = |model: &ValidModel| {
            let needs = model.requirements().into_iter();
            needs.map(|need| (need.construct, need.count)).collect::<Vec<_>>()
        };
        assert_eq!(needs(&read_twice), needs(&read_once), "{name}");
        let ports = |model: &ValidModel| {
            model.input_ports().iter().map(|port| port.name.clone()).collect::<Vec<_>>()
        };
        assert_eq!(ports(&read_once), ports(&model), "{name}");
    }
}

#[test]
fn ensembles_and_regressions_come_back_as_such() {
    let expected: [(&str, &[&str], usize); 8] = [
        ("logistic", &["linear", "classify"], 0),
        ("multinomial", &["linear", "classify"], 0),
        ("forest", &["trees", "classify"], 2),
        ("boosted-f64", &["trees", "classify"], 4),
        ("boosted-f32", &["trees", "classify"], 4),
        ("boosted-multiclass", &["trees", "classify"], 1),
        ("regressor", &["trees", "regress"], 4),
        ("regressor-mean", &["trees", "regress"], 4),
    ];
    for (wanted, names, trees) in expected {
        let (_, model) = models::all().into_iter().find(|(name, _)| *name == wanted).unwrap();
        let back = validate(read(written(&model))).unwrap();
        let found = operations(&back);
        for name in names {
            assert!(found.contains(name), "{wanted}: no {name} in {found:?}");
        }
        for (_, node) in back.model().nodes.iter() {
            if let Op::Trees(ensemble) = &node.op {
                assert_eq!(ensemble.trees.len(), trees, "{wanted}");
            }
        }
    }
}

#[test]
fn output_columns_have_the_names_of_the_document() {
    let (_, model) = models::all().into_iter().find(|(name, _)| *name == "logistic").unwrap();
    let back = validate(read(written(&model))).unwrap();
    let names: Vec<_> = back.output_ports().into_iter().map(|port| port.name).collect();
    assert_eq!(names, ["y", "probability(no)", "probability(yes)"]);
}

#[test]
fn documents_are_detected_by_their_root() {
    let detect = |text: &[u8], extension: Option<&str>| {
        PmmlReader.detect(&Head {
            bytes: Bytes::copy_from_slice(text),
            extension: extension.map(ToOwned::to_owned),
            len: text.len() as u64,
        })
    };
    for text in [
        "<PMML version=\"4.4\">",
        "\u{feff}<?xml version=\"1.0\"?>\n<!-- a <PMML> to come -->\n<PMML>",
        "<p:PMML xmlns:p=\"http://www.dmg.org/PMML-4_2\">",
    ] {
        assert_eq!(detect(text.as_bytes(), None), Confidence::Certain, "{text}");
    }
    let wide: Vec<u8> = "\u{feff}<PMML>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(detect(&wide, None), Confidence::Certain);
    assert_eq!(detect(b"<html><PMML/></html>", Some("xml")), Confidence::No);
    assert_eq!(detect(b"<Pmml/>", Some("pmml")), Confidence::Extension);
    assert_eq!(detect(b"{}", Some("json")), Confidence::No);
}

#[test]
fn inspection_says_version_model_and_application() {
    let (_, model) = models::all().into_iter().find(|(name, _)| *name == "forest").unwrap();
    let source = Source::from_bytes("m.pmml", written(&model));
    let summary = PmmlReader.inspect(&source, &ReadOptions::default()).unwrap();
    assert_eq!(summary.format_version.as_deref(), Some("4.4"));
    assert_eq!(summary.libraries[0].name, "holdall");
    assert!(summary.facts.contains(&("model".to_owned(), "MiningModel".into())));
    assert!(summary.facts.contains(&("trees".to_owned(), 2.into())));
}
