//! `RegexFullMatch`: <https://onnx.ai/onnx/operators/onnx__RegexFullMatch.html>. Patterns are those
//! of RE2, matched in linear time.

use regex::RegexBuilder;

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let pattern = setup.text("pattern", "")?;
    // Bounded: a hostile pattern is refused instead of compiled.
    let compiled = RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(1 << 22).build();
    let regex = compiled.map_err(|error| {
        setup.refuse(format!("`{pattern}` is not a pattern that is understood")).caused_by(error)
    })?;
    one(move |args: Args<'_>| {
        Ok(TensorValue::Bool(args.of::<String>(0)?.map(|text| regex.is_match(text))))
    })
}
