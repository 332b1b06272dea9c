//! Functions of the model, put in place of the nodes that call them: the tensor graph knows operators only.

use std::collections::{BTreeMap, BTreeSet};

use holdall_diag::Failure;
use holdall_graph::ops;
use holdall_source::Budget;

use super::{domain, place};
use crate::{
    check::key,
    codes,
    proto::{AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto},
};

type Functions = BTreeMap<(String, String, String), FunctionProto>;

/// Replaces every call of a function by its body. Fails where a function calls itself, or means another version
/// of an operator than the model does.
pub(super) fn inline(model: &mut ModelProto, budget: &mut Budget) -> Result<(), Failure> {
    if model.functions.is_empty() {
        return Ok(());
    }
    let functions: Functions =
        model.functions.iter().map(|function| (key(function), function.clone())).collect();
    let opsets = model.opset_import.iter().map(|o| (domain(o.domain.clone()), o.version)).collect();
    let mut inlining =
        Inlining { functions: &functions, opsets, budget, calls: Vec::new(), next: 0 };
    if let Some(graph) = &mut model.graph {
        inlining.graph(graph, "graph")?;
    }
    let known: BTreeSet<String> =
        model.opset_import.iter().map(|o| domain(o.domain.clone())).collect();
    for (domain, version) in inlining.opsets {
        if !known.contains(&domain) {
            model.opset_import.push(OperatorSetIdProto { domain, version });
        }
    }
    Ok(())
}

struct Inlining<'f, 'b> {
    functions: &'f Functions,
    opsets: BTreeMap<String, i64>,
    budget: &'b mut Budget,
    /// Functions being expanded.
    calls: Vec<(String, String, String)>,
    next: u64,
}

impl Inlining<'_, '_> {
    /// A graph. It calls itself for subgraphs, whose depth the protobuf decoder bounds.
    fn graph(&mut self, graph: &mut GraphProto, path: &str) -> Result<(), Failure> {
        let nodes = std::mem::take(&mut graph.node);
        graph.node = self.nodes(nodes, path)?;
        Ok(())
    }

    /// Nodes with the bodies of functions in place of their calls. It calls itself for functions in functions,
    /// which end, as none is expanded within itself.
    fn nodes(&mut self, nodes: Vec<NodeProto>, path: &str) -> Result<Vec<NodeProto>, Failure> {
        let mut out = Vec::with_capacity(nodes.len());
        for (i, mut node) in nodes.into_iter().enumerate() {
            let here = format!("{path}.node[{i}]");
            self.budget.step(1)?;
            for attribute in &mut node.attribute {
                for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
                    self.graph(graph, &here)?;
                }
            }
            let called = (domain(node.domain.clone()), node.op_type.clone(), node.overload.clone());
            let Some(function) = self.functions.get(&called) else {
                out.push(node);
                continue;
            };
            if self.calls.contains(&called) {
                let message = format!("the function `{}` calls itself", function.name);
                return Err(Failure::malformed(codes::FUNCTION, message).at(place(&here)));
            }
            self.versions(function, &here)?;
            let body = self.body(function, &node)?;
            self.calls.push(called);
            let expanded = self.nodes(body, &here)?;
            self.calls.pop();
            out.extend(expanded);
        }
        Ok(out)
    }

    /// Holds the operator sets of a function against those of the model.
    fn versions(&mut self, function: &FunctionProto, path: &str) -> Result<(), Failure> {
        for import in &function.opset_import {
            let name = domain(import.domain.clone());
            let of_model = *self.opsets.entry(name.clone()).or_insert(import.version);
            if of_model == import.version {
                continue;
            }
            let other = function.node.iter().find(|node| {
                let since = |opset| ops::schema(&name, &node.op_type, opset).map(|s| s.since);
                domain(node.domain.clone()) == name && since(of_model) != since(import.version)
            });
            if let Some(other) = other {
                let message = format!(
                    "the function `{}` means `{}` of version {}, the model imports {of_model}",
                    function.name, other.op_type, import.version
                );
                return Err(Failure::unsupported(codes::UNSUPPORTED, message)
                    .at(place(path))
                    .with_help("`--to onnx:opset=…` brings model and functions to one version"));
            }
        }
        Ok(())
    }

    /// The body of a function with the names and attributes of a call.
    fn body(
        &mut self,
        function: &FunctionProto,
        call: &NodeProto,
    ) -> Result<Vec<NodeProto>, Failure> {
        self.next += 1;
        let mut names: BTreeMap<&str, String> = BTreeMap::new();
        for (i, formal) in function.input.iter().enumerate() {
            names.insert(formal, call.input.get(i).cloned().unwrap_or_default());
        }
        let mut passed = Vec::new();
        for (formal, actual) in function.output.iter().zip(&call.output) {
            if actual.is_empty() {
                continue;
            }
            if let Some(given) = names.get(formal.as_str()) {
                // What comes in goes out.
                passed.push(NodeProto {
                    input: vec![given.clone()],
                    output: vec![actual.clone()],
                    op_type: "Identity".to_owned(),
                    ..NodeProto::default()
                });
            } else {
                names.insert(formal, actual.clone());
            }
        }
        for name in function.node.iter().flat_map(|node| &node.output).filter(|o| !o.is_empty()) {
            let fresh = || format!("{}.{}.{name}", function.name, self.next);
            names.entry(name).or_insert_with(fresh);
        }
        let mut given: BTreeMap<&str, &AttributeProto> =
            function.attribute_proto.iter().map(|a| (a.name.as_str(), a)).collect();
        given.extend(call.attribute.iter().map(|a| (a.name.as_str(), a)));
        let mut out = Vec::with_capacity(function.node.len() + passed.len());
        for node in &function.node {
            self.budget.charge(size_of::<NodeProto>() as u64 * 2)?;
            let mut node = node.clone();
            renamed(&mut node, &names, &given);
            out.push(node);
        }
        out.extend(passed);
        Ok(out)
    }
}

/// Gives a node the names and attributes of a call. It calls itself for subgraphs, whose depth the protobuf
/// decoder bounds.
fn renamed(
    node: &mut NodeProto,
    names: &BTreeMap<&str, String>,
    given: &BTreeMap<&str, &AttributeProto>,
) {
    for name in node.input.iter_mut().chain(&mut node.output) {
        if let Some(new) = names.get(name.as_str()) {
            name.clone_from(new);
        }
    }
    node.attribute = std::mem::take(&mut node.attribute)
        .into_iter()
        .filter_map(|attribute| {
            if attribute.ref_attr_name.is_empty() {
                return Some(attribute);
            }
            let bound = (*given.get(attribute.ref_attr_name.as_str())?).clone();
            Some(AttributeProto { name: attribute.name, ..bound })
        })
        .collect();
    for attribute in &mut node.attribute {
        for graph in attribute.g.iter_mut().chain(&mut attribute.graphs) {
            // Names of the subgraph itself hide those around it.
            let own: BTreeSet<String> = graph
                .input
                .iter()
                .map(|v| v.name.clone())
                .chain(graph.initializer.iter().map(|t| t.name.clone()))
                .chain(graph.node.iter().flat_map(|n| n.output.iter().cloned()))
                .collect();
            let around: BTreeMap<&str, String> = names
                .iter()
                .filter(|(name, _)| !own.contains(**name))
                .map(|(name, new)| (*name, new.clone()))
                .collect();
            for output in &mut graph.output {
                if let Some(new) = around.get(output.name.as_str()) {
                    output.name.clone_from(new);
                }
            }
            for inner in &mut graph.node {
                renamed(inner, &around, given);
            }
        }
    }
}
