//! What vectors are made of: loops in which every row stays as it is once it has come to its end, and pursuits of
//! a fixed number of steps written one after the other.

use holdall_diag::Failure;
use holdall_graph::{AI_ONNX, Attribute, Dim, ValueId, ValueType};
use holdall_tabular::{
    Decompose, Decomposition, Kind, Labels, Matrix, Model, MultiplicativeStop, Op, Transform,
};
use holdall_tensor::DType;

use super::{
    Context,
    build::{Builder, inexpressible},
    value::Val,
};

/// What stands for numbers too small to divide by.
const LEAST: f64 = f32::EPSILON as f64;
/// The most atoms where each has operators of its own, and the most steps of a pursuit.
const MOST_ATOMS: u32 = 128;
const MOST_STEPS: u32 = 32;

/// Why a decomposition has no operators; none where it has.
pub(super) fn refused(op: &Decompose) -> Option<&'static str> {
    match op.method {
        Decomposition::Descent { .. } => (op.atoms.rows > MOST_ATOMS)
            .then_some("more than 128 atoms, each with operators of its own"),
        Decomposition::Pursuit { count } => {
            (count > MOST_STEPS).then_some("a pursuit of more than 32 steps")
        }
        Decomposition::Multiplicative { .. } | Decomposition::Topics { .. } => None,
        Decomposition::LeastAngle { .. } | Decomposition::Lasso { .. } => {
            Some("a path on which each row takes atoms in and out by itself")
        }
    }
}

/// Whether a decomposition refuses rows with elements below 0.
pub(super) fn refuses_rows(model: &Model) -> bool {
    model.nodes.iter().any(|(_, node)| {
        let Op::Transform(Transform::Decompose(op)) = &node.op else { return false };
        match op.method {
            Decomposition::Descent { .. }
            | Decomposition::Multiplicative { .. }
            | Decomposition::Topics { .. } => true,
            Decomposition::Pursuit { .. }
            | Decomposition::LeastAngle { .. }
            | Decomposition::Lasso { .. } => false,
        }
    })
}

fn is(number: f64, other: f64) -> bool {
    number.total_cmp(&other).is_eq()
}

/// The atoms inside of a loop.
#[derive(Clone, Copy)]
struct Atoms {
    /// `[1, atoms, elements]`.
    matrix: ValueId,
    rows: u32,
    columns: u32,
}

impl Atoms {
    /// `[N, atoms]`: the products of each atom with a row.
    fn products(self, b: &mut Builder, row: ValueId) -> Result<ValueId, Failure> {
        let row = b.raised(row, 1)?;
        let terms = b.two("Mul", self.matrix, row)?;
        b.sum_in_order(terms, self.columns, 2)
    }

    /// `[N, elements]`: the atoms by weight, added in order.
    fn made(self, b: &mut Builder, weights: ValueId) -> Result<ValueId, Failure> {
        let weights = b.raised(weights, 2)?;
        let terms = b.two("Mul", weights, self.matrix)?;
        b.sum_in_order(terms, self.rows, 1)
    }
}

/// The elements of each row added in order, `[N, 1]`.
fn total(b: &mut Builder, id: ValueId, width: u32) -> Result<ValueId, Failure> {
    let sum = b.sum_in_order(id, width, 1)?;
    b.raised(sum, 1)
}

/// The larger of a value and a number, which also stands for NaN.
fn at_least(b: &mut Builder, id: ValueId, least: f64) -> Result<ValueId, Failure> {
    let least = b.number(least)?;
    let above = b.two("Greater", id, least)?;
    b.choose(above, id, least)
}

