//! What a file holds, from its wire format: the cost does not depend on the weights.

mod classical;
mod lowest;
mod walk;

use holdall_codec::Summary;
use holdall_diag::{Diagnostic, Failure};
use holdall_source::{Budget, Limits, Source};
use serde_json::{Map, Value, json};
use walk::{Found, Walk};

use crate::{FORMAT, codes, dtypes, wire::Cursor};

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
    let stamped = lowest::as_stamped(&found);
    summary.fact("onnxruntime", stamped.as_ref().map(|(release, _)| *release));
    if let Some((_, by)) = stamped {
        summary.fact("onnxruntime_forced_by", by);
    }
    summary.fact("lowest", lowest::facts(&found));
    if !found.graph_name.is_empty() {
        summary.fact("graph", found.graph_name.as_str());
    }
    if found.model_version > 0 {
        summary.fact("model_version", found.model_version);
    }
    if !found.domain.is_empty() {
        summary.fact("domain", found.domain.as_str());
    }
    if !found.functions.is_empty() {
        let functions = found.functions.iter().map(|function| {
            let name = format!("{}.{}", domain(&function.domain), function.name);
            json!({ "name": name, "nodes": function.nodes })
        });
        summary.fact("functions", functions.collect::<Vec<_>>());
    }
    for (name, value) in [
        ("training_info", found.training),
        ("device_configurations", found.device_configurations),
        ("sparse_initializers", found.sparse),
    ] {
        if value > 0 {
            summary.fact(name, value);
        }
    }
    summary.fact("nodes", found.nodes);
    let counts = found.operators.iter().map(|(key, count)| (key, (*count).into()));
    summary.fact("operators", lowest::by_domain(counts));
    summary.fact("operator_versions", lowest::since(&found));
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
    classical_facts(&found, &mut summary);
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
                "sha1": found.checksums.get(location),
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

/// Trees, linear models and support vector machines.
fn classical_facts(found: &Found, summary: &mut Summary) {
    let ensembles: Vec<_> =
        found.classical.iter().filter(|c| c.op.starts_with("TreeEnsemble")).collect();
    if !ensembles.is_empty() {
        summary.fact("tree_ensembles", ensembles.len());
        summary.fact("trees", ensembles.iter().map(|c| c.trees).sum::<u64>());
        summary.fact("tree_nodes", ensembles.iter().map(|c| c.nodes).sum::<u64>());
    }
    if !found.classical.is_empty() {
        let models: Vec<Value> = found.classical.iter().map(classical::Classical::json).collect();
        summary.fact("classical", models);
    }
    if found.uncounted > 0 {
        summary.fact("too_long_to_count", found.uncounted);
    }
}

fn domain(name: &str) -> &str {
    if name.is_empty() { "ai.onnx" } else { name }
}
