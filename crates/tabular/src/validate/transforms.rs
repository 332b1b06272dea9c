use holdall_table::Kind;

use super::{
    Check, Fault, fault,
    infer::{Inferred, count, expect_length, fits, scalar_fits, value},
};
use crate::{
    Bin, Call, Compare, Comparison, Curve, Decompose, Decomposition, Distances, Function,
    ImputeNeighbors, Labels, Lag, Lookup, Matrix, MissingElement, NeighborWeights, Polynomial,
    Reduce, ReduceOp, Scalar, Spline, Terms, TextIndex, TextVector, TokenUnit, Transform, Type,
    Width, codes,
};

fn type_fault<T>(message: impl Into<String>) -> Result<T, Fault> {
    fault(codes::TYPE, message)
}

/// What a function of scalars yields.
pub(super) fn call(check: &Check<'_>, call: &Call) -> Inferred {
    let mut kinds = Vec::with_capacity(call.args.len());
    for &arg in &call.args {
        match value(check, arg)? {
            (kind, Width::Scalar) => kinds.push(kind),
            (kind, width) => {
                return type_fault(format!("expected scalars, found {}", Type::Value(kind, width)));
            }
        }
    }
    let text = |result: Kind| {
        if kinds == [Kind::Text] { Ok(result) } else { type_fault("expected one text") }
    };
    let kind = match &call.function {
        Function::Uppercase | Function::Lowercase | Function::Trim => text(Kind::Text)?,
        Function::Length
        | Function::CityHash
        | Function::ParseDate
        | Function::ParseTime
        | Function::ParseDateTime => text(Kind::I64)?,
        Function::ToNumber => text(Kind::F64)?,
        Function::Replace { pattern, with: _ } => {
            regex(pattern)?;
            text(Kind::Text)?
        }
        Function::Matches { pattern } => {
            regex(pattern)?;
            text(Kind::Bool)?
        }
        Function::Substring => {
            if kinds != [Kind::Text, Kind::I64, Kind::I64] {
                return type_fault("expected a text and two integers");
            }
            Kind::Text
        }
        Function::Join => {
            if kinds.is_empty() || kinds.iter().any(|kind| *kind != Kind::Text) {
                return type_fault("expected at least one text");
            }
            Kind::Text
        }
        Function::ToText => {
            expect_length("operands", kinds.len(), 1)?;
            Kind::Text
        }
        Function::FormatNumber(_) => {
            if !matches!(kinds.as_slice(), [kind] if kind.is_number()) {
                return type_fault("expected one number");
            }
            Kind::Text
        }
        Function::FormatDateTime(_) => {
            if kinds != [Kind::I64] {
                return type_fault("expected one integer");
            }
            Kind::Text
        }
        Function::Coalesce => match kinds.split_first() {
            Some((first, rest)) if rest.iter().all(|kind| kind == first) => *first,
            Some(_) | None => return type_fault("expected scalars of one kind, at least one"),
        },
        Function::IsIn(list) => {
            expect_length("operands", kinds.len(), 1)?;
            if !kinds.iter().all(|kind| fits(list, *kind)) {
                return type_fault("the listed values have another kind than the operand");
            }
            Kind::Bool
        }
    };
    Ok(Some(Type::Value(kind, Width::Scalar)))
}

fn regex(pattern: &str) -> Result<(), Fault> {
    match regex::Regex::new(pattern) {
        Ok(_) => Ok(()),
        Err(error) => {
            fault(codes::VALUE, format!("the pattern `{pattern}` cannot be used: {error}"))
        }
    }
}

/// What a transform yields.
pub(super) fn infer(check: &Check<'_>, transform: &Transform) -> Inferred {
    match transform {
        Transform::Lookup(op) => lookup(check, op),
        Transform::Bin(op) => bin(op, value(check, op.arg)?),
        Transform::Curve(op) => curve(op, value(check, op.arg)?),
        Transform::Reduce(op) => reduce(*op, value(check, op.arg)?),
        Transform::Normalize(op) => {
            let (kind, width) = float_vector(value(check, op.arg)?)?;
            Ok(Some(Type::Value(kind, Width::Vector(width))))
        }
        Transform::Polynomial(op) => polynomial(op, value(check, op.arg)?),
        Transform::Spline(op) => spline(op, value(check, op.arg)?),
        Transform::TextVector(op) => text_vector(op, value(check, op.arg)?),
        Transform::TextIndex(op) => text_index(check, op),
        Transform::Distances(op) => distances(op, value(check, op.arg)?),
        Transform::ImputeNeighbors(op) => impute_neighbors(op, value(check, op.arg)?),
        Transform::Decompose(op) => decompose(op, value(check, op.arg)?),
        Transform::Lag(op) => lag(check, op),
    }
}

