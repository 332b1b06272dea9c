//! `docs/onnx-operators.md` says which operators are computed. `HOLDALL_BLESS=1` writes it anew.

#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "the document is read and the environment decides")]

mod figures;

use std::{fmt::Write, path::Path};

use figures::{CASES, PASSED};

fn document() -> String {
    let mut out = String::from("# Operators of ONNX that are computed\n\n");
    out.push_str("Written by the tests of `holdall-exec` from its tables. Every version of an operator that is listed\n");
    out.push_str("is followed. Tensors of every element type, sequences, maps and optionals are values; functions of a\n");
    out.push_str(
        "model are put in place of their calls; attributes that are not known are refused.\n\n",
    );
    out.push_str("## Node cases of onnx 1.23.2\n\n");
    out.push_str("Of the operators below every case passes, under both behaviours, within the tolerance of the official\n");
    out.push_str("runner and with dtype and shape exact: `tests/peers/run.sh onnx-cases`. The figures of the others were\n");
    out.push_str("measured on the same cases with a wider absolute tolerance (1e-5), over tensors of ordinary numbers;\n");
    out.push_str("sequences, texts and narrow types were counted apart.\n\n");
    out.push_str("Of the cases that do not pass, 2 agree within 1e-6 (`test_dft_inverse`: the expected imaginary parts\n");
    out.push_str("are the noise of a transform in binary32, the exact answer is 0), 10 draw random numbers, and 9 decode\n");
    out.push_str("pictures.\n\n");
    out.push_str("| Engine | Cases | Passed |\n|---|---|---|\n");
    let _ = writeln!(out, "| holdall | all {CASES} | {PASSED} |");
    for (engine, passed) in [
        ("onnx 1.23.2, reference", 1630),
        ("onnxruntime 1.31.1", 1349),
        ("tract-onnx 0.23.9", 1248),
        ("rten 0.27.0", 958),
        ("candle-onnx 0.11.1", 384),
    ] {
        let _ = writeln!(out, "| {engine} | 1643 numeric | {passed} |");
    }
    out.push_str(
        "\nCases of `ai.onnx.ml` with the answers of three releases of onnxruntime lie in\n",
    );
    out.push_str("`testdata/onnx/ml_cases`; under `onnxruntime` all of them are followed.\n");
    let operators = holdall_exec::operators();
    let mut domain = None;
    for operator in &operators {
        if domain != Some(operator.domain) {
            domain = Some(operator.domain);
            let count = operators.iter().filter(|o| o.domain == operator.domain).count();
            let name = if operator.domain.is_empty() { "ai.onnx" } else { operator.domain };
            let _ = writeln!(out, "\n## {name}: {count} operators\n");
            out.push_str(
                "| Operator | Versions | Where onnxruntime and `spec` differ |\n|---|---|---|\n",
            );
        }
        let since: Vec<String> = operator.since.iter().map(ToString::to_string).collect();
        let _ =
            writeln!(out, "| {} | {} | {} |", operator.name, since.join(", "), operator.differs);
    }
    out
}

#[test]
fn the_document_lists_what_is_computed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/onnx-operators.md");
    let text = document();
    if std::env::var_os("HOLDALL_BLESS").is_some() {
        std::fs::write(path, text).unwrap();
        return;
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        there == text,
        "docs/onnx-operators.md is stale: run `HOLDALL_BLESS=1 cargo test -p holdall-exec`"
    );
}

#[test]
fn every_version_of_every_operator_is_followed() {
    let computed = holdall_exec::operators();
    for domain in ["", "ai.onnx.ml", "ai.onnx.preview", "ai.onnx.preview.training"] {
        let ours =
            computed.iter().filter(|o| o.domain == domain).map(|o| (o.name, o.since.to_vec()));
        let since = |name| holdall_graph::ops::versions(domain, name).unwrap_or_default();
        let known = holdall_graph::ops::names(domain)
            .map(|name| (name, since(name).iter().map(|schema| schema.since).collect()));
        assert_eq!(ours.collect::<Vec<_>>(), known.collect::<Vec<(&str, Vec<i64>)>>());
    }
}
