use std::collections::BTreeMap;

use holdall_codec::{ExampleColumn, Examples, Nearness, Options, Policy, Writer};
use holdall_source::{Budget, Source};

use super::{families, models};
use crate::{PmmlWriter, decode, encode};

pub(super) fn written(model: &holdall_tabular::ValidModel) -> Vec<u8> {
    let plan = PmmlWriter.plan(model, &Options::none()).unwrap();
    // Votes of three classes may tie, which is all that is approximate in these models.
    let policy = Policy { approximate: true, ..Policy::default() };
    let (plan, _) = plan.accept(policy).unwrap();
    let mut out = Vec::new();
    PmmlWriter.write(&plan, &mut out).unwrap();
    out
}

#[test]
fn what_is_written_decodes_and_encodes_to_the_same_bytes() {
    for (name, model) in models::all().into_iter().chain(families::all()) {
        let bytes = written(&model);
        let source = Source::from_bytes("model.pmml", bytes.clone());
        let document = decode(&source, &mut Budget::default()).unwrap();
        let mut again = Vec::new();
        encode(&document, &mut again).unwrap();
        assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(bytes).unwrap(), "{name}");
    }
}

#[test]
fn older_versions_say_what_they_can() {
    let mut written_as = BTreeMap::new();
    for (name, model) in models::all().into_iter().chain(families::all()) {
        for version in ["4.1", "4.2", "4.3"] {
            let options = Options::none().with("version", version);
            let text = match PmmlWriter.plan(&model, &options) {
                Ok(plan) => {
                    let policy = Policy { approximate: true, ..Policy::default() };
                    let (plan, _) = plan.accept(policy).unwrap();
                    let mut out = Vec::new();
                    PmmlWriter.write(&plan, &mut out).unwrap();
                    String::from_utf8(out).unwrap()
                }
                Err(failure) => {
                    assert_eq!(failure.diagnostic().code.to_string(), "pmml/newer", "{name}");
                    *written_as.entry(failure.diagnostic().message.clone()).or_insert(0) += 1;
                    continue;
                }
            };
            let namespace = format!("http://www.dmg.org/PMML-{}", version.replace('.', "_"));
            assert!(text.contains(&namespace), "{name} as {version}");
            assert!(text.contains(&format!("version=\"{version}\"")), "{name} as {version}");
            assert!(!text.contains("missingValueTreatment=\"returnInvalid\""), "{name}");
            assert!(version != "4.1" || !text.contains("usageType=\"target\""), "{name}");
            let source = Source::from_bytes("model.pmml", text.into_bytes());
            let document = decode(&source, &mut Budget::default()).unwrap();
            crate::lower(&document).unwrap_or_else(|failure| panic!("{name}: {failure}"));
            *written_as.entry(version.to_owned()).or_insert(0) += 1;
        }
    }
    for version in ["4.1", "4.2", "4.3"] {
        assert!(written_as[version] > 20, "{written_as:?}");
    }
    let named = |text: &str| written_as.keys().any(|key| key.contains(text));
    assert!(
        named("has no `multipleModelMethod=\"weightedSum\"` in `Segmentation`"),
        "{written_as:?}"
    );
    assert!(named("has no function `"), "{written_as:?}");
}

#[test]
fn bad_options_are_refused_by_the_plan() {
    let (_, model) = models::all().swap_remove(0);
    for (key, value) in [("version", "3.2"), ("verification", "-1"), ("verification", "many")] {
        let failure = PmmlWriter.plan(&model, &Options::none().with(key, value)).unwrap_err();
        assert!(failure.diagnostic().message.contains(&format!("option `{key}`")), "{failure}");
    }
}

#[test]
fn rows_of_a_proof_are_written_where_the_standard_has_them() {
    let (_, model) = models::all().swap_remove(0);
    let (plan, _) =
        PmmlWriter.plan(&model, &Options::none()).unwrap().accept(Policy::default()).unwrap();
    let column = |name: &str, near, cells: [Option<&str>; 2]| ExampleColumn {
        name: name.to_owned(),
        near,
        cells: cells.map(|cell| cell.map(ToOwned::to_owned)).to_vec(),
    };
    let near = Some(Nearness { relative: 1e-11, zero: 1e-14 });
    let columns = vec![
        column("a b", None, [Some("1"), None]),
        column("a_b", None, [Some("2"), Some("3")]),
        column("xml", None, [Some("x<y"), Some("z")]),
        column("y", near, [Some("0.5"), Some("0.25")]),
    ];
    let mut out = Vec::new();
    PmmlWriter.write(&plan.with_examples(Examples { columns }), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let block = text.split("<ModelVerification ").nth(1).unwrap();
    let flat: String = block.lines().map(str::trim).collect();
    assert!(flat.starts_with(r#"recordCount="2" fieldCount="4">"#), "{flat}");
    assert!(flat.contains(r#"<VerificationField field="a b" column="a_b"/>"#), "{flat}");
    assert!(flat.contains(r#"<VerificationField field="a_b" column="a_b_"/>"#), "{flat}");
    assert!(
        flat.contains(r#"field="y" column="y" precision="1E-11" zeroThreshold="1E-14"/>"#),
        "{flat}"
    );
    assert!(
        flat.contains("<row><a_b>1</a_b><a_b_>2</a_b_><_xml>x&lt;y</_xml><y>0.5</y></row>"),
        "{flat}"
    );
    assert!(flat.contains("<row><a_b_>3</a_b_><_xml>z</_xml><y>0.25</y></row>"), "{flat}");
    assert!(flat.contains("</ModelVerification></"), "the block comes last: {flat}");
}
