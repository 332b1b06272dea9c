//! Nodes against the operator table, and the types that they give.

use std::collections::{BTreeMap, BTreeSet};

use holdall_diag::{Failure, Report};
use holdall_graph::{
    AI_ONNX_ML,
    infer::{Call, Content, Known, Setting, Type, infer},
    ops::{self, Occurs, Param, Schema},
};

use super::{
    Checking, NOTHING, Opsets,
    graph::{Context, Scope, Site, find},
};
use crate::{
    codes, decode,
    proto::{AttributeProto, FunctionProto, NodeProto, TensorProto},
    view,
};

/// After so many nodes nothing is walked a second time: loops in loops and functions of functions double
/// with every level.
const MOST: u64 = 4_000_000;

/// Where the names of a graph are made, and the node at hand.
pub(super) type Order<'x, 'm> = (&'x BTreeMap<&'m str, usize>, usize);

/// What a node takes.
struct Taken<'m> {
    inputs: Vec<Option<Known>>,
    constants: Vec<Option<&'m TensorProto>>,
}

/// What walking subgraphs said, by the name of their attribute: the last walk counts.
type Pending = BTreeMap<String, (Report, Vec<(String, String, Type)>)>;

impl<'m> Checking<'m, '_, '_> {
    /// A node; gives what its outputs are.
    pub(super) fn node(
        &mut self,
        node: &'m NodeProto,
        cx: &Context<'m, '_>,
        scopes: &mut Vec<Scope<'m>>,
        order: Order<'_, 'm>,
        path: &str,
    ) -> Result<Vec<Known>, Failure> {
        self.spent += 1;
        self.budget.step(1 + node.input.len() as u64 + node.output.len() as u64)?;
        let domain = decode::domain(node.domain.clone());
        let taken = self.taken(node, scopes, order, path);
        for known in taken.inputs.iter().flatten() {
            if let Some(Content::Ints(nums)) = &known.content {
                self.budget.step(nums.len() as u64)?;
            }
        }
        let attributes = self.attributes(node, cx, path);
        if node.op_type.is_empty() {
            self.error(codes::NODE, path, "the node names no operator");
            return Ok(Vec::new());
        }
        let key = (domain.clone(), node.op_type.clone(), node.overload.clone());
        if let Some(function) = self.functions.get(&key).copied() {
            let outputs = self.call(node, function, &attributes, taken.inputs, path)?;
            self.graphs(node, cx, scopes, &Pending::new(), path)?;
            return Ok(outputs);
        }
        let opset = cx.opsets.get(&domain).copied();
        // A model or function without any operator set has been told so already.
        let schema =
            if cx.opsets.is_empty() { None } else { self.schema(node, &domain, opset, path) };
        if let Some(schema) = schema {
            self.rules(node, schema, &attributes, path);
            self.constraints(node, schema, &taken.inputs, path);
        }
        let (outputs, pending) = self.inferred(
            node,
            &domain,
            opset.unwrap_or(0),
            &taken,
            &attributes,
            cx,
            scopes,
            path,
        )?;
        self.graphs(node, cx, scopes, &pending, path)?;
        for (report, values) in pending.into_values() {
            self.report.append(report);
            self.values.extend(values);
        }
        if domain == AI_ONNX_ML && schema.is_some() && !self.quiet {
            super::ml::check(self, node, &taken.inputs, path);
        }
        if let Some(see) = &mut self.see {
            see(&Site {
                path,
                node,
                domain: &domain,
                opset: opset.unwrap_or(0),
                inputs: &taken.inputs,
                constants: &taken.constants,
                outputs: &outputs,
            });
        }
        Ok(outputs)
    }

