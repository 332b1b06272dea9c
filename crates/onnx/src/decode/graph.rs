//! `GraphProto` and `NodeProto`: names become ids.

use std::collections::BTreeMap;

use holdall_diag::{Diagnostic, Failure, Report};
use holdall_graph::{Graph, Node, Origin, ValueId, ValueType};
use holdall_source::Budget;

use super::{
    domain, place,
    tensor::{Siblings, weight},
    types::value_type,
};
use crate::{
    codes,
    proto::{GraphProto, NodeProto, TensorProto, ValueInfoProto},
};

/// What reading carries along.
pub(super) struct Reading<'s, 'r> {
    pub(super) siblings: Siblings<'s>,
    pub(super) budget: Budget,
    pub(super) report: &'r mut Report,
}

/// The values of a graph by name, and those of the graphs around it.
pub(super) struct Names<'p> {
    ids: BTreeMap<String, ValueId>,
    outer: Option<&'p Self>,
}

impl Names<'_> {
    fn is_outside(&self, name: &str) -> bool {
        let mut scope = self.outer;
        while let Some(names) = scope {
            if names.ids.contains_key(name) {
                return true;
            }
            scope = names.outer;
        }
        false
    }
}

impl Reading<'_, '_> {
    /// Reads a graph. It calls itself for subgraphs, whose depth prost bounds at 100 messages, that is
    /// 33 graphs, and the budget besides.
    pub(super) fn graph(
        &mut self,
        found: GraphProto,
        outer: Option<&Names<'_>>,
        depth: usize,
        path: &str,
    ) -> Result<Graph, Failure> {
        self.budget.depth(depth, || place(path))?;
        if !found.sparse_initializer.is_empty() {
            return Err(Failure::unsupported(
                codes::UNSUPPORTED,
                "sparse initializers are not carried",
            )
            .at(place(&format!("{path}.sparse_initializer[0]"))));
        }
        if !found.quantization_annotation.is_empty() {
            self.report.push(
                Diagnostic::warning(codes::LEFT, "quantisation annotations are not carried")
                    .at(place(&format!("{path}.quantization_annotation"))),
            );
        }
        let mut graph =
            Graph { name: found.name, description: found.doc_string, ..Graph::default() };
        let mut names = Names { ids: BTreeMap::new(), outer };
        inputs(&mut graph, &mut names, &found.input, path)?;
        self.initializers(&mut graph, &mut names, found.initializer, path)?;
        let mut types = BTreeMap::new();
        for (i, info) in found.value_info.iter().enumerate() {
            let here = format!("{path}.value_info[{i}]");
            if let Some(value_type) = value_type(info.r#type.as_ref(), &here)? {
                types.insert(info.name.clone(), value_type);
            }
        }
        let mut waiting = found.node.into_iter();
        let mut position = 0_usize;
        while let Some(node) = waiting.next() {
            let here = format!("{path}.node[{position}]");
            self.node(&mut graph, &mut names, &mut types, node, waiting.as_slice(), depth, &here)?;
            position += 1;
        }
        outputs(&mut graph, &mut names, &found.output, path)?;
        Ok(graph)
    }

