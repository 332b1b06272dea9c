//! Gaussian processes: covariances with the training rows, their weighted sum, and the deviation by forward
//! substitution, step by step as the model says.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{
    Covariance, CovarianceTerm, GaussianProcess, Kind, Matrix, Op, ValueId as TabularId,
};

use super::{Context, build::inexpressible, value::Val};

/// The most training rows for which the deviation is written, a few operators each.
const MOST_ROWS: u32 = 512;

/// Whether the deviation is asked for: the mean alone is taken by a selection of element 0.
pub(super) fn deviates(valid: &holdall_tabular::ValidModel, id: TabularId) -> bool {
    let model = valid.model();
    let mean_only =
        |op: &Op| matches!(op, Op::Select { indices, .. } if indices.iter().all(|&i| i == 0));
    let used = model.nodes.iter().any(|(_, node)| {
        let mut takes = false;
        node.op.each_arg(&mut |arg| takes |= arg == id);
        takes && !mean_only(&node.op)
    });
    used || model.outputs.iter().any(|output| output.value == id)
}

/// Why a process has no operators; none where it has.
pub(super) fn refused(op: &GaussianProcess, deviates: bool) -> Option<&'static str> {
    (deviates && op.factor.is_some() && op.vectors.rows > MOST_ROWS).then_some(
        "the deviation takes operators for each training row, and these are more than 512",
    )
}

