//! Bytes → [`Graph`].
//!
//! The file is decoded through prost with `bytes` fields that stay in the memory map, so weights cost
//! nothing until they are touched. Names become ids here: a node may take only what stands before it.

mod attribute;
mod cost;
mod graph;
mod inline;
mod tensor;
mod types;

pub(crate) use tensor::{Siblings, payload};
pub(crate) use types::value_type;

use holdall_diag::{Diagnostic, Failure, Location, PathKind, Report};
use holdall_graph::{Graph, Stamp};
use holdall_source::{Budget, Limits, Source};
use prost::Message;

use crate::{codes, proto};

/// A place in the document.
pub(crate) fn place(path: &str) -> Location {
    Location::path(PathKind::Protobuf, path)
}

/// `ai.onnx` has two spellings; the empty one is ours.
pub(crate) fn domain(text: String) -> String {
    if text == "ai.onnx" { String::new() } else { text }
}

/// Whether this is a spelling of the default domain.
pub(crate) fn is_default(text: &str) -> bool {
    text.is_empty() || text == "ai.onnx"
}

/// Reads a model. The report says what the file holds beyond the graph and was left behind.
pub fn decode(source: &Source, limits: Limits) -> Result<(Graph, Report), Failure> {
    read(source, limits).map_err(|failure| failure.in_file(source.name()))
}

/// The messages of a file, with what they take charged to a budget first.
pub(crate) fn typed(source: &Source, budget: &mut Budget) -> Result<proto::ModelProto, Failure> {
    let bytes = source.bytes()?;
    cost::charge(&bytes, source.name(), budget)?;
    proto::ModelProto::decode(bytes).map_err(not_a_model)
}

/// What a protobuf decoder says, as a failure.
pub(crate) fn not_a_model(error: prost::DecodeError) -> Failure {
    Failure::malformed(codes::PROTOBUF, format!("not an ONNX model: {error}"))
        .with_help("the file is truncated, damaged, or of another format")
        .caused_by(error)
}

fn read(source: &Source, limits: Limits) -> Result<(Graph, Report), Failure> {
    let mut budget = Budget::new(limits);
    let mut model = typed(source, &mut budget)?;
    inline::inline(&mut model, &mut budget)?;
    let mut report = Report::new();
    left_behind(&model, &mut report);
    let found = model.graph.ok_or_else(|| {
        Failure::malformed(codes::EMPTY, "the model has no graph").at(place("graph"))
    })?;
    let mut reading =
        graph::Reading { siblings: Siblings::of(source), budget, report: &mut report };
    let mut graph = reading.graph(found, None, 0, "graph")?;
    if graph.description.is_empty() {
        graph.description = model.doc_string;
    }
    graph.metadata = model.metadata_props.into_iter().map(|e| (e.key, e.value)).collect();
    graph.stamp = Stamp {
        ir: model.ir_version.unwrap_or(0),
        opsets: std::collections::BTreeMap::new(),
        producer: model.producer_name,
        producer_version: model.producer_version,
        domain: model.domain,
        model_version: model.model_version,
    };
    for (i, opset) in model.opset_import.into_iter().enumerate() {
        let name = domain(opset.domain);
        if let Some(&other) = graph.stamp.opsets.get(&name)
            && other != opset.version
        {
            let shown = if name.is_empty() { "ai.onnx" } else { &name };
            return Err(Failure::malformed(
                codes::STAMP,
                format!("{shown} is imported as {other} and as {}", opset.version),
            )
            .at(place(&format!("opset_import[{i}]"))));
        }
        graph.stamp.opsets.insert(name, opset.version);
    }
    Ok((graph, report))
}

fn left_behind(model: &proto::ModelProto, report: &mut Report) {
    for (count, what, path) in [
        (model.training_info.len(), "training information", "training_info"),
        (model.configuration.len(), "device configurations", "configuration"),
    ] {
        if count > 0 {
            report.push(
                Diagnostic::warning(codes::LEFT, format!("{what} is not carried")).at(place(path)),
            );
        }
    }
}