impl Builder {
    /// A loop over states `[N, width]`, binary64, whose last output says which rows are done: at most so many rounds,
    /// and none once all are. The body gets the number of the round and the states, and gives the new states, which
    /// rows that are done do not take, and which rows have come to their end.
    fn rounds(
        &mut self,
        most: u32,
        states: &[(ValueId, u32)],
        done: ValueId,
        body: impl FnOnce(&mut Self, ValueId, &[ValueId]) -> Result<(Vec<ValueId>, ValueId), Failure>,
    ) -> Result<ValueId, Failure> {
        let scalar = |dtype| ValueType::tensor(dtype, Vec::new());
        let rows = |dtype, width: u32| {
            let dims = vec![Dim::Symbol("N".to_owned()), Dim::Known(u64::from(width))];
            ValueType::tensor(dtype, dims)
        };
        let inner = self.nested("rounds", |b| {
            let (round, go_on, over) = (b.fresh("i"), b.fresh("i"), b.fresh("i"));
            let round = b.graph.push_input(&round, scalar(DType::I64))?;
            b.graph.push_input(&go_on, scalar(DType::Bool))?;
            let mut given = Vec::with_capacity(states.len());
            for &(_, width) in states {
                let name = b.fresh("i");
                given.push(b.graph.push_input(&name, rows(DType::F64, width))?);
            }
            let done = b.graph.push_input(&over, rows(DType::Bool, 1))?;
            let (made, ended) = body(b, round, &given)?;
            let over = b.two("Or", done, ended)?;
            let open = b.one("Not", over)?;
            let open = b.cast(open, Kind::Bool, Kind::F32)?;
            let count = b.node("ReduceSum", &[open], vec![("keepdims", Attribute::Int(0))])?;
            let none = b.constant(Kind::F32, &[], &Labels::F64(vec![0.0]))?;
            let go_on = b.two("Greater", count, none)?;
            b.graph.push_output(go_on, scalar(DType::Bool));
            for ((&(_, width), &before), made) in states.iter().zip(&given).zip(made) {
                let kept = b.choose(done, before, made)?;
                b.graph.push_output(kept, rows(DType::F64, width));
            }
            b.graph.push_output(over, rows(DType::Bool, 1));
            Ok(())
        })?;
        let most = self.constant(Kind::I64, &[], &Labels::I64(vec![i64::from(most)]))?;
        let go_on = self.constant(Kind::Bool, &[], &Labels::Bool(vec![true]))?;
        let mut inputs = vec![most, go_on];
        inputs.extend(states.iter().map(|(id, _)| *id));
        inputs.push(done);
        let names: Vec<String> = (0..=states.len()).map(|_| self.fresh("v")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let attributes = vec![("body", Attribute::Graph(Box::new(inner)))];
        let made = self.graph.push_node(AI_ONNX, "Loop", &inputs, &names, attributes)?;
        made.first().copied().ok_or_else(|| inexpressible("a loop without an output"))
    }
}

impl Context<'_> {
    pub(super) fn decompose(&mut self, op: &Decompose) -> Result<Val, Failure> {
        let arg = self.value(op.arg)?;
        let given = self.as_f64(&arg)?;
        // Loops take values by name, and this one is renamed by no output.
        let x = self.builder.one("Identity", given)?;
        let made = match op.method {
            Decomposition::Descent { penalty, tolerance, most } => {
                self.descended(op, x, penalty, (tolerance, most))?
            }
            Decomposition::Multiplicative { beta, penalty, stop, tolerance, most } => {
                let update = Update { beta, penalty, stop, tolerance };
                self.multiplied(op, x, update, most)?
            }
            Decomposition::Pursuit { count } => self.pursued(op, x, count)?,
            Decomposition::Topics { prior, tolerance, most } => {
                self.topics(op, x, prior, (tolerance, most))?
            }
            Decomposition::LeastAngle { .. } | Decomposition::Lasso { .. } => {
                return Err(inexpressible("a path of least angles"));
            }
        };
        self.with_gaps_of(&arg, Kind::F64, op.atoms.rows, made)
    }

    /// `[N, 1]`: false in each row.
    fn not_done(&mut self, x: ValueId) -> Result<ValueId, Failure> {
        let first = self.builder.columns(x, &[0])?;
        let nothing = self.builder.is_nan(first)?;
        let never = self.builder.one("Not", nothing)?;
        self.builder.two("And", nothing, never)
    }

