//! `FunctionTransformer`: without a function the columns as they are, or a function of `numpy` or `scipy`
//! of each element, without `kw_args`. `validate=True` refuses text and NaN. Other functions are not in the
//! file, only their names.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{BinaryOp, UnaryOp, ValueId};

use super::{
    columns::{Column, Lowering, elements, opens},
    estimator::{Estimator, refuse},
};
use crate::codes;

/// What a function of one element is called.
const FUNCTIONS: [(&str, UnaryOp); 33] = [
    ("absolute", UnaryOp::Abs),
    ("abs", UnaryOp::Abs),
    ("fabs", UnaryOp::Abs),
    ("negative", UnaryOp::Neg),
    ("exp", UnaryOp::Exp),
    ("expm1", UnaryOp::Expm1),
    ("exp2", UnaryOp::Exp2),
    ("log", UnaryOp::Ln),
    ("log1p", UnaryOp::Ln1p),
    ("log2", UnaryOp::Log2),
    ("log10", UnaryOp::Log10),
    ("sqrt", UnaryOp::Sqrt),
    ("cbrt", UnaryOp::Cbrt),
    ("sin", UnaryOp::Sin),
    ("cos", UnaryOp::Cos),
    ("tan", UnaryOp::Tan),
    ("arcsin", UnaryOp::Asin),
    ("arccos", UnaryOp::Acos),
    ("arctan", UnaryOp::Atan),
    ("sinh", UnaryOp::Sinh),
    ("cosh", UnaryOp::Cosh),
    ("tanh", UnaryOp::Tanh),
    ("arcsinh", UnaryOp::Asinh),
    ("arccosh", UnaryOp::Acosh),
    ("arctanh", UnaryOp::Atanh),
    ("floor", UnaryOp::Floor),
    ("ceil", UnaryOp::Ceil),
    ("trunc", UnaryOp::Trunc),
    ("rint", UnaryOp::RoundEven),
    ("sign", UnaryOp::Sign),
    ("expit", UnaryOp::Logistic),
    ("ndtr", UnaryOp::NormalCdf),
    ("ndtri", UnaryOp::NormalQuantile),
];

pub(crate) fn lower(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    columns: Vec<Column>,
) -> Result<Vec<Column>, Failure> {
    let function = estimator.get("func").filter(|function| !only_checks(function));
    let validates = estimator.flag("validate", false);
    if function.is_none() && !validates {
        return Ok(columns);
    }
    let vector = lowering.numbers(&columns, estimator.value())?;
    let mut opens = opens(&columns);
    if validates {
        lowering.refuse_missing(&columns);
    }
    if function.is_none() {
        return Ok(elements(vector, &opens));
    }
    let answer = apply(lowering, estimator, "func", vector)?;
    if validates {
        opens.fill(None);
    }
    Ok(elements(answer, &opens))
}

/// What histogram gradient boosting wraps its columns in: `check_array`, with arguments from 1.4.
fn only_checks(function: &Value<'_>) -> bool {
    let checks =
        |value: &Value<'_>| value.as_global() == Some(("sklearn.utils.validation", "check_array"));
    let partial =
        function.as_object().filter(|o| o.module() == "functools" && o.name() == "partial");
    let inner = partial.and_then(|partial| partial.argument(0).ok());
    checks(function) || inner.is_some_and(|inner| checks(&inner))
}

/// The name of a function of `numpy` or `scipy`. Until `numpy` 1.19 it is the second argument of
/// `numpy.core._ufunc_reconstruct`.
fn function_name<'p>(function: &Value<'p>) -> Option<&'p str> {
    let (module, name) = function.as_global().or_else(|| {
        let call = function.as_object()?;
        let is_ufunc = (call.module(), call.name()) == ("numpy.core", "_ufunc_reconstruct");
        let text = |i: usize| function.pickle().text(*call.arguments().get(i)?);
        if is_ufunc { text(0).zip(text(1)) } else { None }
    })?;
    let package = module.split('.').next().unwrap_or_default();
    matches!(package, "numpy" | "scipy").then_some(name)
}

/// A function of a transformer, on each element of a vector.
pub(super) fn apply(
    lowering: &mut Lowering<'_>,
    estimator: &Estimator<'_>,
    key: &str,
    vector: ValueId,
) -> Result<ValueId, Failure> {
    let Some(function) = estimator.get(key) else { return Ok(vector) };
    let arguments = if key == "func" { "kw_args" } else { "inv_kw_args" };
    if estimator.get(arguments).is_some_and(|list| list.entries().is_ok_and(|e| e.len() > 0)) {
        return Err(estimator.unknown(arguments));
    }
    let name = function_name(&function);
    let known = name.and_then(|name| FUNCTIONS.iter().find(|(known, _)| *known == name));
    if let Some((_, op)) = known {
        return lowering.unary(*op, vector);
    }
    match name {
        Some("square") => lowering.binary(BinaryOp::Mul, vector, vector),
        Some("reciprocal") => {
            let one = lowering.number(1.0)?;
            lowering.binary(BinaryOp::Div, one, vector)
        }
        Some(_) | None => Err(refuse(
            &function,
            codes::PARAMETER,
            format!("`FunctionTransformer` with {} is not carried", function.describe()),
        )
        .with_help(
            "compute the column before the rows reach the model, or use a function of NumPy",
        )),
    }
}