fn float_vector((kind, width): (Kind, Width)) -> Result<(Kind, u32), Fault> {
    match width {
        Width::Vector(width) if kind.is_float() => Ok((kind, width)),
        Width::Scalar | Width::Vector(_) => {
            type_fault(format!("expected a float vector, found {}", Type::Value(kind, width)))
        }
    }
}

fn answers(
    values: &Labels,
    default: Option<&Scalar>,
    missing: Option<&Scalar>,
) -> Result<Type, Fault> {
    let kind = values.kind();
    if let Some(other) = default.into_iter().chain(missing).find(|s| !scalar_fits(s, kind)) {
        return type_fault(format!("`{other}` is not {kind}"));
    }
    Ok(Type::Value(kind, Width::Scalar))
}

fn lookup(check: &Check<'_>, op: &Lookup) -> Inferred {
    if op.args.is_empty() {
        return fault(codes::LENGTH, "expected at least one operand");
    }
    expect_length("key columns", op.keys.len(), count(op.args.len())?)?;
    for (keys, &arg) in op.keys.iter().zip(&op.args) {
        expect_length("keys", keys.len(), count(op.values.len())?)?;
        let (kind, width) = value(check, arg)?;
        if width != Width::Scalar || !fits(keys, kind) {
            return type_fault(format!(
                "keys of {} for {arg}, which is {}",
                keys.kind(),
                Type::Value(kind, width)
            ));
        }
    }
    Ok(Some(answers(&op.values, op.default.as_ref(), op.missing.as_ref())?))
}

fn bin(op: &Bin, (kind, width): (Kind, Width)) -> Inferred {
    if width != Width::Scalar || !kind.is_number() {
        return type_fault("expected a number scalar");
    }
    expect_length("answers", op.values.len(), count(op.intervals.len())?)?;
    Ok(Some(answers(&op.values, op.default.as_ref(), op.missing.as_ref())?))
}

/// Points from left to right, none NaN.
fn rising(what: &str, points: &[f64]) -> Result<(), Fault> {
    let falls =
        points.array_windows().any(|[a, b]| !matches!(a.partial_cmp(b), Some(o) if o.is_le()));
    if falls || points.iter().any(|x| x.is_nan()) {
        return fault(codes::VALUE, format!("{what} fall or are NaN"));
    }
    Ok(())
}

fn curve(op: &Curve, (kind, width): (Kind, Width)) -> Inferred {
    if !kind.is_float() {
        return type_fault(format!("expected a float, found {kind}"));
    }
    if op.x.is_empty() {
        return fault(codes::LENGTH, "expected at least one point");
    }
    expect_length("values", op.y.len(), count(op.x.len())?)?;
    rising("the points", &op.x)?;
    Ok(Some(Type::Value(kind, width)))
}

fn reduce(op: Reduce, (kind, width): (Kind, Width)) -> Inferred {
    let Width::Vector(1..) = width else {
        return type_fault("expected a vector of at least one element");
    };
    let result = match op.op {
        ReduceOp::Any | ReduceOp::All if kind == Kind::Bool => Kind::Bool,
        ReduceOp::Any | ReduceOp::All => return type_fault("expected booleans"),
        ReduceOp::Count => Kind::I64,
        ReduceOp::ArgMin | ReduceOp::ArgMax if kind.is_number() => Kind::I64,
        ReduceOp::Sum
        | ReduceOp::Product
        | ReduceOp::Min
        | ReduceOp::Max
        | ReduceOp::SumAbs
        | ReduceOp::SumSquares
        | ReduceOp::MaxAbs
            if kind.is_number() =>
        {
            kind
        }
        ReduceOp::Mean | ReduceOp::Median | ReduceOp::StdDev if kind.is_float() => kind,
        ReduceOp::Sum
        | ReduceOp::Product
        | ReduceOp::Min
        | ReduceOp::Max
        | ReduceOp::SumAbs
        | ReduceOp::SumSquares
        | ReduceOp::MaxAbs
        | ReduceOp::ArgMin
        | ReduceOp::ArgMax
        | ReduceOp::Mean
        | ReduceOp::Median
        | ReduceOp::StdDev => {
            return type_fault(format!("{} is not defined for {kind}", op.op.name()));
        }
    };
    Ok(Some(Type::Value(result, Width::Scalar)))
}

