//! Graphs and functions: names, order, scopes, declared types, and what nobody uses.

use std::collections::{BTreeMap, BTreeSet};

use holdall_diag::Failure;
use holdall_graph::infer::{Known, Type};

use super::{Checking, NOTHING, Opsets};
use crate::{
    codes,
    proto::{AttributeProto, FunctionProto, GraphProto, NodeProto, TensorProto, ValueInfoProto},
    view,
};

/// A node and what is known of what it takes.
pub(crate) struct Site<'c> {
    /// Protobuf path.
    pub(crate) path: &'c str,
    pub(crate) node: &'c NodeProto,
    /// Its domain; empty for `ai.onnx`.
    pub(crate) domain: &'c str,
    /// The version of the operator set that it is of.
    pub(crate) opset: i64,
    /// Types of its inputs; `None` where one is left out.
    pub(crate) inputs: &'c [Option<Known>],
    /// The constants among its inputs that no caller can replace.
    pub(crate) constants: &'c [Option<&'c TensorProto>],
    /// Types of its outputs.
    pub(crate) outputs: &'c [Known],
}

/// The values of a graph by name.
#[derive(Default)]
pub(super) struct Scope<'m> {
    names: BTreeMap<&'m str, Entry<'m>>,
}

struct Entry<'m> {
    known: Known,
    constant: Option<&'m TensorProto>,
    used: bool,
}

/// What holds for all nodes of a model or function.
pub(super) struct Context<'m, 'x> {
    pub(super) opsets: &'x Opsets,
    /// Attributes of the function call that is walked.
    pub(super) bound: Option<&'x BTreeMap<&'m str, &'m AttributeProto>>,
    /// Whether this is the body of a function.
    pub(super) in_function: bool,
}

/// A value as nodes find it.
pub(super) struct Found<'m> {
    pub(super) known: Known,
    pub(super) constant: Option<&'m TensorProto>,
}

/// The value called so, in this graph or one around it, marked as used.
pub(super) fn find<'m>(scopes: &mut [Scope<'m>], name: &str) -> Option<Found<'m>> {
    scopes.iter_mut().rev().find_map(|scope| {
        let entry = scope.names.get_mut(name)?;
        entry.used = true;
        Some(Found { known: entry.known.clone(), constant: entry.constant })
    })
}

impl<'m> Checking<'m, '_, '_> {
    /// The graph of the model.
    pub(super) fn outer_graph(
        &mut self,
        graph: &'m GraphProto,
        opsets: &Opsets,
        path: &str,
    ) -> Result<(), Failure> {
        if graph.name.is_empty() {
            self.error(codes::NAME, &format!("{path}.name"), "the graph has no name");
        }
        if graph.output.is_empty() {
            self.warn(codes::DEAD, &format!("{path}.output"), "the graph gives nothing");
        }
        let cx = Context { opsets, bound: None, in_function: false };
        self.graph(graph, &cx, &mut Vec::new(), None, path).map(drop)
    }

    /// A graph of training, which sees the values of the graph of the model.
    pub(super) fn training_graph(
        &mut self,
        graph: &'m GraphProto,
        model: &'m GraphProto,
        opsets: &Opsets,
        path: &str,
    ) -> Result<(), Failure> {
        let mut around = Scope::default();
        for tensor in &model.initializer {
            let known = view::constant(tensor);
            around.names.insert(&tensor.name, Entry { known, constant: None, used: true });
        }
        let cx = Context { opsets, bound: None, in_function: false };
        self.graph(graph, &cx, &mut vec![around], None, path).map(drop)
    }

    /// A graph, with what its inputs are given. It calls itself for subgraphs, whose depth the protobuf
    /// decoder bounds; gives what the outputs are.
    pub(super) fn graph(
        &mut self,
        graph: &'m GraphProto,
        cx: &Context<'m, '_>,
        scopes: &mut Vec<Scope<'m>>,
        given: Option<&[Known]>,
        path: &str,
    ) -> Result<Vec<Known>, Failure> {
        let inner = given.is_some() || !scopes.is_empty();
        scopes.push(Scope::default());
        self.inputs(graph, scopes, given, path, inner);
        self.initializers(graph, scopes, path);
        self.annotations(graph, path);
        let declared = self.declared(&graph.value_info, path);
        let mut made: BTreeMap<&str, usize> = BTreeMap::new();
        for (i, node) in graph.node.iter().enumerate() {
            for output in &node.output {
                made.entry(output.as_str()).or_insert(i);
            }
        }
        for (i, node) in graph.node.iter().enumerate() {
            let here = format!("{path}.node[{i}]");
            let outputs = self.node(node, cx, scopes, (&made, i), &here)?;
            self.register(node, outputs, &declared, scopes, &here);
        }
        let outputs = self.outputs(graph, scopes, path);
        if !self.quiet {
            self.unused(graph, scopes, path, inner);
        }
        scopes.pop();
        Ok(outputs)
    }

