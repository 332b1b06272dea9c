//! Files that are wrong on purpose: each gives one finding with its place, in time and memory that the
//! limits bound.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use holdall_codec::{Body, ReadOptions, Reader};
use holdall_diag::{Code, Failure};
use holdall_source::{Limits, Source, codes as source};
use holdall_tabular::validate;

use super::{apart::agree, bad::Random, families, models, writing::written};
use crate::{PmmlReader, codes};

const HEAD: &str = "<PMML xmlns=\"http://www.dmg.org/PMML-4_4\" version=\"4.4\">\n";
const FIELDS: &str = "<DataDictionary><DataField name=\"x\" optype=\"continuous\" \
                      dataType=\"double\"/><DataField name=\"y\" optype=\"continuous\" \
                      dataType=\"double\"/></DataDictionary>\n";
const SCHEMA: &str = "<MiningSchema><MiningField name=\"x\"/><MiningField name=\"y\" \
                      usageType=\"target\"/></MiningSchema>\n";
/// Far more than any of these needs, and far less than anything quadratic takes.
const LONG: Duration = Duration::from_mins(1);

fn read_within(bytes: Vec<u8>, limits: Limits) -> Result<(), Failure> {
    let options = ReadOptions { limits, ..ReadOptions::default() };
    let start = Instant::now();
    let read = PmmlReader.read(&Source::from_bytes("m.pmml", bytes), &options);
    let sound = read.map(|outcome| {
        let Body::Tabular(model) = outcome.body else { panic!("no tabular model") };
        validate(*model).unwrap_or_else(|report| panic!("{:?}", report.entries()));
    });
    assert!(start.elapsed() < LONG, "{:?}", start.elapsed());
    sound
}

/// The failure of a file, which has a line.
fn fails(text: impl Into<Vec<u8>>) -> Failure {
    let failure = read_within(text.into(), Limits::default()).unwrap_err();
    assert!(failure.location().line.is_some(), "{failure}");
    failure
}

fn model(text: &str) -> String {
    format!("{HEAD}<Header/>{FIELDS}{text}</PMML>")
}

fn regression(table: &str) -> String {
    model(&format!(
        "<RegressionModel functionName=\"regression\">{SCHEMA}{table}</RegressionModel>"
    ))
}

fn tree(nodes: &str) -> String {
    model(&format!("<TreeModel functionName=\"regression\">{SCHEMA}{nodes}</TreeModel>"))
}

#[test]
fn entities_and_document_types_are_refused_unread() {
    let mut laughs = "<!DOCTYPE PMML [<!ENTITY a0 \"ha\">".to_owned();
    for i in 1..40 {
        write!(laughs, "<!ENTITY a{i} \"&a{0};&a{0};&a{0};&a{0};\">", i - 1).unwrap();
    }
    let laughs = format!("{laughs}]>\n{HEAD}&a39;</PMML>");
    let file = format!("<!DOCTYPE PMML [<!ENTITY f SYSTEM \"/etc/hostname\">]>{HEAD}&f;</PMML>");
    let parameter =
        format!("<!DOCTYPE PMML [<!ENTITY % p SYSTEM \"http://x/\"> %p;]>{HEAD}</PMML>");
    let cases: [(&str, Code); 8] = [
        (&laughs, codes::DOCTYPE),
        (&file, codes::DOCTYPE),
        (&parameter, codes::DOCTYPE),
        (&format!("<!DOCTYPE PMML SYSTEM \"pmml.dtd\">{HEAD}</PMML>"), codes::DOCTYPE),
        (&format!("{HEAD}<!DOCTYPE PMML></PMML>"), codes::DOCTYPE),
        (&format!("{HEAD}<Header copyright=\"&f;\"/></PMML>"), codes::ENTITY),
        (&format!("{HEAD}<Header>&#0;</Header></PMML>"), codes::ENTITY),
        (&format!("{HEAD}<Header>&#xD800;</Header></PMML>"), codes::ENTITY),
    ];
    for (text, code) in cases {
        let failure = fails(text);
        assert_eq!(failure.code(), code, "{text}: {failure}");
    }
}

