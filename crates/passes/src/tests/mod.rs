mod general;
mod lowered;
mod models;
mod raised;

use holdall_codec::{AcceptedPlan, BodyKind, Format, Options, Plan, Policy};
use holdall_diag::Report;
use holdall_graph::{Attribute, Graph, Node};
use holdall_tabular::{Model, ValidModel, validate};

use crate::{LowerOptions, lower, refine, support};

static FORMAT: Format = Format {
    id: "graph",
    title: "graphs",
    extensions: &[],
    media_type: "",
    body: BodyKind::Graph,
    read_options: &[],
    write_options: &[],
};

fn plan<'m>(valid: &'m ValidModel, options: &LowerOptions) -> Plan<'m> {
    let mut plan =
        Plan::new(valid, &FORMAT, Options::none(), |construct| support(construct, options));
    refine(&mut plan, options);
    plan
}

fn accepted<'m>(
    valid: &'m ValidModel,
    options: &LowerOptions,
    policy: Policy,
) -> Result<AcceptedPlan<'m>, Report> {
    plan(valid, options).accept(policy).map(|(plan, _)| plan)
}

/// The graph of a model under the strict policy.
fn lowered(model: Model) -> Graph {
    let valid = validate(model).unwrap();
    let options = LowerOptions::default();
    let plan = accepted(&valid, &options, Policy::default()).unwrap();
    lower(&plan, &options).unwrap()
}

fn operators(graph: &Graph) -> Vec<&str> {
    graph.nodes.iter().map(|(_, node)| node.op_type.as_str()).collect()
}

fn node<'g>(graph: &'g Graph, op_type: &str) -> &'g Node {
    graph.nodes.iter().map(|(_, node)| node).find(|node| node.op_type == op_type).unwrap()
}

fn ints<'g>(node: &'g Node, name: &str) -> &'g [i64] {
    match node.attribute(name) {
        Some(Attribute::Ints(values)) => values,
        other => panic!("{name}: {other:?}"),
    }
}

fn floats<'g>(node: &'g Node, name: &str) -> &'g [f32] {
    match node.attribute(name) {
        Some(Attribute::Floats(values)) => values,
        other => panic!("{name}: {other:?}"),
    }
}

fn modes(node: &Node) -> Vec<&str> {
    match node.attribute("nodes_modes") {
        Some(Attribute::Strings(values)) => {
            values.iter().map(|v| std::str::from_utf8(v).unwrap()).collect()
        }
        other => panic!("{other:?}"),
    }
}