    /// `[N, width]`: a number in each element.
    fn filled(&mut self, x: ValueId, width: u32, with: f64) -> Result<ValueId, Failure> {
        let done = self.not_done(x)?;
        let row = self.builder.row(&vec![with; width as usize])?;
        self.builder.choose(done, row, row)
    }

    /// Coordinate descent from 0.
    fn descended(
        &mut self,
        op: &Decompose,
        x: ValueId,
        [l1, l2]: [f64; 2],
        (tolerance, most): (f64, u32),
    ) -> Result<ValueId, Failure> {
        let atoms = op.atoms.rows;
        let products = self.dots(x, &op.atoms)?;
        let l1 = self.builder.number(l1)?;
        let pull = self.builder.two("Sub", products, l1)?;
        let base = self.builder.one("Neg", pull)?;
        let base = self.builder.name_of(base);
        let gram = gram(&op.atoms);
        let (start, first) = (self.filled(x, atoms, 0.0)?, self.filled(x, 1, 0.0)?);
        let done = self.not_done(x)?;
        self.builder.rounds(most, &[(start, atoms), (first, 1)], done, |b, round, states| {
            let &[w, first] = states else { return Err(inexpressible("two states")) };
            let base = b.outer(&base)?;
            let zero = b.number(0.0)?;
            let mut weights = Vec::with_capacity(atoms as usize);
            for t in 0..atoms {
                weights.push(b.columns(w, &[t])?);
            }
            let mut violation = None;
            for (t, line) in (0_u32..).zip(&gram) {
                let mut line = line.clone();
                let mut curve = 0.0;
                if let Some(own) = line.get_mut(t as usize) {
                    *own += l2;
                    curve = *own;
                }
                let all = b.joined(&weights, 1)?;
                let line = b.row(&line)?;
                let terms = b.two("Mul", line, all)?;
                let own = b.columns(base, &[t])?;
                let terms = b.joined(&[own, terms], 1)?;
                let gradient = total(b, terms, atoms + 1)?;
                let Some(weight) = weights.get_mut(t as usize) else { continue };
                let below = b.two("Less", gradient, zero)?;
                let held = b.choose(below, gradient, zero)?;
                let none = b.two("Equal", *weight, zero)?;
                let violated = b.choose(none, held, gradient)?;
                let violated = b.one("Abs", violated)?;
                violation = Some(match violation {
                    Some(sum) => b.two("Add", sum, violated)?,
                    None => violated,
                });
                if curve != 0.0 {
                    let curve = b.number(curve)?;
                    let step = b.two("Div", gradient, curve)?;
                    let moved = b.two("Sub", *weight, step)?;
                    *weight = at_least(b, moved, 0.0)?;
                }
            }
            let violation = violation.ok_or_else(|| inexpressible("no atoms"))?;
            let none = b.constant(Kind::I64, &[], &Labels::I64(vec![0]))?;
            let begins = b.two("Equal", round, none)?;
            let first = b.choose(begins, violation, first)?;
            let still = b.two("Equal", first, zero)?;
            let share = b.two("Div", violation, first)?;
            let tolerance = b.number(tolerance)?;
            let close = b.two("LessOrEqual", share, tolerance)?;
            let ended = b.two("Or", still, close)?;
            Ok((vec![b.joined(&weights, 1)?, first], ended))
        })
    }

