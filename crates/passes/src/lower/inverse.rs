//! Inverse functions and quantiles of binary64 numbers, from those that operators have.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::quantile::{CENTRE, MIDDLE, Ratio, TAIL};

use super::Context;

impl Context<'_> {
    /// atan(x ÷ √((1 − x)·(1 + x))).
    pub(super) fn inverse_sine(&mut self, x: ValueId) -> Result<ValueId, Failure> {
        let one = self.builder.number(1.0)?;
        let (less, more) = (self.builder.two("Sub", one, x)?, self.builder.two("Add", one, x)?);
        let square = self.builder.two("Mul", less, more)?;
        let side = self.builder.one("Sqrt", square)?;
        let ratio = self.builder.two("Div", x, side)?;
        self.inverse_tangent(ratio)
    }

    /// 2 atan(√((1 − x) ÷ (1 + x))).
    pub(super) fn inverse_cosine(&mut self, x: ValueId) -> Result<ValueId, Failure> {
        let one = self.builder.number(1.0)?;
        let (less, more) = (self.builder.two("Sub", one, x)?, self.builder.two("Add", one, x)?);
        let square = self.builder.two("Div", less, more)?;
        let ratio = self.builder.one("Sqrt", square)?;
        let half = self.inverse_tangent(ratio)?;
        self.builder.two("Add", half, half)
    }

    /// ln(1 + u) for u not below 0, after W. Kahan: the logarithm of the rounded sum, corrected by what the sum lost.
    fn log_of_one_more(&mut self, u: ValueId) -> Result<ValueId, Failure> {
        let (one, zero) = (self.builder.number(1.0)?, self.builder.number(0.0)?);
        let sum = self.builder.two("Add", one, u)?;
        let taken = self.builder.two("Sub", sum, one)?;
        let log = self.builder.one("Log", sum)?;
        let product = self.builder.two("Mul", log, u)?;
        let corrected = self.builder.two("Div", product, taken)?;
        let small = self.builder.two("Equal", taken, zero)?;
        let corrected = self.builder.choose(small, u, corrected)?;
        let infinite = self.builder.number(f64::INFINITY)?;
        let endless = self.builder.two("Equal", u, infinite)?;
        self.builder.choose(endless, u, corrected)
    }

    /// The sign of x: a number that is 0 stays what it is.
    fn signed_as(&mut self, x: ValueId, size: ValueId) -> Result<ValueId, Failure> {
        let zero = self.builder.number(0.0)?;
        let below = self.builder.two("Less", x, zero)?;
        let negative = self.builder.one("Neg", size)?;
        let made = self.builder.choose(below, negative, size)?;
        let none = self.builder.two("Equal", x, zero)?;
        self.builder.choose(none, x, made)
    }

    /// ± ln(1 + |x| + x² ÷ (1 + √(1 + x²))); from 10⁹ on ln |x| + ln 2.
    pub(super) fn inverse_hyperbolic_sine(&mut self, x: ValueId) -> Result<ValueId, Failure> {
        let size = self.builder.one("Abs", x)?;
        let one = self.builder.number(1.0)?;
        let square = self.builder.two("Mul", size, size)?;
        let sum = self.builder.two("Add", one, square)?;
        let root = self.builder.one("Sqrt", sum)?;
        let below = self.builder.two("Add", one, root)?;
        let share = self.builder.two("Div", square, below)?;
        let more = self.builder.two("Add", size, share)?;
        let near = self.log_of_one_more(more)?;
        let made = self.unless_far(size, near)?;
        self.signed_as(x, made)
    }

    /// ln(1 + (x − 1) + √((x − 1)·(x + 1))); from 10⁹ on ln x + ln 2.
    pub(super) fn inverse_hyperbolic_cosine(&mut self, x: ValueId) -> Result<ValueId, Failure> {
        let one = self.builder.number(1.0)?;
        let (less, more) = (self.builder.two("Sub", x, one)?, self.builder.two("Add", x, one)?);
        let square = self.builder.two("Mul", less, more)?;
        let root = self.builder.one("Sqrt", square)?;
        let sum = self.builder.two("Add", less, root)?;
        let near = self.log_of_one_more(sum)?;
        let made = self.unless_far(x, near)?;
        // Below 1 there is none, also where the root of the product is a number.
        let low = self.builder.two("Less", x, one)?;
        let none = self.builder.number(f64::NAN)?;
        self.builder.choose(low, none, made)
    }

    /// ln size + ln 2 where a size is so large that 1 beside its square is nothing.
    fn unless_far(&mut self, size: ValueId, near: ValueId) -> Result<ValueId, Failure> {
        let limit = self.builder.number(1e9)?;
        let far = self.builder.two("Greater", size, limit)?;
        let log = self.builder.one("Log", size)?;
        let two = self.builder.number(std::f64::consts::LN_2)?;
        let log = self.builder.two("Add", log, two)?;
        self.builder.choose(far, log, near)
    }

    /// ± ½ ln(1 + 2|x| ÷ (1 − |x|)).
    pub(super) fn inverse_hyperbolic_tangent(&mut self, x: ValueId) -> Result<ValueId, Failure> {
        let size = self.builder.one("Abs", x)?;
        let one = self.builder.number(1.0)?;
        let twice = self.builder.two("Add", size, size)?;
        let rest = self.builder.two("Sub", one, size)?;
        let ratio = self.builder.two("Div", twice, rest)?;
        let log = self.log_of_one_more(ratio)?;
        let half = self.builder.number(0.5)?;
        let made = self.builder.two("Mul", half, log)?;
        let beyond = self.builder.two("Greater", size, one)?;
        let none = self.builder.number(f64::NAN)?;
        let made = self.builder.choose(beyond, none, made)?;
        self.signed_as(x, made)
    }

    /// exp(⅓ ln |x|) and one step of Newton's.
    pub(super) fn cube_root(&mut self, x: ValueId) -> Result<ValueId, Failure> {
        let size = self.builder.one("Abs", x)?;
        let log = self.builder.one("Log", size)?;
        let three = self.builder.number(3.0)?;
        let third = self.builder.two("Div", log, three)?;
        let near = self.builder.one("Exp", third)?;
        let square = self.builder.two("Mul", near, near)?;
        let wanted = self.builder.two("Div", size, square)?;
        let apart = self.builder.two("Sub", near, wanted)?;
        let step = self.builder.two("Div", apart, three)?;
        let made = self.builder.two("Sub", near, step)?;
        let infinite = self.builder.number(f64::INFINITY)?;
        let endless = self.builder.two("Equal", size, infinite)?;
        let made = self.builder.choose(endless, size, made)?;
        self.signed_as(x, made)
    }

    /// ½ (1 + erf(x ÷ √2)).
    pub(super) fn normal_cdf(&mut self, x: ValueId) -> Result<ValueId, Failure> {
        let by = self.builder.number(std::f64::consts::FRAC_1_SQRT_2)?;
        let scaled = self.builder.two("Mul", x, by)?;
        let error = self.error_function(scaled)?;
        let one = self.builder.number(1.0)?;
        let sum = self.builder.two("Add", one, error)?;
        let half = self.builder.number(0.5)?;
        self.builder.two("Mul", half, sum)
    }

    /// The steps of the model's own quotients of polynomials; beyond 0 and 1 the logarithm is NaN.
    pub(super) fn normal_quantile(&mut self, p: ValueId) -> Result<ValueId, Failure> {
        let half = self.builder.number(0.5)?;
        let q = self.builder.two("Sub", p, half)?;
        let square = self.builder.two("Mul", q, q)?;
        let start = self.builder.number(0.180_625)?;
        let r = self.builder.two("Sub", start, square)?;
        let centre = self.ratio(&CENTRE, r)?;
        let centre = self.builder.two("Mul", q, centre)?;
        let zero = self.builder.number(0.0)?;
        let low = self.builder.two("Less", q, zero)?;
        let one = self.builder.number(1.0)?;
        let rest = self.builder.two("Sub", one, p)?;
        let side = self.builder.choose(low, p, rest)?;
        let log = self.builder.one("Log", side)?;
        let log = self.builder.one("Neg", log)?;
        let r = self.builder.one("Sqrt", log)?;
        let start = self.builder.number(1.6)?;
        let along = self.builder.two("Sub", r, start)?;
        let middle = self.ratio(&MIDDLE, along)?;
        let five = self.builder.number(5.0)?;
        let along = self.builder.two("Sub", r, five)?;
        let tail = self.ratio(&TAIL, along)?;
        let near = self.builder.two("LessOrEqual", r, five)?;
        let size = self.builder.choose(near, middle, tail)?;
        let infinite = self.builder.number(f64::INFINITY)?;
        let end = self.builder.two("Equal", r, infinite)?;
        let size = self.builder.choose(end, infinite, size)?;
        let negative = self.builder.one("Neg", size)?;
        let outer = self.builder.choose(low, negative, size)?;
        let apart = self.builder.one("Abs", q)?;
        let limit = self.builder.number(0.425)?;
        let inside = self.builder.two("LessOrEqual", apart, limit)?;
        self.builder.choose(inside, centre, outer)
    }

    fn ratio(&mut self, (above, below): &Ratio, r: ValueId) -> Result<ValueId, Failure> {
        let above = self.polynomial_of(above, r)?;
        let below = self.polynomial_of(below, r)?;
        self.builder.two("Div", above, below)
    }

    /// By Horner's rule.
    fn polynomial_of(&mut self, coefficients: &[f64; 8], r: ValueId) -> Result<ValueId, Failure> {
        let [lower @ .., highest] = coefficients;
        let mut sum = self.builder.number(*highest)?;
        for &coefficient in lower.iter().rev() {
            let product = self.builder.two("Mul", sum, r)?;
            let coefficient = self.builder.number(coefficient)?;
            sum = self.builder.two("Add", product, coefficient)?;
        }
        Ok(sum)
    }
}
