//! Short ways to say what most families need: arithmetic on binary64 tensors, sums, choices, sorting.

use holdall_diag::Failure;
use holdall_graph::{AI_ONNX, Attribute, ValueId};
use holdall_tabular::{Kind, Labels, Matrix};

use super::{
    Context, TreeSums,
    build::{Builder, inexpressible},
    value::{Gaps, Val},
};

impl Builder {
    /// An operator of one operand.
    pub(super) fn one(&mut self, op_type: &str, arg: ValueId) -> Result<ValueId, Failure> {
        self.node(op_type, &[arg], Vec::new())
    }

    /// An operator of two operands.
    pub(super) fn two(
        &mut self,
        op_type: &str,
        left: ValueId,
        right: ValueId,
    ) -> Result<ValueId, Failure> {
        self.node(op_type, &[left, right], Vec::new())
    }

    /// `yes` where the condition holds, else `no`; not for booleans.
    pub(super) fn choose(
        &mut self,
        condition: ValueId,
        yes: ValueId,
        no: ValueId,
    ) -> Result<ValueId, Failure> {
        self.node("Where", &[condition, yes, no], Vec::new())
    }

    /// A binary64 that meets every element.
    pub(super) fn number(&mut self, value: f64) -> Result<ValueId, Failure> {
        self.float(Kind::F64, value)
    }

    /// A whole number that meets every element.
    pub(super) fn whole(&mut self, value: i64) -> Result<ValueId, Failure> {
        self.constant(Kind::I64, &[1, 1], &Labels::I64(vec![value]))
    }

    /// A binary64 row `[1, width]`.
    pub(super) fn row(&mut self, values: &[f64]) -> Result<ValueId, Failure> {
        self.floats(Kind::F64, &[1, values.len() as u64], values)
    }

    /// A matrix as `[1, rows, columns]`.
    pub(super) fn stacked(&mut self, matrix: &Matrix) -> Result<ValueId, Failure> {
        let shape = [1, u64::from(matrix.rows), u64::from(matrix.columns)];
        self.floats(Kind::F64, &shape, &matrix.data)
    }

    /// A new axis of one element.
    pub(super) fn raised(&mut self, id: ValueId, axis: i64) -> Result<ValueId, Failure> {
        let axis = self.ints(&[axis])?;
        self.two("Unsqueeze", id, axis)
    }

    /// An axis of one element left out.
    pub(super) fn flattened(&mut self, id: ValueId, axis: i64) -> Result<ValueId, Failure> {
        let axis = self.ints(&[axis])?;
        self.two("Squeeze", id, axis)
    }

    /// Tensors behind each other along an axis.
    pub(super) fn joined(&mut self, parts: &[ValueId], axis: i64) -> Result<ValueId, Failure> {
        if let [only] = *parts {
            return Ok(only);
        }
        self.node("Concat", parts, vec![("axis", Attribute::Int(axis))])
    }

    /// Entries of a table by position along its first axis.
    pub(super) fn looked_up(&mut self, table: ValueId, at: ValueId) -> Result<ValueId, Failure> {
        self.node("Gather", &[table, at], vec![("axis", Attribute::Int(0))])
    }

    /// For each row the elements at positions that differ from row to row.
    pub(super) fn picked(&mut self, id: ValueId, at: ValueId) -> Result<ValueId, Failure> {
        self.node("GatherElements", &[id, at], vec![("axis", Attribute::Int(1))])
    }

    /// The first of the largest along axis 1, `[N, 1]`; for floats without NaN.
    pub(super) fn arg_max(&mut self, id: ValueId) -> Result<ValueId, Failure> {
        let attributes = vec![
            ("axis", Attribute::Int(1)),
            ("keepdims", Attribute::Int(1)),
            ("select_last_index", Attribute::Int(0)),
        ];
        self.node("ArgMax", &[id], attributes)
    }

