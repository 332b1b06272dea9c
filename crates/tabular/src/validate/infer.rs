use holdall_table::Kind;

use super::{Check, Fault, estimators, fault, has_part, transforms, trees};
use crate::{
    BinaryOp, Categories, Classify, Constant, Decision, EstimateType, Impute, Labels, Linear, Link,
    OneHot, Op, Ordinal, Part, Scalar, Scale, Type, UnaryOp, Unknown, ValueId, Width, codes,
};

pub(super) type Inferred = Result<Option<Type>, Fault>;

/// What an operation yields. `Ok(None)` when an operand failed already.
pub(super) fn infer(check: &Check<'_>, op: &Op) -> Inferred {
    let mut known = true;
    let mut exists = true;
    op.each_arg(&mut |arg| match check.types.get(arg.index()) {
        None => exists = false,
        Some(found) => known &= found.is_some(),
    });
    if !exists {
        return fault(codes::REFERENCE, "an operand does not exist or comes later");
    }
    if !known {
        return Ok(None);
    }
    match op {
        Op::Input(field) => match check.model.fields.get(*field) {
            Some(field) => Ok(Some(Type::Value(field.kind, Width::Scalar))),
            None => fault(codes::REFERENCE, format!("there is no field {field}")),
        },
        Op::Constant(constant) => infer_constant(constant),
        Op::Cast { arg, to } => {
            let (kind, width) = value(check, *arg)?;
            if kind == Kind::Text || !to.is_number() {
                return fault(codes::TYPE, format!("no cast from {kind} to {to}"));
            }
            Ok(Some(Type::Value(*to, width)))
        }
        Op::Concat(args) => concat(check, args),
        Op::Select { arg, indices } => {
            let (kind, width) = value(check, *arg)?;
            if let Some(beyond) = indices.iter().find(|&&i| i >= width.elements()) {
                return fault(
                    codes::FEATURE,
                    format!("position {beyond} of a vector of {}", width.elements()),
                );
            }
            Ok(Some(Type::Value(kind, Width::Vector(count(indices.len())?))))
        }
        Op::Unary { op, arg } => unary(*op, value(check, *arg)?),
        Op::Binary { op, left, right } => binary(*op, value(check, *left)?, value(check, *right)?),
        Op::If { condition, yes, no } => {
            let condition = value(check, *condition)?;
            let (yes, no) = (value(check, *yes)?, value(check, *no)?);
            if condition != (Kind::Bool, Width::Scalar) || yes != no || yes.1 != Width::Scalar {
                return fault(codes::TYPE, "expected a boolean scalar and two scalars of one kind");
            }
            Ok(Some(Type::Value(yes.0, yes.1)))
        }
        Op::Impute(impute) => infer_impute(impute, value(check, impute.arg)?),
        Op::Scale(scale) => infer_scale(scale, value(check, scale.arg)?),
        Op::OneHot(one_hot) => infer_one_hot(one_hot, value(check, one_hot.arg)?),
        Op::Ordinal(ordinal) => infer_ordinal(ordinal, value(check, ordinal.arg)?),
        Op::Call(call) => transforms::call(check, call),
        Op::Transform(transform) => transforms::infer(check, transform),
        Op::Estimator(estimator) => estimators::infer(check, estimator),
        Op::Linear(linear) => infer_linear(linear, value(check, linear.arg)?),
        Op::Trees(ensemble) => trees::infer(ensemble, value(check, ensemble.arg)?),
        Op::Regress(regress) => {
            let (kind, width) = margins(check, regress.margins)?;
            if !matches!(regress.link, Link::Identity | Link::Logistic | Link::Exp) {
                return fault(codes::VALUE, format!("no link {} here", regress.link.name()));
            }
            Ok(Some(Type::Estimate(EstimateType::Regression { targets: width, kind })))
        }
        Op::Classify(classify) => infer_classify(classify, margins(check, classify.margins)?),
        Op::Part { estimate, part } => part_of(check, *estimate, *part),
        Op::Foreign(foreign) => {
            fault(codes::VALUE, format!("`{}` was kept but is not understood", foreign.name))
        }
    }
}

