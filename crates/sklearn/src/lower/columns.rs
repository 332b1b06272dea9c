//! The columns that flow between steps, and the fields that they start from.

use std::collections::BTreeSet;

use holdall_diag::{Failure, Location};
use holdall_pickle::Value;
use holdall_source::Budget;
use holdall_tabular::{
    BinaryOp, Constant, Field, FieldId, Kind, Labels, Linear, Matrix, MissingPolicy, Model, Op,
    Part, Reduce, ReduceOp, Summation, Transform, UnaryOp, ValueId, Width,
};

use super::{
    boosted::Boosters,
    estimator::{place, refuse},
};
use crate::codes;

/// One column on its way through the steps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) source: Origin,
    /// The field whose missing values would still be seen here.
    pub(crate) open: Option<usize>,
}

/// Where a column is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin {
    /// An input that no step has touched: its kind is not known yet.
    Field(usize),
    /// A scalar.
    Scalar(ValueId, Kind),
    /// An element of a vector of `width` binary64 numbers.
    Element { vector: ValueId, width: u32, index: u32 },
}

struct FieldState {
    name: String,
    kind: Option<Kind>,
    input: Option<ValueId>,
    refuses: bool,
}

/// A model in the making.
pub(crate) struct Lowering<'b> {
    pub(crate) model: Model,
    pub(crate) budget: &'b mut Budget,
    /// Where the estimator stands that is being lowered.
    pub(crate) place: Location,
    /// Estimates whose numbers are binary32.
    pub(crate) singles: BTreeSet<ValueId>,
    /// Boosters that estimators hold.
    pub(crate) boosters: &'b mut Boosters,
    fields: Vec<FieldState>,
}

impl<'b> Lowering<'b> {
    pub(crate) fn new(
        names: Vec<String>,
        named: bool,
        boosters: &'b mut Boosters,
        budget: &'b mut Budget,
    ) -> Self {
        let field = |name| FieldState { name, kind: None, input: None, refuses: false };
        let mut model = Model::new();
        model.named_inputs = named;
        Self {
            model,
            budget,
            place: Location::none(),
            singles: BTreeSet::new(),
            boosters,
            fields: names.into_iter().map(field).collect(),
        }
    }

    /// All inputs, untouched.
    pub(crate) fn inputs(&self) -> Vec<Column> {
        let column = |i| Column { source: Origin::Field(i), open: Some(i) };
        (0..self.fields.len()).map(column).collect()
    }

    pub(crate) fn push(&mut self, op: Op, at: &Value<'_>) -> Result<ValueId, Failure> {
        self.model.push_at(op, place(at))
    }

    /// Adds a node of the estimator that is being lowered.
    pub(crate) fn op(&mut self, op: Op) -> Result<ValueId, Failure> {
        self.model.push_at(op, self.place.clone())
    }

    /// A number, the same for each row.
    pub(crate) fn number(&mut self, value: f64) -> Result<ValueId, Failure> {
        let values = Labels::F64(vec![value]);
        self.op(Op::Constant(Constant { kind: Kind::F64, width: Width::Scalar, values }))
    }

    /// A vector, the same for each row.
    pub(crate) fn constants(&mut self, values: Vec<f64>) -> Result<ValueId, Failure> {
        let width = Width::Vector(u32::try_from(values.len()).unwrap_or(u32::MAX));
        self.op(Op::Constant(Constant { kind: Kind::F64, width, values: Labels::F64(values) }))
    }

    pub(crate) fn unary(&mut self, op: UnaryOp, arg: ValueId) -> Result<ValueId, Failure> {
        self.op(Op::Unary { op, arg })
    }

    pub(crate) fn binary(
        &mut self,
        op: BinaryOp,
        left: ValueId,
        right: ValueId,
    ) -> Result<ValueId, Failure> {
        self.op(Op::Binary { op, left, right })
    }

    /// A vector or scalar and a number.
    pub(crate) fn with_number(
        &mut self,
        op: BinaryOp,
        left: ValueId,
        right: f64,
    ) -> Result<ValueId, Failure> {
        let right = self.number(right)?;
        self.binary(op, left, right)
    }

    /// A part of an estimate, its numbers as binary64.
    pub(crate) fn part(&mut self, estimate: ValueId, part: Part) -> Result<ValueId, Failure> {
        let id = self.op(Op::Part { estimate, part })?;
        if part != Part::Label && self.singles.contains(&estimate) {
            return self.op(Op::Cast { arg: id, to: Kind::F64 });
        }
        Ok(id)
    }