#[test]
fn what_is_not_xml_is_refused_with_its_place() {
    let body = "<Header/>\n<Extension a=\"1\"/>\n</PMML>";
    let cases: [(&str, Code, (u64, u64)); 13] = [
        ("<Header a=\"1\"\n a=\"2\"/></PMML>", codes::XML, (2, 1)),
        ("<Header><Extension></Header></Extension></PMML>", codes::XML, (2, 20)),
        ("<Header>", codes::XML, (2, 9)),
        ("<Header/>\n</PMML>\n<PMML/>", codes::XML, (4, 1)),
        ("</PMML>\ntrailing", codes::XML, (2, 8)),
        ("</PMML></PMML>", codes::XML, (2, 8)),
        ("<Header a=1/></PMML>", codes::XML, (2, 1)),
        ("<Header a/></PMML>", codes::XML, (2, 1)),
        ("<Header a=\"</PMML>", codes::XML, (2, 1)),
        ("<Header><!-- -- --></Header></PMML>", codes::XML, (2, 14)),
        ("<Header>\0</Header></PMML>", codes::XML, (2, 9)),
        ("<Header a=\"\u{1}\"/></PMML>", codes::XML, (2, 12)),
        ("<![CDATA[ <Header/></PMML>", codes::XML, (2, 1)),
    ];
    for (text, code, place) in cases {
        let failure = fails(format!("{HEAD}{text}"));
        assert_eq!(failure.code(), code, "{text}: {failure}");
        assert_eq!(failure.location().line, Some(place), "{text}: {failure}");
    }
    assert_eq!(fails(format!("text{HEAD}{body}")).code(), codes::XML);
    assert_eq!(fails(vec![0; 1000]).code(), codes::XML);
}

#[test]
fn encodings_that_do_not_hold_are_refused() {
    let text = regression("<RegressionTable intercept=\"1\"/>");
    let named = |encoding: &str| {
        format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n{text}").into_bytes()
    };
    read_within([b"\xEF\xBB\xBF", text.as_bytes()].concat(), Limits::default()).unwrap();
    for encoding in ["utf-8", "US-ASCII", "iso-8859-1", "Windows-1252"] {
        read_within(named(encoding), Limits::default()).unwrap();
    }
    for encoding in ["UTF-32", "utf-16", "Shift_JIS", ""] {
        assert_eq!(fails(named(encoding)).code(), codes::ENCODING, "{encoding}");
    }
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    let marked = wide(&format!("\u{feff}{text}"));
    read_within(marked.clone(), Limits::default()).unwrap();
    // Half a letter at the end, half a pair inside, and no mark.
    assert_eq!(fails(&marked[..marked.len() - 1]).code(), codes::ENCODING);
    let mut half = marked.clone();
    half[80..82].copy_from_slice(&[0xD8, 0x00]);
    assert_eq!(fails(half).code(), codes::ENCODING);
    assert_eq!(fails(wide(&text)).code(), codes::XML);
    let mut broken = text.into_bytes();
    let place = broken.len() - 9;
    broken[place] = 0xFF;
    assert_eq!(fails(broken).code(), codes::ENCODING);
}

/// A document in which one thing is nested so deep.
fn nested(what: &str, depth: usize) -> String {
    let (open, inside, close) = match what {
        "extensions" => ("<Extension>", "", "</Extension>"),
        "unknown elements" => ("<Nowhere>", "", "</Nowhere>"),
        "nodes" => ("<Node score=\"1\"><True/>", "", "</Node>"),
        "chains of nodes" => {
            ("<Node score=\"1\"><True/><Node score=\"1\"><False/></Node>", "", "</Node>")
        }
        "expressions" => ("<Apply function=\"sin\">", "<FieldRef field=\"x\"/>", "</Apply>"),
        "predicates" => (
            "<CompoundPredicate booleanOperator=\"and\"><True/>",
            "<True/>",
            "</CompoundPredicate>",
        ),
        "models" => (
            "<MiningModel functionName=\"regression\"><MiningSchema/><Segmentation \
             multipleModelMethod=\"sum\"><Segment><True/>",
            "",
            "</Segment></Segmentation></MiningModel>",
        ),
        other => panic!("{other}"),
    };
    let deep = format!("{}{inside}{}", open.repeat(depth), close.repeat(depth));
    let simple = "<RegressionTable intercept=\"1\"><NumericPredictor name=\"d\" \
                  coefficient=\"1\"/></RegressionTable>";
    match what {
        "nodes" | "chains of nodes" => tree(&deep),
        "predicates" => tree(&format!("<Node score=\"1\">{deep}</Node>")),
        "models" => model(&deep),
        "expressions" => {
            let derived = format!(
                "<TransformationDictionary>\n<DerivedField name=\"d\" optype=\"continuous\" \
                 dataType=\"double\">{deep}</DerivedField></TransformationDictionary>"
            );
            regression(simple).replacen(FIELDS, &format!("{FIELDS}{derived}"), 1)
        }
        _ => regression("<RegressionTable intercept=\"1\"/>").replacen(
            "<Header/>",
            &format!("<Header/>{deep}"),
            1,
        ),
    }
}

