use crate::OptionInfo;

/// Which of the three forms a model takes in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BodyKind {
    /// Typed fields in, estimators, named outputs.
    Tabular,
    /// A tensor graph.
    Graph,
    /// Named tensors.
    Weights,
}

/// A file format, as data.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// Stable id: `onnx`, `pmml`, `xgboost-ubj`.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Usual extensions in lower case, without the dot, the preferred one first.
    pub extensions: &'static [&'static str],
    /// Media type.
    pub media_type: &'static str,
    /// What files of this format hold.
    pub body: BodyKind,
    /// Options of the reader.
    pub read_options: &'static [OptionInfo],
    /// Options of the writer.
    pub write_options: &'static [OptionInfo],
}
