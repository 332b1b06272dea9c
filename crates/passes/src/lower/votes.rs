//! From decisions between pairs of classes to a number a class.

use holdall_diag::Failure;
use holdall_graph::{Attribute, Dim, Graph, Stamp, ValueId, ValueType};
use holdall_tabular::{Kind, Labels, VoteForm, Votes};
use holdall_tensor::DType;

use super::{
    Context,
    build::{Builder, inexpressible, rows_of},
    prune::pruned,
    value::Val,
};

/// Probabilities of pairs stay this far from 0 and 1.
const LEAST: f64 = 1e-7;

/// The pairs of classes in order.
pub(super) fn pairs(classes: u32) -> Vec<(u32, u32)> {
    (0..classes).flat_map(|i| (i + 1..classes).map(move |j| (i, j))).collect()
}

/// The graph of coupled probabilities over decisions `X` alone: what a graph is held against that may hold them.
pub(crate) fn coupled_graph(
    stamp: &Stamp,
    classes: u32,
    a: &[f64],
    b: &[f64],
) -> Result<Graph, Failure> {
    let mut builder = Builder::new(std::collections::BTreeSet::new());
    builder.graph.stamp = stamp.clone();
    let width = u32::try_from(a.len()).unwrap_or(u32::MAX);
    let decisions = builder.graph.push_input("X", rows_of(Kind::F64, width))?;
    let made = builder.coupled(classes, decisions, a, b)?;
    builder.graph.push_output(made, rows_of(Kind::F64, classes));
    pruned(builder.graph)
}

impl Context<'_> {
    pub(super) fn votes(&mut self, votes: &Votes) -> Result<Val, Failure> {
        let arg = self.value(votes.arg)?;
        let decisions = self.as_f64(&arg)?;
        let made = match &votes.form {
            VoteForm::Count => self.won(votes.classes, decisions, "Greater")?,
            VoteForm::Confidence => self.confidences(votes.classes, decisions)?,
            VoteForm::Coupled { a, b } => self.builder.coupled(votes.classes, decisions, a, b)?,
        };
        let made = self.builder.cast(made, Kind::F64, arg.kind)?;
        self.with_gaps_of(&arg, arg.kind, votes.classes, made)
    }

    /// Pairs won by each class: small whole numbers, exact in any order.
    fn won(&mut self, classes: u32, decisions: ValueId, test: &str) -> Result<ValueId, Failure> {
        let zero = self.builder.number(0.0)?;
        let first = self.builder.two(test, decisions, zero)?;
        let first = self.builder.cast(first, Kind::Bool, Kind::F64)?;
        let pairs = pairs(classes);
        let (mut change, mut start) = (Vec::new(), vec![0.0; classes as usize]);
        for &(i, j) in &pairs {
            change
                .extend((0..classes).map(|class| {
                    f64::from(u8::from(class == i)) - f64::from(u8::from(class == j))
                }));
            if let Some(count) = start.get_mut(j as usize) {
                *count += 1.0;
            }
        }
        let shape = [pairs.len() as u64, u64::from(classes)];
        let change = self.builder.floats(Kind::F64, &shape, &change)?;
        let moved = self.builder.two("MatMul", first, change)?;
        let start = self.builder.row(&start)?;
        self.builder.two("Add", moved, start)
    }

    /// Pairs won, plus the sum of the decisions towards the class within ±⅓.
    fn confidences(&mut self, classes: u32, decisions: ValueId) -> Result<ValueId, Failure> {
        let won = self.won(classes, decisions, "GreaterOrEqual")?;
        let pairs = pairs(classes);
        let (mut places, mut signs) = (Vec::new(), Vec::new());
        for class in 0..classes {
            for (place, &(i, j)) in (0_i64..).zip(&pairs) {
                if i == class || j == class {
                    places.push(place);
                    signs.push(if i == class { 1.0 } else { -1.0 });
                }
            }
        }
        let others = u64::from(classes) - 1;
        let places = self.builder.constant(
            Kind::I64,
            &[u64::from(classes), others],
            &Labels::I64(places),
        )?;
        let axis = vec![("axis", Attribute::Int(1))];
        let own = self.builder.node("Gather", &[decisions, places], axis)?;
        let signs = self.builder.floats(Kind::F64, &[1, u64::from(classes), others], &signs)?;
        let signed = self.builder.two("Mul", own, signs)?;
        let sums = self.added(signed, classes - 1, 2)?;
        let size = self.builder.one("Abs", sums)?;
        let one = self.builder.number(1.0)?;
        let size = self.builder.two("Add", size, one)?;
        let three = self.builder.number(3.0)?;
        let size = self.builder.two("Mul", three, size)?;
        let share = self.builder.two("Div", sums, size)?;
        self.builder.two("Add", won, share)
    }
}

