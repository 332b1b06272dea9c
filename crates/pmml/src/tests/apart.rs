//! Trees read apart, and the same trees as elements: equal models, and the same failures.

use holdall_codec::{Body, ReadOptions, Reader};
use holdall_diag::{Failure, Report};
use holdall_source::{Budget, Limits, Source};
use holdall_tabular::Model;

use super::{bad::Random, conformance, families, models, writing::written};
use crate::{
    PmmlReader, decode,
    decode::{decode_apart, decode_with},
    doc::{Document, Element},
    lower,
};

fn source(bytes: &[u8]) -> Source {
    Source::from_bytes("m.pmml", bytes.to_vec())
}

fn whole(bytes: &[u8]) -> Result<Document, Failure> {
    decode(&source(bytes), &mut Budget::default())
}

/// NaN is not itself, so models are compared as they are printed.
fn same(a: &(Model, Report), b: &(Model, Report), name: &str) {
    assert!(a.0 == b.0 || format!("{:?}", a.0) == format!("{:?}", b.0), "{name}: models differ");
    let places = |model: &Model| {
        model.locations.0.iter().map(|(id, at)| (*id, at.clone())).collect::<Vec<_>>()
    };
    assert_eq!(places(&a.0), places(&b.0), "{name}");
    assert_eq!(format!("{:?}", a.1.entries()), format!("{:?}", b.1.entries()), "{name}");
}

/// Reads a document either way, and says whether its trees were read apart to the end.
pub(super) fn agree(bytes: &[u8], name: &str) -> bool {
    let expected = whole(bytes).and_then(|document| lower(&document));
    match (PmmlReader.read(&source(bytes), &ReadOptions::default()), &expected) {
        (Ok(found), Ok(expected)) => {
            let Body::Tabular(model) = found.body else { panic!("{name}: no tabular model") };
            same(&(*model, found.report), expected, name);
        }
        (Err(found), Err(expected)) => {
            assert_eq!(found.diagnostic().message, expected.diagnostic().message, "{name}");
            let (found, expected) = (found.location(), expected.location());
            assert_eq!((found.line, &found.path), (expected.line, &expected.path), "{name}");
        }
        (found, expected) => panic!("{name}: {:?}, not {:?}", found.err(), expected.as_ref().err()),
    }
    let Some(apart) = decode_apart(&source(bytes), Limits::default()) else { return false };
    // What is taken apart is there: the same elements, at the same places.
    let whole = whole(bytes).unwrap_or_else(|failure| panic!("{name}: {failure}"));
    assert_eq!(apart.len_with_trees(), whole.len() as u64, "{name}");
    let (root, twin) = (apart.root().unwrap(), whole.root().unwrap());
    assert!(!root.trees_apart().is_empty(), "{name}");
    // Finding lines takes time in proportion to the document.
    if bytes.len() < 10_000 {
        let mut twins = twin.descendants();
        for element in root.descendants() {
            let at = element.location();
            let twin = twins.find(|twin| twin.location() == at);
            assert_eq!(twin.map(Element::name), Some(element.name()), "{name}: {at}");
        }
    }
    match (lower(&apart), expected) {
        (Ok(found), Ok(expected)) => {
            same(&found, &expected, name);
            true
        }
        (Ok(_), Err(failure)) => panic!("{name}: {failure}"),
        (Err(_), _) => false,
    }
}

fn has_trees(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"<TreeModel").is_some()
}

#[test]
fn conformance_documents_mean_the_same_read_either_way() {
    let (mut with_trees, mut apart) = (0, 0);
    for path in conformance::documents() {
        let bytes = conformance::bytes(&path);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if has_trees(&bytes) {
            with_trees += 1;
            apart += usize::from(agree(&bytes, &name));
        } else {
            let found = decode_apart(&source(&bytes), Limits::default());
            assert!(found.is_none(), "{name}");
        }
    }
    println!("of {with_trees} documents with trees {apart} are read apart");
    assert!(with_trees == 0 || apart >= 109, "{apart} of {with_trees}");
}

