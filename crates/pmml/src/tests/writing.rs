use holdall_codec::{Options, Policy, Writer};
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