pub(super) fn value(check: &Check<'_>, id: ValueId) -> Result<(Kind, Width), Fault> {
    match check.types.get(id.index()).copied().flatten() {
        Some(Type::Value(kind, width)) => Ok((kind, width)),
        Some(Type::Estimate(_)) => {
            fault(codes::TYPE, format!("expected a value, found the estimate {id}"))
        }
        None => fault(codes::REFERENCE, format!("there is no node {id}")),
    }
}

pub(super) fn margins(check: &Check<'_>, id: ValueId) -> Result<(Kind, u32), Fault> {
    match value(check, id)? {
        (kind, Width::Vector(width)) if kind.is_float() && width > 0 => Ok((kind, width)),
        (kind, width) => {
            fault(codes::TYPE, format!("expected margins, found {}", Type::Value(kind, width)))
        }
    }
}

pub(super) fn count(length: usize) -> Result<u32, Fault> {
    u32::try_from(length).or_else(|_error| fault(codes::LENGTH, "a list is too long"))
}

pub(super) fn expect_length(what: &str, found: usize, expected: u32) -> Result<(), Fault> {
    if found == expected as usize {
        return Ok(());
    }
    fault(codes::LENGTH, format!("expected {expected} {what}, found {found}"))
}

/// Whether a list can stand for values of a kind; floats stand for both float kinds.
pub(super) fn fits(labels: &Labels, kind: Kind) -> bool {
    labels.kind() == kind || (kind == Kind::F32 && labels.kind() == Kind::F64)
}

fn infer_constant(constant: &Constant) -> Inferred {
    expect_length("elements", constant.values.len(), constant.width.elements())?;
    if !fits(&constant.values, constant.kind) {
        return fault(codes::TYPE, format!("the values are not {}", constant.kind));
    }
    Ok(Some(Type::Value(constant.kind, constant.width)))
}

fn concat(check: &Check<'_>, args: &[ValueId]) -> Inferred {
    let mut kind = None;
    let mut total = 0_u32;
    for &arg in args {
        let (found, width) = value(check, arg)?;
        if *kind.get_or_insert(found) != found {
            return fault(codes::TYPE, format!("{arg} is {found}, the operands before are not"));
        }
        total = total
            .checked_add(width.elements())
            .map_or_else(|| fault(codes::LENGTH, "the vector is too wide"), Ok)?;
    }
    match kind {
        Some(kind) => Ok(Some(Type::Value(kind, Width::Vector(total)))),
        None => fault(codes::LENGTH, "expected at least one operand"),
    }
}

fn unary(op: UnaryOp, (kind, width): (Kind, Width)) -> Inferred {
    let ok = match op {
        UnaryOp::Neg | UnaryOp::Abs | UnaryOp::Sign => kind.is_number(),
        UnaryOp::Not => kind == Kind::Bool,
        UnaryOp::IsMissing => true,
        UnaryOp::Exp
        | UnaryOp::Ln
        | UnaryOp::Ln1p
        | UnaryOp::Expm1
        | UnaryOp::Sqrt
        | UnaryOp::Floor
        | UnaryOp::Ceil
        | UnaryOp::Logistic
        | UnaryOp::Tanh
        | UnaryOp::Sin
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
        | UnaryOp::Erf
        | UnaryOp::NormalCdf
        | UnaryOp::NormalPdf
        | UnaryOp::NormalQuantile
        | UnaryOp::LnGamma
        | UnaryOp::IsNan => kind.is_float(),
    };
    if !ok {
        return fault(codes::TYPE, format!("not defined for {kind}"));
    }
    Ok(Some(Type::Value(if op.is_test() { Kind::Bool } else { kind }, width)))
}