    /// Multiplicative updates for a β-divergence.
    fn multiplied(
        &mut self,
        op: &Decompose,
        x: ValueId,
        update: Update,
        most: u32,
    ) -> Result<ValueId, Failure> {
        let (rows, columns) = (op.atoms.rows, op.atoms.columns);
        let matrix = self.builder.stacked(&op.atoms)?;
        let atoms = Atoms { matrix, rows, columns };
        let sum = total(&mut self.builder, x, columns)?;
        let count = self.builder.number(f64::from(columns))?;
        let mean = self.builder.two("Div", sum, count)?;
        let share = self.builder.number(f64::from(rows))?;
        let mean = self.builder.two("Div", mean, share)?;
        let start = self.builder.one("Sqrt", mean)?;
        let ones = self.builder.row(&vec![1.0; rows as usize])?;
        let start = self.builder.two("Mul", start, ones)?;
        let done = self.not_done(x)?;
        let watched = update.stop == MultiplicativeStop::Divergence && update.tolerance > 0.0;
        let first = if watched {
            update.divergence(&mut self.builder, atoms, x, start)?
        } else {
            self.filled(x, 1, 0.0)?
        };
        let names = [matrix, x, first].map(|id| self.builder.name_of(id));
        let sums: Vec<f64> = (0..rows as usize)
            .map(|row| op.atoms.row(row).iter().fold(0.0, |sum, h| sum + h))
            .collect();
        self.builder.rounds(most, &[(start, rows), (first, 1)], done, |b, round, states| {
            let &[w, before] = states else { return Err(inexpressible("two states")) };
            let (matrix, x) = (b.outer(&names[0])?, b.outer(&names[1])?);
            let atoms = Atoms { matrix, ..atoms };
            let mut made = update.step(b, atoms, (x, &sums), w)?;
            let tolerance = b.number(update.tolerance)?;
            match update.stop {
                MultiplicativeStop::Divergence => {
                    if update.beta < 1.0 {
                        let (least, zero) = (b.number(f64::EPSILON)?, b.number(0.0)?);
                        let small = b.two("Less", made, least)?;
                        made = b.choose(small, zero, made)?;
                    }
                    if !watched {
                        return Ok((vec![made, before], never(b, before)?));
                    }
                    let now = update.divergence(b, atoms, x, made)?;
                    let fall = b.two("Sub", before, now)?;
                    let first = b.outer(&names[2])?;
                    let fall = b.two("Div", fall, first)?;
                    let slow = b.two("Less", fall, tolerance)?;
                    // Rounds are counted from 0 here, and looked at after each tenth.
                    let int =
                        |b: &mut Builder, v| b.constant(Kind::I64, &[], &Labels::I64(vec![v]));
                    let (ten, nine) = (int(b, 10)?, int(b, 9)?);
                    let place = b.two("Mod", round, ten)?;
                    let looked = b.two("Equal", place, nine)?;
                    let ended = b.two("And", looked, slow)?;
                    Ok((vec![made, b.choose(looked, now, before)?], ended))
                }
                MultiplicativeStop::Change => {
                    if update.tolerance <= 0.0 {
                        return Ok((vec![made, before], never(b, before)?));
                    }
                    let change = b.two("Sub", made, w)?;
                    let change = length(b, change, atoms.rows)?;
                    let whole = length(b, made, atoms.rows)?;
                    let share = b.two("Div", change, whole)?;
                    let ended = b.two("LessOrEqual", share, tolerance)?;
                    Ok((vec![made, before], ended))
                }
            }
        })
    }

