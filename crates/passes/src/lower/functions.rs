//! Functions that operators have in binary32 only, or not under their name.

use holdall_diag::Failure;
use holdall_graph::{Attribute, ValueId};
use holdall_tabular::{BinaryOp, Call, Function, Kind, Labels, UnaryOp, ValueId as TabularId};

use super::{
    Context,
    build::inexpressible,
    texts::{JOINED_SINCE, writes_number},
    value::{Gaps, Val},
};

impl Context<'_> {
    /// A function that is computed in binary64 and rounded once to the kind of its operand.
    pub(super) fn special(
        &mut self,
        op: UnaryOp,
        kind: Kind,
        id: ValueId,
    ) -> Result<ValueId, Failure> {
        if op == UnaryOp::Sign {
            return self.sign(kind, id);
        }
        let x = self.builder.cast(id, kind, Kind::F64)?;
        let made = match op {
            UnaryOp::Sin => self.builder.one("Sin", x)?,
            UnaryOp::Cos => self.cosine_of(x)?,
            UnaryOp::Tan => self.tangent_of(x)?,
            UnaryOp::Atan => self.inverse_tangent(x)?,
            UnaryOp::Sinh | UnaryOp::Cosh => self.hyperbolic(op, x)?,
            UnaryOp::Log10 => self.logarithm(x, std::f64::consts::LN_10)?,
            UnaryOp::Log2 => self.logarithm(x, std::f64::consts::LN_2)?,
            UnaryOp::Exp2 => {
                let two = self.builder.number(2.0)?;
                self.builder.two("Pow", two, x)?
            }
            UnaryOp::Round => self.round_away(x)?,
            UnaryOp::RoundEven => self.builder.one("Round", x)?,
            UnaryOp::Trunc => {
                let zero = self.builder.number(0.0)?;
                let negative = self.builder.two("Less", x, zero)?;
                let (up, down) = (self.builder.one("Ceil", x)?, self.builder.one("Floor", x)?);
                self.builder.choose(negative, up, down)?
            }
            UnaryOp::Erf => self.error_function(x)?,
            UnaryOp::Asin => self.inverse_sine(x)?,
            UnaryOp::Acos => self.inverse_cosine(x)?,
            UnaryOp::Asinh => self.inverse_hyperbolic_sine(x)?,
            UnaryOp::Acosh => self.inverse_hyperbolic_cosine(x)?,
            UnaryOp::Atanh => self.inverse_hyperbolic_tangent(x)?,
            UnaryOp::Cbrt => self.cube_root(x)?,
            UnaryOp::NormalCdf => self.normal_cdf(x)?,
            UnaryOp::NormalQuantile => self.normal_quantile(x)?,
            UnaryOp::NormalPdf => {
                let half = self.builder.number(-0.5)?;
                let product = self.builder.two("Mul", half, x)?;
                let product = self.builder.two("Mul", product, x)?;
                let power = self.builder.one("Exp", product)?;
                let by = self.builder.number((2.0 * std::f64::consts::PI).sqrt())?;
                self.builder.two("Div", power, by)?
            }
            UnaryOp::Neg
            | UnaryOp::Abs
            | UnaryOp::Exp
            | UnaryOp::Ln
            | UnaryOp::Ln1p
            | UnaryOp::Expm1
            | UnaryOp::Sqrt
            | UnaryOp::Floor
            | UnaryOp::Ceil
            | UnaryOp::Logistic
            | UnaryOp::Tanh
            | UnaryOp::Sign
            | UnaryOp::LnGamma
            | UnaryOp::Not
            | UnaryOp::IsNan
            | UnaryOp::IsMissing => return Err(inexpressible(op.name())),
        };
        self.builder.cast(made, Kind::F64, kind)
    }

    /// −1 or 1; zeros and NaN as they are.
    fn sign(&mut self, kind: Kind, x: ValueId) -> Result<ValueId, Failure> {
        if kind == Kind::I64 {
            return self.builder.one("Sign", x);
        }
        let zero = self.builder.float(kind, 0.0)?;
        let (minus, plus) = (self.builder.float(kind, -1.0)?, self.builder.float(kind, 1.0)?);
        let below = self.builder.two("Less", x, zero)?;
        let made = self.builder.choose(below, minus, x)?;
        let above = self.builder.two("Greater", x, zero)?;
        self.builder.choose(above, plus, made)
    }

    /// sin 2x ÷ (2 sin x): runtimes have a sine of binary64 numbers and no cosine.
    pub(super) fn cosine_of(&mut self, x: ValueId) -> Result<ValueId, Failure> {
        let sine = self.builder.one("Sin", x)?;
        let twice = self.builder.two("Add", x, x)?;
        let above = self.builder.one("Sin", twice)?;
        let below = self.builder.two("Add", sine, sine)?;
        let ratio = self.builder.two("Div", above, below)?;
        let zero = self.builder.number(0.0)?;
        let none = self.builder.two("Equal", sine, zero)?;
        let one = self.builder.number(1.0)?;
        self.builder.choose(none, one, ratio)
    }

    /// sin x ÷ cos x.
    fn tangent_of(&mut self, x: ValueId) -> Result<ValueId, Failure> {
        let (sine, cosine) = (self.builder.one("Sin", x)?, self.cosine_of(x)?);
        self.builder.two("Div", sine, cosine)
    }

    /// From the inverse tangent in binary32, corrected by the angle between it and the operand.
    pub(super) fn inverse_tangent(&mut self, x: ValueId) -> Result<ValueId, Failure> {
        let near = self.builder.cast(x, Kind::F64, Kind::F32)?;
        let near = self.builder.one("Atan", near)?;
        let near = self.builder.node("Cast", &[near], vec![("to", Attribute::Int(11))])?;
        let (sine, cosine) = (self.builder.one("Sin", near)?, self.cosine_of(near)?);
        let high = self.builder.two("Mul", x, cosine)?;
        let high = self.builder.two("Sub", high, sine)?;
        let wide = self.builder.two("Mul", x, sine)?;
        let wide = self.builder.two("Add", cosine, wide)?;
        let correction = self.builder.two("Div", high, wide)?;
        let made = self.builder.two("Add", near, correction)?;
        let size = self.builder.one("Abs", x)?;
        let limit = self.builder.number(1e30)?;
        let far = self.builder.two("Greater", size, limit)?;
        let sign = self.builder.one("Sign", x)?;
        let quarter = self.builder.number(std::f64::consts::FRAC_PI_2)?;
        let quarter = self.builder.two("Mul", sign, quarter)?;
        self.builder.choose(far, quarter, made)
    }

    /// (eˣ ∓ e⁻ˣ) ÷ 2.
    fn hyperbolic(&mut self, op: UnaryOp, x: ValueId) -> Result<ValueId, Failure> {
        let power = self.builder.one("Exp", x)?;
        let negative = self.builder.one("Neg", x)?;
        let inverse = self.builder.one("Exp", negative)?;
        let operator = if op == UnaryOp::Sinh { "Sub" } else { "Add" };
        let both = self.builder.two(operator, power, inverse)?;
        let half = self.builder.number(0.5)?;
        self.builder.two("Mul", half, both)
    }

    fn logarithm(&mut self, x: ValueId, base: f64) -> Result<ValueId, Failure> {
        let ln = self.builder.one("Log", x)?;
        let base = self.builder.number(base)?;
        self.builder.two("Div", ln, base)
    }

    /// Halves away from zero; what is whole already stays, with its sign.
    fn round_away(&mut self, x: ValueId) -> Result<ValueId, Failure> {
        let size = self.builder.one("Abs", x)?;
        let down = self.builder.one("Floor", size)?;
        let rest = self.builder.two("Sub", size, down)?;
        let half = self.builder.number(0.5)?;
        let up = self.builder.two("GreaterOrEqual", rest, half)?;
        let one = self.builder.number(1.0)?;
        let next = self.builder.two("Add", down, one)?;
        let made = self.builder.choose(up, next, down)?;
        let zero = self.builder.number(0.0)?;
        let below = self.builder.two("Less", x, zero)?;
        let negative = self.builder.one("Neg", made)?;
        let made = self.builder.choose(below, negative, made)?;
        let whole = self.builder.two("Equal", down, size)?;
        self.builder.choose(whole, x, made)
    }

    /// Polynomials around the middles of intervals of a sixteenth, up to 6.
    pub(super) fn error_function(&mut self, x: ValueId) -> Result<ValueId, Failure> {
        const STEP: f64 = 0.0625;
        const PIECES: u32 = 96;
        let size = self.builder.one("Abs", x)?;
        let nan = self.builder.is_nan(size)?;
        let most = self.builder.number(6.0 - STEP / 2.0)?;
        let above = self.builder.two("Greater", size, most)?;
        let out = self.builder.two("Or", above, nan)?;
        let held = self.builder.choose(out, most, size)?;
        let by = self.builder.number(1.0 / STEP)?;
        let piece = self.builder.two("Mul", held, by)?;
        let piece = self.builder.one("Floor", piece)?;
        let half = self.builder.number(0.5)?;
        let middle = self.builder.two("Add", piece, half)?;
        let step = self.builder.number(STEP)?;
        let middle = self.builder.two("Mul", middle, step)?;
        let along = self.builder.two("Sub", held, middle)?;
        let piece = self.builder.cast(piece, Kind::F64, Kind::I64)?;
        let pieces: Vec<[f64; TERMS]> =
            (0..PIECES).map(|i| expansion((f64::from(i) + 0.5) * STEP)).collect();
        let mut sum = None;
        for term in (0..TERMS).rev() {
            let table: Vec<f64> =
                pieces.iter().filter_map(|piece| piece.get(term).copied()).collect();
            let table = self.builder.floats(Kind::F64, &[u64::from(PIECES)], &table)?;
            let factor = self.builder.looked_up(table, piece)?;
            sum = Some(match sum {
                Some(sum) => {
                    let product = self.builder.two("Mul", sum, along)?;
                    self.builder.two("Add", product, factor)?
                }
                None => factor,
            });
        }
        let made = sum.ok_or_else(|| inexpressible("a polynomial of nothing"))?;
        let one = self.builder.number(1.0)?;
        let made = self.builder.choose(above, one, made)?;
        let zero = self.builder.number(0.0)?;
        let below = self.builder.two("Less", x, zero)?;
        let negative = self.builder.one("Neg", made)?;
        let made = self.builder.choose(below, negative, made)?;
        self.builder.choose(nan, x, made)
    }

    /// Divisions and remainders of floats, and `xor`.
    pub(super) fn divided(
        &mut self,
        op: BinaryOp,
        left: ValueId,
        right: ValueId,
    ) -> Result<ValueId, Failure> {
        match op {
            BinaryOp::Remainder => {
                self.builder.node("Mod", &[left, right], vec![("fmod", Attribute::Int(1))])
            }
            BinaryOp::Xor => self.builder.two("Xor", left, right),
            BinaryOp::FloorDiv | BinaryOp::Modulo => {
                let ratio = self.builder.two("Div", left, right)?;
                let whole = self.builder.one("Floor", ratio)?;
                if op == BinaryOp::FloorDiv {
                    return Ok(whole);
                }
                let product = self.builder.two("Mul", right, whole)?;
                self.builder.two("Sub", left, product)
            }
            BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div
            | BinaryOp::Pow
            | BinaryOp::Min
            | BinaryOp::Max
            | BinaryOp::Eq
            | BinaryOp::Ne
            | BinaryOp::Lt
            | BinaryOp::Le
            | BinaryOp::Gt
            | BinaryOp::Ge
            | BinaryOp::And
            | BinaryOp::Or
            | BinaryOp::Atan2 => Err(inexpressible(op.name())),
        }
    }

    /// Functions of scalars.
    pub(super) fn call(&mut self, id: TabularId, call: &Call) -> Result<Val, Failure> {
        if let Some(folded) = self.texts.folded(id).cloned() {
            return self.folded(call, &folded);
        }
        let mut args = Vec::with_capacity(call.args.len());
        for &arg in &call.args {
            args.push(self.value(arg)?);
        }
        let first = args.first().ok_or_else(|| inexpressible("a function of nothing"))?.clone();
        match &call.function {
            Function::Coalesce => self.coalesce(&args),
            Function::IsIn(values) if values.is_empty() => {
                let never = Labels::Bool(vec![false]);
                let never = self.builder.constant(Kind::Bool, &[1, 1], &never)?;
                self.with_gaps_of(&first, Kind::Bool, 1, never)
            }
            Function::IsIn(values) => {
                let id = self.full(&first)?;
                let listed = self.is_one_of(first.kind, id, values)?;
                self.with_gaps_of(&first, Kind::Bool, 1, listed)
            }
            Function::Join if self.options.opset >= JOINED_SINCE => self.text_joined(&args),
            Function::ToText if writes_number(first.kind) => self.number_as_text(&first),
            Function::ToNumber => self.text_as_number(&first),
            Function::Uppercase
            | Function::Lowercase
            | Function::Trim
            | Function::Substring
            | Function::Join
            | Function::Length
            | Function::Replace { .. }
            | Function::Matches { .. }
            | Function::CityHash
            | Function::ToText
            | Function::FormatNumber(_)
            | Function::ParseDate
            | Function::ParseTime
            | Function::ParseDateTime
            | Function::FormatDateTime(_) => Err(inexpressible(call.function.name())),
        }
    }

    /// The first operand that is not missing.
    fn coalesce(&mut self, args: &[Val]) -> Result<Val, Failure> {
        let mut rest = args.iter().rev();
        let mut made = rest.next().ok_or_else(|| inexpressible("a function of nothing"))?.clone();
        for arg in rest {
            let Some(gap) = self.mask(arg)? else {
                made = arg.clone();
                continue;
            };
            let (own, other) = (self.tensor(arg)?, self.tensor(&made)?);
            let id = self.select_where(arg.kind, gap, other, own)?;
            let gaps = match made.gaps {
                Gaps::Mask(mask) => Gaps::Mask(self.builder.two("And", gap, mask)?),
                other @ (Gaps::None | Gaps::InBand) => other,
            };
            made = Val::rows(arg.kind, 1, id).with_gaps(gaps);
        }
        Ok(made)
    }
}

/// Terms of a polynomial around a point.
const TERMS: usize = 12;

/// The Taylor coefficients of the error function around a point above 0: erf⁽ⁿ⁺¹⁾ = −2(x·erf⁽ⁿ⁾ + (n − 1)·erf⁽ⁿ⁻¹⁾)
/// for the derivatives from the second on, and a series of positive terms for the value.
fn expansion(at: f64) -> [f64; TERMS] {
    let density = std::f64::consts::FRAC_2_SQRT_PI * (-at * at).exp();
    let (mut term, mut sum, mut odd) = (at, 0.0, 1.0);
    while term > sum * 1e-18 {
        sum += term;
        odd += 2.0;
        term *= 2.0 * at * at / odd;
    }
    let mut coefficients = [0.0; TERMS];
    let (mut value, mut next, mut order, mut factorial) = (density * sum, density, 0.0, 1.0);
    for coefficient in &mut coefficients {
        *coefficient = value / factorial;
        order += 1.0;
        factorial *= order;
        // The derivative after next: of the value itself only the first is left.
        let before = if order > 1.0 { (order - 1.0) * value } else { 0.0 };
        (value, next) = (next, -2.0 * (at * next + before));
    }
    coefficients
}