fn binary(op: BinaryOp, left: (Kind, Width), right: (Kind, Width)) -> Inferred {
    if left.0 != right.0 {
        return fault(codes::TYPE, format!("operands of {} and {}", left.0, right.0));
    }
    let kind = left.0;
    let ok = match op {
        BinaryOp::Add
        | BinaryOp::Sub
        | BinaryOp::Mul
        | BinaryOp::Min
        | BinaryOp::Max
        | BinaryOp::Modulo
        | BinaryOp::Remainder
        | BinaryOp::FloorDiv => kind.is_number(),
        BinaryOp::Div | BinaryOp::Pow | BinaryOp::Atan2 => kind.is_float(),
        BinaryOp::Eq | BinaryOp::Ne => true,
        BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => kind.is_number(),
        BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => kind == Kind::Bool,
    };
    if !ok {
        return fault(codes::TYPE, format!("not defined for {kind}"));
    }
    let width = match (left.1, right.1) {
        (Width::Scalar, width) | (width, Width::Scalar) => width,
        (Width::Vector(a), Width::Vector(b)) if a == b => left.1,
        (Width::Vector(a), Width::Vector(b)) => {
            return fault(codes::LENGTH, format!("vectors of {a} and {b} elements"));
        }
    };
    Ok(Some(Type::Value(if op.is_test() { Kind::Bool } else { kind }, width)))
}

fn infer_impute(impute: &Impute, (kind, width): (Kind, Width)) -> Inferred {
    expect_length("replacements", impute.with.len(), width.elements())?;
    if !fits(&impute.with, kind) || (impute.nan && !kind.is_float()) {
        return fault(codes::TYPE, format!("the replacements do not fit {kind}"));
    }
    Ok(Some(Type::Value(kind, width)))
}

fn infer_scale(scale: &Scale, (kind, width): (Kind, Width)) -> Inferred {
    if !kind.is_float() {
        return fault(codes::TYPE, format!("expected a float, found {kind}"));
    }
    for list in [&scale.offset, &scale.factor].into_iter().flatten() {
        expect_length("parameters", list.len(), width.elements())?;
    }
    Ok(Some(Type::Value(kind, width)))
}

pub(super) fn categories(list: &Categories, (kind, width): (Kind, Width)) -> Result<u32, Fault> {
    if width != Width::Scalar || !fits(&list.values, kind) {
        return fault(
            codes::TYPE,
            format!("categories of {} for {}", list.values.kind(), Type::Value(kind, width)),
        );
    }
    let mut texts = list.values.texts();
    texts.sort_unstable();
    if let Some([twice, _]) = texts.array_windows().find(|[a, b]| a == b) {
        return fault(codes::VALUE, format!("category `{twice}` is listed twice"));
    }
    count(list.len())
}

fn infer_one_hot(one_hot: &OneHot, arg: (Kind, Width)) -> Inferred {
    let total = categories(&one_hot.categories, arg)?;
    if one_hot.drop.is_some_and(|drop| drop >= total) {
        return fault(codes::FEATURE, "the dropped category does not exist");
    }
    if !one_hot.kind.is_number() || matches!(one_hot.unknown, Unknown::Code(_)) {
        return fault(codes::VALUE, "indicators are numbers, and unlisted categories give none");
    }
    let width = total - u32::from(one_hot.drop.is_some());
    Ok(Some(Type::Value(one_hot.kind, Width::Vector(width))))
}

fn infer_ordinal(ordinal: &Ordinal, arg: (Kind, Width)) -> Inferred {
    let total = categories(&ordinal.categories, arg)?;
    expect_length("codes", ordinal.codes.len(), total)?;
    if !ordinal.kind.is_number() {
        return fault(codes::TYPE, "codes are numbers");
    }
    Ok(Some(Type::Value(ordinal.kind, Width::Scalar)))
}

