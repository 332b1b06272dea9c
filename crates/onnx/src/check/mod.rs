//! `validate`: everything that a model can be told to be wrong in without running it, in one pass. Each
//! finding has a code and the protobuf path of what it is about; what is wrong in one place does not keep
//! the rest from being looked at.

mod features;
mod graph;
mod ml;
mod node;
mod stamp;
mod tensor;

use std::collections::BTreeMap;

use holdall_diag::{Code, Diagnostic, Failure, Report, Severity};
use holdall_graph::infer::{Known, Type};
use holdall_source::{Budget, Limits, Source};

pub(crate) use features::features;
pub(crate) use graph::Site;

use crate::{
    codes, decode,
    decode::{Siblings, place},
    proto::{FunctionProto, ModelProto},
};

/// What a check found.
#[derive(Debug, Default)]
pub struct Checked {
    /// The findings.
    pub report: Report,
    /// Path, name and type of every value, declared or inferred, in the file's order.
    pub values: Vec<(String, String, Type)>,
}

/// Checks a model file. Fails only where the file is no protobuf message at all, or has no graph.
pub fn check(source: &Source, limits: Limits) -> Result<Checked, Failure> {
    let mut budget = Budget::new(limits);
    let model =
        decode::typed(source, &mut budget).map_err(|failure| failure.in_file(source.name()))?;
    let mut checking = Checking::new(&model, source, budget);
    checking.model()?;
    Ok(Checked { report: checking.report, values: checking.values })
}

/// Walks over a model and shows each node with what is known of its inputs. Findings of severity error are
/// given back.
pub(crate) fn walk(
    model: &ModelProto,
    source: &Source,
    limits: Limits,
    see: &mut dyn FnMut(&Site<'_>),
) -> Result<Report, Failure> {
    let mut checking = Checking::new(model, source, Budget::new(limits));
    checking.see = Some(see);
    checking.shallow = true;
    checking.model()?;
    Ok(checking.report)
}

/// The check under way.
pub(crate) struct Checking<'m, 's, 'o> {
    model: &'m ModelProto,
    ir: i64,
    report: Report,
    budget: Budget,
    siblings: Siblings<'s>,
    functions: BTreeMap<(String, String, String), &'m FunctionProto>,
    values: Vec<(String, String, Type)>,
    see: Option<&'o mut dyn FnMut(&Site<'_>)>,
    /// Weights are not looked into.
    shallow: bool,
    /// Findings are dropped: a subgraph or function is walked once more for its types.
    quiet: bool,
    /// Nodes walked so far.
    spent: u64,
    /// SHA-1 of files beside the model.
    digests: BTreeMap<String, String>,
    /// Functions being walked.
    calls: Vec<(String, String, String)>,
}

impl<'m, 's> Checking<'m, 's, '_> {
    fn new(model: &'m ModelProto, source: &'s Source, budget: Budget) -> Self {
        let functions = model.functions.iter().map(|function| (key(function), function)).collect();
        Self {
            model,
            ir: model.ir_version.unwrap_or(0),
            report: Report::new(),
            budget,
            siblings: Siblings::of(source),
            functions,
            values: Vec::new(),
            see: None,
            shallow: false,
            quiet: false,
            spent: 0,
            digests: BTreeMap::new(),
            calls: Vec::new(),
        }
    }

    fn model(&mut self) -> Result<(), Failure> {
        let opsets = self.stamps();
        let Some(graph) = &self.model.graph else {
            return Err(
                Failure::malformed(codes::EMPTY, "the model has no graph").at(place("graph"))
            );
        };
        self.outer_graph(graph, &opsets, "graph")?;
        for (i, training) in self.model.training_info.iter().enumerate() {
            for (found, part) in
                [(&training.initialization, "initialization"), (&training.algorithm, "algorithm")]
            {
                if let Some(found) = found {
                    self.training_graph(
                        found,
                        graph,
                        &opsets,
                        &format!("training_info[{i}].{part}"),
                    )?;
                }
            }
            self.bindings(training, graph, i);
        }
        for (i, function) in self.model.functions.iter().enumerate() {
            self.function(function, &format!("functions[{i}]"))?;
        }
        Ok(())
    }

    /// Adds a finding.
    fn say(&mut self, severity: Severity, code: Code, path: &str, message: String) {
        if !self.quiet {
            self.report.push(Diagnostic::new(code, severity, message).at(place(path)));
        }
    }

    fn error(&mut self, code: Code, path: &str, message: impl Into<String>) {
        self.say(Severity::Error, code, path, message.into());
    }

    fn warn(&mut self, code: Code, path: &str, message: impl Into<String>) {
        self.say(Severity::Warning, code, path, message.into());
    }

    /// Adds what stopped a part of the check.
    fn failure(&mut self, failure: Failure) {
        if !self.quiet {
            self.report.push(failure.into_diagnostic());
        }
    }
}

/// What tells a function from the others.
pub(crate) fn key(function: &FunctionProto) -> (String, String, String) {
    (decode::domain(function.domain.clone()), function.name.clone(), function.overload.clone())
}

/// Versions of operator sets by domain.
pub(crate) type Opsets = BTreeMap<String, i64>;

/// What is known of a value without a type.
const NOTHING: Known = Known { ty: None, content: None };