    fn inputs(
        &mut self,
        graph: &'m GraphProto,
        scopes: &mut [Scope<'m>],
        given: Option<&[Known]>,
        path: &str,
        inner: bool,
    ) {
        if let Some(given) = given
            && !given.is_empty()
            && given.len() != graph.input.len()
        {
            let message = format!(
                "the subgraph takes {} values, it is given {}",
                graph.input.len(),
                given.len()
            );
            self.error(codes::INPUTS, &format!("{path}.input"), message);
        }
        for (i, info) in graph.input.iter().enumerate() {
            let here = format!("{path}.input[{i}]");
            self.value_info(info, &here);
            let declared = view::declared(info);
            if declared.is_none() && !inner {
                self.error(codes::TYPE, &here, format!("the input `{}` has no type", info.name));
            }
            let mut known = given.and_then(|g| g.get(i).cloned()).unwrap_or(NOTHING);
            known.ty = match (known.ty.take(), declared) {
                (Some(given), Some(declared)) => Some(match declared.meet(&given) {
                    Ok(ty) => ty,
                    Err(what) => {
                        // Extents may change from one iteration to the next.
                        if given.elem() != declared.elem() {
                            self.error(codes::DECLARED, &here, format!("`{}`: {what}", info.name));
                        }
                        declared
                    }
                }),
                (given, declared) => given.or(declared),
            };
            self.record(&here, &info.name, &known);
            self.insert(&info.name, known, None, scopes, &here, true);
        }
    }

    fn initializers(&mut self, graph: &'m GraphProto, scopes: &mut [Scope<'m>], path: &str) {
        let mut seen = BTreeSet::new();
        for (i, tensor) in graph.initializer.iter().enumerate() {
            let here = format!("{path}.initializer[{i}]");
            self.tensor(tensor, &here);
            if !seen.insert(tensor.name.as_str()) {
                let message = format!("two initializers are called `{}`", tensor.name);
                self.error(codes::DUPLICATE, &here, message);
                continue;
            }
            let known = view::constant(tensor);
            self.record(&here, &tensor.name, &known);
            // An initializer of an input is what holds when the caller gives nothing.
            let input = scopes.last().and_then(|s| s.names.get(tensor.name.as_str()));
            if let Some(input) = input {
                let clash = match (&input.known.ty, &known.ty) {
                    (Some(a), Some(b)) => a.meet(b).err(),
                    (_, _) => None,
                };
                if let Some(what) = clash {
                    let message =
                        format!("`{}` as an input and as a constant: {what}", tensor.name);
                    self.error(codes::DECLARED, &here, message);
                }
                continue;
            }
            self.insert(&tensor.name, known, Some(tensor), scopes, &here, false);
        }
        for (i, sparse) in graph.sparse_initializer.iter().enumerate() {
            let here = format!("{path}.sparse_initializer[{i}]");
            self.sparse(sparse, &here);
            if let Some(values) = &sparse.values {
                if !seen.insert(values.name.as_str()) {
                    let message = format!("two initializers are called `{}`", values.name);
                    self.error(codes::DUPLICATE, &here, message);
                    continue;
                }
                self.insert(&values.name, view::sparse(sparse), None, scopes, &here, false);
            }
        }
    }

    fn annotations(&mut self, graph: &GraphProto, path: &str) {
        for (i, annotation) in graph.quantization_annotation.iter().enumerate() {
            let here = format!("{path}.quantization_annotation[{i}]");
            let mut seen = BTreeSet::new();
            for entry in &annotation.quant_parameter_tensor_names {
                if !seen.insert(&entry.key) {
                    let message = format!("the key `{}` is given twice", entry.key);
                    self.error(codes::QUANTIZATION, &here, message);
                }
                if !graph.initializer.iter().any(|t| t.name == entry.value)
                    && !graph.node.iter().any(|n| n.output.contains(&entry.value))
                {
                    let message = format!("`{}` is not in the graph", entry.value);
                    self.error(codes::QUANTIZATION, &here, message);
                }
            }
        }
    }

