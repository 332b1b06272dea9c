/// What a package asks of a server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Needs {
    /// Python versions that load it, as PEP 440 specifiers.
    pub python: Option<String>,
    /// Python distributions that it declares.
    pub requirements: Vec<Requirement>,
    /// The model files it carries; any one that the server can load will do.
    pub artifacts: Vec<ArtifactNeeds>,
}

/// A declared Python requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// Name of the distribution.
    pub name: String,
    /// PEP 440 specifiers; empty means any version.
    pub specifiers: String,
    /// PEP 508 marker: the requirement holds where it is true.
    pub marker: Option<String>,
}

/// What one model file asks of a server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ArtifactNeeds {
    /// Path in the package.
    pub path: String,
    /// Id of its format.
    pub format: String,
    /// What an ONNX model needs.
    pub onnx: Option<OnnxNeeds>,
    /// Python libraries named in the bytes.
    pub libraries: Vec<PythonLibrary>,
}

/// Versions that an ONNX model is stamped with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnnxNeeds {
    /// IR version.
    pub ir: i64,
    /// Operator set versions by domain; `ai.onnx` for the default domain.
    pub opsets: Vec<(String, i64)>,
}

/// A Python library named in the bytes of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonLibrary {
    /// Name of the distribution.
    pub name: String,
    /// The version that wrote the file, where the file says.
    pub version: Option<String>,
    /// Whether loading fails without it.
    pub needed_to_load: bool,
}