fn polynomial(op: &Polynomial, arg: (Kind, Width)) -> Inferred {
    let (kind, width) = float_vector(arg)?;
    if let Some(beyond) = op.terms.iter().flatten().find(|&&i| i >= width) {
        return fault(codes::FEATURE, format!("position {beyond} of a vector of {width}"));
    }
    Ok(Some(Type::Value(kind, Width::Vector(count(op.terms.len())?))))
}

fn spline(op: &Spline, arg: (Kind, Width)) -> Inferred {
    if arg != (Kind::F64, Width::Scalar) {
        return type_fault("expected a binary64 scalar");
    }
    rising("the knots", &op.knots)?;
    if op.knots.iter().any(|knot| !knot.is_finite()) || op.degree > 32 {
        return fault(codes::VALUE, "knots are finite numbers, and the degree is at most 32");
    }
    let splines = count(op.knots.len())?.checked_sub(op.degree + 1);
    let Some(splines) = splines.filter(|&splines| splines > op.degree) else {
        return fault(codes::LENGTH, "expected at least twice as many knots as degree, and two");
    };
    Ok(Some(Type::Value(Kind::F64, Width::Vector(splines))))
}

fn text_vector(op: &TextVector, arg: (Kind, Width)) -> Inferred {
    if arg != (Kind::Text, Width::Scalar) || !op.kind.is_float() {
        return type_fault("expected a text and float weights");
    }
    if let TokenUnit::Word { pattern } = &op.analyzer.unit {
        regex(pattern)?;
    }
    let (shortest, longest) = op.analyzer.ngrams;
    if shortest == 0 || shortest > longest {
        return fault(codes::VALUE, format!("terms of {shortest} to {longest} tokens"));
    }
    if !op.analyzer.stop_words.is_sorted() {
        return fault(codes::VALUE, "the stop words are not sorted");
    }
    let size = match &op.terms {
        Terms::Vocabulary(terms) => count(terms.len())?,
        Terms::Hashed { size, alternate_sign: _ } => *size,
    };
    if size == 0 {
        return fault(codes::LENGTH, "there is no term");
    }
    if !op.idf.is_empty() {
        expect_length("term weights", op.idf.len(), size)?;
    }
    Ok(Some(Type::Value(op.kind, Width::Vector(size))))
}

fn text_index(check: &Check<'_>, op: &TextIndex) -> Inferred {
    for arg in [op.text, op.term] {
        if value(check, arg)? != (Kind::Text, Width::Scalar) {
            return type_fault("expected text scalars");
        }
    }
    regex(&op.separator)?;
    for rule in op.normalizations.iter().flat_map(|n| &n.rules).filter(|rule| rule.is_regex) {
        regex(&rule.pattern)?;
    }
    Ok(Some(Type::Value(Kind::F64, Width::Scalar)))
}

fn lag(check: &Check<'_>, op: &Lag) -> Inferred {
    let (kind, width) = value(check, op.arg)?;
    for &block in &op.blocks {
        if value(check, block)?.1 != Width::Scalar {
            return type_fault("blocks are scalars");
        }
    }
    if width != Width::Scalar {
        return type_fault("expected a scalar");
    }
    if !(1..=Lag::MOST_ROWS).contains(&op.rows) {
        return fault(
            codes::VALUE,
            format!("{} rows; 1 to {} are possible", op.rows, Lag::MOST_ROWS),
        );
    }
    match op.aggregate {
        Some(by) => reduce(
            Reduce { arg: op.arg, op: by, skip_missing: true },
            (kind, Width::Vector(op.rows)),
        ),
        None => Ok(Some(Type::Value(kind, Width::Scalar))),
    }
}

