use holdall_codec::{OptionInfo, Options};
use holdall_diag::Failure;

/// A format named by the user, with options: `onnx`, `onnx:opset=17,ir=8`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatSpec {
    /// Id of the format.
    pub id: String,
    /// The text of the options, not yet checked.
    options: String,
}

impl FormatSpec {
    /// Splits the text; whether the format and its options exist is checked where they are used.
    pub fn new(text: &str) -> Self {
        let (id, options) = text.split_once(':').unwrap_or((text, ""));
        Self { id: id.to_owned(), options: options.to_owned() }
    }

    /// The options, checked against those that the format declares.
    pub fn options(&self, declared: &[OptionInfo]) -> Result<Options, Failure> {
        Options::parse(&self.options, declared)
    }
}
