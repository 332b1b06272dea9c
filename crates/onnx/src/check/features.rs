//! What a file holds that came with an IR version.

use holdall_graph::Elem;

use crate::proto::{
    AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto, TypeProto,
    ValueInfoProto,
};

/// A part of a file and the IR version that brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Feature {
    pub(crate) what: String,
    pub(crate) since: i64,
    pub(crate) path: String,
}

/// The first place of every feature that came after IR 3.
pub(crate) fn features(model: &ModelProto) -> Vec<Feature> {
    let mut look = Look::default();
    if let Some(graph) = &model.graph {
        look.graph(graph, "graph", true);
    }
    if !model.training_info.is_empty() {
        look.add("training information", 7, "training_info[0]");
    }
    for (i, function) in model.functions.iter().enumerate() {
        look.function(function, &format!("functions[{i}]"));
    }
    if !model.configuration.is_empty() {
        look.add("device configurations", 11, "configuration[0]");
    }
    look.found
}

#[derive(Default)]
struct Look {
    found: Vec<Feature>,
}

impl Look {
    fn add(&mut self, what: &str, since: i64, path: &str) {
        if since > 3 && !self.found.iter().any(|f| f.what == what) {
            self.found.push(Feature { what: what.to_owned(), since, path: path.to_owned() });
        }
    }

    fn elem(&mut self, number: i32, path: &str) {
        let elem = Elem(number);
        let since = elem.since_ir();
        if since > 3 {
            self.add(&format!("the element type {elem}"), since, path);
        }
    }

    /// A graph. It calls itself for subgraphs, whose depth the protobuf decoder bounds.
    fn graph(&mut self, graph: &GraphProto, path: &str, outermost: bool) {
        for (i, node) in graph.node.iter().enumerate() {
            self.node(node, || format!("{path}.node[{i}]"));
        }
        let inputs: std::collections::BTreeSet<&str> =
            graph.input.iter().map(|input| input.name.as_str()).collect();
        for (i, tensor) in graph.initializer.iter().enumerate() {
            let here = || format!("{path}.initializer[{i}]");
            self.tensor(tensor, here);
            if outermost && !inputs.contains(tensor.name.as_str()) {
                self.add("an initializer that is not an input", 4, &here());
            }
        }
        if !graph.quantization_annotation.is_empty() {
            self.add("quantisation annotations", 5, &format!("{path}.quantization_annotation[0]"));
        }
        if !graph.sparse_initializer.is_empty() {
            self.add("sparse initializers", 6, &format!("{path}.sparse_initializer[0]"));
        }
        if !graph.metadata_props.is_empty() {
            self.add("metadata of graphs", 10, &format!("{path}.metadata_props[0]"));
        }
        for (list, field) in
            [(&graph.input, "input"), (&graph.output, "output"), (&graph.value_info, "value_info")]
        {
            self.values(list, field, path);
        }
    }

    fn values(&mut self, list: &[ValueInfoProto], field: &str, path: &str) {
        for (i, value) in list.iter().enumerate() {
            let here = || format!("{path}.{field}[{i}]");
            if let Some(ty) = &value.r#type {
                self.ty(ty, &here);
            }
            if !value.metadata_props.is_empty() {
                self.add("metadata of values", 10, &here());
            }
        }
    }

    fn node(&mut self, node: &NodeProto, path: impl Fn() -> String) {
        if !node.overload.is_empty() {
            self.add("overloads", 10, &path());
        }
        if !node.metadata_props.is_empty() {
            self.add("metadata of nodes", 10, &path());
        }
        if !node.device_configurations.is_empty() {
            self.add("device configurations", 11, &path());
        }
        for (i, attribute) in node.attribute.iter().enumerate() {
            self.attribute(attribute, || format!("{}.attribute[{i}]", path()));
        }
    }

    fn attribute(&mut self, attribute: &AttributeProto, path: impl Fn() -> String) {
        for tensor in attribute.t.iter().chain(&attribute.tensors) {
            self.tensor(tensor, || format!("{}.t", path()));
        }
        if let Some(graph) = &attribute.g {
            self.graph(graph, &format!("{}.g", path()), false);
        }
        for (i, graph) in attribute.graphs.iter().enumerate() {
            self.graph(graph, &format!("{}.graphs[{i}]", path()), false);
        }
        for ty in attribute.tp.iter().chain(&attribute.type_protos) {
            self.ty(ty, &path);
        }
        if attribute.sparse_tensor.is_some() || !attribute.sparse_tensors.is_empty() {
            self.add("sparse tensors in attributes", 6, &path());
        }
    }

    fn tensor(&mut self, tensor: &TensorProto, path: impl Fn() -> String) {
        if Elem(tensor.data_type).since_ir() > 3 {
            self.elem(tensor.data_type, &path());
        }
        if !tensor.metadata_props.is_empty() {
            self.add("metadata of tensors", 10, &path());
        }
    }

    /// A type. Its depth is bounded by the protobuf decoder.
    fn ty(&mut self, ty: &TypeProto, path: &dyn Fn() -> String) {
        if let Some(tensor) = &ty.tensor_type
            && Elem(tensor.elem_type).since_ir() > 3
        {
            self.elem(tensor.elem_type, &path());
        }
        if ty.sparse_tensor_type.is_some() {
            self.add("sparse tensor types", 8, &path());
        }
        if let Some(optional) = &ty.optional_type {
            self.add("optional types", 8, &path());
            optional.elem_type.iter().for_each(|inner| self.ty(inner, path));
        }
        if let Some(sequence) = &ty.sequence_type {
            sequence.elem_type.iter().for_each(|inner| self.ty(inner, path));
        }
        if let Some(map) = &ty.map_type {
            map.value_type.iter().for_each(|inner| self.ty(inner, path));
        }
    }

    fn function(&mut self, function: &FunctionProto, path: &str) {
        self.add("functions of the model", 8, path);
        if !function.attribute_proto.is_empty() {
            self.add("default attributes of functions", 9, &format!("{path}.attribute_proto[0]"));
        }
        if !function.value_info.is_empty() {
            self.add("value types of functions", 10, &format!("{path}.value_info[0]"));
        }
        if !function.overload.is_empty() {
            self.add("overloads", 10, path);
        }
        if !function.metadata_props.is_empty() {
            self.add("metadata of functions", 10, path);
        }
        for (i, node) in function.node.iter().enumerate() {
            self.node(node, || format!("{path}.node[{i}]"));
        }
        self.values(&function.value_info, "value_info", path);
    }
}
