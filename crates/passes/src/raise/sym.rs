use std::sync::Arc;

use holdall_tabular::{Categories, Decision, Kind, Labels, Link, ValueId};

use super::ensemble::Ensemble;

/// A value of the model: a tensor `[N, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Val {
    pub(super) id: ValueId,
    pub(super) kind: Kind,
    pub(super) width: u32,
    /// Whether the model has it as a scalar.
    pub(super) scalar: bool,
}

/// A tensor whose rows are vectors of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The elements of a row, the last axis fastest.
    pub(super) value: Val,
    /// The extents, without the axis of rows.
    pub(super) dims: Vec<u64>,
    /// Where the axis of rows stands among the others.
    pub(super) rows: usize,
}

impl Block {
    /// Rows first, then these extents.
    pub(super) const fn new(value: Val, dims: Vec<u64>) -> Self {
        Self { value, dims, rows: 0 }
    }

    /// All extents; none for the axis of rows.
    pub(super) fn axes(&self) -> Vec<Option<u64>> {
        let mut axes: Vec<Option<u64>> = self.dims.iter().copied().map(Some).collect();
        axes.insert(self.rows.min(axes.len()), None);
        axes
    }
}

/// A constant tensor.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Const {
    pub(super) kind: Kind,
    pub(super) shape: Vec<u64>,
    pub(super) values: Labels,
}

impl Const {
    /// The elements as floats, whatever numbers they are.
    pub(super) fn floats(&self) -> Option<Vec<f64>> {
        match &self.values {
            Labels::F64(values) => Some(values.clone()),
            #[expect(clippy::cast_precision_loss, reason = "positions and small counts")]
            Labels::I64(values) => Some(values.iter().map(|&v| v as f64).collect()),
            Labels::Bool(_) | Labels::Text(_) => None,
        }
    }

    /// Whether it stands beside the elements of a row: no axis but the last has more than one element.
    pub(super) fn is_row(&self) -> bool {
        self.shape.len() <= 2 && self.shape.iter().rev().skip(1).all(|&extent| extent == 1)
    }

    /// The elements as integers.
    pub(super) fn ints(&self) -> Option<&[i64]> {
        if let Labels::I64(values) = &self.values { Some(values) } else { None }
    }

    /// The one float that all elements are.
    pub(super) fn is_all(&self, wanted: f64) -> bool {
        self.floats().is_some_and(|values| {
            !values.is_empty() && values.iter().all(|v| v.total_cmp(&wanted).is_eq())
        })
    }
}

/// What an ensemble's output has been put through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// As the operator gives it.
    Direct,
    /// Leaf numbers as integers.
    Numbers,
    /// Leaf values looked up by number.
    Looked,
    /// `[N, rounds, outputs]`.
    Rounds(u32, u32),
    /// The same, added up along the rounds.
    Running(u32, u32),
}

/// Where the position of a label comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Chosen {
    /// The first of the largest of these scores.
    Largest(Box<Sym>),
    /// A comparison of one score.
    By(Box<Sym>, Decision),
}

/// What a value of the graph means.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sym {
    /// A constant.
    Const(Const),
    /// A value of the model.
    Value(Val),
    /// A tensor of any rank.
    Block(Block),
    /// The extents of a tensor, with a mark for the number of rows.
    Extents(Vec<i64>),
    /// Whether scores are NaN.
    Guard(Box<Sym>),
    /// Scores with −∞ in place of NaN.
    Guarded(Box<Sym>),
    /// A text or integer looked up in a list: its position, or −1.
    Code(Val, Categories),
    /// Comparisons with the categories in order.
    Indicators(Val, Categories),
    /// Scores put through a link; `binary` when two columns come from one margin.
    Linked { link: Link, margins: Val, binary: bool },
    /// One column of such probabilities.
    Probability { link: Link, margins: Val, binary: bool, class: u32 },
    /// A running sum along an axis.
    Running(Box<Sym>, i64),
    /// A running sum of a tensor along an axis.
    RunningBlock(Block, usize),
    /// The last of a running sum: the sum.
    Sum(Box<Sym>),
    /// Whether a sum is 0.
    NoSum(Box<Sym>),
    /// Scores divided by their sum.
    Shares(Val),
    /// `[N, 1, width]`.
    Raised(Val),
    /// `[N, rows, columns]`: a vector times each row of a matrix.
    Products(Val, Const),
    /// Trees that are not yet added.
    Trees(Arc<Ensemble>, Stage),
    /// A comparison that may pick a label; as a value, where it is one.
    Test(Option<Val>, Chosen),
    /// The position of a label.
    Position(Chosen),
    /// A label.
    Label(Labels, Chosen),
    /// The label of an estimate that stands already.
    Estimated(ValueId),
}

impl Sym {
    /// Whether a label can be picked by it. Nothing that holds another meaning is a score.
    pub(super) const fn is_score(&self) -> bool {
        matches!(
            self,
            Self::Value(_) | Self::Linked { .. } | Self::Probability { .. } | Self::Trees(..)
        )
    }
}
