//! The way back through a transformer of targets, for `TransformedTargetRegressor`.

use holdall_diag::Failure;
use holdall_tabular::{Op, Scale, ScaleForm, ValueId};

use super::{columns::Lowering, estimator::Estimator, function};
use crate::codes;

/// `inverse_transform` of a vector.
pub(super) fn lower(
    lowering: &mut Lowering<'_>,
    transformer: &Estimator<'_>,
    vector: ValueId,
) -> Result<ValueId, Failure> {
    let optional = |switch: &str, key: &str| {
        transformer.flag(switch, true).then(|| transformer.numbers(key)).transpose()
    };
    let (offset, factor) = match transformer.object().name() {
        "FunctionTransformer" => {
            return function::apply(lowering, transformer, "inverse_func", vector);
        }
        "StandardScaler" => (optional("with_mean", "mean_")?, optional("with_std", "scale_")?),
        "RobustScaler" => {
            (optional("with_centering", "center_")?, optional("with_scaling", "scale_")?)
        }
        "MaxAbsScaler" => (None, Some(transformer.numbers("scale_")?)),
        "MinMaxScaler" => {
            let (form, offset) = (ScaleForm::SubtractDivide, Some(transformer.numbers("min_")?));
            let factor = Some(transformer.numbers("scale_")?);
            return lowering.op(Op::Scale(Scale { arg: vector, form, offset, factor }));
        }
        name => {
            return Err(transformer
                .refuse(codes::PARAMETER, format!("the way back through `{name}` is not carried"))
                .with_help("use a scaler, or `func` and `inverse_func` of NumPy"));
        }
    };
    let scale = Scale { arg: vector, form: ScaleForm::MultiplyAdd, offset, factor };
    if scale.offset.is_none() && scale.factor.is_none() {
        return Ok(vector);
    }
    lowering.op(Op::Scale(scale))
}
