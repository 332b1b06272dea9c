use std::fmt::Write;

use serde_json::Value;

use crate::manifest::{Direction, Role};

/// What a project says about its model in files of other tools, before its author has looked at it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// Name of the model.
    pub name: Option<String>,
    /// Its version, however it is written.
    pub version: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// Its licence, however it is written.
    pub license: Option<String>,
    /// Who made it.
    pub authors: Vec<String>,
    /// What it is for.
    pub task: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// The model file.
    pub model: Option<String>,
    /// Python versions.
    pub python: Option<String>,
    /// The requirements file.
    pub requirements: Option<String>,
    /// The lock file.
    pub lock: Option<String>,
    /// The pipeline and its run.
    pub pipeline: Option<(String, Option<String>)>,
    /// Parameters of the training.
    pub parameters: Vec<(String, Value)>,
    /// Data.
    pub datasets: Vec<DraftData>,
    /// Figures.
    pub figures: Vec<DraftFigure>,
    /// Models that it was made from.
    pub parents: Vec<String>,
    /// Further files.
    pub files: Vec<(String, Role)>,
    /// What was found and has no place, for the author to read.
    pub remarks: Vec<String>,
}

/// Data of a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftData {
    /// `train`, `test`, or what is known of its use.
    pub role: String,
    /// The file or folder, when it is in the project.
    pub path: Option<String>,
    /// The address, when it is elsewhere.
    pub uri: Option<String>,
}

/// A figure of a draft.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftFigure {
    /// What was measured.
    pub metric: String,
    /// The figure.
    pub value: f64,
    /// On what.
    pub dataset: String,
}

impl Draft {
    /// Takes what this one does not say yet from another one, found in `file`. Where both say something
    /// else, the first one stays and a remark shows the other.
    pub fn merge(&mut self, other: Self, file: &str) {
        let mut remarks = Vec::new();
        let mut take =
            |what: &str, mine: &mut Option<String>, theirs: Option<String>| match (&mine, theirs) {
                (None, theirs) => *mine = theirs,
                (Some(mine), Some(theirs)) if *mine != theirs => {
                    remarks.push(format!("{file} says {what} `{theirs}`"));
                }
                (Some(_), _) => {}
            };
        take("name", &mut self.name, other.name);
        take("version", &mut self.version, other.version);
        take("description", &mut self.description, other.description);
        take("license", &mut self.license, other.license);
        take("task", &mut self.task, other.task);
        take("model", &mut self.model, other.model);
        take("python", &mut self.python, other.python);
        take("requirements", &mut self.requirements, other.requirements);
        take("lock", &mut self.lock, other.lock);
        self.pipeline = self.pipeline.take().or(other.pipeline);
        extend(&mut self.authors, other.authors);
        extend(&mut self.tags, other.tags);
        extend(&mut self.parameters, other.parameters);
        extend(&mut self.datasets, other.datasets);
        extend(&mut self.figures, other.figures);
        extend(&mut self.parents, other.parents);
        extend(&mut self.files, other.files);
        self.remarks.extend(remarks);
        self.remarks.extend(other.remarks);
    }

    /// A commented `holdall.toml`. What was not found stands there as a comment to fill in.
    pub fn to_toml(&self) -> String {
        let mut out = String::from(
            "# What `holdall pack` puts into the package of this model. Lines that start with `#` are\n\
             # suggestions: fill them in or delete them. Everything that can be read from files is read when\n\
             # the package is made, and what is said here must agree with it.\n\n",
        );
        for remark in &self.remarks {
            push(&mut out, format_args!("# Found: {}\n", one_line(remark)));
        }
        self.about(&mut out);
        self.needs(&mut out);
        self.origin(&mut out);
        self.performance(&mut out);
        for (path, role) in &self.files {
            let role = serde_json::to_value(role).unwrap_or_default();
            let role = role.as_str().unwrap_or("other");
            push(
                &mut out,
                format_args!("\n[[files]]\npath = {}\nrole = {}\n", quoted(path), quoted(role)),
            );
        }
        out
    }

    fn about(&self, out: &mut String) {
        let version = self.version.as_ref().filter(|v| semver::Version::parse(v).is_ok());
        let license = self.license.as_ref().and_then(|text| spdx_of(text));
        line(out, "name", self.name.as_ref(), "my-model");
        push(
            out,
            format_args!(
                "# MAJOR: data or target became incompatible; MINOR: it performs better; PIPELINE: it was made\n\
                 # in another way. `holdall pack --bump OLD` works it out.\n\
                 version = {}\n",
                quoted(version.map_or("0.1.0", String::as_str))
            ),
        );
        line(out, "description", self.description.as_ref(), "One sentence on what it does.");
        if let (None, Some(text)) = (&license, &self.license) {
            push(out, format_args!("# `{}` is no SPDX licence expression.\n", one_line(text)));
        }
        line(out, "license", license.as_ref(), "Apache-2.0");
        list_line(out, "authors", &self.authors, "Name <name@example.org>");
        line(out, "task", self.task.as_ref(), "classification");
        list_line(out, "tags", &self.tags, "tabular");
        out.push_str("\n[model]\n");
        line(out, "path", self.model.as_ref(), "model.onnx");
        out.push_str(
            "\n# Another form of the model, proved to answer alike:\n# [[convert]]\n# to = \"onnx\"\n# path = \
             \"model.onnx\"\n# allow = [\"approximate\"]\n\n# What inputs and outputs mean; names and types are \
             read from the model:\n# [[schema.inputs]]\n# name = \"age\"\n# unit = \"a\"\n# domain = { min = 0, \
             max = 120 }\n",
        );
    }