    /// The `count` smallest or largest along axis 1 in order, of equals the earlier, and where they are.
    pub(super) fn top(
        &mut self,
        id: ValueId,
        count: u32,
        largest: bool,
    ) -> Result<(ValueId, ValueId), Failure> {
        let count = self.ints(&[i64::from(count)])?;
        let names = [self.fresh("v"), self.fresh("v")];
        let made = self.graph.push_node(
            AI_ONNX,
            "TopK",
            &[id, count],
            &[&names[0], &names[1]],
            vec![
                ("axis", Attribute::Int(1)),
                ("largest", Attribute::Int(i64::from(largest))),
                ("sorted", Attribute::Int(1)),
            ],
        )?;
        match *made.as_slice() {
            [values, places] => Ok((values, places)),
            _ => Err(inexpressible("a sort without outputs")),
        }
    }

    /// `ReduceMax` or `ReduceMin` along an axis that is kept.
    pub(super) fn extreme_along(
        &mut self,
        op_type: &str,
        id: ValueId,
        axis: i64,
    ) -> Result<ValueId, Failure> {
        let keep = ("keepdims", Attribute::Int(1));
        if self.graph.stamp.opsets.get(AI_ONNX).is_some_and(|&opset| opset >= 18) {
            let axes = self.ints(&[axis])?;
            return self.node(op_type, &[id, axes], vec![keep]);
        }
        self.node(op_type, &[id], vec![("axes", Attribute::Ints(vec![axis])), keep])
    }

    /// Whether any element along axis 1 is true, `[N, 1]`.
    pub(super) fn any(&mut self, id: ValueId) -> Result<ValueId, Failure> {
        let count = self.true_count(id)?;
        let none = self.float(Kind::F32, 0.0)?;
        self.two("Greater", count, none)
    }

    /// How many elements along axis 1 are true, `[N, 1]`, binary32: exact up to 2²⁴.
    pub(super) fn true_count(&mut self, id: ValueId) -> Result<ValueId, Failure> {
        let ones = self.cast(id, Kind::Bool, Kind::F32)?;
        let axis = self.ints(&[1])?;
        self.two("ReduceSum", ones, axis)
    }
}

impl Context<'_> {
    /// Elements added along an axis, which goes: in order, or as the runtime likes with `sums=fast`.
    pub(super) fn added(
        &mut self,
        id: ValueId,
        length: u32,
        axis: i64,
    ) -> Result<ValueId, Failure> {
        if self.options.sums == TreeSums::Exact {
            return self.builder.sum_in_order(id, length, axis);
        }
        let axis = self.builder.ints(&[axis])?;
        self.builder.node("ReduceSum", &[id, axis], vec![("keepdims", Attribute::Int(0))])
    }

    /// The elements of each row added, `[N, 1]`.
    pub(super) fn row_sum(&mut self, id: ValueId, width: u32) -> Result<ValueId, Failure> {
        let sum = self.added(id, width, 1)?;
        self.builder.raised(sum, 1)
    }

    /// `[N, 1]`: where any element of a value is missing; none where none can be.
    pub(super) fn any_gap(&mut self, value: &Val) -> Result<Option<ValueId>, Failure> {
        match self.mask(value)? {
            Some(mask) if value.width > 1 => self.builder.any(mask).map(Some),
            found => Ok(found),
        }
    }

    /// A value computed from another one: missing in rows where that has a gap.
    pub(super) fn with_gaps_of(
        &mut self,
        source: &Val,
        kind: Kind,
        width: u32,
        id: ValueId,
    ) -> Result<Val, Failure> {
        let gap = self.any_gap(source)?;
        self.with_mask(kind, width, id, gap)
    }

    /// A value as binary64, gaps in band.
    pub(super) fn as_f64(&mut self, value: &Val) -> Result<ValueId, Failure> {
        let id = self.full(value)?;
        self.builder.cast(id, value.kind, Kind::F64)
    }

    /// The gaps of numbers that carry NaN through arithmetic.
    pub(super) const fn carried(value: &Val) -> Gaps {
        match value.gaps {
            Gaps::None => Gaps::None,
            Gaps::InBand | Gaps::Mask(_) => Gaps::InBand,
        }
    }
}
