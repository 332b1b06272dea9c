use std::fmt::Write;

use holdall_diag::{Code, Failure};
use holdall_source::{Budget, Limits, Source};

use super::{models, writing::written};
use crate::{codes, decode, lower};

fn fails(text: &[u8]) -> Failure {
    let source = Source::from_bytes("m.pmml", text.to_vec());
    decode(&source, &mut Budget::default())
        .and_then(|document| lower(&document).map(|_| ()))
        .unwrap_err()
}

const HEAD: &str = "<PMML xmlns=\"http://www.dmg.org/PMML-4_4\" version=\"4.4\">";

#[test]
fn broken_documents_give_one_located_finding() {
    let deep = format!("{HEAD}{}", "<a>".repeat(1_000_000));
    let mut wide = format!("{HEAD}<a");
    for i in 0..1_000_000 {
        write!(wide, " a{i}=\"\"").unwrap();
    }
    wide.push_str("/></PMML>");
    let bomb = "<!DOCTYPE PMML [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><PMML>&b;</PMML>";
    let cases: [(&str, Code); 18] = [
        ("", codes::ROOT),
        ("<html/>", codes::ROOT),
        ("<PMML/>", codes::VERSION),
        ("<PMML version=\"2.1\"/>", codes::VERSION),
        ("<PMML version=\"4.4\"><a></b></PMML>", codes::XML),
        ("<PMML version=\"4.4\" version=\"4.4\"/>", codes::XML),
        ("<PMML version=\"4.4\"/><PMML version=\"4.4\"/>", codes::XML),
        ("<PMML version=\"4.4\">&lol;</PMML>", codes::ENTITY),
        ("<PMML version=\"4.4\"><a b=\"&lol;\"/></PMML>", codes::ENTITY),
        ("<PMML version=\"4.4\">\u{fffe}</PMML>", codes::XML),
        ("<PMML version=\"4.4\">\u{1}</PMML>", codes::XML),
        ("<PMML version=\"4.4\"><a b=\"\u{ffff}\"/></PMML>", codes::XML),
        ("<PMML version=\"4.4\"><a>&#xFFFF;</a></PMML>", codes::XML),
        ("<PMML version=\"4.4\"><a b=\"&#xFFFE;\"/></PMML>", codes::XML),
        ("<PMML version=\"4.4\"><a b=\"&#1;\"/></PMML>", codes::XML),
        (bomb, codes::DOCTYPE),
        (&deep, holdall_source::codes::DEPTH),
        (&wide, codes::LIMIT),
    ];
    for (text, code) in cases {
        let failure = fails(text.as_bytes());
        let shown = text.get(..80).unwrap_or(text);
        assert_eq!(failure.code(), code, "{shown}: {failure}");
        assert!(failure.location().line.is_some(), "{shown}: {failure}");
    }
}

#[test]
fn encodings_are_read_or_refused() {
    let text = "<?xml version=\"1.0\" encoding=\"ENC\"?><PMML version=\"4.4\" a=\"é€\"/>";
    let attribute = |bytes: Vec<u8>| {
        let source = Source::from_bytes("m", bytes);
        let document = decode(&source, &mut Budget::default()).unwrap();
        document.root().unwrap().attribute("a").unwrap().to_owned()
    };
    let utf16 = format!("\u{feff}{}", text.replace("ENC", "UTF-16"));
    let wide = |unit: fn(u16) -> [u8; 2]| utf16.encode_utf16().flat_map(unit).collect();
    assert_eq!(attribute(text.replace("ENC", "UTF-8").into_bytes()), "é€");
    assert_eq!(attribute(wide(u16::to_le_bytes)), "é€");
    assert_eq!(attribute(wide(u16::to_be_bytes)), "é€");
    let latin = text.replace("ENC", "windows-1252");
    let bytes = latin.chars().map(|c| match c {
        'é' => 0xE9,
        '€' => 0x80,
        c => u8::try_from(c).unwrap(),
    });
    assert_eq!(attribute(bytes.collect()), "é€");
    assert_eq!(fails(text.replace("ENC", "EBCDIC").as_bytes()).code(), codes::ENCODING);
    let mut broken = b"<PMML version=\"4.4\">\n<a b=\"".to_vec();
    broken.extend([0xC3, 0x28]);
    let failure = fails(&broken);
    assert_eq!((failure.code(), failure.location().line), (codes::ENCODING, Some((2, 7))));
}

#[test]
fn a_document_cut_anywhere_is_refused() {
    let (_, model) = models::all().into_iter().find(|(name, _)| *name == "forest").unwrap();
    let whole = written(&model);
    let last = whole.iter().rposition(|byte| *byte == b'>').unwrap();
    for end in 0..last {
        let failure = fails(&whole[..end]);
        assert!(failure.location().line.is_some(), "cut at {end}: {failure}");
    }
}

#[test]
fn limits_are_kept() {
    let text = format!("{HEAD}{}</PMML>", "<a b=\"0123456789\"/>".repeat(1000));
    let source = Source::from_bytes("m", text.into_bytes());
    let limits = |memory, steps| Limits { memory, steps, ..Limits::default() };
    for limits in [limits(10_000, 1 << 30), limits(1 << 30, 100)] {
        assert!(decode(&source, &mut Budget::new(limits)).is_err());
    }
}

#[test]
fn what_is_not_carried_is_named_with_its_place() {
    let body = "<Header/><DataDictionary><DataField name=\"x\" optype=\"continuous\" \
                dataType=\"double\"/></DataDictionary>\n<RegressionModel \
                functionName=\"regression\"><MiningSchema><MiningField name=\"x\"/></MiningSchema>\
                <RegressionTable intercept=\"0\">\n<PredictorTerm coefficient=\"1\"/>\
                </RegressionTable></RegressionModel>";
    let failure = fails(format!("{HEAD}{body}</PMML>").as_bytes());
    assert_eq!(failure.code(), codes::UNSUPPORTED_ELEMENT);
    let location = failure.location();
    assert_eq!(location.line, Some((3, 1)));
    let (_, path) = location.path.as_ref().unwrap();
    assert_eq!(&**path, "/PMML/RegressionModel/RegressionTable/PredictorTerm");
}

/// Numbers that look random and are the same every time.
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below another.
    pub(super) fn below(&mut self, end: usize) -> usize {
        // Steele, Lea and Flood: Fast splittable pseudorandom number generators.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }
}