    fn needs(&self, out: &mut String) {
        out.push_str("\n[dependencies]\n");
        line(out, "python", self.python.as_ref(), ">=3.11");
        out.push_str(
            "# What is needed to load the model, not all that was there when it was trained:\n",
        );
        line(out, "requirements", self.requirements.as_ref(), "requirements.txt");
        out.push_str("# training = \"requirements-train.txt\"\n");
        line(out, "lock", self.lock.as_ref(), "uv.lock");
        out.push_str("# machine = { cpu = [\"x86_64\"], memory = \"2 GiB\" }\n");
    }

    fn origin(&self, out: &mut String) {
        out.push_str("\n[provenance]\n# The commit of the code is read from git.\n");
        match &self.pipeline {
            Some((name, Some(run))) => push(
                out,
                format_args!("pipeline = {{ name = {}, run = {} }}\n", quoted(name), quoted(run)),
            ),
            Some((name, None)) => push(out, format_args!("pipeline = {}\n", quoted(name))),
            None => out.push_str("# pipeline = \"train.py\"\n"),
        }
        if self.parameters.is_empty() {
            out.push_str("# parameters = { learning_rate = 0.1 }\n");
        } else {
            out.push_str("\n[provenance.parameters]\n");
            for (name, value) in &self.parameters {
                push(out, format_args!("{} = {}\n", quoted(name), toml_of(value)));
            }
        }
        for parent in &self.parents {
            push(out, format_args!("\n[[provenance.parents]]\nname = {}\n", quoted(parent)));
        }
        for data in &self.datasets {
            push(out, format_args!("\n[[provenance.datasets]]\nrole = {}\n", quoted(&data.role)));
            for (key, value) in [("path", &data.path), ("uri", &data.uri)] {
                if let Some(value) = value {
                    push(out, format_args!("{key} = {}\n", quoted(value)));
                }
            }
        }
        if self.datasets.is_empty() {
            out.push_str(
                "\n# [[provenance.datasets]]\n# role = \"train\"\n# path = \"train.csv\"\n# target = \"y\"\n# \
                 split = \"random, 20 % test\"\n# seed = 0\n",
            );
        }
    }

    fn performance(&self, out: &mut String) {
        for figure in &self.figures {
            let direction = match direction(&figure.metric) {
                Some(Direction::Higher) => "direction = \"higher\"",
                Some(Direction::Lower) => "direction = \"lower\"",
                None => "# Which way is better?\ndirection = \"higher\"",
            };
            push(
                out,
                format_args!(
                    "\n[[evaluation]]\nmetric = {}\nvalue = {:?}\ndataset = {}\n{direction}\n",
                    quoted(&figure.metric),
                    figure.value,
                    quoted(&figure.dataset)
                ),
            );
        }
        if self.figures.is_empty() {
            out.push_str(
                "\n# [[evaluation]]\n# metric = \"accuracy\"\n# value = 0.95\n# dataset = \"test\"\n# direction = \
                 \"higher\"\n# threshold = 0.9\n",
            );
        }
        let csv = |path: &&String| path.to_ascii_lowercase().ends_with(".csv");
        let mut training = self.datasets.iter().filter(|d| d.role == "train");
        match training.find_map(|d| d.path.as_ref().filter(csv)) {
            Some(path) => push(out, format_args!("\n[profile]\ninput = {}\n", quoted(path))),
            None => out.push_str("\n# [profile]\n# input = \"train.csv\"\n"),
        }
        out.push_str(
            "\n# Requests with the answers that a server must give:\n# [[golden]]\n# requests = \"rows.csv\"\n\n# \
             The servers it is meant for:\n# [[targets]]\n# server = \"onnxruntime@1.20\"\n",
        );
    }
}

fn extend<T: PartialEq>(mine: &mut Vec<T>, theirs: Vec<T>) {
    for item in theirs {
        if !mine.contains(&item) {
            mine.push(item);
        }
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _infallible = out.write_fmt(text);
}

fn line(out: &mut String, key: &str, value: Option<&String>, example: &str) {
    match value {
        Some(value) => push(out, format_args!("{key} = {}\n", quoted(value))),
        None => push(out, format_args!("# {key} = {}\n", quoted(example))),
    }
}

fn list_line(out: &mut String, key: &str, values: &[String], example: &str) {
    if values.is_empty() {
        push(out, format_args!("# {key} = [{}]\n", quoted(example)));
    } else {
        let all: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        push(out, format_args!("{key} = [{}]\n", all.join(", ")));
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.replace('\n', " ")).to_string()
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// TOML has no null; it stays visible as text. Nesting is that of the document it was read from, whose
/// reader bounds it.
fn toml_of(value: &Value) -> String {
    toml::Value::try_from(value).map_or_else(|_null| quoted(&value.to_string()), |v| v.to_string())
}

/// The SPDX spelling of a licence, which model cards write in lower case.
pub(super) fn spdx_of(text: &str) -> Option<String> {
    if spdx::Expression::parse(text).is_ok() {
        return Some(text.to_owned());
    }
    let mut known = spdx::identifiers::LICENSES.iter().map(|license| license.name);
    known.find(|name| name.eq_ignore_ascii_case(text)).map(str::to_owned)
}

/// Which way common metrics are better.
fn direction(metric: &str) -> Option<Direction> {
    let name = metric.to_ascii_lowercase().replace([' ', '-'], "_");
    let any = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if any(&["loss", "error", "rmse", "mae", "mse", "mape", "perplexity", "brier", "wer", "cer"]) {
        Some(Direction::Lower)
    } else if any(&[
        "acc",
        "auc",
        "f1",
        "precision",
        "recall",
        "r2",
        "bleu",
        "rouge",
        "map",
        "ndcg",
    ]) {
        Some(Direction::Higher)
    } else {
        None
    }
}