const NESTED: [&str; 7] = [
    "extensions",
    "unknown elements",
    "nodes",
    "chains of nodes",
    "expressions",
    "predicates",
    "models",
];

#[test]
fn a_million_nested_elements_are_beyond_the_limit() {
    for what in NESTED {
        let failure = fails(nested(what, 1_000_000));
        assert_eq!(failure.code(), source::DEPTH, "{what}: {failure}");
    }
}

#[test]
fn deep_nesting_within_the_limits_is_carried_or_refused() {
    let raised = Limits { depth: u32::MAX, ..Limits::default() };
    for (limits, depth) in [(Limits::default(), 2400), (raised, 10_000)] {
        for what in NESTED {
            let start = Instant::now();
            let read = read_within(nested(what, depth).into_bytes(), limits);
            println!("{what} {depth}: {:?}", start.elapsed());
            match (what, read) {
                ("predicates" | "models", read) => {
                    let failure = read.unwrap_err();
                    assert_eq!(failure.code(), codes::UNSUPPORTED_ELEMENT, "{what}: {failure}");
                    assert!(failure.location().line.is_some(), "{what}: {failure}");
                }
                (_, read) => read.unwrap_or_else(|failure| panic!("{what}: {failure}")),
            }
        }
    }
}

#[test]
fn predicates_that_double_at_every_level_are_carried_or_refused_in_time() {
    let level = "<CompoundPredicate booleanOperator=\"and\"><SimplePredicate field=\"x\" \
                 operator=\"lessThan\" value=\"1\"/>";
    let nested = format!("{}<True/>{}", level.repeat(31), "</CompoundPredicate>".repeat(31));
    let nodes = format!("<Node score=\"0\"><True/><Node score=\"1\">{nested}</Node></Node>");
    for strategy in ["none", "lastPrediction", "nullPrediction"] {
        let text = tree(&nodes)
            .replace("<TreeModel", &format!("<TreeModel missingValueStrategy=\"{strategy}\""));
        if let Err(failure) = read_within(text.into_bytes(), Limits::default()) {
            assert_eq!(failure.code(), codes::UNSUPPORTED_ELEMENT, "{strategy}: {failure}");
        }
    }
}

#[test]
fn ten_million_attributes_are_read_or_beyond_the_limit() {
    let mut one = format!("{HEAD}<Header");
    for i in 0..10_000_000_u32 {
        one.push_str(" a=\"\"");
        // Some names differ.
        if i < 5000 {
            write!(one, " a{i}=\"\"").unwrap();
        }
    }
    one.push_str("/></PMML>");
    assert_eq!(fails(one).code(), codes::LIMIT);
    let element = "<Extension name=\"a\" value=\"b\" extender=\"c\" other=\"d\"/>\n";
    let many = format!("{HEAD}{}</PMML>", element.repeat(2_500_000));
    assert_eq!(fails(many).code(), codes::MISSING_ELEMENT);
    let mut names = HEAD.to_owned();
    for i in 0..200_000 {
        write!(names, "<a{i}/>").unwrap();
    }
    assert_eq!(fails(names).code(), codes::LIMIT);
    let long = format!("{HEAD}<Header copyright=\"{}\"/></PMML>", "x".repeat(50_000_000));
    assert_eq!(fails(long.clone()).code(), codes::MISSING_ELEMENT);
    let limits = Limits { memory: 10_000_000, ..Limits::default() };
    let failure = read_within(long.into_bytes(), limits).unwrap_err();
    assert_eq!(failure.code(), source::MEMORY);
}

