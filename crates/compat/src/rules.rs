use serde::{Deserialize, Serialize};

use crate::{
    ArtifactNeeds, Needs, OnnxNeeds, Python, PythonLibrary, Requirement, Server, marker,
    onnxruntime, python,
};

/// Answer of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The server meets the need.
    Ok,
    /// The server probably meets the need.
    Warn,
    /// Not decided; the message says what to supply.
    Unknown,
    /// The server does not meet the need.
    Fail,
}

impl Status {
    /// Lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }
}

/// One rule applied to one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable name of the rule: `onnx/ir`, `python/requirement`.
    pub rule: String,
    /// What it was applied to: an artifact, a requirement.
    pub subject: String,
    /// The answer.
    pub status: Status,
    /// The facts on both sides.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// The answer in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The server can run the package.
    Compatible,
    /// It cannot.
    Incompatible,
    /// Something needed is not known.
    Unknown,
}

/// Sums findings up: any failure makes the package incompatible, and so does anything unknown when
/// `strict`.
pub fn verdict(findings: &[Finding], strict: bool) -> Verdict {
    match findings.iter().map(|finding| finding.status).max() {
        Some(Status::Fail) => Verdict::Incompatible,
        Some(Status::Unknown) if strict => Verdict::Incompatible,
        Some(Status::Unknown) | None => Verdict::Unknown,
        Some(Status::Ok | Status::Warn) => Verdict::Compatible,
    }
}

/// Applies every rule. The order is that of the needs.
pub fn check(needs: &Needs, server: &Server) -> Vec<Finding> {
    let each: Vec<Vec<Finding>> =
        needs.artifacts.iter().map(|artifact| artifact_rules(artifact, server)).collect();
    let runs = |findings: &Vec<Finding>| findings.iter().all(|f| f.status <= Status::Warn);
    let one_runs = each.iter().any(runs);
    let mut findings = Vec::new();
    let mut python_serves = false;
    for (artifact, rules) in needs.artifacts.iter().zip(each) {
        let no_runtime = rules.iter().any(|f| f.rule == "runtime" && f.status == Status::Fail);
        python_serves |= is_pickle(artifact) && !no_runtime;
        findings.extend(rules.into_iter().map(|mut finding| {
            // A file for another server does no harm as long as one file runs here.
            if one_runs && finding.rule == "runtime" && finding.status == Status::Fail {
                finding.status = Status::Warn;
                finding.message.push_str("; another file of the package runs");
            }
            finding
        }));
    }
    if needs.artifacts.is_empty() {
        findings.push(finding("artifact", "package", Status::Unknown, "it carries no model file"));
    }
    if let (true, Some(python)) = (python_serves, &server.python) {
        python_rules(needs, python, server, &mut findings);
    }
    findings
}

fn finding(rule: &str, subject: &str, status: Status, message: impl Into<String>) -> Finding {
    Finding {
        rule: rule.to_owned(),
        subject: subject.to_owned(),
        status,
        message: message.into(),
        fix: None,
    }
}

