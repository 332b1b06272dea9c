/// How a model is written as operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowerOptions {
    /// Version of the default operator set, 13 or later.
    pub opset: i64,
    /// ONNX IR version.
    pub ir: i64,
    /// Version of the `ai.onnx.ml` operator set, 3 or 4.
    pub ml: i64,
    /// Element type of number inputs.
    pub input: InputPrecision,
    /// One tensor for all inputs, or one for each.
    pub columns: ColumnLayout,
    /// Element type of class labels.
    pub labels: LabelKind,
    /// How trees, and the sums of other families, are added.
    pub sums: TreeSums,
    /// Whether probabilities are a list of maps from labels (`ZipMap`), as some callers expect. The operator
    /// takes binary32 alone, and labels that are integers or texts.
    pub zipmap: bool,
}

impl Default for LowerOptions {
    fn default() -> Self {
        Self {
            opset: 17,
            ir: 8,
            ml: 3,
            input: InputPrecision::Auto,
            columns: ColumnLayout::Auto,
            labels: LabelKind::Auto,
            sums: TreeSums::Exact,
            zipmap: false,
        }
    }
}

/// Element type of number inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InputPrecision {
    /// As the fields say.
    #[default]
    Auto,
    /// binary32, also where fields are binary64: then values are rounded before they enter.
    Float,
    /// binary64, also where fields are binary32: they are rounded inside the graph.
    Double,
}

/// How input columns are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnLayout {
    /// One tensor where all fields are numbers of one kind, else one tensor for each.
    #[default]
    Auto,
    /// One tensor `X` of all fields; refused where kinds differ.
    Tensor,
    /// One tensor of one column for each field, by name.
    Columns,
}

/// Element type of class labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LabelKind {
    /// As the model says.
    #[default]
    Auto,
    /// Integers: the labels themselves where they are integers, else their positions.
    Int,
    /// Texts.
    Text,
}

/// How trees are added up, and products, distances and votes of other families.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TreeSums {
    /// Equal to the bit: inside the ensemble operator where that is exact, else after it, tree by tree
    /// in order and at the model's precision. Takes about twice the time, and memory for a number a
    /// tree and row.
    #[default]
    Exact,
    /// Inside the ensemble operator. Runtimes may add large batches in another order, and answer in
    /// binary32.
    Fast,
}
