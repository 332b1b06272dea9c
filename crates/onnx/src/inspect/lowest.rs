//! The lowest versions and releases that take a model, and what forces each.

use std::collections::BTreeMap;

use holdall_graph::{AI_ONNX, AI_ONNX_ML, ops};
use serde_json::{Map, Value, json};

use super::walk::Found;
use crate::versions;

/// A version and what forces it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Forced {
    version: i64,
    by: String,
}

/// The facts.
pub(super) fn facts(found: &Found) -> Value {
    let ir = lowest_ir(found);
    let opsets = lowest_opsets(found);
    let mut object = Map::new();
    object.insert("ir".to_owned(), json!({ "version": ir.version, "forced_by": ir.by }));
    let shown: Map<String, Value> = opsets
        .iter()
        .map(|(domain, forced)| {
            (
                super::domain(domain).to_owned(),
                json!({ "version": forced.version, "forced_by": forced.by }),
            )
        })
        .collect();
    object.insert("opsets".to_owned(), Value::Object(shown));
    let of = |domain: &str| opsets.get(domain).map(|f| f.version);
    let restamped = runtime(Some(ir.version), of(AI_ONNX), of(AI_ONNX_ML));
    object.insert(
        "onnxruntime".to_owned(),
        restamped
            .map_or(Value::Null, |(release, by)| json!({ "release": release, "forced_by": by })),
    );
    Value::Object(object)
}

/// The first release of onnxruntime that loads the model as it is stamped, and the stamp that keeps older ones
/// from it.
pub(super) fn as_stamped(found: &Found) -> Option<(&'static str, String)> {
    let of = |domain: &str| found.opsets.get(domain).copied();
    runtime(i64::try_from(found.ir).ok(), of(AI_ONNX), of(AI_ONNX_ML))
}

/// The first release from which on all take these versions. Operators of other domains may need more.
fn runtime(
    ir: Option<i64>,
    ai_onnx: Option<i64>,
    ml: Option<i64>,
) -> Option<(&'static str, String)> {
    let rows: Vec<versions::Runtime<'static>> = versions::runtimes().collect();
    let mut misfit = None;
    for (i, row) in rows.iter().enumerate() {
        let wanted = [
            ("IR", ir, Some(row.ir)),
            ("ai.onnx", ai_onnx, Some(row.ai_onnx)),
            ("ai.onnx.ml", ml, row.ai_onnx_ml),
        ];
        let by = wanted.into_iter().find_map(|(what, wanted, most)| {
            let wanted = wanted?;
            (wanted > most?).then(|| format!("{what} {wanted}"))
        });
        if let Some(by) = by {
            misfit = Some((i, by));
        }
    }
    match misfit {
        None => rows
            .first()
            .map(|row| (row.release, "nothing: the oldest release that was looked at".to_owned())),
        Some((i, by)) => rows.get(i + 1).map(|row| (row.release, by)),
    }
}

fn lowest_ir(found: &Found) -> Forced {
    let mut least = Forced { version: 3, by: "operator sets, which came with IR 3".to_owned() };
    let mut raise = |since: i64, by: String| {
        if since > least.version {
            least = Forced { version: since, by };
        }
    };
    let free = found.initialized.iter().find(|name| !found.inputs.iter().any(|i| i.name == **name));
    if let Some(name) = free {
        raise(4, format!("the initializer `{name}`, which is not an input"));
    }
    for (what, (since, shown)) in &found.features {
        let by = if shown.is_empty() { (*what).to_owned() } else { format!("{what}: {shown}") };
        raise(*since, by);
    }
    least
}

/// For every domain the lowest version under which each operator is the one that it is now.
fn lowest_opsets(found: &Found) -> BTreeMap<String, Forced> {
    let mut least: BTreeMap<String, Forced> = BTreeMap::new();
    for domain in found.opsets.keys() {
        least.insert(domain.clone(), Forced { version: 1, by: "no operator".to_owned() });
    }
    let functions = found.functions.iter().map(|f| (&f.operators, &f.opsets));
    for (operators, opsets) in functions.chain([(&found.operators, &found.opsets)]) {
        for (domain, op) in operators.keys() {
            let Some(opset) = opsets.get(domain) else { continue };
            let since = ops::schema(domain, op, *opset).map(|schema| schema.since);
            let since = since.unwrap_or(*opset);
            let slot = least
                .entry(domain.clone())
                .or_insert_with(|| Forced { version: 1, by: "no operator".to_owned() });
            if since > slot.version || (since == slot.version && slot.by == "no operator") {
                let by = if ops::versions(domain, op).is_some() {
                    format!("`{op}` of version {since}")
                } else if found.functions.iter().any(|f| f.domain == *domain) {
                    "functions of the model".to_owned()
                } else {
                    format!("`{op}`, which is not known")
                };
                *slot = Forced { version: since, by };
            }
        }
    }
    least
}

/// Operators by domain, each with a fact.
pub(super) fn by_domain<'f>(
    facts: impl Iterator<Item = (&'f (String, String), Value)>,
) -> Map<String, Value> {
    let mut operators = Map::new();
    for ((domain, op), fact) in facts {
        let slot = operators
            .entry(super::domain(domain).to_owned())
            .or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(map) = slot {
            map.insert(op.clone(), fact);
        }
    }
    operators
}

/// The version that brought each operator, as the model imports it; null where it is not known.
pub(super) fn since(found: &Found) -> Map<String, Value> {
    by_domain(found.operators.keys().map(|key| {
        let (domain, op) = key;
        let opset = found.opsets.get(domain);
        let schema = opset.and_then(|opset| ops::schema(domain, op, *opset));
        (key, schema.map(|schema| schema.since).into())
    }))
}
