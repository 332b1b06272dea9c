//! Constants, conversions, functions of elements, and vectors put together and taken apart.

use holdall_diag::Failure;
use holdall_graph::{Attribute, ValueId};
use holdall_tabular::{BinaryOp, Constant, Kind, Labels, UnaryOp, ValueId as TabularId};

use super::{
    Context,
    build::inexpressible,
    value::{Gaps, Store, Val},
};

pub(super) fn constant(constant: &Constant) -> Val {
    Val {
        kind: constant.kind,
        width: constant.width.elements(),
        store: Store::Constant(constant.values.clone()),
        gaps: Gaps::None,
    }
}

impl Context<'_> {
    pub(super) fn cast(&mut self, arg: TabularId, to: Kind) -> Result<Val, Failure> {
        let value = self.value(arg)?;
        if value.kind == to {
            return Ok(value);
        }
        let mut id = self.tensor(&value)?;
        if value.kind.is_float() && to == Kind::I64 {
            // The model makes NaN 0; runtimes do as their processor does.
            let nan = self.builder.is_nan(id)?;
            let zero = self.builder.float(value.kind, 0.0)?;
            id = self.builder.node("Where", &[nan, zero, id], Vec::new())?;
        }
        let cast = self.builder.cast(id, value.kind, to)?;
        let (from_float, to_float) = (value.kind.is_float(), to.is_float());
        if from_float && to_float {
            // NaN stays NaN.
            return Ok(Val::rows(to, value.width, cast).with_gaps(value.gaps));
        }
        let mask = self.mask(&value)?;
        self.with_mask(to, value.width, cast, mask)
    }

    pub(super) fn concat(&mut self, args: &[TabularId]) -> Result<Val, Failure> {
        let mut parts: Vec<Val> = Vec::new();
        for &arg in args {
            let value = self.value(arg)?;
            match (parts.last_mut(), &value.store) {
                // Columns side by side are cut out together.
                (Some(last), Store::Columns(more)) if matches!(last.store, Store::Columns(_)) => {
                    if let Store::Columns(columns) = &mut last.store {
                        columns.extend(more);
                    }
                    last.width += value.width;
                    last.gaps = if last.gaps == Gaps::None { value.gaps } else { last.gaps };
                }
                (_, Store::Columns(_) | Store::Rows(_) | Store::Constant(_)) => parts.push(value),
            }
        }
        let first = parts.first().ok_or_else(|| inexpressible("nothing to join"))?.clone();
        if parts.len() == 1 {
            return Ok(first);
        }
        let mut tensors = Vec::with_capacity(parts.len());
        for part in &parts {
            tensors.push(self.full(part)?);
        }
        let width = parts.iter().map(|part| part.width).sum();
        let axis = vec![("axis", Attribute::Int(1))];
        let id = self.builder.node("Concat", &tensors, axis.clone())?;
        let value = Val::rows(first.kind, width, id);
        if parts.iter().all(|part| part.gaps == Gaps::None) {
            return Ok(value);
        }
        if matches!(first.kind, Kind::F32 | Kind::F64 | Kind::Text) {
            return Ok(value.with_gaps(Gaps::InBand));
        }
        let mut masks = Vec::with_capacity(parts.len());
        for part in &parts {
            let none = Val { kind: Kind::Bool, gaps: Gaps::None, ..part.clone() };
            let none = Val {
                store: Store::Constant(Labels::Bool(vec![false; part.width as usize])),
                ..none
            };
            masks.push(match part.gaps {
                Gaps::Mask(mask) => mask,
                Gaps::None | Gaps::InBand => self.full(&none)?,
            });
        }
        let mask = self.builder.node("Concat", &masks, axis)?;
        Ok(value.with_gaps(Gaps::Mask(mask)))
    }

    pub(super) fn select(&mut self, arg: TabularId, indices: &[u32]) -> Result<Val, Failure> {
        let value = self.value(arg)?;
        let width = u32::try_from(indices.len())
            .map_err(|error| inexpressible("too many positions").caused_by(error))?;
        if let Store::Columns(columns) = &value.store {
            let picked = indices.iter().filter_map(|&i| columns.get(i as usize).copied()).collect();
            return Ok(Val { width, store: Store::Columns(picked), ..value });
        }
        let gaps = match value.gaps {
            Gaps::None | Gaps::InBand => value.gaps,
            Gaps::Mask(mask) => Gaps::Mask(self.builder.columns(mask, indices)?),
        };
        let id = self.full(&value)?;
        let id = self.builder.columns(id, indices)?;
        Ok(Val::rows(value.kind, width, id).with_gaps(gaps))
    }

    pub(super) fn unary(&mut self, op: UnaryOp, arg: TabularId) -> Result<Val, Failure> {
        let value = self.value(arg)?;
        let (kind, width) = (value.kind, value.width);
        if op == UnaryOp::IsMissing {
            if let Some(mask) = self.mask(&value)? {
                return Ok(Val::rows(Kind::Bool, width, mask));
            }
            let never = Labels::Bool(vec![false; width as usize]);
            let store = Store::Constant(never);
            return Ok(Val { kind: Kind::Bool, width, store, gaps: Gaps::None });
        }
        let id = self.tensor(&value)?;
        let plain = |name: &str, context: &mut Self| context.builder.node(name, &[id], Vec::new());
        let made = match op {
            UnaryOp::Neg => plain("Neg", self)?,
            UnaryOp::Abs => plain("Abs", self)?,
            UnaryOp::Exp => plain("Exp", self)?,
            UnaryOp::Ln => plain("Log", self)?,
            UnaryOp::Sqrt => plain("Sqrt", self)?,
            UnaryOp::Floor => plain("Floor", self)?,
            UnaryOp::Ceil => plain("Ceil", self)?,
            UnaryOp::Tanh => plain("Tanh", self)?,
            UnaryOp::Not => plain("Not", self)?,
            UnaryOp::IsNan => plain("IsNaN", self)?,
            UnaryOp::Logistic => self.logistic(kind, id)?,
            UnaryOp::Ln1p => {
                let one = self.builder.float(kind, 1.0)?;
                let sum = self.builder.node("Add", &[id, one], Vec::new())?;
                self.builder.node("Log", &[sum], Vec::new())?
            }
            UnaryOp::Expm1 => {
                let one = self.builder.float(kind, 1.0)?;
                let power = plain("Exp", self)?;
                self.builder.node("Sub", &[power, one], Vec::new())?
            }
            UnaryOp::IsMissing => id,
            UnaryOp::Sin
            | UnaryOp::Cos
            | UnaryOp::Tan
            | UnaryOp::Asin
            | UnaryOp::Acos
            | UnaryOp::Atan
            | UnaryOp::Sinh
            | UnaryOp::Cosh
            | UnaryOp::Asinh
            | UnaryOp::Acosh
            | UnaryOp::Atanh
            | UnaryOp::Log10
            | UnaryOp::Log2
            | UnaryOp::Exp2
            | UnaryOp::Cbrt
            | UnaryOp::Round
            | UnaryOp::RoundEven
            | UnaryOp::Trunc
            | UnaryOp::Sign
            | UnaryOp::Erf
            | UnaryOp::NormalCdf
            | UnaryOp::NormalPdf
            | UnaryOp::NormalQuantile
            | UnaryOp::LnGamma => self.special(op, kind, id)?,
        };
        if op == UnaryOp::IsNan {
            let mask = self.mask(&value)?;
            return self.with_mask(Kind::Bool, width, made, mask);
        }
        // Floats carry NaN through; masks of integers and booleans stay as they are.
        Ok(Val::rows(kind, width, made).with_gaps(value.gaps))
    }

    /// 1 ÷ (1 + e⁻ˣ) spelled out: the operator of that name is clamped and less accurate in binary32.
    pub(super) fn logistic(&mut self, kind: Kind, id: ValueId) -> Result<ValueId, Failure> {
        let one = self.builder.float(kind, 1.0)?;
        let negated = self.builder.node("Neg", &[id], Vec::new())?;
        let power = self.builder.node("Exp", &[negated], Vec::new())?;
        let sum = self.builder.node("Add", &[one, power], Vec::new())?;
        self.builder.node("Div", &[one, sum], Vec::new())
    }

    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        left: TabularId,
        right: TabularId,
    ) -> Result<Val, Failure> {
        let ids = (left, right);
        let (left, right) = (self.value(left)?, self.value(right)?);
        let width = left.width.max(right.width);
        let kind = left.kind;
        if matches!(op, BinaryOp::And | BinaryOp::Or) {
            return self.logic(op, &left, &right);
        }
        let (left_mask, right_mask) = (self.mask(&left)?, self.mask(&right)?);
        let mask = self.either(left_mask, right_mask)?;
        if kind == Kind::Text {
            let made = self.text_equal(op, &left, &right, ids)?;
            return self.with_mask(Kind::Bool, width, made, mask);
        }
        let (l, r) = (self.tensor(&left)?, self.tensor(&right)?);
        let mut apply = |name: &str| self.builder.node(name, &[l, r], Vec::new());
        let made = match op {
            BinaryOp::Add => apply("Add")?,
            BinaryOp::Sub => apply("Sub")?,
            BinaryOp::Mul => apply("Mul")?,
            BinaryOp::Div => apply("Div")?,
            BinaryOp::Pow => apply("Pow")?,
            BinaryOp::Min | BinaryOp::Max => self.extreme(op, kind, l, r)?,
            BinaryOp::Eq => apply("Equal")?,
            BinaryOp::Ne => {
                let equal = apply("Equal")?;
                self.builder.node("Not", &[equal], Vec::new())?
            }
            BinaryOp::Lt => apply("Less")?,
            BinaryOp::Le => apply("LessOrEqual")?,
            BinaryOp::Gt => apply("Greater")?,
            BinaryOp::Ge => apply("GreaterOrEqual")?,
            BinaryOp::Modulo | BinaryOp::Remainder | BinaryOp::FloorDiv | BinaryOp::Xor => {
                self.divided(op, l, r)?
            }
            BinaryOp::And | BinaryOp::Or | BinaryOp::Atan2 => {
                return Err(inexpressible(format!("{} of {kind}", op.name())));
            }
        };
        if op.is_test() {
            return self.with_mask(Kind::Bool, width, made, mask);
        }
        let carries = kind.is_float() && op != BinaryOp::Pow;
        if carries {
            let gaps = if mask.is_some() { Gaps::InBand } else { Gaps::None };
            return Ok(Val::rows(kind, width, made).with_gaps(gaps));
        }
        self.with_mask(kind, width, made, mask)
    }

    /// The smaller or larger. Written as a comparison: `Min` and `Max` of runtimes before 1.18 drop a
    /// NaN on one side.
    fn extreme(
        &mut self,
        op: BinaryOp,
        kind: Kind,
        left: ValueId,
        right: ValueId,
    ) -> Result<ValueId, Failure> {
        let test = if op == BinaryOp::Min { "LessOrEqual" } else { "GreaterOrEqual" };
        let mut takes_left = self.builder.node(test, &[left, right], Vec::new())?;
        if kind.is_float() {
            let nan = self.builder.is_nan(left)?;
            takes_left = self.builder.node("Or", &[takes_left, nan], Vec::new())?;
        }
        self.builder.node("Where", &[takes_left, left, right], Vec::new())
    }

    /// Three-valued logic: a false operand decides `and`, a true one `or`, whatever the other is.
    fn logic(&mut self, op: BinaryOp, left: &Val, right: &Val) -> Result<Val, Failure> {
        let width = left.width.max(right.width);
        let (l, r) = (self.tensor(left)?, self.tensor(right)?);
        let name = if op == BinaryOp::And { "And" } else { "Or" };
        let made = self.builder.node(name, &[l, r], Vec::new())?;
        let (left_mask, right_mask) = (self.mask(left)?, self.mask(right)?);
        let Some(mask) = self.either(left_mask, right_mask)? else {
            return Ok(Val::rows(Kind::Bool, width, made));
        };
        let left_decides = self.decides(op, l, left_mask)?;
        let right_decides = self.decides(op, r, right_mask)?;
        let decided = self.builder.node("Or", &[left_decides, right_decides], Vec::new())?;
        let open = self.builder.node("Not", &[decided], Vec::new())?;
        let mask = self.builder.node("And", &[mask, open], Vec::new())?;
        let made = if op == BinaryOp::And {
            self.builder.node("And", &[made, open], Vec::new())?
        } else {
            self.builder.node("Or", &[made, decided], Vec::new())?
        };
        Ok(Val::rows(Kind::Bool, width, made).with_gaps(Gaps::Mask(mask)))
    }

    /// Where an operand is known and settles the result alone.
    fn decides(
        &mut self,
        op: BinaryOp,
        id: ValueId,
        mask: Option<ValueId>,
    ) -> Result<ValueId, Failure> {
        let settles =
            if op == BinaryOp::And { self.builder.node("Not", &[id], Vec::new())? } else { id };
        let Some(mask) = mask else { return Ok(settles) };
        let known = self.builder.node("Not", &[mask], Vec::new())?;
        self.builder.node("And", &[settles, known], Vec::new())
    }

    /// Where a text is one of these: a lookup, since texts compare only from opset 19 on.
    pub(super) fn text_is(&mut self, id: ValueId, texts: &[String]) -> Result<ValueId, Failure> {
        let found = self.builder.ml_node(
            "LabelEncoder",
            &[id],
            vec![
                ("keys_strings", Attribute::texts(texts.iter().cloned())),
                ("values_int64s", Attribute::Ints(vec![1; texts.len()])),
                ("default_int64", Attribute::Int(0)),
            ],
        )?;
        self.builder.cast(found, Kind::I64, Kind::Bool)
    }

    fn text_equal(
        &mut self,
        op: BinaryOp,
        left: &Val,
        right: &Val,
        ids: (TabularId, TabularId),
    ) -> Result<ValueId, Failure> {
        let listed = self.texts.listed(ids.0).or_else(|| self.texts.listed(ids.1)).cloned();
        let equal = match (&left.store, &right.store) {
            (Store::Constant(Labels::Text(texts)), _) if texts.len() == 1 => {
                let id = self.full(right)?;
                self.text_is(id, texts)?
            }
            (_, Store::Constant(Labels::Text(texts))) if texts.len() == 1 => {
                let id = self.full(left)?;
                self.text_is(id, texts)?
            }
            (
                Store::Rows(_) | Store::Columns(_) | Store::Constant(_),
                Store::Rows(_) | Store::Columns(_) | Store::Constant(_),
            ) => {
                if let Some(listed) = listed.filter(|_| self.options.opset < 19) {
                    self.listed_equal(left, right, &listed)?
                } else {
                    let (l, r) = (self.tensor(left)?, self.tensor(right)?);
                    self.builder.node("Equal", &[l, r], Vec::new())?
                }
            }
        };
        if op == BinaryOp::Ne {
            return self.builder.node("Not", &[equal], Vec::new());
        }
        Ok(equal)
    }

    pub(super) fn choose(
        &mut self,
        condition: TabularId,
        yes: TabularId,
        no: TabularId,
    ) -> Result<Val, Failure> {
        let (condition, yes, no) = (self.value(condition)?, self.value(yes)?, self.value(no)?);
        let kind = yes.kind;
        let test = self.full(&condition)?;
        let (y, n) = (self.tensor(&yes)?, self.tensor(&no)?);
        let made = self.select_where(kind, test, y, n)?;
        let unknown = self.mask(&condition)?;
        if matches!(kind, Kind::F32 | Kind::F64 | Kind::Text) {
            let branch = yes.gaps == Gaps::InBand || no.gaps == Gaps::InBand;
            let value = self.with_mask(kind, 1, made, unknown)?;
            return Ok(if branch { value.with_gaps(Gaps::InBand) } else { value });
        }
        let mut mask = unknown;
        for (value, wanted) in [(&yes, true), (&no, false)] {
            if let Some(gap) = self.mask(value)? {
                let side =
                    if wanted { test } else { self.builder.node("Not", &[test], Vec::new())? };
                let gap = self.builder.node("And", &[side, gap], Vec::new())?;
                mask = self.either(mask, Some(gap))?;
            }
        }
        self.with_mask(kind, 1, made, mask)
    }
}
