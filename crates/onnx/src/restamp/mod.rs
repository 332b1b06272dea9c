//! Other versions for the same model: the IR version and the operator sets, up and down, where every node
//! provably means the same under both. What cannot be proved is refused, node by node, with the reason.
//!
//! An operator that has the same words in the specification under both versions is the same but for the
//! types that it takes (`same_text` in the operator table). Where the words differ, [`rules`] says what
//! changed and what has to be done about it.

mod change;
mod rules;
mod step;
mod trees;

use std::collections::BTreeMap;

use holdall_diag::{Diagnostic, Failure, Report, Severity};
use holdall_graph::{AI_ONNX, AI_ONNX_ML, infer::Known, ops};
use holdall_source::{Limits, Source};

pub(crate) use change::{Change, message as attribute_message};
use step::Working;

use crate::{
    check::{self, Site},
    codes,
    decode::place,
    proto::ModelProto,
    versions,
};

/// The oldest operator set of `ai.onnx` that is gone to: before, operands were stretched by attributes.
const OLDEST: i64 = 7;

/// The versions asked for; `None` leaves one as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) ir: Option<i64>,
    pub(crate) opset: Option<i64>,
    pub(crate) ml: Option<i64>,
}

/// How to get there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) ir: i64,
    /// New versions by domain.
    pub(crate) opsets: Vec<(String, i64)>,
    /// Changed nodes by path.
    pub(crate) changes: BTreeMap<String, Change>,
    /// What is worth knowing.
    pub(crate) report: Report,
}

/// Proves that a model means the same under other versions, and says which nodes have to change. Fails with
/// `onnx/restamp` and every reason why it does not.
pub(crate) fn plan(
    model: &ModelProto,
    source: &Source,
    limits: Limits,
    target: &Target,
) -> Result<Plan, Failure> {
    let opsets: Vec<(String, i64)> = [(AI_ONNX, target.opset), (AI_ONNX_ML, target.ml)]
        .into_iter()
        .filter_map(|(domain, version)| Some((domain.to_owned(), version?)))
        .collect();
    known_versions(target)?;
    let ir = target.ir.unwrap_or(model.ir_version.unwrap_or(0));
    let mut plan = Plan { ir, opsets: opsets.clone(), ..Plan::default() };
    let mut reasons = Report::new();
    lower_ir(model, ir, &mut reasons);
    let mut changes = BTreeMap::new();
    let mut names = Names::of(model);
    let walked = check::walk(model, source, limits, &mut |site| {
        let wanted = opsets.iter().find(|(domain, _)| *domain == site.domain).map(|(_, v)| *v);
        let Some(wanted) = wanted else { return };
        match node(site, wanted, &mut names) {
            Ok(Some(change)) => {
                changes.insert(site.path.to_owned(), change);
            }
            Ok(None) => {}
            Err(why) => {
                let shown = if site.domain.is_empty() { "ai.onnx" } else { site.domain };
                let message = format!(
                    "`{}` from {shown} {} to {wanted}: {why}",
                    site.node.op_type, site.opset
                );
                reasons.push(Diagnostic::error(codes::RESTAMP, message).at(place(site.path)));
            }
        }
    })?;
    let broken = walked.entries().iter().find(|d| d.severity == Severity::Error && blocks(d));
    if let Some(broken) = broken {
        let message = format!("the model is broken, so nothing can be proved: {}", broken.message);
        return Err(Failure::malformed(broken.code, message)
            .at(broken.location.clone())
            .with_help("`holdall validate` lists everything that is wrong with it"));
    }
    if reasons.has_errors() {
        return Err(refusal(&reasons));
    }
    plan.changes = changes;
    Ok(plan)
}

/// Whether a finding keeps a proof from being made. Versions that are wrong may be what is to be repaired, as
/// may operators that are deprecated in them.
fn blocks(finding: &Diagnostic) -> bool {
    ![codes::FEATURE, codes::IR, codes::DECLARED, codes::DEPRECATED].contains(&finding.code)
}

fn refusal(reasons: &Report) -> Failure {
    let mut entries = reasons.entries().iter();
    let Some(first) = entries.next() else {
        return Failure::bug(codes::RESTAMP, "refused without a reason");
    };
    let mut failure = Failure::unsupported(codes::RESTAMP, first.message.clone())
        .at(first.location.clone())
        .with_help("choose versions that the model can be proved to mean the same under");
    for other in entries.take(20) {
        failure = failure.with_note(format!("also {}: {}", other.location, other.message));
    }
    failure
}

fn known_versions(target: &Target) -> Result<(), Failure> {
    let newest = versions::newest_ir();
    for (key, wanted, least, most) in [
        ("ir", target.ir, 3, newest),
        ("opset", target.opset, OLDEST, ops::latest(AI_ONNX).unwrap_or(0)),
        ("ml", target.ml, 1, ops::latest(AI_ONNX_ML).unwrap_or(0)),
    ] {
        if let Some(wanted) = wanted
            && !(least..=most).contains(&wanted)
        {
            return Err(Failure::usage(
                holdall_codec::codes::OPTION,
                format!(
                    "option `{key}`: expected a number from {least} to {most}, found `{wanted}`"
                ),
            ));
        }
    }
    Ok(())
}

/// Reasons why the file cannot have an older structure.
fn lower_ir(model: &ModelProto, ir: i64, reasons: &mut Report) {
    if model.ir_version.unwrap_or(0) < 3 && ir != model.ir_version.unwrap_or(0) {
        let message = "files before IR 3 name no operator sets";
        reasons.push(Diagnostic::error(codes::RESTAMP, message).at(place("ir_version")));
    }
    for feature in check::features(model) {
        if feature.since > ir {
            let message =
                format!("{} came with IR {}, {ir} is asked for", feature.what, feature.since);
            reasons.push(Diagnostic::error(codes::RESTAMP, message).at(place(&feature.path)));
        }
    }
}