impl Builder {
    /// libsvm's coupled probabilities.
    fn coupled(
        &mut self,
        classes: u32,
        decisions: ValueId,
        a: &[f64],
        b: &[f64],
    ) -> Result<ValueId, Failure> {
        let likely = self.pair_probabilities(decisions, a, b)?;
        let one = self.number(1.0)?;
        let rest = self.two("Sub", one, likely)?;
        let matrix = self.coupling_matrix(classes, likely, rest)?;
        self.iterated(classes, decisions, matrix)
    }

    /// 1 ÷ (1 + exp(a·d + b)) without overflow, held within [`LEAST`] of 0 and 1.
    fn pair_probabilities(
        &mut self,
        decisions: ValueId,
        a: &[f64],
        b: &[f64],
    ) -> Result<ValueId, Failure> {
        let (a, b) = (self.row(a)?, self.row(b)?);
        let product = self.two("Mul", decisions, a)?;
        let exponent = self.two("Add", product, b)?;
        let size = self.one("Abs", exponent)?;
        let size = self.one("Neg", size)?;
        let power = self.one("Exp", size)?;
        let one = self.number(1.0)?;
        let whole = self.two("Add", one, power)?;
        let zero = self.number(0.0)?;
        let above = self.two("GreaterOrEqual", exponent, zero)?;
        let over = self.two("Div", power, whole)?;
        let under = self.two("Div", one, whole)?;
        let likely = self.choose(above, over, under)?;
        let (low, high) = (self.number(LEAST)?, self.number(1.0 - LEAST)?);
        let below = self.two("Less", likely, low)?;
        let likely = self.choose(below, low, likely)?;
        let above = self.two("Greater", likely, high)?;
        self.choose(above, high, likely)
    }

    /// `[N, classes, classes]`: Q of Wu, Lin and Weng, from p(i, j) of the pairs and 1 − p.
    fn coupling_matrix(
        &mut self,
        classes: u32,
        likely: ValueId,
        rest: ValueId,
    ) -> Result<ValueId, Failure> {
        let pairs = pairs(classes);
        let count = i64::try_from(pairs.len()).unwrap_or(i64::MAX);
        let of = |i: u32, j: u32| -> i64 {
            let pair = (i.min(j), i.max(j));
            (0_i64..).zip(&pairs).find(|(_, found)| **found == pair).map_or(0, |(at, _)| at)
        };
        // r(j, t) for each t: where j is the first of the pair its probability, else the rest.
        let others = (0..classes).flat_map(|t| {
            let r = move |j: &u32| *j != t;
            (0..classes).filter(r).map(move |j| (j, t))
        });
        let others: Vec<i64> =
            others.map(|(j, t)| if j < t { of(j, t) } else { count + of(t, j) }).collect();
        let both = self.joined(&[likely, rest], 1)?;
        let shape = [u64::from(classes), u64::from(classes) - 1];
        let others = self.constant(Kind::I64, &shape, &Labels::I64(others))?;
        let axis = || vec![("axis", Attribute::Int(1))];
        let r = self.node("Gather", &[both, others], axis())?;
        let squares = self.two("Mul", r, r)?;
        let diagonal = self.sum_in_order(squares, classes - 1, 2)?;
        let negative = self.one("Neg", rest)?;
        let beside = self.two("Mul", negative, likely)?;
        let cells = (0..classes).flat_map(|t| (0..classes).map(move |j| (t, j)));
        let cells: Vec<i64> = cells
            .map(|(t, j)| if t == j { i64::from(t) } else { i64::from(classes) + of(t, j) })
            .collect();
        let all = self.joined(&[diagonal, beside], 1)?;
        let shape = [u64::from(classes), u64::from(classes)];
        let cells = self.constant(Kind::I64, &shape, &Labels::I64(cells))?;
        self.node("Gather", &[all, cells], axis())
    }