impl Context<'_> {
    pub(super) fn gaussian_process(
        &mut self,
        id: TabularId,
        op: &GaussianProcess,
    ) -> Result<Val, Failure> {
        let arg = self.value(op.arg)?;
        let x = self.as_f64(&arg)?;
        let raised = self.builder.raised(x, 1)?;
        let y = self.builder.stacked(&op.vectors)?;
        let k = self.covariance(&op.kernel, raised, y, op.vectors.columns, false)?;
        let alpha = self.builder.row(&op.alpha)?;
        let products = self.builder.two("Mul", k, alpha)?;
        let mean = self.row_sum(products, op.vectors.rows)?;
        let (scale, offset) = (self.builder.number(op.scale)?, self.builder.number(op.offset)?);
        let mean = self.builder.two("Mul", mean, scale)?;
        let mean = self.builder.two("Add", mean, offset)?;
        let deviation = if deviates(self.valid, id) {
            let deviation = self.deviation(op, raised, k)?;
            self.builder.two("Mul", deviation, scale)?
        } else {
            mean
        };
        let both = self.builder.joined(&[mean, deviation], 1)?;
        self.with_gaps_of(&arg, Kind::F64, 2, both)
    }

    fn deviation(
        &mut self,
        op: &GaussianProcess,
        raised: ValueId,
        k: ValueId,
    ) -> Result<ValueId, Failure> {
        let mut variance = self.covariance(&op.kernel, raised, raised, op.vectors.columns, true)?;
        if let Some(factor) = &op.factor {
            let mut known: Vec<ValueId> = Vec::with_capacity(factor.rows as usize);
            for row in 0..factor.rows {
                known.push(self.substituted(factor, row, k, &known)?);
            }
            let v = self.builder.joined(&known, 1)?;
            let squares = self.builder.two("Mul", v, v)?;
            let square = self.row_sum(squares, factor.rows)?;
            variance = self.builder.two("Sub", variance, square)?;
        }
        let zero = self.builder.number(0.0)?;
        let positive = self.builder.two("Greater", variance, zero)?;
        let held = self.builder.choose(positive, variance, zero)?;
        self.builder.one("Sqrt", held)
    }

    /// (kᵢ − Σ Lᵢⱼ vⱼ) ÷ Lᵢᵢ.
    fn substituted(
        &mut self,
        factor: &Matrix,
        row: u32,
        k: ValueId,
        known: &[ValueId],
    ) -> Result<ValueId, Failure> {
        let line = factor.row(row as usize);
        let diagonal = line.get(row as usize).copied().unwrap_or(f64::NAN);
        let diagonal = self.builder.number(diagonal)?;
        let mut own = self.builder.columns(k, &[row])?;
        if row > 0 {
            let before = self.builder.joined(known, 1)?;
            let by = self.builder.row(line.get(..row as usize).unwrap_or_default())?;
            let products = self.builder.two("Mul", before, by)?;
            let sum = self.row_sum(products, row)?;
            own = self.builder.two("Sub", own, sum)?;
        }
        self.builder.two("Div", own, diagonal)
    }

    /// `[N, rows]`: the covariance function in postfix order.
    fn covariance(
        &mut self,
        kernel: &Covariance,
        x: ValueId,
        y: ValueId,
        elements: u32,
        same: bool,
    ) -> Result<ValueId, Failure> {
        let mut stack: Vec<ValueId> = Vec::new();
        for term in &kernel.terms {
            let mut pop = || stack.pop().ok_or_else(|| inexpressible("a covariance of nothing"));
            let made = match term {
                CovarianceTerm::Sum | CovarianceTerm::Product => {
                    let (last, first) = (pop()?, pop()?);
                    let operator = if *term == CovarianceTerm::Sum { "Add" } else { "Mul" };
                    self.builder.two(operator, last, first)?
                }
                CovarianceTerm::Power(exponent) => {
                    let base = pop()?;
                    let exponent = self.builder.number(*exponent)?;
                    self.builder.two("Pow", base, exponent)?
                }
                CovarianceTerm::Constant(value) => self.builder.number(*value)?,
                CovarianceTerm::White(noise) => {
                    self.builder.number(if same { *noise } else { 0.0 })?
                }
                CovarianceTerm::Rbf { .. }
                | CovarianceTerm::Matern { .. }
                | CovarianceTerm::RationalQuadratic { .. }
                | CovarianceTerm::ExpSineSquared { .. }
                | CovarianceTerm::DotProduct { .. }
                | CovarianceTerm::AbsoluteExponential { .. } => {
                    self.covariance_term(term, x, y, elements)?
                }
            };
            stack.push(made);
        }
        let top = stack.pop().ok_or_else(|| inexpressible("a covariance of nothing"))?;
        // A covariance may depend on no element: it is given the shape of the others.
        let products = self.builder.two("Mul", x, y)?;
        let nothing = self.builder.is_nan(products)?;
        let zero = self.builder.floats(Kind::F64, &[1, 1, 1], &[0.0])?;
        let blank = self.builder.choose(nothing, zero, zero)?;
        let blank = self.added(blank, elements, 2)?;
        self.builder.two("Add", top, blank)
    }

    fn covariance_term(
        &mut self,
        term: &CovarianceTerm,
        x: ValueId,
        y: ValueId,
        elements: u32,
    ) -> Result<ValueId, Failure> {
        match term {
            CovarianceTerm::Rbf { length } => {
                let square = self.scaled_square(x, y, elements, length)?;
                let half = self.builder.number(-0.5)?;
                let exponent = self.builder.two("Mul", half, square)?;
                self.builder.one("Exp", exponent)
            }
            CovarianceTerm::Matern { length, twice_nu } => {
                let square = self.scaled_square(x, y, elements, length)?;
                let distance = self.builder.one("Sqrt", square)?;
                self.matern(distance, *twice_nu)
            }
            CovarianceTerm::RationalQuadratic { length, alpha } => {
                let square = self.scaled_square(x, y, elements, &[])?;
                let by = self.builder.number(2.0 * alpha * length * length)?;
                let ratio = self.builder.two("Div", square, by)?;
                let one = self.builder.number(1.0)?;
                let base = self.builder.two("Add", one, ratio)?;
                let exponent = self.builder.number(-alpha)?;
                self.builder.two("Pow", base, exponent)
            }
            CovarianceTerm::ExpSineSquared { length, period } => {
                let square = self.scaled_square(x, y, elements, &[])?;
                let distance = self.builder.one("Sqrt", square)?;
                let pi = self.builder.number(std::f64::consts::PI)?;
                let angle = self.builder.two("Mul", pi, distance)?;
                let period = self.builder.number(*period)?;
                let angle = self.builder.two("Div", angle, period)?;
                let sine = self.builder.one("Sin", angle)?;
                let length = self.builder.number(*length)?;
                let ratio = self.builder.two("Div", sine, length)?;
                let square = self.builder.two("Mul", ratio, ratio)?;
                let by = self.builder.number(-2.0)?;
                let exponent = self.builder.two("Mul", by, square)?;
                self.builder.one("Exp", exponent)
            }
            CovarianceTerm::DotProduct { sigma } => {
                let products = self.builder.two("Mul", x, y)?;
                let sum = self.added(products, elements, 2)?;
                let start = self.builder.number(sigma * sigma)?;
                self.builder.two("Add", sum, start)
            }
            CovarianceTerm::AbsoluteExponential { length, degree } => {
                let difference = self.builder.two("Sub", x, y)?;
                let size = self.builder.one("Abs", difference)?;
                let lengths = self.lengths(length, elements)?;
                let ratio = self.builder.two("Div", size, lengths)?;
                let degree = self.builder.number(*degree)?;
                let power = self.builder.two("Pow", ratio, degree)?;
                let sum = self.added(power, elements, 2)?;
                let exponent = self.builder.one("Neg", sum)?;
                self.builder.one("Exp", exponent)
            }
            CovarianceTerm::Constant(_)
            | CovarianceTerm::White(_)
            | CovarianceTerm::Sum
            | CovarianceTerm::Product
            | CovarianceTerm::Power(_) => Err(inexpressible("a covariance of numbers")),
        }
    }

    fn lengths(&mut self, length: &[f64], elements: u32) -> Result<ValueId, Failure> {
        let at = |i: usize| length.get(i).or(length.first()).copied().unwrap_or(1.0);
        let lengths: Vec<f64> = (0..elements as usize).map(at).collect();
        self.builder.floats(Kind::F64, &[1, 1, u64::from(elements)], &lengths)
    }

    /// Σ (x ÷ length − y ÷ length)².
    fn scaled_square(
        &mut self,
        x: ValueId,
        y: ValueId,
        elements: u32,
        length: &[f64],
    ) -> Result<ValueId, Failure> {
        let apart = if length.is_empty() {
            self.builder.two("Sub", x, y)?
        } else {
            let lengths = self.lengths(length, elements)?;
            let (x, y) =
                (self.builder.two("Div", x, lengths)?, self.builder.two("Div", y, lengths)?);
            self.builder.two("Sub", x, y)?
        };
        let squares = self.builder.two("Mul", apart, apart)?;
        self.added(squares, elements, 2)
    }

    fn matern(&mut self, distance: ValueId, twice_nu: u32) -> Result<ValueId, Failure> {
        if twice_nu == 1 {
            let exponent = self.builder.one("Neg", distance)?;
            return self.builder.one("Exp", exponent);
        }
        let root = if twice_nu == 3 { 3.0_f64.sqrt() } else { 5.0_f64.sqrt() };
        let root = self.builder.number(root)?;
        let k = self.builder.two("Mul", distance, root)?;
        let one = self.builder.number(1.0)?;
        let mut factor = self.builder.two("Add", one, k)?;
        if twice_nu != 3 {
            let square = self.builder.two("Mul", k, k)?;
            let three = self.builder.number(3.0)?;
            let third = self.builder.two("Div", square, three)?;
            factor = self.builder.two("Add", factor, third)?;
        }
        let exponent = self.builder.one("Neg", k)?;
        let power = self.builder.one("Exp", exponent)?;
        self.builder.two("Mul", factor, power)
    }
}