/// Names that are taken, so that new constants get others.
struct Names {
    taken: std::collections::BTreeSet<String>,
    next: usize,
}

impl Names {
    fn of(model: &ModelProto) -> Self {
        let mut taken = std::collections::BTreeSet::new();
        if let Some(graph) = &model.graph {
            names_in(graph, &mut taken);
        }
        for function in &model.functions {
            taken.extend(function.input.iter().cloned());
            for node in &function.node {
                names_of(node, &mut taken);
            }
        }
        Self { taken, next: 0 }
    }

    fn fresh(&mut self, what: &str) -> String {
        loop {
            let name = format!("restamp_{what}_{}", self.next);
            self.next += 1;
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

/// Names of a graph and of those in it, whose depth the protobuf decoder bounds.
fn names_in(graph: &crate::proto::GraphProto, into: &mut std::collections::BTreeSet<String>) {
    into.extend(graph.input.iter().map(|v| v.name.clone()));
    into.extend(graph.initializer.iter().map(|t| t.name.clone()));
    for node in &graph.node {
        names_of(node, into);
    }
}

fn names_of(node: &crate::proto::NodeProto, into: &mut std::collections::BTreeSet<String>) {
    into.extend(node.output.iter().cloned());
    for attribute in &node.attribute {
        for graph in attribute.g.iter().chain(&attribute.graphs) {
            names_in(graph, into);
        }
    }
}

/// What has to change in a node; the reason when it cannot be proved to mean the same.
fn node(site: &Site<'_>, wanted: i64, names: &mut Names) -> Result<Option<Change>, String> {
    let op = site.node.op_type.as_str();
    let versions = ops::versions(site.domain, op).ok_or("the operator is not known")?;
    let from = ops::schema(site.domain, op, site.opset).ok_or("the operator is not known")?;
    if (site.domain, op) == (AI_ONNX_ML, "TreeEnsemble") && wanted < from.since {
        return older_trees(site, from, wanted, names);
    }
    let to = ops::schema(site.domain, op, wanted).ok_or_else(|| {
        format!("it came with version {}", versions.first().map_or(0, |s| s.since))
    })?;
    if from.since == to.since {
        return Ok(None);
    }
    if site.domain.is_empty() && site.opset < OLDEST {
        return Err(format!("versions before {OLDEST} are not compared"));
    }
    if to.deprecated {
        return Err(format!("it is deprecated since version {}", to.since));
    }
    let mut working = Working::new(site, names);
    let crossed: Vec<_> = versions
        .windows(2)
        .filter_map(|pair| if let [a, b] = pair { Some((a, b)) } else { None })
        .collect();
    if from.since < to.since {
        for (older, newer) in crossed {
            if newer.since > from.since && newer.since <= to.since {
                rules::up(&mut working, older, newer)?;
            }
        }
    } else {
        for (older, newer) in crossed.into_iter().rev() {
            if newer.since > to.since && newer.since <= from.since {
                rules::down(&mut working, older, newer)?;
            }
        }
    }
    working.fits(to)?;
    types(site, from, to)?;
    Ok(working.change())
}

/// Trees under a version that has another operator for them.
fn older_trees(
    site: &Site<'_>,
    from: &ops::Schema,
    wanted: i64,
    names: &mut Names,
) -> Result<Option<Change>, String> {
    const OLDER: &str = "TreeEnsembleRegressor";
    let to = ops::schema(site.domain, OLDER, wanted).ok_or("the operator is not known")?;
    let mut working = Working::new(site, names);
    trees::regressor(&mut working)?;
    OLDER.clone_into(&mut working.node.op_type);
    working.fits(to)?;
    types(site, from, to)?;
    Ok(working.change())
}

/// Every type that a node takes or gives must be one that the other version takes.
fn types(site: &Site<'_>, from: &ops::Schema, to: &ops::Schema) -> Result<(), String> {
    for (i, known) in site.inputs.iter().enumerate() {
        let params = (from.input(i), to.input(i));
        side(&format!("input {i}"), params, known.as_ref(), (from, to))?;
    }
    for (i, known) in site.outputs.iter().enumerate() {
        let params = (from.output(i), to.output(i));
        side(&format!("output {i}"), params, Some(known), (from, to))?;
    }
    Ok(())
}

/// One value against its parameter in both versions.
fn side(
    what: &str,
    params: (Option<&ops::Param>, Option<&ops::Param>),
    known: Option<&Known>,
    (from, to): (&ops::Schema, &ops::Schema),
) -> Result<(), String> {
    let ((Some(was), Some(is)), Some(known)) = (params, known) else { return Ok(()) };
    let (was, is) = (allowed(from, &was.type_name), allowed(to, &is.type_name));
    if was.iter().all(|t| is.contains(t)) {
        return Ok(());
    }
    match known.ty.as_ref().and_then(holdall_graph::infer::Type::constraint) {
        Some(text) if is.contains(&text) => Ok(()),
        Some(text) => Err(format!("{what} is {text}, which it does not take there")),
        None => Err(format!("the type of {what} is not known")),
    }
}

fn allowed(schema: &ops::Schema, name: &str) -> Vec<String> {
    schema.types(name).map_or_else(|| vec![name.to_owned()], <[String]>::to_vec)
}