    fn initializers(
        &mut self,
        graph: &mut Graph,
        names: &mut Names<'_>,
        found: Vec<TensorProto>,
        path: &str,
    ) -> Result<(), Failure> {
        for (i, mut tensor) in found.into_iter().enumerate() {
            let here = format!("{path}.initializer[{i}]");
            let name = std::mem::take(&mut tensor.name);
            let weight = weight(tensor, &mut self.siblings, &mut self.budget, &here)?;
            let known = names.ids.get(&name).copied();
            // Up to IR 3 every initializer is an input too, and gives its default.
            if let Some(value) = known.and_then(|id| graph.values.get_mut(id))
                && value.origin == Origin::Input(None)
            {
                let id = graph.weights.push(weight).ok_or_else(too_many)?;
                value.origin = Origin::Input(Some(id));
                continue;
            }
            refuse_duplicate(known, &name, &here)?;
            let id = graph.push_weight(name.clone(), weight)?;
            names.ids.insert(name, id);
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one call, and all of it is needed")]
    fn node(
        &mut self,
        graph: &mut Graph,
        names: &mut Names<'_>,
        types: &mut BTreeMap<String, ValueType>,
        found: NodeProto,
        waiting: &[NodeProto],
        depth: usize,
        path: &str,
    ) -> Result<(), Failure> {
        self.budget.step(1 + found.input.len() as u64 + found.output.len() as u64)?;
        if found.op_type.is_empty() {
            return Err(
                Failure::malformed(codes::NODE, "the node names no operator").at(place(path))
            );
        }
        let domain = domain(found.domain);
        if !found.device_configurations.is_empty() {
            self.report.push(
                Diagnostic::warning(codes::LEFT, "device configurations are not carried")
                    .at(place(path)),
            );
        }
        let mut inputs = Vec::with_capacity(found.input.len());
        for (i, name) in found.input.into_iter().enumerate() {
            let here = || format!("{path}.input[{i}]");
            inputs.push(resolve(graph, names, name, waiting, &found.output, here)?);
        }
        let mut attributes: Vec<(String, _)> = Vec::with_capacity(found.attribute.len());
        for (i, mut attribute) in found.attribute.into_iter().enumerate() {
            let here = format!("{path}.attribute[{i}]");
            let name = std::mem::take(&mut attribute.name);
            if attributes.iter().any(|(other, _)| *other == name) {
                let message = format!("the attribute `{name}` is given twice");
                return Err(Failure::malformed(codes::DUPLICATE, message).at(place(&here)));
            }
            let value = self.attribute(attribute, names, depth, &here)?;
            attributes.push((name, value));
        }
        let outputs: Vec<Option<String>> =
            found.output.into_iter().map(|name| (!name.is_empty()).then_some(name)).collect();
        let node = Node {
            domain,
            op_type: found.op_type,
            name: found.name,
            inputs,
            outputs: Vec::new(),
            attributes,
        };
        let made = graph.push(node, &outputs)?;
        let named = (0_usize..).zip(outputs).filter_map(|(i, name)| Some((i, name?)));
        for ((i, name), id) in named.zip(made) {
            refuse_duplicate(names.ids.get(&name).copied(), &name, &format!("{path}.output[{i}]"))?;
            if let Some(value) = graph.values.get_mut(id) {
                value.value_type = types.remove(&name);
            }
            names.ids.insert(name, id);
        }
        Ok(())
    }
}

/// The value called `name`: of this graph, or of one around it.
fn resolve(
    graph: &mut Graph,
    names: &mut Names<'_>,
    name: String,
    waiting: &[NodeProto],
    own: &[String],
    path: impl Fn() -> String,
) -> Result<Option<ValueId>, Failure> {
    if name.is_empty() {
        return Ok(None);
    }
    if let Some(&id) = names.ids.get(&name) {
        return Ok(Some(id));
    }
    if names.is_outside(&name) {
        let id = graph.push_value(name.clone(), None, Origin::Outer)?;
        names.ids.insert(name, id);
        return Ok(Some(id));
    }
    let at = place(&path());
    if own.contains(&name) {
        let message = format!("the node takes its own output `{name}`");
        return Err(Failure::malformed(codes::ORDER, message).at(at));
    }
    if waiting.iter().any(|node| node.output.contains(&name)) {
        return Err(Failure::malformed(
            codes::ORDER,
            format!("`{name}` is made by a later node, or by this one through others"),
        )
        .at(at)
        .with_help(
            "the specification wants nodes in topological order: sort them and save again",
        ));
    }
    Err(Failure::malformed(codes::NAME, format!("nothing is called `{name}`"))
        .at(at)
        .with_help("an input, an initializer or an earlier node must give it"))
}

fn inputs(
    graph: &mut Graph,
    names: &mut Names<'_>,
    found: &[ValueInfoProto],
    path: &str,
) -> Result<(), Failure> {
    for (i, info) in found.iter().enumerate() {
        let here = format!("{path}.input[{i}]");
        if info.name.is_empty() {
            return Err(Failure::malformed(codes::NAME, "an input has no name").at(place(&here)));
        }
        refuse_duplicate(names.ids.get(&info.name).copied(), &info.name, &here)?;
        let value_type = value_type(info.r#type.as_ref(), &here)?;
        let id = graph.push_value(info.name.clone(), value_type, Origin::Input(None))?;
        graph.inputs.push(id);
        names.ids.insert(info.name.clone(), id);
    }
    Ok(())
}

fn outputs(
    graph: &mut Graph,
    names: &mut Names<'_>,
    found: &[ValueInfoProto],
    path: &str,
) -> Result<(), Failure> {
    for (i, info) in found.iter().enumerate() {
        let here = format!("{path}.output[{i}]");
        let id = resolve(graph, names, info.name.clone(), &[], &[], || here.clone())?;
        let id = id.ok_or_else(|| {
            Failure::malformed(codes::NAME, "an output has no name").at(place(&here))
        })?;
        if let Some(value_type) = value_type(info.r#type.as_ref(), &here)?
            && let Some(value) = graph.values.get_mut(id)
        {
            value.value_type = Some(value_type);
        }
        graph.outputs.push(id);
    }
    Ok(())
}

fn refuse_duplicate(known: Option<ValueId>, name: &str, path: &str) -> Result<(), Failure> {
    if known.is_none() {
        return Ok(());
    }
    Err(Failure::malformed(codes::DUPLICATE, format!("two values are called `{name}`"))
        .at(place(path))
        .with_help("every value of a graph has a name of its own"))
}

fn too_many() -> Failure {
    Failure::limit(codes::TOO_LARGE, "the graph has more than 2³²−2 weights")
}
