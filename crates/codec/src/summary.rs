use std::{collections::BTreeMap, fmt::Write};

use holdall_diag::{Diagnostic, Failure, Report};
use holdall_tabular::{Estimator, MissingPolicy, Model, Op, TreeEnsemble, ValidModel, validate};

use crate::{Format, codes};

/// A library named in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Library {
    /// Name of the distribution: `scikit-learn`, `numpy`.
    pub name: String,
    /// Its version, where the file says.
    pub version: Option<String>,
    /// Whether a consumer of the file needs it to load the model.
    pub needed_to_load: bool,
}

/// One input or output of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Name, where the file has one.
    pub name: String,
    /// Element type in lower case: `f64`, `text`.
    pub dtype: String,
    /// Extents: numbers, names, or `?`. The first is the batch.
    pub shape: Vec<String>,
    /// What it is, in words, where known: `probability of benign`.
    pub meaning: Option<String>,
}

/// What `inspect` says of a file.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Id of the format.
    pub format: &'static str,
    /// Version of the format, where it has one.
    pub format_version: Option<String>,
    /// What wrote the file, with version.
    pub producer: Option<String>,
    /// What goes in.
    pub inputs: Vec<Endpoint>,
    /// What comes out.
    pub outputs: Vec<Endpoint>,
    /// Facts by name, in a fixed order.
    pub facts: Vec<(String, serde_json::Value)>,
    /// Libraries named in the file.
    pub libraries: Vec<Library>,
    /// What a user should know before relying on the file.
    pub risks: Vec<Diagnostic>,
}

impl Summary {
    /// A summary that says the format only.
    pub fn new(format: &Format) -> Self {
        Self {
            format: format.id,
            format_version: None,
            producer: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
            facts: Vec::new(),
            libraries: Vec::new(),
            risks: Vec::new(),
        }
    }

    /// Adds a fact.
    pub fn fact(&mut self, name: &str, value: impl Into<serde_json::Value>) {
        self.facts.push((name.to_owned(), value.into()));
    }

    /// A summary of a model that was read, with what was found on the way.
    ///
    /// # Errors
    ///
    /// When the model does not pass the checks: the first finding.
    pub fn of_read(
        format: &Format,
        model: Model,
        report: &Report,
        libraries: Vec<Library>,
    ) -> Result<Self, Failure> {
        let valid = validate(model).map_err(|report| match report.entries().first() {
            Some(first) => Failure::malformed(codes::INVALID, first.message.clone())
                .at(first.location.clone())
                .with_note(format!("as `{}`", first.code)),
            None => Failure::bug(codes::INVALID, "the checks failed without a finding"),
        })?;
        let mut summary = Self::of_tabular(format, &valid);
        summary.libraries = libraries;
        summary.risks = report.entries().to_vec();
        Ok(summary)
    }

    /// A summary of a tabular model: columns, operations, trees.
    pub fn of_tabular(format: &Format, valid: &ValidModel) -> Self {
        let mut summary = Self::new(format);
        let model = valid.model();
        let header = &model.header;
        summary.producer = header.producer.as_ref().map(|name| {
            let mut text = name.clone();
            if let Some(version) = &header.producer_version {
                // Writing to a `String` cannot fail.
                let _infallible = write!(text, " {version}");
            }
            text
        });
        let batch = || vec!["N".to_owned()];
        for (_, field) in model.fields.iter() {
            summary.inputs.push(Endpoint {
                name: field.name.clone(),
                dtype: field.kind.to_string(),
                shape: batch(),
                meaning: match field.missing {
                    MissingPolicy::Reject => Some("required".to_owned()),
                    MissingPolicy::Keep | MissingPolicy::AsNan | MissingPolicy::Replace(_) => None,
                },
            });
        }
        for port in valid.output_ports() {
            summary.outputs.push(Endpoint {
                name: port.name,
                dtype: port.kind.to_string(),
                shape: batch(),
                meaning: None,
            });
        }
        if let Some(class) = &header.class {
            summary.fact("class", class.as_str());
        }
        summary.fact("named_inputs", model.named_inputs);
        let mut operations: BTreeMap<&str, u64> = BTreeMap::new();
        let (mut trees, mut nodes, mut coefficients) = (0_u64, 0_u64, 0_u64);
        for (_, node) in model.nodes.iter() {
            *operations.entry(node.op.name()).or_default() += 1;
            let mut count = |ensemble: &TreeEnsemble| {
                trees += ensemble.trees.len() as u64;
                nodes += ensemble.nodes.len() as u64;
            };
            if let Op::Trees(ensemble) = &node.op {
                count(ensemble);
            }
            if let Op::Estimator(Estimator::LinearTrees(linear)) = &node.op {
                count(&linear.trees);
                coefficients += linear.models.iter().map(|m| m.terms.len() as u64).sum::<u64>();
            }
            if let Op::Linear(linear) = &node.op {
                coefficients += linear.coefficients.data.len() as u64;
            }
        }
        let operations: serde_json::Map<_, _> =
            operations.into_iter().map(|(name, n)| (name.to_owned(), n.into())).collect();
        summary.fact("operations", operations);
        for (name, count) in
            [("trees", trees), ("tree_nodes", nodes), ("coefficients", coefficients)]
        {
            if count > 0 {
                summary.fact(name, count);
            }
        }
        if let Some(labels) = model.outputs.iter().find_map(|o| valid.classes_of(o.value)) {
            summary.fact("classes", labels.texts());
        }
        summary
    }
}
