//! What a file holds, from its wire format: the cost does not depend on the weights.

mod walk;

use holdall_codec::Summary;
use holdall_diag::{Diagnostic, Failure};
use holdall_source::{Budget, Limits, Source};
use serde_json::{Map, Value, json};
use walk::{Found, Walk};

use crate::{FORMAT, codes, dtypes, wire::Cursor};

/// Which releases take which versions; `data/regenerate_onnx_tables.py` makes it.
const VERSIONS: &str = include_str!("../../../../data/onnx_versions.json");

/// Says what a model file holds, without touching a weight.
pub fn inspect(source: &Source, limits: Limits) -> Result<Summary, Failure> {
    let mut walk =
        Walk { cursor: Cursor::new(source), budget: Budget::new(limits), found: Found::default() };
    walk.model(source.len()).map_err(|failure| failure.in_file(source.name()))?;
    if !walk.found.has_graph {
        return Err(
            Failure::malformed(codes::EMPTY, "the model has no graph").at(source.location())
        );
    }
    Ok(summary(walk.found, source))
}

/// The files beside a model that it names.
pub(crate) fn external(
    source: &Source,
    limits: Limits,
) -> Result<std::collections::BTreeSet<String>, Failure> {
    let mut walk =
        Walk { cursor: Cursor::new(source), budget: Budget::new(limits), found: Found::default() };
    walk.model(source.len()).map_err(|failure| failure.in_file(source.name()))?;
    Ok(walk.found.external)
}

fn summary(found: Found, source: &Source) -> Summary {
    let mut summary = Summary::new(&FORMAT);
    summary.format_version = Some(format!("IR {}", found.ir));
    let producer = format!("{} {}", found.producer, found.producer_version);
    summary.producer = Some(producer.trim().to_owned()).filter(|p| !p.is_empty());
    let opsets: Map<String, Value> =
        found.opsets.iter().map(|(d, v)| (domain(d).to_owned(), (*v).into())).collect();
    summary.fact("ir_version", found.ir);
    summary.fact("opsets", opsets);
    summary.fact("onnxruntime", lowest_runtime(&found));
    if !found.graph_name.is_empty() {
        summary.fact("graph", found.graph_name.as_str());
    }
    for (name, value) in [("functions", found.functions), ("training_info", found.training)] {
        if value > 0 {
            summary.fact(name, value);
        }
    }
    summary.fact("nodes", found.nodes);
    let mut operators = Map::new();
    for ((of, op), count) in &found.operators {
        let slot = operators.entry(domain(of)).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(map) = slot {
            map.insert(op.clone(), (*count).into());
        }
    }
    summary.fact("operators", operators);
    let parameters: Map<String, Value> = found
        .parameters
        .iter()
        .map(|(dtype, (tensors, elements, bytes))| {
            let name = dtypes::name(*dtype).to_owned();
            (name, json!({ "tensors": tensors, "elements": elements, "bytes": bytes }))
        })
        .collect();
    summary.fact("parameters", parameters);
    let largest: Vec<Value> = found
        .largest
        .iter()
        .map(|t| {
            json!({
                "name": t.name, "dtype": dtypes::name(t.dtype), "shape": t.shape,
                "bytes": t.bytes, "offset": t.offset, "file": t.file,
            })
        })
        .collect();
    summary.fact("largest", largest);
    if found.ensembles > 0 {
        summary.fact("tree_ensembles", found.ensembles);
        if !found.uncounted {
            summary.fact("trees", found.trees);
            summary.fact("tree_nodes", found.tree_nodes);
        }
    }
    let metadata: Map<String, Value> =
        found.metadata.iter().map(|(k, v)| (k.clone(), v.as_str().into())).collect();
    if !metadata.is_empty() {
        summary.fact("metadata", metadata);
    }
    if !found.external.is_empty() {
        let mut files = Vec::new();
        for location in &found.external {
            let there = source.sibling(location.trim_start_matches("./"));
            files.push(json!({
                "location": location, "bytes": there.as_ref().ok().map(Source::len),
            }));
            if let Err(failure) = there {
                let finding = failure.into_diagnostic();
                let message = format!("external data `{location}`: {}", finding.message);
                summary.risks.push(Diagnostic::error(codes::EXTERNAL, message));
            }
        }
        summary.fact("external_files", files);
    }
    // Up to IR 3 initializers are inputs too.
    let given = |name: &str| !found.initialized.contains(name);
    summary.inputs = found.inputs.iter().filter(|input| given(&input.name)).cloned().collect();
    summary.outputs = found.outputs;
    summary
}

fn domain(name: &str) -> &str {
    if name.is_empty() { "ai.onnx" } else { name }
}

/// The first release of onnxruntime that takes the versions that the file asks for; null when none
/// does. Operators of other domains may need more.
fn lowest_runtime(found: &Found) -> Option<String> {
    let table: Value = serde_json::from_str(VERSIONS).ok()?;
    let releases = table.get("onnxruntime")?;
    let wanted = [
        ("max_ir", i64::try_from(found.ir).ok()),
        ("ai.onnx", found.opsets.get("").copied()),
        ("ai.onnx.ml", found.opsets.get("ai.onnx.ml").copied()),
    ];
    let takes = |release: &&Value| {
        wanted.iter().all(|(key, wanted)| {
            let most = release.get(*key).and_then(Value::as_i64);
            most.zip(*wanted).is_none_or(|(most, wanted)| wanted <= most)
        })
    };
    let first = releases.as_array()?.iter().find(takes)?;
    first.get("onnxruntime")?.as_str().map(str::to_owned)
}
