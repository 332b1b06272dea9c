use holdall_diag::Code;
use serde::{Serialize, Serializer};

/// What a finding says about the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// A check that passed.
    Ok,
    /// Worth a look; the answer stands.
    Warn,
    /// The answer is no.
    Fail,
}

/// One result of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable kind of the finding.
    #[serde(serialize_with = "code_text")]
    pub code: Code,
    /// What it means for the answer.
    pub status: Status,
    /// What was found, one sentence.
    pub message: String,
    /// The file of the model that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Finding {
    /// A finding about the whole.
    pub fn new(code: Code, status: Status, message: impl Into<String>) -> Self {
        Self { code, status, message: message.into(), path: None, help: None }
    }

    /// The same finding about one file.
    #[must_use]
    pub fn about(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The same finding with advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

fn code_text<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.as_str())
}