    /// A matrix product in the order of BLAS.
    pub(crate) fn linear(
        &mut self,
        arg: ValueId,
        coefficients: Matrix,
        intercepts: Vec<f64>,
    ) -> Result<ValueId, Failure> {
        let summation = Summation::AnyF64;
        self.op(Op::Linear(Linear { arg, coefficients, intercepts, summation }))
    }

    /// One element of a vector, as a vector of one.
    pub(crate) fn element(&mut self, arg: ValueId, index: u32) -> Result<ValueId, Failure> {
        self.op(Op::Select { arg, indices: vec![index] })
    }

    /// One element of a vector, as a scalar.
    pub(crate) fn scalar_of(&mut self, arg: ValueId, index: u32) -> Result<ValueId, Failure> {
        let arg = self.element(arg, index)?;
        self.sum(arg)
    }

    /// The sum of a vector in order.
    pub(crate) fn sum(&mut self, arg: ValueId) -> Result<ValueId, Failure> {
        let op = ReduceOp::Sum;
        self.op(Op::Transform(Transform::Reduce(Reduce { arg, op, skip_missing: false })))
    }

    /// Each column as a binary64 scalar.
    pub(crate) fn scalars(
        &mut self,
        columns: &[Column],
        at: &Value<'_>,
    ) -> Result<Vec<ValueId>, Failure> {
        let mut scalars = Vec::with_capacity(columns.len());
        for column in columns {
            scalars.push(match column.source {
                Origin::Element { vector, index, .. } => self.scalar_of(vector, index)?,
                Origin::Field(_) | Origin::Scalar(..) => {
                    let (id, kind) = self.scalar(column, Kind::F64, at)?;
                    if kind == Kind::F64 {
                        id
                    } else {
                        self.op(Op::Cast { arg: id, to: Kind::F64 })?
                    }
                }
            });
        }
        Ok(scalars)
    }

    /// Columns of an estimator that refuses NaN, as one binary64 vector.
    pub(crate) fn dense(&mut self, columns: &[Column], at: &Value<'_>) -> Result<ValueId, Failure> {
        let id = self.numbers(columns, at)?;
        self.refuse_missing(columns);
        Ok(id)
    }

    /// An estimator that refuses NaN takes these: where no step has filled the gaps, neither may the
    /// row have any.
    pub(crate) fn refuse_missing(&mut self, columns: &[Column]) {
        for column in columns {
            if let Some(field) = column.open.and_then(|i| self.fields.get_mut(i)) {
                field.refuses = true;
            }
        }
    }

    /// A column as a scalar. `want` decides the kind of an input that was not used before; of two
    /// number kinds the wider one comes back.
    pub(crate) fn scalar(
        &mut self,
        column: &Column,
        want: Kind,
        at: &Value<'_>,
    ) -> Result<(ValueId, Kind), Failure> {
        let (id, kind) = match column.source {
            Origin::Field(field) => self.input(field, want, at)?,
            Origin::Scalar(id, kind) => (id, kind),
            Origin::Element { .. } => {
                return Err(refuse(
                    at,
                    codes::KIND,
                    "a number that other steps have computed is used as a category",
                )
                .with_help("encode the column before scaling or imputing it with others"));
            }
        };
        if (kind == Kind::Text) != (want == Kind::Text) {
            return Err(refuse(at, codes::KIND, self.mixed(column)).with_help(
                "give each use its own column; a column holds texts or numbers, not both",
            ));
        }
        if rank(kind) >= rank(want) {
            return Ok((id, kind));
        }
        Ok((self.push(Op::Cast { arg: id, to: want }, at)?, want))
    }

    fn mixed(&self, column: &Column) -> String {
        let name = match column.source {
            Origin::Field(i) => self.fields.get(i).map(|field| field.name.as_str()),
            Origin::Scalar(..) | Origin::Element { .. } => None,
        };
        name.map_or_else(
            || "a column of text is used as a number, or the other way round".to_owned(),
            |name| format!("the column `{name}` is used as text and as a number"),
        )
    }