    /// Orthogonal matching pursuit on products.
    fn pursued(&mut self, op: &Decompose, x: ValueId, count: u32) -> Result<ValueId, Failure> {
        let atoms = op.atoms.rows;
        let products = self.dots(x, &op.atoms)?;
        let gram: Vec<f64> = gram(&op.atoms).concat();
        let gram = self.builder.floats(Kind::F64, &[u64::from(atoms), u64::from(atoms)], &gram)?;
        let numbers = Labels::I64((0..i64::from(atoms)).collect());
        let numbers = self.builder.constant(Kind::I64, &[1, u64::from(atoms)], &numbers)?;
        let least = self.builder.number(f64::EPSILON)?;
        let mut done = self.not_done(x)?;
        let mut weights = self.filled(x, atoms, 0.0)?;
        let (zero, one) = (self.builder.number(0.0)?, self.builder.number(1.0)?);
        let mut left = products;
        let (mut active, mut lines) = (Vec::new(), Vec::new());
        let mut factor: Vec<Vec<ValueId>> = Vec::new();
        for _ in 0..count {
            let size = self.builder.one("Abs", left)?;
            let nan = self.builder.is_nan(size)?;
            let lowest = self.builder.number(f64::NEG_INFINITY)?;
            let sound = self.builder.choose(nan, lowest, size)?;
            let next = self.builder.arg_max(sound)?;
            let own = self.builder.picked(left, next)?;
            let square = self.builder.two("Mul", own, own)?;
            // Where nothing is a number, this is none either.
            let mut goes_on = self.builder.two("GreaterOrEqual", square, least)?;
            for &taken in &active {
                let again = self.builder.two("Equal", next, taken)?;
                let other = self.builder.one("Not", again)?;
                goes_on = self.builder.two("And", goes_on, other)?;
            }
            let flat = self.builder.flattened(next, 1)?;
            let line = self.builder.looked_up(gram, flat)?;
            let mut row = Vec::with_capacity(active.len());
            for &taken in &active {
                row.push(self.builder.picked(line, taken)?);
            }
            let mut lower = self.forward(&factor, &row)?;
            let mut rest = self.builder.picked(line, next)?;
            let mut known = None;
            for &v in &lower {
                let square = self.builder.two("Mul", v, v)?;
                known = Some(self.sum_so_far(known, square)?);
            }
            if let Some(known) = known {
                rest = self.builder.two("Sub", rest, known)?;
                // Atoms that depend on each other.
                let depends = self.builder.two("LessOrEqual", rest, least)?;
                let apart = self.builder.one("Not", depends)?;
                goes_on = self.builder.two("And", goes_on, apart)?;
            }
            let ended = self.builder.one("Not", goes_on)?;
            done = self.builder.two("Or", done, ended)?;
            // What comes of rows that are done is not looked at, and stays a number.
            let rest = self.builder.choose(done, one, rest)?;
            lower.push(self.builder.one("Sqrt", rest)?);
            factor.push(lower);
            active.push(next);
            lines.push(line);
            let mut targets = Vec::with_capacity(active.len());
            for &taken in &active {
                targets.push(self.builder.picked(products, taken)?);
            }
            let half = self.forward(&factor, &targets)?;
            let solved = self.backward(&factor, &half)?;
            let (mut made, mut sum) = (zero, None);
            for ((&taken, &line), &weight) in active.iter().zip(&lines).zip(&solved) {
                let here = self.builder.two("Equal", numbers, taken)?;
                made = self.builder.choose(here, weight, made)?;
                let term = self.builder.two("Mul", line, weight)?;
                sum = Some(self.sum_so_far(sum, term)?);
            }
            weights = self.builder.choose(done, weights, made)?;
            let sum = sum.ok_or_else(|| inexpressible("no atoms"))?;
            left = self.builder.two("Sub", products, sum)?;
        }
        Ok(weights)
    }

    /// The shares of topics.
    fn topics(
        &mut self,
        op: &Decompose,
        x: ValueId,
        prior: f64,
        (tolerance, most): (f64, u32),
    ) -> Result<ValueId, Failure> {
        let (rows, columns) = (op.atoms.rows, op.atoms.columns);
        let matrix = self.builder.stacked(&op.atoms)?;
        let names = [matrix, x].map(|id| self.builder.name_of(id));
        let start = self.filled(x, rows, 1.0)?;
        let done = self.not_done(x)?;
        let gamma = self.builder.rounds(most, &[(start, rows)], done, |b, _, states| {
            let &[gamma] = states else { return Err(inexpressible("one state")) };
            let (matrix, x) = (b.outer(&names[0])?, b.outer(&names[1])?);
            let atoms = Atoms { matrix, rows, columns };
            let expected = expectations(b, gamma, rows)?;
            let made = atoms.made(b, expected)?;
            let least = b.number(f64::EPSILON)?;
            let made = b.two("Add", made, least)?;
            let shares = b.two("Div", x, made)?;
            let sums = atoms.products(b, shares)?;
            let next = b.two("Mul", expected, sums)?;
            let prior = b.number(prior)?;
            let next = b.two("Add", next, prior)?;
            let change = b.two("Sub", gamma, next)?;
            let change = b.one("Abs", change)?;
            let change = total(b, change, rows)?;
            let count = b.number(f64::from(rows))?;
            let mean = b.two("Div", change, count)?;
            let tolerance = b.number(tolerance)?;
            let ended = b.two("Less", mean, tolerance)?;
            Ok((vec![next], ended))
        })?;
        let sum = total(&mut self.builder, gamma, rows)?;
        self.builder.two("Div", gamma, sum)
    }
}