impl Finding {
    fn with_fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

fn is_pickle(artifact: &ArtifactNeeds) -> bool {
    matches!(artifact.format.as_str(), "sklearn-pickle" | "sklearn-joblib" | "pickle" | "joblib")
}

fn artifact_rules(artifact: &ArtifactNeeds, server: &Server) -> Vec<Finding> {
    let path = artifact.path.as_str();
    if let Some(onnx) = &artifact.onnx {
        let runtime = server.runtimes.iter().find(|runtime| runtime.kind == "onnxruntime");
        return match runtime {
            Some(runtime) => onnx_rules(path, onnx, &runtime.version),
            None => vec![no_runtime(path, "onnxruntime")],
        };
    }
    if is_pickle(artifact) {
        return match &server.python {
            Some(python) => {
                let libraries = artifact.libraries.iter();
                libraries.map(|library| library_rule(path, library, python)).collect()
            }
            None => vec![no_runtime(path, "Python")],
        };
    }
    let known = server.runtimes.iter().any(|runtime| runtime.kind == artifact.format);
    if known {
        return vec![finding("runtime", path, Status::Ok, "the server names this format")];
    }
    vec![
        finding(
            "runtime",
            path,
            Status::Unknown,
            format!("the server document does not say whether it runs `{}`", artifact.format),
        )
        .with_fix(format!("add a runtime of kind `{}` to the server document", artifact.format)),
    ]
}

fn no_runtime(path: &str, runtime: &str) -> Finding {
    finding("runtime", path, Status::Fail, format!("the server has no {runtime}"))
        .with_fix(format!("choose a server with {runtime}, or add another form of the model"))
}

fn onnx_rules(path: &str, onnx: &OnnxNeeds, version: &str) -> Vec<Finding> {
    let Some(limits) = onnxruntime::limits(version) else {
        let message = format!("nothing is known of onnxruntime {version}");
        return vec![finding("onnx/runtime", path, Status::Unknown, message)];
    };
    let mut findings = vec![limit_rule(
        "onnx/ir",
        path,
        ("IR version", onnx.ir),
        Some(limits.ir),
        version,
        onnxruntime::oldest(|row| row.ir >= onnx.ir),
    )];
    for (domain, opset) in &onnx.opsets {
        let of_row = |row: &onnxruntime::Limits| match domain.as_str() {
            "" | "ai.onnx" => Some(Some(row.ai_onnx)),
            "ai.onnx.ml" => Some(row.ai_onnx_ml),
            _ => None,
        };
        let Some(max) = of_row(limits) else {
            findings.push(finding(
                "onnx/domain",
                path,
                Status::Unknown,
                format!("operators of domain `{domain}` need a custom library on the server"),
            ));
            continue;
        };
        let name = if domain.is_empty() { "ai.onnx" } else { domain };
        findings.push(limit_rule(
            "onnx/opset",
            path,
            (&format!("opset of {name}"), *opset),
            max,
            version,
            onnxruntime::oldest(|row| of_row(row).flatten().is_none_or(|newest| newest >= *opset)),
        ));
    }
    findings
}

fn limit_rule(
    rule: &str,
    path: &str,
    (what, needed): (&str, i64),
    max: Option<i64>,
    version: &str,
    oldest: Option<&str>,
) -> Finding {
    match max {
        Some(max) if needed > max => finding(
            rule,
            path,
            Status::Fail,
            format!("{what} {needed}; onnxruntime {version} loads up to {max}"),
        )
        .with_fix(match oldest {
            Some(release) => {
                format!("use onnxruntime {release} or newer, or export with {what} {max}")
            }
            None => format!("export with {what} {max}; no release loads {needed}"),
        }),
        Some(max) => finding(
            rule,
            path,
            Status::Ok,
            format!("{what} {needed}; onnxruntime {version} loads up to {max}"),
        ),
        None => finding(
            rule,
            path,
            Status::Unknown,
            format!("{what} {needed}; nothing is known of onnxruntime {version}"),
        ),
    }
}

fn library_rule(path: &str, library: &PythonLibrary, python: &Python) -> Finding {
    let subject = format!("{path}: {}", library.name);
    let Some(installed) = installed(python, &library.name) else {
        let status = if library.needed_to_load { Status::Fail } else { Status::Warn };
        return finding("pickle/library", &subject, status, "it is not installed on the server")
            .with_fix(format!("install {}", library.name));
    };
    let Some(written) = &library.version else {
        let message = format!("{installed} is installed; the file does not say what wrote it");
        return finding("pickle/library", &subject, Status::Ok, message);
    };
    let facts = format!("written by {written}, the server has {installed}");
    let same = python::minor(written) == python::minor(installed);
    let fix = format!("install {}=={written}", library.name);
    if python::normal_name(&library.name) == "scikit-learn" && !same {
        return scikit_learn_rule(&subject, written, installed, &facts).with_fix(fix);
    }
    if same {
        return finding("pickle/library", &subject, Status::Ok, facts);
    }
    finding("pickle/library", &subject, Status::Warn, facts).with_fix(fix)
}

/// Trees saved before 1.3 do not load from 1.3 on: their node records lack `missing_go_to_left`. Other
/// differences of MAJOR.MINOR are what the project calls unsupported.
fn scikit_learn_rule(subject: &str, written: &str, installed: &str, facts: &str) -> Finding {
    let before = |version: &str| python::compare(version, "1.3").map(std::cmp::Ordering::is_lt);
    if before(written) == Some(true) && before(installed) == Some(false) {
        let message = format!("{facts}: trees saved before 1.3 do not load from 1.3 on");
        return finding("pickle/library", subject, Status::Fail, message);
    }
    let message = format!("{facts}: scikit-learn does not support loading across versions");
    finding("pickle/library", subject, Status::Fail, message)
}

fn installed<'p>(python: &'p Python, name: &str) -> Option<&'p str> {
    let wanted = python::normal_name(name);
    python
        .packages
        .iter()
        .find(|(name, _)| python::normal_name(name) == wanted)
        .map(|(_, version)| version.as_str())
}

fn python_rules(needs: &Needs, python: &Python, server: &Server, findings: &mut Vec<Finding>) {
    if let Some(specifiers) = &needs.python {
        let facts = format!("needs {specifiers}, the server has {}", python.version);
        findings.push(match python::contains(specifiers, &python.version) {
            Some(true) => finding("python/version", "python", Status::Ok, facts),
            Some(false) => finding("python/version", "python", Status::Fail, facts)
                .with_fix(format!("use a Python that is {specifiers}")),
            None => finding("python/version", "python", Status::Unknown, facts),
        });
    }
    for requirement in &needs.requirements {
        findings.push(requirement_rule(requirement, python, server));
    }
}

fn requirement_rule(requirement: &Requirement, python: &Python, server: &Server) -> Finding {
    let name = requirement.name.as_str();
    let rule = |status, message: String| finding("python/requirement", name, status, message);
    if let Some(marker) = &requirement.marker {
        match marker::evaluate(marker, server) {
            Some(true) => {}
            Some(false) => {
                return rule(Status::Ok, format!("not needed here: `{marker}` is false"));
            }
            None => {
                return rule(
                    Status::Unknown,
                    format!("the server document does not decide `{marker}`"),
                );
            }
        }
    }
    let wanted = match requirement.specifiers.as_str() {
        "" => "any version",
        specifiers => specifiers,
    };
    let Some(installed) = installed(python, name) else {
        return rule(Status::Fail, format!("needs {wanted}, the server has none"))
            .with_fix(format!("install {name}{}", requirement.specifiers));
    };
    let facts = format!("needs {wanted}, the server has {installed}");
    match python::contains(&requirement.specifiers, installed) {
        Some(true) => rule(Status::Ok, facts),
        Some(false) => {
            rule(Status::Fail, facts).with_fix(format!("install {name}{}", requirement.specifiers))
        }
        None => rule(Status::Unknown, facts),
    }
}