    /// What the names of the inputs stand for.
    fn taken(
        &mut self,
        node: &'m NodeProto,
        scopes: &mut [Scope<'m>],
        (made, position): Order<'_, 'm>,
        path: &str,
    ) -> Taken<'m> {
        let mut taken = Taken { inputs: Vec::new(), constants: Vec::new() };
        for (i, name) in node.input.iter().enumerate() {
            if name.is_empty() {
                taken.inputs.push(None);
                taken.constants.push(None);
                continue;
            }
            let here = || format!("{path}.input[{i}]");
            let found = find(scopes, name);
            if found.is_none() {
                match made.get(name.as_str()) {
                    Some(at) if *at == position => {
                        let message = format!("the node takes its own output `{name}`");
                        self.error(codes::ORDER, &here(), message);
                    }
                    Some(at) => {
                        let message = format!("`{name}` is made by node {at}, after this one");
                        self.error(codes::ORDER, &here(), message);
                    }
                    None => {
                        self.error(codes::NAME, &here(), format!("nothing is called `{name}`"));
                    }
                }
            }
            let (known, constant) = found.map_or((NOTHING, None), |f| (f.known, f.constant));
            taken.inputs.push(Some(known));
            taken.constants.push(constant);
        }
        taken
    }

    /// The attributes by name, those of a function call in place of what refers to them.
    fn attributes(
        &mut self,
        node: &'m NodeProto,
        cx: &Context<'m, '_>,
        path: &str,
    ) -> BTreeMap<&'m str, &'m AttributeProto> {
        let mut found: BTreeMap<&str, &AttributeProto> = BTreeMap::new();
        for (i, attribute) in node.attribute.iter().enumerate() {
            let here = format!("{path}.attribute[{i}]");
            if attribute.name.is_empty() {
                self.error(codes::ATTRIBUTE, &here, "an attribute has no name");
            }
            let seen = !self.attribute_seen(attribute, cx, &here, &mut found);
            if seen {
                let message = format!("the attribute `{}` is given twice", attribute.name);
                self.error(codes::DUPLICATE, &here, message);
            }
        }
        found
    }

    fn attribute_seen(
        &mut self,
        attribute: &'m AttributeProto,
        cx: &Context<'m, '_>,
        path: &str,
        into: &mut BTreeMap<&'m str, &'m AttributeProto>,
    ) -> bool {
        if attribute.ref_attr_name.is_empty() {
            self.attribute_value(attribute, path);
            return into.insert(&attribute.name, attribute).is_none();
        }
        if !cx.in_function {
            let message = format!(
                "`{}` refers to the attribute `{}` of a function, and this is not in one",
                attribute.name, attribute.ref_attr_name
            );
            self.error(codes::ATTRIBUTE, path, message);
        }
        let known = cx.bound.and_then(|bound| bound.get(attribute.ref_attr_name.as_str()).copied());
        match (known, cx.bound) {
            (Some(bound), _) => into.insert(&attribute.name, bound).is_none(),
            // Without a call it stands for whatever will be given; in a call it is left out.
            (None, None) => into.insert(&attribute.name, attribute).is_none(),
            (None, Some(_)) => true,
        }
    }