    /// The rounds: at most max(100, classes), a row stays as it is once it is close enough.
    fn iterated(
        &mut self,
        classes: u32,
        decisions: ValueId,
        matrix: ValueId,
    ) -> Result<ValueId, Failure> {
        // Every row starts with equal shares, and not done.
        let first = self.columns(decisions, &[0])?;
        let nothing = self.is_nan(first)?;
        let never = self.one("Not", nothing)?;
        let done = self.two("And", nothing, never)?;
        let equal = self.row(&vec![1.0 / f64::from(classes); classes as usize])?;
        let start = self.choose(done, equal, equal)?;
        let matrix = self.name_of(matrix);
        let body = self.nested("coupling", |b| round(b, classes, &matrix))?;
        let rounds = i64::from(classes.max(100));
        let rounds = self.constant(Kind::I64, &[], &Labels::I64(vec![rounds]))?;
        let go_on = self.constant(Kind::Bool, &[], &Labels::Bool(vec![true]))?;
        let names = [self.fresh("v"), self.fresh("v")];
        let made = self.graph.push_node(
            holdall_graph::AI_ONNX,
            "Loop",
            &[rounds, go_on, start, done],
            &[&names[0], &names[1]],
            vec![("body", Attribute::Graph(Box::new(body)))],
        )?;
        made.first().copied().ok_or_else(|| inexpressible("a loop without an output"))
    }
}

/// One round: the step of each class in turn, for the rows that are not done.
fn round(b: &mut Builder, classes: u32, matrix: &str) -> Result<(), Failure> {
    let names = [b.fresh("i"), b.fresh("i"), b.fresh("i"), b.fresh("i")];
    let scalar = |dtype| ValueType::tensor(dtype, Vec::new());
    let rows = |dtype, width: u32| {
        let dims = vec![Dim::Symbol("N".to_owned()), Dim::Known(u64::from(width))];
        ValueType::tensor(dtype, dims)
    };
    b.graph.push_input(&names[0], scalar(DType::I64))?;
    b.graph.push_input(&names[1], scalar(DType::Bool))?;
    let shares = b.graph.push_input(&names[2], rows(DType::F64, classes))?;
    let done = b.graph.push_input(&names[3], rows(DType::Bool, 1))?;
    let q = b.outer(matrix)?;
    let (mut qp, mut pqp) = product(b, q, shares, classes)?;
    let apart = b.two("Sub", qp, pqp)?;
    let apart = b.one("Abs", apart)?;
    let farthest = b.extreme_along("ReduceMax", apart, 1)?;
    let limit = b.number(0.005 / f64::from(classes))?;
    let close = b.two("Less", farthest, limit)?;
    let done = b.two("Or", done, close)?;
    let (one, two) = (b.number(1.0)?, b.number(2.0)?);
    let mut p = shares;
    for t in 0..classes {
        let at = b.constant(Kind::I64, &[], &Labels::I64(vec![i64::from(t)]))?;
        let line = b.node("Gather", &[q, at], vec![("axis", Attribute::Int(1))])?;
        let diagonal = b.columns(line, &[t])?;
        let own = b.columns(qp, &[t])?;
        let missing = b.two("Sub", pqp, own)?;
        let step = b.two("Div", missing, diagonal)?;
        let unit: Vec<f64> = (0..classes).map(|j| f64::from(u8::from(j == t))).collect();
        let unit = b.row(&unit)?;
        let moved = b.two("Mul", step, unit)?;
        p = b.two("Add", p, moved)?;
        let share = b.two("Add", one, step)?;
        let twice = b.two("Mul", two, own)?;
        let inner = b.two("Mul", step, diagonal)?;
        let inner = b.two("Add", inner, twice)?;
        let inner = b.two("Mul", step, inner)?;
        pqp = b.two("Add", pqp, inner)?;
        pqp = b.two("Div", pqp, share)?;
        pqp = b.two("Div", pqp, share)?;
        let along = b.two("Mul", step, line)?;
        qp = b.two("Add", qp, along)?;
        qp = b.two("Div", qp, share)?;
        p = b.two("Div", p, share)?;
    }
    let p = b.choose(done, shares, p)?;
    let open = b.one("Not", done)?;
    let open = b.cast(open, Kind::Bool, Kind::F32)?;
    let count = b.node("ReduceSum", &[open], vec![("keepdims", Attribute::Int(0))])?;
    let none = b.constant(Kind::F32, &[], &Labels::F64(vec![0.0]))?;
    let go_on = b.two("Greater", count, none)?;
    b.graph.push_output(go_on, scalar(DType::Bool));
    b.graph.push_output(p, rows(DType::F64, classes));
    b.graph.push_output(done, rows(DType::Bool, 1));
    Ok(())
}

/// Q·p and p·Q·p, in order.
fn product(
    b: &mut Builder,
    q: ValueId,
    p: ValueId,
    classes: u32,
) -> Result<(ValueId, ValueId), Failure> {
    let raised = b.raised(p, 1)?;
    let products = b.two("Mul", q, raised)?;
    let qp = b.sum_in_order(products, classes, 2)?;
    let products = b.two("Mul", p, qp)?;
    let sum = b.sum_in_order(products, classes, 1)?;
    Ok((qp, b.raised(sum, 1)?))
}
