//! Versions, imports, and parts of a file that are newer than its IR version.

use holdall_graph::ops;

use super::{Checking, Opsets, features};
use crate::{
    codes, decode,
    proto::{GraphProto, OperatorSetIdProto, TrainingInfoProto},
    versions,
};

impl Checking<'_, '_, '_> {
    /// Checks the versions of the model; gives its operator sets.
    pub(super) fn stamps(&mut self) -> Opsets {
        let newest = versions::newest_ir();
        match self.model.ir_version {
            None => self.error(codes::IR, "ir_version", "the model names no IR version"),
            Some(ir) if ir < 1 => {
                self.error(codes::IR, "ir_version", format!("there is no IR version {ir}"));
            }
            Some(ir) if ir > newest => self.error(
                codes::IR,
                "ir_version",
                format!("IR version {ir} is beyond {newest}, the newest of any release"),
            ),
            Some(_) => {}
        }
        if self.model.opset_import.is_empty() && self.ir >= 3 {
            self.error(codes::OPSET, "opset_import", "the model imports no operator set");
        }
        for feature in features(self.model) {
            if feature.since > self.ir && self.ir > 0 {
                let message = format!(
                    "{} came with IR {}, the model is stamped {}",
                    feature.what, feature.since, self.ir
                );
                self.error(codes::FEATURE, &feature.path, message);
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        for (i, entry) in self.model.metadata_props.iter().enumerate() {
            if !seen.insert(entry.key.as_str()) {
                let message = format!("the key `{}` is given twice", entry.key);
                self.error(codes::DUPLICATE, &format!("metadata_props[{i}]"), message);
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        for (i, function) in self.model.functions.iter().enumerate() {
            if !seen.insert(super::key(function)) {
                let message = format!("two functions are called `{}`", function.name);
                self.error(codes::DUPLICATE, &format!("functions[{i}]"), message);
            }
        }
        let imports = &self.model.opset_import;
        self.imports(imports, "")
    }

    /// Checks imports of operator sets, of the model or of a function.
    pub(super) fn imports(&mut self, imports: &[OperatorSetIdProto], before: &str) -> Opsets {
        let mut opsets = Opsets::new();
        for (i, import) in imports.iter().enumerate() {
            let path = format!("{before}opset_import[{i}]");
            let domain = decode::domain(import.domain.clone());
            let shown = if domain.is_empty() { "ai.onnx" } else { &domain };
            match ops::latest(&domain) {
                Some(latest) if import.version > latest => {
                    let message = format!(
                        "{shown} {} is beyond {latest}, the newest of any release",
                        import.version
                    );
                    self.error(codes::OPSET, &path, message);
                }
                _ if import.version < 1 => {
                    let message = format!("{shown}: there is no version {}", import.version);
                    self.error(codes::OPSET, &path, message);
                }
                Some(_) | None => {}
            }
            if let Some(other) = opsets.insert(domain.clone(), import.version)
                && other != import.version
            {
                let message = format!("{shown} is imported as {other} and as {}", import.version);
                self.error(codes::STAMP, &path, message);
            }
        }
        opsets
    }

    /// Checks what training binds to what.
    pub(super) fn bindings(&mut self, found: &TrainingInfoProto, graph: &GraphProto, i: usize) {
        let initializers = |name: &str| {
            graph.initializer.iter().any(|t| t.name == name)
                || found
                    .algorithm
                    .as_ref()
                    .is_some_and(|g| g.initializer.iter().any(|t| t.name == name))
        };
        let outputs = |graph: &Option<GraphProto>, name: &str| {
            graph.as_ref().is_some_and(|g| g.output.iter().any(|o| o.name == name))
        };
        for (list, field, from) in [
            (&found.initialization_binding, "initialization_binding", &found.initialization),
            (&found.update_binding, "update_binding", &found.algorithm),
        ] {
            for (j, entry) in list.iter().enumerate() {
                let path = format!("training_info[{i}].{field}[{j}]");
                if !initializers(&entry.key) {
                    let message = format!("`{}` is no initializer that can be trained", entry.key);
                    self.error(codes::TRAINING, &path, message);
                }
                if !outputs(from, &entry.value) {
                    let message = format!("`{}` is no output of the training graph", entry.value);
                    self.error(codes::TRAINING, &path, message);
                }
            }
        }
    }
}