#[test]
fn documents_of_the_writer_mean_the_same_read_either_way() {
    let mut apart = Vec::new();
    for (name, model) in models::all().into_iter().chain(families::all()) {
        if agree(&written(&model), name) {
            apart.push(name);
        }
    }
    for name in ["forest", "boosted-f32", "boosted-f64", "regressor", "regressor-mean"] {
        assert!(apart.contains(&name), "{name} is not among {apart:?}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let bytes = forest(200);
    let model = |threads| {
        let document = decode_with(&source(&bytes), Limits::default(), threads).unwrap();
        lower(&document).unwrap()
    };
    let one = model(1);
    for threads in [2, 3, 8] {
        same(&one, &model(threads), "forest");
    }
}

/// A forest of so many trees of three nodes that differ.
pub(super) fn forest(trees: usize) -> Vec<u8> {
    use std::fmt::Write;
    let mut text = "<PMML xmlns=\"http://www.dmg.org/PMML-4_4\" version=\"4.4\">\n<Header/>\n\
                    <DataDictionary>\n<DataField name=\"x\" optype=\"continuous\" \
                    dataType=\"double\"/>\n<DataField name=\"c\" optype=\"categorical\" \
                    dataType=\"string\"/>\n<DataField name=\"y\" optype=\"continuous\" \
                    dataType=\"double\"/>\n</DataDictionary>\n<MiningModel \
                    functionName=\"regression\"><MiningSchema><MiningField name=\"x\"/><MiningField \
                    name=\"c\"/><MiningField name=\"y\" usageType=\"target\"/></MiningSchema>\n\
                    <Segmentation multipleModelMethod=\"sum\">\n"
        .to_owned();
    for i in 0..trees {
        write!(
            text,
            "<Segment><True/><TreeModel functionName=\"regression\" \
             missingValueStrategy=\"defaultChild\"><MiningSchema><MiningField name=\"x\"/>\
             </MiningSchema>\n<Node defaultChild=\"b\"><True/>\n<Node id=\"a\" score=\"{i}\">\
             <SimplePredicate field=\"x\" operator=\"lessThan\" value=\"{i}.5\"/></Node>\n\
             <Node id=\"b\" score=\"-{i}e1\"><SimplePredicate field=\"x\" \
             operator=\"greaterOrEqual\" value=\"{i}.5\"/></Node></Node></TreeModel></Segment>\n"
        )
        .unwrap();
    }
    text.push_str("</Segmentation></MiningModel></PMML>");
    text.into_bytes()
}

/// The forest with a change in its second tree.
fn changed(from: &str, to: &str) -> String {
    let text = String::from_utf8(forest(3)).unwrap();
    let trees: Vec<&str> = text.split("<TreeModel").collect();
    let [before, first, second, third] = trees.as_slice() else { panic!("three trees") };
    assert!(second.contains(from), "{from}");
    let second = second.replacen(from, to, 1);
    [before, first, second.as_str(), third].join("<TreeModel")
}

#[test]
fn what_is_not_plain_is_read_as_elements_with_the_same_answer() {
    let tree = "<Node><True/></Node></TreeModel><TreeModel>";
    let comment = format!("<!-- <TreeModel>{tree} --><Node defaultChild");
    let cases = [
        ("score=\"1\"", "score=\"&#49;\"", true),
        ("score=\"1\"", "score = '1'", true),
        ("score=\"1\"", "score=\" 1 \"", true),
        ("score=\"1\"", "score=\"1\" recordCount=\"3\"", true),
        ("<True/>\n", "<True></True  >\n", true),
        ("<MiningSchema>", "<!-- before --><MiningSchema>", true),
        ("<MiningSchema>", "<!-- é\n --><MiningSchema>", true),
        ("\n<Node defaultChild", "<Node defaultChild", true),
        ("score=\"1\"", "score=\"\n1\"", false),
        ("score=\"1\"", "score=\"1>\"", false),
        ("score=\"1\"", "score=\"one\"", false),
        ("score=\"1\"", "score=\"1\" score=\"2\"", false),
        ("score=\"1\"", "score=\"1\" extra=\"2\"", false),
        ("score=\"1\"", "score=\"<\"", false),
        ("score=\"1\"", "score=\"&lol;\"", false),
        ("score=\"1\"", "score=\"1\"recordCount=\"2\"", false),
        ("score=\"1\"", "score=1", false),
        ("<True/>\n", "<True/><!-- why -->\n", true),
        ("<True/>\n", "<!----><True/> <!-- <Node a=\"é\"> -->\n<!-- > -->", true),
        ("</Node></TreeModel>", "</Node><!-- last --></TreeModel>", true),
        ("<True/>\n", "<True/><!-- why -- not -->\n", false),
        ("<True/>\n", "<True/><!-- why --->\n", false),
        ("<True/>\n", "<True/><!-- \u{1} -->\n", false),
        ("<True/>\n", "<True/><!-- \u{ffff} -->\n", false),
        ("<True/>\n", "<True/><!- why -->\n", false),
        ("<True/>\n", "<True/><!-- why\n", false),
        ("<True/>\n", "<True/><!-- </TreeModel> -->\n", false),
        ("score=\"1\"", "score=\"1\u{fffe}\"", false),
        ("score=\"1\"", "score=\"1\" id=\"&#xFFFF;\"", false),
        ("score=\"1\"", "score=\"1\" id=\"&#1;\"", false),
        ("<True/>\n", "<True/><?why </TreeModel>?>\n", false),
        ("<True/>\n", "<True/><![CDATA[ </TreeModel> ]]>\n", false),
        ("<True/>\n", "<True/>text\n", false),
        ("<True/>\n", "<Extension name=\"a\"/><True/>\n", false),
        ("<True/>\n", "<Extension><Node><True/></Node></Extension><True/>\n", false),
        ("<True/>\n", "<True><Extension/></True>\n", false),
        ("<True/>\n", "<True/><False/>\n", false),
        ("<True/>\n", "\n", false),
        (
            "<True/>\n",
            "<CompoundPredicate booleanOperator=\"xor\"><True/></CompoundPredicate>",
            false,
        ),
        ("</Node></TreeModel>", "</TreeModel></Node>", false),
        ("</Node></TreeModel>", "</TreeModel>", false),
        ("</Node></TreeModel>", "</Node></Node></TreeModel>", false),
        ("</TreeModel>", "<Node><True/></Node></TreeModel>", false),
        ("</TreeModel>", "</Tree>", false),
        ("field=\"x\"", "field=\"nowhere\"", false),
        ("field=\"x\"", "", false),
        ("operator=\"lessThan\"", "operator=\"less\"", false),
        (
            "functionName=\"regression\"",
            "functionName=\"regression\" noTrueChildStrategy=\"x\"",
            false,
        ),
        ("defaultChild=\"b\"", "defaultChild=\"z\"", false),
        ("<Node defaultChild", comment.as_str(), false),
        (
            "<Node defaultChild",
            "<![CDATA[<Node><True/></Node></TreeModel>]]><Node defaultChild",
            false,
        ),
        ("<Node defaultChild", "<?a <Node><True/></Node></TreeModel>?><Node defaultChild", false),
        (
            "<Node defaultChild",
            "<Extension name=\"<Node><True/></Node></TreeModel>\"/><Node defaultChild",
            false,
        ),
    ];
    assert!(agree(&forest(3), "the forest"));
    for (from, to, apart) in cases {
        let text = changed(from, to);
        assert_eq!(agree(text.as_bytes(), to), apart, "{from} → {to}");
    }
}

#[test]
fn what_comes_before_a_document_decides_how_it_is_read() {
    let text = String::from_utf8(forest(2)).unwrap();
    let named = |encoding: &str, text: &str| {
        format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n{text}")
    };
    assert!(agree(named("UTF-8", &text).as_bytes(), "UTF-8"));
    assert!(agree(format!("\u{feff}{text}").as_bytes(), "a byte order mark"));
    let accent = text.replace("name=\"x\"", "name=\"é\"").replace("field=\"x\"", "field=\"é\"");
    assert!(agree(accent.as_bytes(), "two bytes a letter"));
    assert!(!agree(named("ISO-8859-1", &accent).as_bytes(), "other letters"));
    let wide: Vec<u8> =
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(!agree(&wide, "UTF-16"));
    let prefixed = text.replace("xmlns=", "xmlns:p=").replace('<', "<p:").replace("<p:/", "</p:");
    assert!(!agree(prefixed.as_bytes(), "a prefix"));
}

#[test]
fn changed_bytes_give_the_same_answer_either_way() {
    let bytes = forest(3);
    let mut random = Random::new(17);
    for round in 0..3000 {
        let mut changed = bytes.clone();
        for _ in 0..=random.below(2) {
            let place = random.below(changed.len());
            match random.below(3) {
                0 => changed[place] = b"<>/=\"'& \n!-]?x0\0\xc3"[random.below(17)],
                1 => drop(changed.remove(place)),
                _ => {
                    let from = random.below(changed.len());
                    changed[place] = changed[from];
                }
            }
        }
        agree(&changed, &format!("round {round}"));
    }
}

#[test]
fn limits_hold_for_trees_that_are_read_apart() {
    let bytes = forest(100);
    let with = |limits| decode_apart(&source(&bytes), limits);
    assert!(with(Limits::default()).is_some());
    for limits in [
        Limits { memory: 8000, ..Limits::default() },
        Limits { steps: 500, ..Limits::default() },
        Limits { depth: 8, ..Limits::default() },
    ] {
        assert!(with(limits).is_none());
    }
}