/// A document that has a text where a number is needed.
type Text = fn(&str) -> String;

#[test]
fn texts_that_are_no_numbers_are_named_with_their_place() {
    let places: [(&str, Text); 6] = [
        ("intercept", |n| regression(&format!("<RegressionTable\n intercept=\"{n}\"/>"))),
        ("coefficient", |n| {
            regression(&format!(
                "<RegressionTable intercept=\"0\">\n<NumericPredictor name=\"x\" \
                 coefficient=\"{n}\"/></RegressionTable>"
            ))
        }),
        ("exponent", |n| {
            regression(&format!(
                "<RegressionTable intercept=\"0\">\n<NumericPredictor name=\"x\" coefficient=\"1\" \
                 exponent=\"{n}\"/></RegressionTable>"
            ))
        }),
        ("score", |n| tree(&format!("\n<Node score=\"{n}\"><True/></Node>"))),
        ("value", |n| {
            tree(&format!(
                "<Node score=\"0\"><True/>\n<Node score=\"1\"><SimplePredicate field=\"x\" \
                 operator=\"lessThan\" value=\"{n}\"/></Node><Node \
                 score=\"2\"><True/></Node></Node>"
            ))
        }),
        ("leftMargin", |n| {
            regression("<RegressionTable intercept=\"0\"/>").replacen(
                "dataType=\"double\"/>",
                &format!(
                    "dataType=\"double\">\n<Interval closure=\"closedClosed\" \
                     leftMargin=\"{n}\"/></DataField>"
                ),
                1,
            )
        }),
    ];
    for (attribute, text) in places {
        for number in ["1", "-1.5e3", " 2 ", "+1", "1.", ".5"] {
            read_within(text(number).into_bytes(), Limits::default())
                .unwrap_or_else(|failure| panic!("{attribute}=\"{number}\": {failure}"));
        }
        for number in ["NaN", "nan", "0x10", "", " ", "1,5", "1 2", "one", "\u{ff11}", "1_000"] {
            let read = read_within(text(number).into_bytes(), Limits::default());
            let Err(failure) = read else { panic!("{attribute}=\"{number}\" is read") };
            assert_eq!(failure.code(), codes::INVALID_ATTRIBUTE, "{attribute}=\"{number}\"");
            assert_eq!(failure.location().line.map(|(line, _)| line > 1), Some(true), "{failure}");
            let message = &failure.diagnostic().message;
            assert!(message.contains(attribute), "{attribute}=\"{number}\": {message}");
        }
        for number in ["INF", "-INF", "1e400"] {
            // XML Schema has infinities; where they make no sense is said.
            if let Err(failure) = read_within(text(number).into_bytes(), Limits::default()) {
                assert!(failure.location().line.is_some(), "{attribute}: {failure}");
            }
        }
    }
}

