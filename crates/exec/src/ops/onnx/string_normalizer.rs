//! `StringNormalizer`: <https://onnx.ai/onnx/operators/onnx__StringNormalizer.html>.

use std::collections::BTreeSet;

use crate::ops::prelude::*;

#[derive(Clone, Copy)]
enum Case {
    Keep,
    Lower,
    Upper,
}

impl Case {
    fn of(self, text: &str) -> String {
        match self {
            Self::Keep => text.to_owned(),
            Self::Lower => text.to_lowercase(),
            Self::Upper => text.to_uppercase(),
        }
    }
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    // Case is changed as Unicode has it, whatever the locale.
    setup.ignore(&["locale"]);
    let case = setup.word(
        "case_change_action",
        &[("NONE", Case::Keep), ("LOWER", Case::Lower), ("UPPER", Case::Upper)],
    )?;
    let exact = setup.flag("is_case_sensitive", false)?;
    let compared = if exact { Case::Keep } else { Case::Lower };
    let stop: BTreeSet<String> = setup
        .texts("stopwords")?
        .unwrap_or_default()
        .iter()
        .map(|word| compared.of(word))
        .collect();
    one(move |args: Args<'_>| {
        let texts = args.of::<String>(0)?;
        let row = match *texts.shape() {
            [_] => false,
            [1, _] => true,
            _ => return Err(misfit("expected a vector or one row")),
        };
        let mut kept: Vec<String> = texts
            .data()
            .iter()
            .filter(|text| !stop.contains(&compared.of(text)))
            .map(|text| case.of(text))
            .collect();
        // One empty text stands for nothing at all.
        if kept.is_empty() {
            kept.push(String::new());
        }
        let shape = if row { vec![1, kept.len()] } else { vec![kept.len()] };
        Ok(TensorValue::Text(Array::new(&shape, kept)?))
    })
}