    /// What an attribute holds against its kind.
    fn attribute_value(&mut self, attribute: &'m AttributeProto, path: &str) {
        let kind = view::kind(attribute);
        if attribute.r#type == 0 && self.ir >= 2 {
            let message = format!("the attribute `{}` does not say its kind", attribute.name);
            self.error(codes::ATTRIBUTE, path, message);
        }
        let fields = [
            (attribute.f.is_some(), 1),
            (attribute.i.is_some(), 2),
            (attribute.s.is_some(), 3),
            (attribute.t.is_some(), 4),
            (attribute.g.is_some(), 5),
            (!attribute.floats.is_empty(), 6),
            (!attribute.ints.is_empty(), 7),
            (!attribute.strings.is_empty(), 8),
            (!attribute.tensors.is_empty(), 9),
            (!attribute.graphs.is_empty(), 10),
            (attribute.sparse_tensor.is_some(), 11),
            (!attribute.sparse_tensors.is_empty(), 12),
            (attribute.tp.is_some(), 13),
            (!attribute.type_protos.is_empty(), 14),
        ];
        if let Some((_, other)) = fields.iter().find(|(set, of)| *set && *of != kind) {
            let message = format!(
                "the attribute `{}` is {} and holds {} too",
                attribute.name,
                view::kind_name(kind),
                view::kind_name(*other)
            );
            self.error(codes::ATTRIBUTE, path, message);
        }
        let absent =
            fields.iter().any(|(set, of)| !set && *of == kind && matches!(of, 4 | 5 | 11 | 13));
        if absent {
            let message = format!(
                "the attribute `{}` is {} and holds none",
                attribute.name,
                view::kind_name(kind)
            );
            self.error(codes::ATTRIBUTE, path, message);
        }
        if let Some(tensor) = &attribute.t {
            // Sets of members are told apart by NaN.
            let apart = attribute.name == "membership_values";
            self.tensor_of(tensor, &format!("{path}.t"), apart);
        }
        for (i, tensor) in attribute.tensors.iter().enumerate() {
            self.tensor(tensor, &format!("{path}.tensors[{i}]"));
        }
        if let Some(sparse) = &attribute.sparse_tensor {
            self.sparse(sparse, &format!("{path}.sparse_tensor"));
        }
        for (i, sparse) in attribute.sparse_tensors.iter().enumerate() {
            self.sparse(sparse, &format!("{path}.sparse_tensors[{i}]"));
        }
    }

    /// The schema of a node, or why there is none.
    fn schema(
        &mut self,
        node: &NodeProto,
        domain: &str,
        opset: Option<i64>,
        path: &str,
    ) -> Option<&'static Schema> {
        let shown = if domain.is_empty() { "ai.onnx" } else { domain };
        let op = &node.op_type;
        let Some(opset) = opset else {
            let message = format!("`{op}` is of {shown}, which is not imported");
            self.error(codes::OPSET, path, message);
            return None;
        };
        if !ops::is_known_domain(domain) {
            let message = format!("`{op}` is of {shown}, whose operators are not known here");
            self.warn(codes::UNKNOWN_DOMAIN, path, message);
            return None;
        }
        let Some(versions) = ops::versions(domain, op) else {
            let mut message = format!("{shown} has no operator `{op}`");
            let near = ops::names(domain).find(|name| name.eq_ignore_ascii_case(op));
            if let Some(near) = near {
                message = format!("{message}; there is `{near}`");
            }
            self.error(codes::UNKNOWN_OPERATOR, path, message);
            return None;
        };
        let schema = ops::schema(domain, op, opset);
        match (schema, versions.first()) {
            (None, Some(first)) => {
                let message =
                    format!("`{op}` came with {shown} {}, the model imports {opset}", first.since);
                self.error(codes::NOT_IN_OPSET, path, message);
            }
            (Some(schema), _) if schema.deprecated => {
                let message = format!("`{op}` is deprecated since {shown} {}", schema.since);
                self.error(codes::DEPRECATED, path, message);
            }
            (_, _) => {}
        }
        schema
    }

    /// Counts of inputs and outputs, and attributes.
    fn rules(
        &mut self,
        node: &NodeProto,
        schema: &Schema,
        attributes: &BTreeMap<&str, &AttributeProto>,
        path: &str,
    ) {
        let op = &node.op_type;
        for (names, (least, most), side, code) in [
            (&node.input, schema.input_count, "takes", codes::INPUTS),
            (&node.output, schema.output_count, "gives", codes::OUTPUTS),
        ] {
            let count = names.len();
            let most_text = most.map_or_else(|| "any number".to_owned(), |m| m.to_string());
            if count < least || most.is_some_and(|most| count > most) {
                let message =
                    format!("`{op}` {side} {least} to {most_text} values, the node has {count}");
                self.error(code, path, message);
            }
        }
        for (i, name) in node.input.iter().enumerate() {
            let needed = schema.input(i).is_some_and(|p| p.occurs == Occurs::Once);
            if name.is_empty() && needed {
                let what = schema.input(i).map_or("", |p| &p.name);
                let message = format!("the input `{what}` of `{op}` is left out and needed");
                self.error(codes::INPUTS, &format!("{path}.input[{i}]"), message);
            }
        }
        for (i, name) in node.output.iter().enumerate() {
            let needed = schema.output(i).is_some_and(|p| p.occurs == Occurs::Once);
            if name.is_empty() && needed && i < schema.output_count.0 {
                let message = format!("output {i} of `{op}` is left out and needed");
                self.error(codes::OUTPUTS, &format!("{path}.output[{i}]"), message);
            }
        }
        for (i, attribute) in node.attribute.iter().enumerate() {
            let here = format!("{path}.attribute[{i}]");
            // Names that begin so are for the notes of tools.
            if attribute.name.starts_with("__") {
                continue;
            }
            let Some(rule) = schema.attributes.get(&attribute.name) else {
                let message = format!(
                    "`{op}` has no attribute `{}` in version {}",
                    attribute.name, schema.since
                );
                self.error(codes::UNKNOWN_ATTRIBUTE, &here, message);
                continue;
            };
            let found = view::kind_name(view::kind(attribute));
            let empty_list = found == "UNDEFINED";
            if found != rule.kind && !empty_list {
                let message =
                    format!("the attribute `{}` is {}, found {found}", attribute.name, rule.kind);
                self.error(codes::ATTRIBUTE_KIND, &here, message);
            }
        }
        for (name, rule) in &schema.attributes {
            if rule.required && !attributes.contains_key(name.as_str()) {
                let message = format!("`{op}` needs the attribute `{name}`");
                self.error(codes::MISSING_ATTRIBUTE, path, message);
            }
        }
    }

    /// Types of inputs against the type variables of the schema.
    fn constraints(
        &mut self,
        node: &NodeProto,
        schema: &Schema,
        inputs: &[Option<Known>],
        path: &str,
    ) {
        let mut bound: BTreeMap<&str, (String, usize)> = BTreeMap::new();
        for (i, input) in inputs.iter().enumerate() {
            let (Some(param), Some(known)) = (schema.input(i), input) else { continue };
            let Some(text) = known.ty.as_ref().and_then(Type::constraint) else { continue };
            let here = || format!("{path}.input[{i}]");
            let Param { name, occurs, type_name } = param;
            if let Some(allowed) = schema.types(type_name) {
                if !allowed.contains(&text) {
                    let message = format!(
                        "`{name}` of `{}` is {text}, which version {} does not take",
                        node.op_type, schema.since
                    );
                    self.error(codes::TYPE_CONSTRAINT, &here(), message);
                }
                if *occurs == Occurs::Variadic && schema.mixed_inputs() {
                    continue;
                }
                match bound.get(type_name.as_str()) {
                    Some((other, at)) if *other != text => {
                        let message = format!(
                            "input {at} of `{}` is {other} and input {i} is {text}; both are `{type_name}`",
                            node.op_type
                        );
                        self.error(codes::TYPE_CONSTRAINT, &here(), message);
                    }
                    Some(_) => {}
                    None => {
                        bound.insert(type_name, (text, i));
                    }
                }
            } else if *type_name != text && !type_name.is_empty() {
                let message = format!("`{name}` of `{}` is {text}, not {type_name}", node.op_type);
                self.error(codes::TYPE_CONSTRAINT, &here(), message);
            }
        }
    }

    /// What shape inference says.
    #[expect(clippy::too_many_arguments, reason = "one call, and all of it is needed")]
    fn inferred(
        &mut self,
        node: &'m NodeProto,
        domain: &str,
        opset: i64,
        taken: &Taken<'m>,
        attributes: &BTreeMap<&'m str, &'m AttributeProto>,
        cx: &Context<'m, '_>,
        scopes: &mut Vec<Scope<'m>>,
        path: &str,
    ) -> Result<(Vec<Known>, Pending), Failure> {
        let mut pending = Pending::new();
        let mut stopped = None;
        let setting = |name: &str| attributes.get(name).map(|a| view::setting(a));
        let mut enter = |name: &str, given: Vec<Known>| {
            if pending.contains_key(name) && self.spent > MOST {
                return None;
            }
            let (at, graph) = node
                .attribute
                .iter()
                .enumerate()
                .find_map(|(i, a)| (a.name == name).then(|| a.g.as_ref().map(|g| (i, g)))?)?;
            let report = std::mem::take(&mut self.report);
            let values = std::mem::take(&mut self.values);
            let here = format!("{path}.attribute[{at}].g");
            let found = self.graph(graph, cx, scopes, Some(&given), &here);
            let said = std::mem::replace(&mut self.report, report);
            let seen = std::mem::replace(&mut self.values, values);
            pending.insert(name.to_owned(), (said, seen));
            match found {
                Ok(found) => Some(found),
                Err(failure) => {
                    stopped = Some(failure);
                    None
                }
            }
        };
        let mut call = Call {
            domain,
            op: &node.op_type,
            opset,
            inputs: taken.inputs.clone(),
            outputs: node.output.len(),
            setting: &setting,
            enter: &mut enter,
        };
        let found = infer(&mut call);
        if let Some(failure) = stopped {
            return Err(failure);
        }
        Ok(match found {
            Ok(found) => (found, pending),
            Err(fault) => {
                self.error(codes::SHAPE, path, format!("`{}`: {}", node.op_type, fault.0));
                (vec![NOTHING; node.output.len()], pending)
            }
        })
    }

    /// Subgraphs that inference did not enter.
    fn graphs(
        &mut self,
        node: &'m NodeProto,
        cx: &Context<'m, '_>,
        scopes: &mut Vec<Scope<'m>>,
        entered: &Pending,
        path: &str,
    ) -> Result<(), Failure> {
        for (i, attribute) in node.attribute.iter().enumerate() {
            if !entered.contains_key(&attribute.name)
                && let Some(graph) = &attribute.g
            {
                let here = format!("{path}.attribute[{i}].g");
                self.graph(graph, cx, scopes, Some(&[]), &here)?;
            }
            for (j, graph) in attribute.graphs.iter().enumerate() {
                let here = format!("{path}.attribute[{i}].graphs[{j}]");
                self.graph(graph, cx, scopes, Some(&[]), &here)?;
            }
        }
        Ok(())
    }

    /// A call of a function of the model.
    fn call(
        &mut self,
        node: &'m NodeProto,
        function: &'m FunctionProto,
        attributes: &BTreeMap<&'m str, &'m AttributeProto>,
        inputs: Vec<Option<Known>>,
        path: &str,
    ) -> Result<Vec<Known>, Failure> {
        let name = &function.name;
        if inputs.len() > function.input.len() {
            let message = format!(
                "the function `{name}` takes {} values, the node has {}",
                function.input.len(),
                inputs.len()
            );
            self.error(codes::INPUTS, path, message);
        }
        if node.output.len() > function.output.len() {
            let message = format!(
                "the function `{name}` gives {} values, the node has {}",
                function.output.len(),
                node.output.len()
            );
            self.error(codes::OUTPUTS, path, message);
        }
        let declared: BTreeSet<&str> = function
            .attribute
            .iter()
            .map(String::as_str)
            .chain(function.attribute_proto.iter().map(|a| a.name.as_str()))
            .collect();
        for given in attributes.keys() {
            if !declared.contains(given) {
                let message = format!("the function `{name}` has no attribute `{given}`");
                self.error(codes::UNKNOWN_ATTRIBUTE, path, message);
            }
        }
        for needed in &function.attribute {
            if !attributes.contains_key(needed.as_str()) {
                let message = format!("the function `{name}` needs the attribute `{needed}`");
                self.warn(codes::MISSING_ATTRIBUTE, path, message);
            }
        }
        let mut bound: BTreeMap<&str, &AttributeProto> =
            function.attribute_proto.iter().map(|a| (a.name.as_str(), a)).collect();
        bound.extend(attributes.iter().map(|(name, a)| (*name, *a)));
        if self.spent > MOST {
            return Ok(Vec::new());
        }
        // The body was or will be checked by itself; here only its types count.
        let quiet = std::mem::replace(&mut self.quiet, true);
        let see = self.see.take();
        let opsets: Opsets = function
            .opset_import
            .iter()
            .map(|import| (decode::domain(import.domain.clone()), import.version))
            .collect();
        let given = inputs.into_iter().map(Option::unwrap_or_default).collect();
        let recursive = self.calls.contains(&super::key(function));
        let found = self.body(function, &opsets, Some(&bound), given, path);
        self.see = see;
        self.quiet = quiet;
        if recursive {
            let message = format!("the function `{name}` calls itself");
            self.error(codes::FUNCTION, path, message);
        }
        found
    }
}

/// The attribute of a node with this name.
pub(crate) fn attribute<'m>(node: &'m NodeProto, name: &str) -> Option<&'m AttributeProto> {
    node.attribute.iter().find(|a| a.name == name)
}

/// An attribute that is an integer, with what holds without it.
pub(crate) fn int(node: &NodeProto, name: &str, default: i64) -> i64 {
    match attribute(node, name).map(view::setting) {
        Some(Setting::Int(value)) => value,
        _ => default,
    }
}