/// Checks a matrix, and gives its rows.
pub(super) fn matrix(matrix: &Matrix, columns: u32) -> Result<u32, Fault> {
    let elements = u64::from(matrix.rows) * u64::from(matrix.columns);
    if matrix.data.len() as u64 != elements || matrix.rows == 0 {
        return fault(
            codes::LENGTH,
            format!("expected {elements} elements and at least one, found {}", matrix.data.len()),
        );
    }
    if matrix.columns != columns {
        return fault(
            codes::LENGTH,
            format!("rows of {} elements for a vector of {columns}", matrix.columns),
        );
    }
    Ok(matrix.rows)
}

/// Checks how vectors of a width are compared.
pub(super) fn comparison(comparison: &Comparison, width: u32) -> Result<(), Fault> {
    if !comparison.compare.is_empty() {
        expect_length("element comparisons", comparison.compare.len(), width)?;
    }
    if !comparison.weights.is_empty() {
        expect_length("weights", comparison.weights.len(), width)?;
    }
    if let MissingElement::Adjust(weights) = &comparison.missing {
        expect_length("weights of missing elements", weights.len(), width)?;
    }
    for compare in &comparison.compare {
        if let Compare::Table(table) = compare {
            matrix(table, table.rows)?;
        }
    }
    Ok(())
}

/// The width of a binary64 vector.
pub(super) fn f64_vector((kind, width): (Kind, Width)) -> Result<u32, Fault> {
    match width {
        Width::Vector(width) if kind == Kind::F64 => Ok(width),
        Width::Scalar | Width::Vector(_) => {
            type_fault(format!("expected a binary64 vector, found {}", Type::Value(kind, width)))
        }
    }
}

fn distances(op: &Distances, arg: (Kind, Width)) -> Inferred {
    let width = f64_vector(arg)?;
    let points = matrix(&op.points, width)?;
    comparison(&op.comparison, width)?;
    Ok(Some(Type::Value(Kind::F64, Width::Vector(points))))
}

fn impute_neighbors(op: &ImputeNeighbors, arg: (Kind, Width)) -> Inferred {
    let width = f64_vector(arg)?;
    let rows = matrix(&op.rows, width)?;
    if op.gaps.len() as u64 != u64::from(rows) * u64::from(width) {
        return fault(
            codes::LENGTH,
            format!("{} flags of gaps in {rows} rows of {width}", op.gaps.len()),
        );
    }
    expect_length("values to fall back on", op.with.len(), width)?;
    if op.count == 0 {
        return fault(codes::VALUE, "no row counts");
    }
    if matches!(op.weights, NeighborWeights::Barycentric(_)) {
        return fault(codes::VALUE, "rows with gaps have no weights by where they lie");
    }
    Ok(Some(Type::Value(Kind::F64, Width::Vector(width))))
}

fn decompose(op: &Decompose, arg: (Kind, Width)) -> Inferred {
    let atoms = matrix(&op.atoms, f64_vector(arg)?)?;
    if let Decomposition::Lasso { alpha, .. } = op.method
        && !(alpha >= 0.0 && alpha.is_finite())
    {
        return fault(codes::VALUE, format!("a penalty of {alpha}"));
    }
    let rounds = match op.method {
        Decomposition::Descent { most, .. }
        | Decomposition::Multiplicative { most, .. }
        | Decomposition::Lasso { most, .. }
        | Decomposition::Topics { most, .. } => most,
        Decomposition::Pursuit { count } | Decomposition::LeastAngle { count } => {
            if !(1..=atoms).contains(&count) {
                return fault(codes::VALUE, format!("{count} of {atoms} atoms"));
            }
            0
        }
    };
    if rounds > Decompose::MOST_ROUNDS {
        let most = Decompose::MOST_ROUNDS;
        return fault(codes::VALUE, format!("{rounds} rounds; at most {most} are possible"));
    }
    Ok(Some(Type::Value(Kind::F64, Width::Vector(atoms))))
}