/// Products of the atoms with each other.
fn gram(atoms: &Matrix) -> Vec<Vec<f64>> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b);
    let rows = 0..atoms.rows as usize;
    rows.clone().map(|i| rows.clone().map(|j| dot(atoms.row(j), atoms.row(i))).collect()).collect()
}

/// False in each row.
fn never(b: &mut Builder, like: ValueId) -> Result<ValueId, Failure> {
    let nothing = b.is_nan(like)?;
    let some = b.one("Not", nothing)?;
    b.two("And", nothing, some)
}

/// √Σ v².
fn length(b: &mut Builder, id: ValueId, width: u32) -> Result<ValueId, Failure> {
    let squares = b.two("Mul", id, id)?;
    let sum = total(b, squares, width)?;
    b.one("Sqrt", sum)
}

/// A multiplicative update.
#[derive(Clone, Copy)]
struct Update {
    beta: f64,
    penalty: [f64; 2],
    stop: MultiplicativeStop,
    tolerance: f64,
}

impl Update {
    /// The weights after one round; `sums` are those of each atom's elements.
    fn step(
        self,
        b: &mut Builder,
        atoms: Atoms,
        (x, sums): (ValueId, &[f64]),
        w: ValueId,
    ) -> Result<ValueId, Failure> {
        let beta = self.beta;
        let made = atoms.made(b, w)?;
        let power = |b: &mut Builder, of: f64| {
            let base = if of < 0.0 { at_least(b, made, LEAST)? } else { made };
            let of = b.number(of)?;
            b.two("Pow", base, of)
        };
        let pull = if is(beta, 2.0) {
            x
        } else if is(beta, 1.0) {
            let floored = at_least(b, made, LEAST)?;
            b.two("Div", x, floored)?
        } else {
            let power = power(b, beta - 2.0)?;
            b.two("Mul", power, x)?
        };
        let up = atoms.products(b, pull)?;
        let down = if is(beta, 1.0) {
            b.row(sums)?
        } else if is(beta, 2.0) {
            atoms.products(b, made)?
        } else {
            let push = power(b, beta - 1.0)?;
            atoms.products(b, push)?
        };
        let [l1, l2] = self.penalty;
        let (l1, l2) = (b.number(l1)?, b.number(l2)?);
        let down = b.two("Add", down, l1)?;
        let own = b.two("Mul", l2, w)?;
        let down = b.two("Add", down, own)?;
        let (zero, least) = (b.number(0.0)?, b.number(LEAST)?);
        let none = b.two("Equal", down, zero)?;
        let down = b.choose(none, least, down)?;
        let mut ratio = b.two("Div", up, down)?;
        let by = if beta < 1.0 {
            1.0 / (2.0 - beta)
        } else if beta > 2.0 {
            1.0 / (beta - 1.0)
        } else {
            1.0
        };
        if !is(by, 1.0) {
            let by = b.number(by)?;
            ratio = b.two("Pow", ratio, by)?;
        }
        b.two("Mul", w, ratio)
    }