    fn input(&mut self, i: usize, want: Kind, at: &Value<'_>) -> Result<(ValueId, Kind), Failure> {
        let state = self.fields.get(i).and_then(|field| Some((field.input?, field.kind?)));
        if let Some(known) = state {
            return Ok(known);
        }
        // The final number of the field is set when all uses are known.
        let provisional = FieldId::new(u32::try_from(i).unwrap_or(u32::MAX));
        let id = self.push(Op::Input(provisional), at)?;
        if let Some(field) = self.fields.get_mut(i) {
            (field.input, field.kind) = (Some(id), Some(want));
        }
        Ok((id, want))
    }

    /// Columns as one binary64 vector, with as few nodes as their places allow.
    pub(crate) fn numbers(
        &mut self,
        columns: &[Column],
        at: &Value<'_>,
    ) -> Result<ValueId, Failure> {
        let mut parts = Vec::new();
        let mut run: Option<Run> = None;
        for column in columns {
            if let Origin::Element { vector, width, index } = column.source {
                if let Some(run) = run.as_mut().filter(|run| run.vector == vector) {
                    run.indices.push(index);
                    continue;
                }
                let fresh = Run { vector, width, indices: vec![index] };
                if let Some(run) = run.replace(fresh) {
                    parts.push(self.select(run, at)?);
                }
                continue;
            }
            if let Some(run) = run.take() {
                parts.push(self.select(run, at)?);
            }
            let (id, kind) = self.scalar(column, Kind::F64, at)?;
            let id = if kind == Kind::F64 {
                id
            } else {
                self.push(Op::Cast { arg: id, to: Kind::F64 }, at)?
            };
            parts.push(id);
        }
        let only_run = parts.is_empty();
        if let Some(run) = run {
            let id = self.select(run, at)?;
            if only_run {
                return Ok(id);
            }
            parts.push(id);
        }
        if parts.is_empty() {
            return Err(at.failure(codes::SHAPE, "expected at least one column, found none"));
        }
        self.push(Op::Concat(parts), at)
    }

    fn select(&mut self, run: Run, at: &Value<'_>) -> Result<ValueId, Failure> {
        let whole = run.indices.len() == run.width as usize
            && run.indices.iter().zip(0..).all(|(&index, i)| index == i);
        if whole {
            return Ok(run.vector);
        }
        self.push(Op::Select { arg: run.vector, indices: run.indices }, at)
    }

    /// The model with the fields it uses. Inputs without names keep their places, used or not.
    pub(crate) fn finish(mut self) -> Result<Model, Failure> {
        for state in self.fields {
            if state.input.is_none() && self.model.named_inputs {
                continue;
            }
            let kind = state.kind.unwrap_or(Kind::F64);
            let missing = if state.refuses {
                MissingPolicy::Reject
            } else if matches!(kind, Kind::F64 | Kind::F32) {
                MissingPolicy::AsNan
            } else {
                MissingPolicy::Keep
            };
            let field = match kind {
                Kind::F64 | Kind::F32 => Field::number(state.name, kind),
                Kind::I64 | Kind::Bool | Kind::Text => Field::category(state.name, kind),
            };
            let mut field = field.with_missing(missing);
            // scikit-learn refuses NaN and knows no other gap.
            field.nan_is_missing = state.refuses && kind.is_float();
            let id = self.model.fields.push(field).ok_or_else(|| {
                Failure::limit(codes::SHAPE, "the model has more than 2³² inputs")
            })?;
            let node = state.input.and_then(|input| self.model.nodes.get_mut(input));
            if let Some(node) = node {
                node.op = Op::Input(id);
            }
        }
        Ok(self.model)
    }
}

/// Neighbouring columns that are elements of one vector.
struct Run {
    vector: ValueId,
    width: u32,
    indices: Vec<u32>,
}

/// The elements of a binary64 vector as columns.
pub(crate) fn elements(vector: ValueId, opens: &[Option<usize>]) -> Vec<Column> {
    let width = u32::try_from(opens.len()).unwrap_or(u32::MAX);
    let column = |(index, &open)| Column { source: Origin::Element { vector, width, index }, open };
    (0..width).zip(opens).map(column).collect()
}

/// The elements of a vector in which nothing is missing.
pub(crate) fn fresh(vector: ValueId, width: usize) -> Vec<Column> {
    elements(vector, &vec![None; width])
}

/// The fields whose gaps would be seen in these columns.
pub(crate) fn opens(columns: &[Column]) -> Vec<Option<usize>> {
    columns.iter().map(|column| column.open).collect()
}

const fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Bool => 0,
        Kind::I64 => 1,
        Kind::F32 => 2,
        Kind::F64 => 3,
        Kind::Text => 4,
    }
}