fn infer_linear(linear: &Linear, (kind, width): (Kind, Width)) -> Inferred {
    let matrix = &linear.coefficients;
    let expected = if linear.summation.is_f32() { Kind::F32 } else { Kind::F64 };
    if kind != expected || width != Width::Vector(matrix.columns) {
        return fault(
            codes::TYPE,
            format!("expected {expected}[{}], found {}", matrix.columns, Type::Value(kind, width)),
        );
    }
    let elements = u64::from(matrix.rows) * u64::from(matrix.columns);
    if matrix.data.len() as u64 != elements || matrix.rows == 0 {
        return fault(
            codes::LENGTH,
            format!("expected {elements} coefficients, found {}", matrix.data.len()),
        );
    }
    expect_length("intercepts", linear.intercepts.len(), matrix.rows)?;
    Ok(Some(Type::Value(expected, Width::Vector(matrix.rows))))
}

fn infer_classify(classify: &Classify, (kind, margins): (Kind, u32)) -> Inferred {
    let classes = count(classify.classes.len())?;
    let binary = margins == 1;
    if classes < 2 || margins != if binary && classes == 2 { 1 } else { classes } {
        return fault(codes::CLASSES, format!("{classes} classes and {margins} margins"));
    }
    let link_fits = match classify.link {
        Link::Identity | Link::Logistic => true,
        Link::Softmax | Link::LogisticNormalized => !binary,
        Link::SoftmaxSymmetric => binary,
        Link::Exp => false,
    };
    let decision_fits = match classify.decision {
        Decision::LargestProbability => true,
        Decision::LargestMargin => !binary,
        Decision::MarginAbove(_) | Decision::MarginAtLeast(_) => binary,
        Decision::ProbabilityAbove(_) => classes == 2,
    };
    if !link_fits || !decision_fits {
        return fault(
            codes::VALUE,
            format!("link {} or the decision does not fit {margins} margins", classify.link.name()),
        );
    }
    let label = classify.classes.kind();
    Ok(Some(Type::Estimate(EstimateType::Classification { classes, margins, label, kind })))
}

/// Whether a scalar can stand for a value of a kind; numbers stand for all number kinds that hold them.
pub(super) fn scalar_fits(scalar: &Scalar, kind: Kind) -> bool {
    match scalar {
        Scalar::F64(_) => kind.is_float(),
        Scalar::I64(_) => kind.is_number(),
        Scalar::Bool(_) => kind == Kind::Bool,
        Scalar::Text(_) => kind == Kind::Text,
    }
}

fn part_of(check: &Check<'_>, id: ValueId, part: Part) -> Inferred {
    let Some(Some(found)) = check.types.get(id.index()).copied() else {
        return fault(codes::REFERENCE, format!("there is no node {id}"));
    };
    if !has_part(found, check.extras(id), part) || part == Part::Whole {
        return fault(codes::TYPE, format!("{found} has no such part"));
    }
    Ok(Some(part_type(found, part)))
}

/// What a part of an estimate is as a value.
pub(super) fn part_type(found: Type, part: Part) -> Type {
    let Type::Estimate(estimate) = found else { return found };
    let (label, kind) = match estimate {
        EstimateType::Regression { kind, .. } => (kind, kind),
        EstimateType::Classification { label, kind, .. }
        | EstimateType::Clustering { label, kind, .. }
        | EstimateType::Anomaly { label, kind } => (label, kind),
        EstimateType::Ranking { .. } => (Kind::Text, Kind::F64),
    };
    let many = match (estimate, part) {
        (EstimateType::Classification { margins, .. }, Part::Margins) => margins,
        (EstimateType::Classification { classes, .. }, _) => classes,
        (EstimateType::Regression { targets, .. }, _) => targets,
        (EstimateType::Clustering { clusters, .. }, _) => clusters,
        (EstimateType::Anomaly { .. } | EstimateType::Ranking { .. }, _) => 1,
    };
    match part {
        Part::Label | Part::Whole => Type::Value(label, Width::Scalar),
        Part::Probabilities | Part::Values | Part::Margins | Part::Distances => {
            Type::Value(kind, Width::Vector(many))
        }
        Part::Probability(_) | Part::Score | Part::Confidence => Type::Value(kind, Width::Scalar),
        Part::Entity(_) | Part::Reason(_) => Type::Value(Kind::Text, Width::Scalar),
        Part::Rule(_, feature) => Type::Value(feature.kind(), Width::Scalar),
    }
}
