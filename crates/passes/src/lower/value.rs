use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{Kind, Labels};

use super::{Context, build::inexpressible};

/// Where the elements of a value are.
#[derive(Clone, Debug)]
pub(super) enum Store {
    /// A tensor `[N, width]`.
    Rows(ValueId),
    /// Columns of the input tensor, cut out only where they are needed by themselves.
    Columns(Vec<u32>),
    /// Not dependent on the row.
    Constant(Labels),
}

/// How missing elements are marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gaps {
    /// There are none.
    None,
    /// NaN, or the empty text.
    InBand,
    /// True in this boolean tensor of the same shape; integers and booleans only.
    Mask(ValueId),
}

/// A lowered value.
#[derive(Clone, Debug)]
pub(super) struct Val {
    pub(super) kind: Kind,
    pub(super) width: u32,
    pub(super) store: Store,
    pub(super) gaps: Gaps,
}

impl Val {
    /// A tensor without gaps.
    pub(super) const fn rows(kind: Kind, width: u32, id: ValueId) -> Self {
        Self { kind, width, store: Store::Rows(id), gaps: Gaps::None }
    }

    /// The same value with gaps marked this way.
    pub(super) const fn with_gaps(mut self, gaps: Gaps) -> Self {
        self.gaps = gaps;
        self
    }
}

impl Context<'_> {
    /// The tensor of a value: `[N, width]`, or `[1, width]` for a constant.
    pub(super) fn tensor(&mut self, value: &Val) -> Result<ValueId, Failure> {
        match &value.store {
            Store::Rows(id) => Ok(*id),
            Store::Constant(labels) => {
                self.builder.constant(value.kind, &[1, u64::from(value.width)], labels)
            }
            Store::Columns(columns) => {
                let (tensor, total) = self.inputs.tensor()?;
                if columns.iter().copied().eq(0..total) {
                    Ok(tensor)
                } else {
                    self.builder.columns(tensor, columns)
                }
            }
        }
    }

    /// The tensor of a value with a row for each row of the input, constants included.
    pub(super) fn full(&mut self, value: &Val) -> Result<ValueId, Failure> {
        let id = self.tensor(value)?;
        if !matches!(value.store, Store::Constant(_)) {
            return Ok(id);
        }
        self.for_all_rows(id, value.width)
    }

    /// A row `[1, width]` once for each row of the input.
    pub(super) fn for_all_rows(&mut self, id: ValueId, width: u32) -> Result<ValueId, Failure> {
        let any = self.inputs.any().ok_or_else(|| inexpressible("a model without inputs"))?;
        let shape = self.builder.node("Shape", &[any], Vec::new())?;
        let first = self.builder.ints(&[0])?;
        let rows = self.builder.node("Gather", &[shape, first], Vec::new())?;
        let width = self.builder.ints(&[i64::from(width)])?;
        let axis = vec![("axis", holdall_graph::Attribute::Int(0))];
        let shape = self.builder.node("Concat", &[rows, width], axis)?;
        self.builder.node("Expand", &[id, shape], Vec::new())
    }

    /// Where elements are missing; none where none can be.
    pub(super) fn mask(&mut self, value: &Val) -> Result<Option<ValueId>, Failure> {
        match value.gaps {
            Gaps::None => Ok(None),
            Gaps::Mask(id) => Ok(Some(id)),
            Gaps::InBand if value.kind == Kind::Text => {
                let id = self.tensor(value)?;
                self.text_is(id, &[String::new()]).map(Some)
            }
            Gaps::InBand => {
                let id = self.tensor(value)?;
                self.builder.is_nan(id).map(Some)
            }
        }
    }

    /// A value with gaps where `mask` is true, marked as its kind does.
    pub(super) fn with_mask(
        &mut self,
        kind: Kind,
        width: u32,
        id: ValueId,
        mask: Option<ValueId>,
    ) -> Result<Val, Failure> {
        let Some(mask) = mask else { return Ok(Val::rows(kind, width, id)) };
        let gap = match kind {
            Kind::I64 | Kind::Bool => {
                return Ok(Val::rows(kind, width, id).with_gaps(Gaps::Mask(mask)));
            }
            Kind::F32 | Kind::F64 => Labels::F64(vec![f64::NAN]),
            Kind::Text => Labels::Text(vec![String::new()]),
        };
        let gap = self.builder.constant(kind, &[1, 1], &gap)?;
        let id = self.builder.node("Where", &[mask, gap, id], Vec::new())?;
        Ok(Val::rows(kind, width, id).with_gaps(Gaps::InBand))
    }

    /// The disjunction of masks.
    pub(super) fn either(
        &mut self,
        left: Option<ValueId>,
        right: Option<ValueId>,
    ) -> Result<Option<ValueId>, Failure> {
        match (left, right) {
            (Some(left), Some(right)) if left != right => {
                self.builder.node("Or", &[left, right], Vec::new()).map(Some)
            }
            (Some(mask), _) | (None, Some(mask)) => Ok(Some(mask)),
            (None, None) => Ok(None),
        }
    }

    /// `yes` where the condition holds, else `no`. Booleans have no selection operator in runtimes.
    pub(super) fn select_where(
        &mut self,
        kind: Kind,
        condition: ValueId,
        yes: ValueId,
        no: ValueId,
    ) -> Result<ValueId, Failure> {
        if kind != Kind::Bool {
            return self.builder.node("Where", &[condition, yes, no], Vec::new());
        }
        let not = self.builder.node("Not", &[condition], Vec::new())?;
        let yes = self.builder.node("And", &[condition, yes], Vec::new())?;
        let no = self.builder.node("And", &[not, no], Vec::new())?;
        self.builder.node("Or", &[yes, no], Vec::new())
    }
}