    /// The types that a graph declares for values between nodes.
    fn declared(&mut self, list: &'m [ValueInfoProto], path: &str) -> BTreeMap<&'m str, Type> {
        let mut found = BTreeMap::new();
        for (i, info) in list.iter().enumerate() {
            let here = format!("{path}.value_info[{i}]");
            self.value_info(info, &here);
            if let Some(ty) = view::declared(info) {
                found.insert(info.name.as_str(), ty);
            }
        }
        found
    }

    /// Gives the outputs of a node their names.
    fn register(
        &mut self,
        node: &'m NodeProto,
        outputs: Vec<Known>,
        declared: &BTreeMap<&str, Type>,
        scopes: &mut [Scope<'m>],
        path: &str,
    ) {
        let mut outputs = outputs.into_iter();
        for (i, name) in node.output.iter().enumerate() {
            let mut known = outputs.next().unwrap_or_default();
            if name.is_empty() {
                continue;
            }
            let here = format!("{path}.output[{i}]");
            if let Some(said) = declared.get(name.as_str()) {
                known.ty = Some(match &known.ty {
                    Some(found) => said.meet(found).unwrap_or_else(|what| {
                        let message = format!("`{name}` is declared and inferred as {what}");
                        self.error(codes::DECLARED, &here, message);
                        said.clone()
                    }),
                    None => said.clone(),
                });
            }
            self.record(&here, name, &known);
            let constant = (node.op_type == "Constant" && crate::decode::is_default(&node.domain))
                .then(|| node.attribute.iter().find(|a| a.name == "value"))
                .flatten()
                .and_then(|a| a.t.as_ref());
            self.insert(name, known, constant, scopes, &here, false);
        }
    }

    fn insert(
        &mut self,
        name: &'m str,
        known: Known,
        constant: Option<&'m TensorProto>,
        scopes: &mut [Scope<'m>],
        path: &str,
        input: bool,
    ) {
        if name.is_empty() {
            self.error(codes::NAME, path, "a value has no name");
            return;
        }
        let Some((last, around)) = scopes.split_last_mut() else { return };
        if last.names.contains_key(name) {
            let message = format!("two values are called `{name}`");
            self.error(codes::DUPLICATE, path, message);
        } else if around.iter().any(|scope| scope.names.contains_key(name)) {
            let message = format!("`{name}` hides a value of the graph around it");
            if input {
                self.warn(codes::SHADOW, path, message);
            } else {
                self.error(codes::SHADOW, path, message);
            }
        }
        last.names.insert(name, Entry { known, constant, used: false });
    }

    fn record(&mut self, path: &str, name: &str, known: &Known) {
        if let (Some(ty), false) = (&known.ty, self.quiet) {
            self.values.push((path.to_owned(), name.to_owned(), ty.clone()));
        }
    }

    fn outputs(
        &mut self,
        graph: &'m GraphProto,
        scopes: &mut [Scope<'m>],
        path: &str,
    ) -> Vec<Known> {
        let mut seen = BTreeSet::new();
        let mut out = Vec::with_capacity(graph.output.len());
        for (i, info) in graph.output.iter().enumerate() {
            let here = format!("{path}.output[{i}]");
            self.value_info(info, &here);
            if !seen.insert(info.name.as_str()) {
                let message = format!("two outputs are called `{}`", info.name);
                self.error(codes::DUPLICATE, &here, message);
            }
            let Some(found) = find(scopes, &info.name) else {
                self.error(codes::NAME, &here, format!("nothing is called `{}`", info.name));
                out.push(Known { ty: view::declared(info), content: None });
                continue;
            };
            let mut known = found.known;
            if let Some(said) = view::declared(info) {
                known.ty = Some(match &known.ty {
                    Some(found) => said.meet(found).unwrap_or_else(|what| {
                        let message = format!("`{}` is declared and inferred as {what}", info.name);
                        self.error(codes::DECLARED, &here, message);
                        said.clone()
                    }),
                    None => said,
                });
            }
            out.push(known);
        }
        out
    }

    /// Nodes and constants that no output depends on.
    fn unused(&mut self, graph: &'m GraphProto, scopes: &[Scope<'m>], path: &str, inner: bool) {
        let mut makers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (i, node) in graph.node.iter().enumerate() {
            for output in node.output.iter().filter(|o| !o.is_empty()) {
                makers.entry(output).or_default().push(i);
            }
        }
        let mut alive = vec![false; graph.node.len()];
        let mut waiting: Vec<&str> = graph.output.iter().map(|o| o.name.as_str()).collect();
        while let Some(name) = waiting.pop() {
            for i in makers.remove(name).unwrap_or_default() {
                if let (Some(slot), Some(node)) = (alive.get_mut(i), graph.node.get(i))
                    && !std::mem::replace(slot, true)
                {
                    names_used(node, &mut waiting);
                }
            }
        }
        for (i, node) in graph.node.iter().enumerate() {
            if alive.get(i) == Some(&false) && !node.output.is_empty() {
                let message = format!("no output depends on this `{}`", node.op_type);
                self.warn(codes::DEAD, &format!("{path}.node[{i}]"), message);
            }
        }
        let Some(scope) = scopes.last() else { return };
        let used = |name: &str| scope.names.get(name).is_none_or(|entry| entry.used);
        for (i, tensor) in graph.initializer.iter().enumerate() {
            if !used(&tensor.name) {
                let message = format!("nothing takes the constant `{}`", tensor.name);
                self.warn(codes::UNUSED, &format!("{path}.initializer[{i}]"), message);
            }
        }
        if inner {
            return;
        }
        for (i, input) in graph.input.iter().enumerate() {
            if !used(&input.name) {
                let message = format!("nothing takes the input `{}`", input.name);
                self.warn(codes::UNUSED, &format!("{path}.input[{i}]"), message);
            }
        }
    }

    /// A function by itself, without a call: names and schema rules of its body.
    pub(super) fn function(
        &mut self,
        function: &'m FunctionProto,
        path: &str,
    ) -> Result<(), Failure> {
        if function.name.is_empty() {
            self.error(codes::FUNCTION, path, "the function has no name");
        }
        if function.opset_import.is_empty() {
            let message = format!("the function `{}` imports no operator set", function.name);
            self.error(codes::FUNCTION, path, message);
        }
        let opsets = self.imports(&function.opset_import, &format!("{path}."));
        let mut seen = BTreeSet::new();
        for name in function
            .attribute
            .iter()
            .chain(function.attribute_proto.iter().map(|attribute| &attribute.name))
        {
            if !seen.insert(name) {
                let message = format!("the function has two attributes `{name}`");
                self.error(codes::DUPLICATE, path, message);
            }
        }
        let given = vec![NOTHING; function.input.len()];
        self.body(function, &opsets, None, given, path).map(drop)
    }

    /// The body of a function with what it is given.
    pub(super) fn body(
        &mut self,
        function: &'m FunctionProto,
        opsets: &Opsets,
        bound: Option<&BTreeMap<&'m str, &'m AttributeProto>>,
        given: Vec<Known>,
        path: &str,
    ) -> Result<Vec<Known>, Failure> {
        let key = super::key(function);
        if self.calls.contains(&key) {
            let message = format!("the function `{}` calls itself", function.name);
            self.error(codes::FUNCTION, path, message);
            return Ok(Vec::new());
        }
        self.calls.push(key);
        let mut scopes = vec![Scope::default()];
        let mut given = given.into_iter();
        for (i, name) in function.input.iter().enumerate() {
            let known = given.next().unwrap_or(NOTHING);
            self.insert(name, known, None, &mut scopes, &format!("{path}.input[{i}]"), true);
        }
        let declared = self.declared(&function.value_info, path);
        let mut made: BTreeMap<&str, usize> = BTreeMap::new();
        for (i, node) in function.node.iter().enumerate() {
            for output in &node.output {
                made.entry(output.as_str()).or_insert(i);
            }
        }
        let cx = Context { opsets, bound, in_function: true };
        for (i, node) in function.node.iter().enumerate() {
            let here = format!("{path}.node[{i}]");
            let outputs = self.node(node, &cx, &mut scopes, (&made, i), &here)?;
            self.register(node, outputs, &declared, &mut scopes, &here);
        }
        let mut out = Vec::with_capacity(function.output.len());
        for (i, name) in function.output.iter().enumerate() {
            if let Some(found) = find(&mut scopes, name) {
                out.push(found.known);
            } else {
                let message = format!("nothing is called `{name}`");
                self.error(codes::NAME, &format!("{path}.output[{i}]"), message);
                out.push(NOTHING);
            }
        }
        self.calls.pop();
        Ok(out)
    }
}

/// The names that a node or a subgraph of it takes. It calls itself for subgraphs, whose depth the protobuf
/// decoder bounds.
fn names_used<'m>(node: &'m NodeProto, into: &mut Vec<&'m str>) {
    into.extend(node.input.iter().map(String::as_str));
    for attribute in &node.attribute {
        for graph in attribute.g.iter().chain(&attribute.graphs) {
            into.extend(graph.output.iter().map(|output| output.name.as_str()));
            for inner in &graph.node {
                names_used(inner, into);
            }
        }
    }
}
