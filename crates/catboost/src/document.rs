//! What a file says, whichever form it has.

use std::collections::BTreeMap;

use holdall_tabular::Labels;

/// A model, its indices not yet checked.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) info: Info,
    pub(crate) floats: Vec<FloatFeature>,
    pub(crate) cats: Vec<CatFeature>,
    /// In the order in which the trees number their questions.
    pub(crate) one_hots: Vec<OneHot>,
    pub(crate) ctrs: Vec<Ctr>,
    pub(crate) tables: Vec<CtrTable>,
    /// Texts by hash, where the file has them.
    pub(crate) texts: BTreeMap<i32, Vec<String>>,
    /// Values in a leaf.
    pub(crate) outputs: u32,
    pub(crate) trees: Trees,
    pub(crate) scale: f64,
    /// Empty, or one an output.
    pub(crate) bias: Vec<f64>,
}

/// What the training left beside the model.
#[derive(Debug, Default)]
pub(crate) struct Info {
    /// Name of the loss function without its parameters.
    pub(crate) loss: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) classes: Option<Classes>,
    /// Probability above which the second of two classes is the answer.
    pub(crate) threshold: Option<f64>,
}

/// The classes, and which of them each output belongs to.
#[derive(Debug)]
pub(crate) struct Classes {
    pub(crate) names: Labels,
    pub(crate) of_output: Vec<u32>,
}

#[derive(Debug)]
pub(crate) struct FloatFeature {
    pub(crate) index: u32,
    /// Its column.
    pub(crate) flat: u32,
    pub(crate) name: String,
    pub(crate) borders: Vec<f32>,
    /// Whether NaN is above every border.
    pub(crate) nan_above: bool,
}

#[derive(Debug)]
pub(crate) struct CatFeature {
    pub(crate) index: u32,
    /// Its column.
    pub(crate) flat: u32,
    pub(crate) name: String,
}

/// The values of a category feature that questions ask for, as hashes.
#[derive(Debug)]
pub(crate) struct OneHot {
    /// The category feature.
    pub(crate) index: u32,
    pub(crate) values: Vec<i32>,
}

/// A feature made of others: a statistic of the target over the rows of the training that had the same
/// values.
#[derive(Debug)]
pub(crate) struct Ctr {
    pub(crate) base: CtrBase,
    /// Its table, by position.
    pub(crate) table: usize,
    pub(crate) target_border: u32,
    pub(crate) prior_numerator: f32,
    pub(crate) prior_denominator: f32,
    pub(crate) shift: f32,
    pub(crate) scale: f32,
    pub(crate) borders: Vec<f32>,
}

/// Which values make a key, and what is counted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CtrBase {
    pub(crate) kind: CtrKind,
    pub(crate) cats: Vec<u32>,
    /// Float feature and border.
    pub(crate) floats: Vec<(u32, f32)>,
    /// Category feature and hash.
    pub(crate) hots: Vec<(u32, i32)>,
}

/// `ECtrType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CtrKind {
    Borders,
    Buckets,
    BinarizedTargetMeanValue,
    FloatTargetMeanValue,
    Counter,
    FeatureFreq,
}

impl CtrKind {
    pub(crate) const ALL: [(&'static str, Self); 6] = [
        ("Borders", Self::Borders),
        ("Buckets", Self::Buckets),
        ("BinarizedTargetMeanValue", Self::BinarizedTargetMeanValue),
        ("FloatTargetMeanValue", Self::FloatTargetMeanValue),
        ("Counter", Self::Counter),
        ("FeatureFreq", Self::FeatureFreq),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }
}

/// What the training counted for each key.
#[derive(Debug)]
pub(crate) struct CtrTable {
    pub(crate) base: CtrBase,
    pub(crate) denominator: i32,
    pub(crate) keys: Vec<u64>,
    /// Counts of each key, `stride` of them; for mean values the sum and the count.
    pub(crate) stride: usize,
    pub(crate) counts: Vec<f64>,
}

/// The hash that marks an empty bucket, which is no key.
pub(crate) const NO_HASH: u64 = u64::MAX;

/// The trees. Questions are numbered: the borders of all float features, then the values of all category
/// features, then the borders of all statistics.
#[derive(Debug)]
pub(crate) enum Trees {
    /// The depth of each; their questions, the lowest bit of the leaf first; values of all their leaves.
    Oblivious { depths: Vec<u32>, splits: Vec<u32>, leaves: Vec<f64> },
    /// The first node of each.
    Nodes { roots: Vec<u32>, nodes: Vec<Node>, leaves: Vec<f64> },
}

impl Default for Trees {
    fn default() -> Self {
        Self::Nodes { roots: Vec::new(), nodes: Vec::new(), leaves: Vec::new() }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Node {
    /// The right side is that of a yes.
    Split { split: u32, left: u32, right: u32 },
    /// The position of its first value.
    Leaf { value: u32 },
}

impl CtrBase {
    /// What tells it from others.
    pub(crate) fn key(&self) -> String {
        let Self { kind, cats, floats, hots } = self;
        let name =
            CtrKind::ALL.iter().find(|(_, known)| known == kind).map_or("", |(name, _)| name);
        let cats = cats.iter().map(|cat| format!(" {cat}"));
        let floats =
            floats.iter().map(|(feature, border)| format!(" {feature}>{:x}", border.to_bits()));
        let hots = hots.iter().map(|(feature, value)| format!(" {feature}={value}"));
        let parts = std::iter::once(name.to_owned()).chain(cats).chain(floats).chain(hots);
        parts.collect()
    }
}