    /// √(2 · divergence) of x from what the weights make.
    fn divergence(
        self,
        b: &mut Builder,
        atoms: Atoms,
        x: ValueId,
        w: ValueId,
    ) -> Result<ValueId, Failure> {
        let (beta, width) = (self.beta, atoms.columns);
        let made = atoms.made(b, w)?;
        if is(beta, 2.0) {
            let apart = b.two("Sub", x, made)?;
            return length(b, apart, width);
        }
        let (zero, least) = (b.number(0.0)?, b.number(LEAST)?);
        let counts = b.two("Greater", x, least)?;
        let floored = at_least(b, made, LEAST)?;
        let inner = |b: &mut Builder, terms: ValueId| {
            let terms = b.choose(counts, terms, zero)?;
            total(b, terms, width)
        };
        let ratio = b.two("Div", x, floored)?;
        let whole = if is(beta, 1.0) {
            let log = b.one("Log", ratio)?;
            let terms = b.two("Mul", x, log)?;
            let (first, third) = (inner(b, terms)?, inner(b, x)?);
            let second = total(b, made, width)?;
            let sum = b.two("Add", first, second)?;
            b.two("Sub", sum, third)?
        } else if beta == 0.0 {
            let log = b.one("Log", ratio)?;
            let (first, third) = (inner(b, ratio)?, inner(b, log)?);
            let count = b.number(f64::from(width))?;
            let sum = b.two("Sub", first, count)?;
            b.two("Sub", sum, third)?
        } else {
            let (of, less) = (b.number(beta)?, b.number(beta - 1.0)?);
            let terms = b.two("Pow", x, of)?;
            let powers = inner(b, terms)?;
            let terms = b.two("Pow", floored, less)?;
            let terms = b.two("Mul", x, terms)?;
            let mixed = inner(b, terms)?;
            let terms = b.two("Pow", made, of)?;
            let all = total(b, terms, width)?;
            let mixed = b.two("Mul", of, mixed)?;
            let all = b.two("Mul", all, less)?;
            let sum = b.two("Sub", powers, mixed)?;
            let sum = b.two("Add", sum, all)?;
            let by = b.number(beta * (beta - 1.0))?;
            b.two("Div", sum, by)?
        };
        let whole = at_least(b, whole, 0.0)?;
        let two = b.number(2.0)?;
        let twice = b.two("Mul", two, whole)?;
        b.one("Sqrt", twice)
    }
}

/// exp(ψ(γ) − ψ(Σγ)).
fn expectations(b: &mut Builder, gamma: ValueId, width: u32) -> Result<ValueId, Failure> {
    let sum = total(b, gamma, width)?;
    let (own, all) = (digamma(b, gamma)?, digamma(b, sum)?);
    let apart = b.two("Sub", own, all)?;
    b.one("Exp", apart)
}

/// ψ as the library approximates it (J. Bernardo, "Algorithm AS 103", 1976): at most six steps up, then the series.
fn digamma(b: &mut Builder, given: ValueId) -> Result<ValueId, Failure> {
    const EULER: f64 = 0.577_215_664_901_532_9;
    let one = b.number(1.0)?;
    let six = b.number(6.0)?;
    let (mut x, mut result) = (given, b.number(0.0)?);
    for _ in 0..6 {
        let low = b.two("Less", x, six)?;
        let part = b.two("Div", one, x)?;
        let less = b.two("Sub", result, part)?;
        result = b.choose(low, less, result)?;
        let more = b.two("Add", x, one)?;
        x = b.choose(low, more, x)?;
    }
    let r = b.two("Div", one, x)?;
    let log = b.one("Log", x)?;
    let half = b.number(0.5)?;
    let half = b.two("Mul", half, r)?;
    let log = b.two("Sub", log, half)?;
    let result = b.two("Add", result, log)?;
    let r = b.two("Mul", r, r)?;
    let mut series = b.number(1.0 / 252.0)?;
    for coefficient in [1.0 / 120.0, 1.0 / 12.0] {
        let product = b.two("Mul", r, series)?;
        let coefficient = b.number(coefficient)?;
        series = b.two("Sub", coefficient, product)?;
    }
    let series = b.two("Mul", r, series)?;
    let far = b.two("Sub", result, series)?;
    let part = b.two("Div", one, given)?;
    let euler = b.number(-EULER)?;
    let near = b.two("Sub", euler, part)?;
    let least = b.number(1e-6)?;
    let small = b.two("LessOrEqual", given, least)?;
    b.choose(small, near, far)
}
