#![cfg(test)]
//! Imports point down: the floors of `docs/architecture.md`, held over the cargo metadata.

use std::collections::BTreeMap;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Floor of every crate. Crates of one floor do not know each other, but for the pairs in `EDGES`.
const FLOORS: [(&str, u8); 33] = [
    ("arena", 0),
    ("diag", 0),
    ("source", 0),
    ("table", 0),
    ("tensor", 0),
    ("graph", 1),
    ("parquet", 1),
    ("pickle", 1),
    ("tabular", 1),
    ("ubjson", 1),
    ("weights", 1),
    ("codec", 2),
    ("exec", 2),
    ("passes", 2),
    ("score", 2),
    ("catboost", 3),
    ("lightgbm", 3),
    ("onnx", 3),
    ("pfa", 3),
    ("pmml", 3),
    ("runtime", 3),
    ("safetensors", 3),
    ("sklearn", 3),
    ("xgboost", 3),
    ("compat", 4),
    ("convert", 4),
    ("package", 4),
    ("profile", 4),
    ("prove", 4),
    ("sign", 4),
    ("cli", 5),
    ("testkit", 3),
    ("tests", 6),
];

/// Edges within a floor. Floor 0 is ordered: diag, arena, source, tensor, table.
const EDGES: [(&str, &str); 7] = [
    ("source", "diag"),
    ("tensor", "diag"),
    ("table", "diag"),
    ("table", "source"),
    ("passes", "codec"),
    ("passes", "score"),
    ("package", "sign"),
];

fn floor(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(crate_name, _)| *crate_name == name).map(|(_, floor)| *floor)
}

#[test]
fn imports_point_down() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let mut faults = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for package in &metadata.packages {
        let name = package.name.strip_prefix("holdall-").unwrap_or(&package.name).to_owned();
        let Some(from) = floor(&name) else {
            faults.push(format!("`{name}` has no floor: add it to the list"));
            continue;
        };
        let folder = package.manifest_path.parent().unwrap().file_name().unwrap();
        if folder != name {
            faults.push(format!("`{name}` lives in a folder called `{folder}`"));
        }
        seen.insert(name.clone(), 0);
        for dependency in &package.dependencies {
            let Some(to_name) = dependency.name.strip_prefix("holdall-") else { continue };
            // Tests may look sideways: they hold what the floors promise.
            if dependency.kind == DependencyKind::Development {
                continue;
            }
            let to = floor(to_name).unwrap_or(u8::MAX);
            let listed = EDGES.contains(&(name.as_str(), to_name));
            if !(to < from || (to == from && listed)) {
                faults.push(format!("`{name}` (floor {from}) imports `{to_name}` (floor {to})"));
            }
        }
    }
    for (name, _) in FLOORS {
        if !seen.contains_key(name) {
            faults.push(format!("`{name}` has a floor and does not exist"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