#[test]
fn arrays_of_another_length_than_they_say_are_found() {
    let clustering = |array: &str| {
        model(&format!(
            "<ClusteringModel functionName=\"clustering\" modelClass=\"centerBased\" \
             numberOfClusters=\"1\"><MiningSchema><MiningField \
             name=\"x\"/></MiningSchema><ComparisonMeasure \
             kind=\"distance\"><squaredEuclidean/></ComparisonMeasure><ClusteringField \
             field=\"x\"/><Cluster id=\"1\">\n{array}</Cluster></ClusteringModel>"
        ))
    };
    read_within(
        clustering("<Array n=\"1\" type=\"real\">1.5</Array>").into_bytes(),
        Limits::default(),
    )
    .unwrap();
    let sparse = |n: u64, indices: &str, entries: &str| {
        format!(
            "<REAL-SparseArray n=\"{n}\"><Indices>{indices}</Indices><REAL-Entries>{entries}\
             </REAL-Entries></REAL-SparseArray>"
        )
    };
    let vector = |array: &str| {
        model(&format!(
            "<SupportVectorMachineModel \
             functionName=\"regression\">{SCHEMA}<LinearKernelType/><VectorDictionary \
             numberOfVectors=\"1\"><VectorFields numberOfFields=\"1\"><FieldRef \
             field=\"x\"/></VectorFields><VectorInstance \
             id=\"v\">\n{array}</VectorInstance></VectorDictionary><SupportVectorMachine>\
             <SupportVectors numberOfSupportVectors=\"1\"><SupportVector \
             vectorId=\"v\"/></SupportVectors><Coefficients absoluteValue=\"0\" \
             numberOfCoefficients=\"1\"><Coefficient value=\"1\"/></Coefficients>\
             </SupportVectorMachine></SupportVectorMachineModel>"
        ))
    };
    read_within(vector(&sparse(1, "1", "1.5")).into_bytes(), Limits::default()).unwrap();
    let dense = |n: u64, items: &str| format!("<Array n=\"{n}\" type=\"real\">{items}</Array>");
    for text in [
        clustering(&dense(2, "1.5")),
        clustering(&dense(1, "1.5 2")),
        clustering(&dense(2, "1.5 2")),
        clustering(&dense(u64::MAX, "1.5")),
        clustering(&dense(0, "")),
        vector(&dense(2, "1.5")),
        vector(&sparse(1, "1 2", "1.5")),
        vector(&sparse(1, "1", "1.5 2")),
        vector(&sparse(1, "2", "1.5")),
        vector(&sparse(1, "0", "1.5")),
        vector(&sparse(4_000_000_000, "1", "1.5")),
        tree(
            "<Node score=\"0\"><True/>\n<Node score=\"1\"><SimpleSetPredicate field=\"x\" \
             booleanOperator=\"isIn\"><Array n=\"3\" type=\"int\">1 \
             2</Array></SimpleSetPredicate></Node></Node>",
        ),
    ] {
        let failure = fails(text.clone());
        assert_eq!(failure.code(), codes::ARRAY_COUNT, "{text}: {failure}");
    }
    for item in ["one", "NaN", "0x1", "1,5"] {
        for text in [clustering(&dense(1, item)), vector(&sparse(1, "1", item))] {
            let failure = fails(text);
            assert_eq!(failure.code(), codes::INVALID_ELEMENT, "{item}: {failure}");
        }
    }
}

#[test]
fn documents_cut_or_changed_anywhere_have_an_answer() {
    let mut random = Random::new(5);
    for (name, model) in models::all().into_iter().chain(families::all()) {
        let bytes = written(&model);
        let last = bytes.iter().rposition(|byte| *byte == b'>').unwrap();
        for _ in 0..60 {
            let end = random.below(last);
            let failure = fails(&bytes[..end]);
            assert!(failure.location().line.is_some(), "{name} cut at {end}: {failure}");
            let mut changed = bytes.clone();
            for _ in 0..=random.below(3) {
                let place = random.below(changed.len());
                changed[place] ^= 1 << random.below(8);
            }
            if let Err(failure) = read_within(changed, Limits::default()) {
                assert!(failure.location().line.is_some(), "{name}: {failure}");
            }
        }
    }
}

#[test]
fn small_documents_cut_at_every_byte_are_refused() {
    for text in [
        regression("<RegressionTable intercept=\"1\"/>"),
        tree("<Node score=\"1\"><True/></Node>"),
        String::from_utf8(super::apart::forest(2)).unwrap(),
        format!(
            "<?xml version=\"1.0\"?><!-- é -->{HEAD}<Header><![CDATA[é]]>&amp;</Header></PMML>"
        ),
    ] {
        for end in 0..text.len() {
            fails(&text.as_bytes()[..end]);
            agree(&text.as_bytes()[..end], "cut");
        }
    }
}

#[test]
fn a_large_document_cut_anywhere_is_refused() {
    let bytes = super::apart::forest(4000);
    let mut random = Random::new(23);
    for _ in 0..40 {
        let end = random.below(bytes.len() - 1);
        let failure = fails(&bytes[..end]);
        assert!([codes::XML, codes::ROOT].contains(&failure.code()), "cut at {end}: {failure}");
    }
}
