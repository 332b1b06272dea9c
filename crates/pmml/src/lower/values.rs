//! Small steps between values.

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Call, Categories, Constant, Function, Kind, Labels, Lookup, Op, Ordinal, Part,
    Reduce, ReduceOp, Scalar, Transform, UnaryOp, Unknown, ValueId, Width,
};

use super::{Lower, prune};

impl Lower<'_> {
    /// A constant of a kind; floats stand for both float kinds.
    pub(super) fn constant(&mut self, kind: Kind, values: Labels) -> Result<ValueId, Failure> {
        self.push(Op::Constant(Constant { kind, width: Width::Scalar, values }))
    }

    /// A number as a constant of a float kind.
    pub(super) fn float(&mut self, kind: Kind, value: f64) -> Result<ValueId, Failure> {
        self.constant(kind, Labels::F64(vec![value]))
    }

    /// A constant of the kind of a scalar.
    pub(super) fn fixed(&mut self, scalar: &Scalar, kind: Kind) -> Result<ValueId, Failure> {
        let values = match scalar {
            Scalar::F64(v) => Labels::F64(vec![*v]),
            Scalar::I64(v) => Labels::I64(vec![*v]),
            Scalar::Bool(v) => Labels::Bool(vec![*v]),
            Scalar::Text(v) => Labels::Text(vec![v.clone()]),
        };
        self.constant(kind, values)
    }

    /// A value of a kind that is always missing: an unlisted category, a table without a fitting row.
    pub(super) fn missing(&mut self, kind: Kind) -> Result<ValueId, Failure> {
        let never = self.constant(Kind::Bool, Labels::Bool(vec![false]))?;
        if kind.is_number() {
            let categories = Categories::new(Labels::Bool(vec![true]));
            let (codes, unknown) = (vec![1.0], Unknown::None);
            return self.push(Op::Ordinal(Ordinal {
                arg: never,
                categories,
                codes,
                unknown,
                kind,
            }));
        }
        let values = match kind {
            Kind::Text => Labels::Text(vec![String::new()]),
            Kind::I64 | Kind::F32 | Kind::F64 | Kind::Bool => Labels::Bool(vec![false]),
        };
        let lookup = Lookup {
            args: vec![never],
            keys: vec![Labels::Bool(vec![true])],
            values,
            default: None,
            missing: None,
        };
        self.push(Op::Transform(Transform::Lookup(lookup)))
    }

    pub(super) fn un(&mut self, op: UnaryOp, arg: ValueId) -> Result<ValueId, Failure> {
        self.push(Op::Unary { op, arg })
    }

    pub(super) fn bin(
        &mut self,
        op: BinaryOp,
        left: ValueId,
        right: ValueId,
    ) -> Result<ValueId, Failure> {
        self.push(Op::Binary { op, left, right })
    }

    /// A function of scalars.
    pub(super) fn call(
        &mut self,
        function: Function,
        args: Vec<ValueId>,
    ) -> Result<ValueId, Failure> {
        let args = args.into_iter().map(|arg| self.scalar(arg)).collect::<Result<_, _>>()?;
        self.push(Op::Call(Call { function, args }))
    }

    /// One of two values of one kind.
    pub(super) fn choose(
        &mut self,
        condition: ValueId,
        yes: ValueId,
        no: ValueId,
    ) -> Result<ValueId, Failure> {
        let (condition, yes) = (self.scalar(condition)?, self.scalar(yes)?);
        let no = self.scalar(no)?;
        self.push(Op::If { condition, yes, no })
    }

    /// The value, or this one where it is missing.
    pub(super) fn coalesce(&mut self, value: ValueId, other: ValueId) -> Result<ValueId, Failure> {
        self.call(Function::Coalesce, vec![value, other])
    }

    pub(super) fn reduce(
        &mut self,
        op: ReduceOp,
        args: Vec<ValueId>,
        skip_missing: bool,
    ) -> Result<ValueId, Failure> {
        let arg = self.push(Op::Concat(args))?;
        self.push(Op::Transform(Transform::Reduce(Reduce { arg, op, skip_missing })))
    }

    /// A value as a scalar: the only element of a vector, the value itself else.
    pub(super) fn scalar(&mut self, value: ValueId) -> Result<ValueId, Failure> {
        if !prune::is_vector(&self.model, value, &self.known) {
            return Ok(value);
        }
        let (op, skip_missing) = match self.kind(value) {
            Kind::Bool => (ReduceOp::Any, false),
            Kind::I64 | Kind::F32 | Kind::F64 | Kind::Text => (ReduceOp::Max, false),
        };
        self.push(Op::Transform(Transform::Reduce(Reduce { arg: value, op, skip_missing })))
    }

    /// One element of a vector as a scalar.
    pub(super) fn element(&mut self, arg: ValueId, place: u32) -> Result<ValueId, Failure> {
        let one = self.push(Op::Select { arg, indices: vec![place] })?;
        let (op, skip_missing) = (ReduceOp::Max, false);
        self.push(Op::Transform(Transform::Reduce(Reduce { arg: one, op, skip_missing })))
    }

    pub(super) fn part(&mut self, estimate: ValueId, part: Part) -> Result<ValueId, Failure> {
        self.push(Op::Part { estimate, part })
    }
}
