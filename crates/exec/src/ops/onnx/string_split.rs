//! `StringSplit`: <https://onnx.ai/onnx/operators/onnx__StringSplit.html>.

use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let delimiter = setup.text("delimiter", "")?;
    let most =
        if setup.has("maxsplit") { usize::try_from(setup.int("maxsplit", 0)?).ok() } else { None };
    Ok(Box::new(move |args: Args<'_>| {
        let texts = args.of::<String>(0)?;
        let parts: Vec<Vec<String>> =
            texts.data().iter().map(|text| split(text, &delimiter, most)).collect();
        let width = parts.iter().map(Vec::len).max().unwrap_or(0);
        let mut shape = texts.shape().to_vec();
        shape.push(width);
        let mut out = Vec::with_capacity(args.cx.room(&shape, 24)?);
        for list in &parts {
            out.extend(list.iter().cloned());
            out.extend(std::iter::repeat_n(String::new(), width - list.len()));
        }
        let counts = parts.iter().map(|list| signed(list.len())).collect();
        Ok(vec![
            TensorValue::Text(Array::new(&shape, out)?),
            TensorValue::I64(Array::new(texts.shape(), counts)?),
        ])
    }))
}

/// Without a delimiter runs of white space part the words, and none stand at the ends.
fn split(text: &str, delimiter: &str, most: Option<usize>) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let limit = most.map_or(usize::MAX, |n| n.saturating_add(1));
    if !delimiter.is_empty() {
        return text.splitn(limit, delimiter).map(str::to_owned).collect();
    }
    let mut rest = text.trim();
    let mut out = Vec::new();
    while !rest.is_empty() {
        let cut = rest.split_once(char::is_whitespace).filter(|_| out.len() + 1 < limit);
        let (word, after) = cut.unwrap_or((rest, ""));
        out.push(word.to_owned());
        rest = after.trim_start();
    }
    out
}
