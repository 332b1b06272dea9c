use holdall_table::Kind;
use holdall_tabular::{Labels, Op, Scalar, Scale, ScaleForm, ValidModel, ValueId};

/// One step of the way from a field to the element that a split tests.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Round(Kind),
    Scale { form: ScaleForm, offset: Option<f64>, factor: Option<f64>, kind: Kind },
}

/// Where an element comes from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// A number field, through steps that keep or reverse its order.
    Number { field: usize, steps: Vec<Step> },
    /// A category field: what the element is for each category.
    Category { field: usize, values: Vec<(Scalar, f64)> },
}

/// Follows an element back to its field; none where something else comes between.
pub(crate) fn trace(model: &ValidModel, mut id: ValueId, mut element: usize) -> Option<Origin> {
    let mut steps: Vec<Step> = Vec::new();
    loop {
        match &model.model().nodes.get(id)?.op {
            Op::Input(field) => {
                let kind = model.model().fields.get(*field)?.kind;
                steps.reverse();
                return kind.is_number().then_some(Origin::Number { field: field.index(), steps });
            }
            Op::Concat(args) => {
                let mut found = None;
                for &arg in args {
                    let width = model.width_of(arg) as usize;
                    if element < width {
                        found = Some(arg);
                        break;
                    }
                    element -= width;
                }
                id = found?;
            }
            Op::Select { arg, indices } => {
                element = *indices.get(element)? as usize;
                id = *arg;
            }
            Op::Cast { arg, to } => {
                steps.push(Step::Round(*to));
                id = *arg;
            }
            Op::Impute(impute) => id = impute.arg,
            Op::Scale(scale) => {
                steps.push(scale_step(scale, element, model.kind_of(scale.arg)?));
                id = scale.arg;
            }
            Op::OneHot(op) => {
                let dropped = op.drop.is_some_and(|drop| element >= drop as usize);
                let listed = element + usize::from(dropped);
                let code = |i: usize| if i == listed { 1.0 } else { 0.0 };
                return category(model, op.arg, &op.categories.values, code, steps);
            }
            Op::Ordinal(op) => {
                let code = |i: usize| op.codes.get(i).copied().unwrap_or(f64::NAN);
                return category(model, op.arg, &op.categories.values, code, steps);
            }
            Op::Constant(_)
            | Op::Unary { .. }
            | Op::Binary { .. }
            | Op::If { .. }
            | Op::Call(_)
            | Op::Transform(_)
            | Op::Linear(_)
            | Op::Trees(_)
            | Op::Estimator(_)
            | Op::Regress(_)
            | Op::Classify(_)
            | Op::Part { .. }
            | Op::Foreign(_) => return None,
        }
    }
}

fn scale_step(scale: &Scale, element: usize, kind: Kind) -> Step {
    let at = |list: &Option<Vec<f64>>| list.as_ref().and_then(|l| l.get(element).copied());
    Step::Scale { form: scale.form, offset: at(&scale.offset), factor: at(&scale.factor), kind }
}

fn category(
    model: &ValidModel,
    mut id: ValueId,
    values: &Labels,
    code: impl Fn(usize) -> f64,
    mut steps: Vec<Step>,
) -> Option<Origin> {
    steps.reverse();
    while let Op::Impute(impute) = &model.model().nodes.get(id)?.op {
        id = impute.arg;
    }
    let Op::Input(field) = &model.model().nodes.get(id)?.op else { return None };
    let listed = (0..values.len()).filter_map(|i| Some((values.get(i)?, forward(&steps, code(i)))));
    let listed = listed.filter(|(value, _)| stands_in_rows(value));
    Some(Origin::Category { field: field.index(), values: listed.collect() })
}

/// Whether a value can stand in a row: an empty text is missing there, whatever the model lists.
pub(crate) fn stands_in_rows(value: &Scalar) -> bool {
    !matches!(value, Scalar::Text(text) if text.is_empty())
}

/// The element for a field value, each step rounded to its kind.
pub(crate) fn forward(steps: &[Step], x: f64) -> f64 {
    steps.iter().fold(x, |x, step| match step {
        Step::Round(kind) => round(x, *kind),
        Step::Scale { form, offset, factor, kind } => {
            let apply = |x: f64, by: &Option<f64>, function: fn(f64, f64) -> f64| match by {
                Some(by) => round(function(x, round(*by, *kind)), *kind),
                None => x,
            };
            match form {
                ScaleForm::SubtractDivide => {
                    apply(apply(x, offset, |x, by| x - by), factor, |x, by| x / by)
                }
                ScaleForm::SubtractMultiply => {
                    apply(apply(x, offset, |x, by| x - by), factor, |x, by| x * by)
                }
                ScaleForm::MultiplyAdd => {
                    apply(apply(x, factor, |x, by| x * by), offset, |x, by| x + by)
                }
            }
        }
    })
}

/// A binary64 result rounded to a kind. For one operation on binary32 operands rounding the binary64
/// result gives the binary32 result, as 53 ≥ 2 · 24 + 2.
pub(crate) fn round(x: f64, kind: Kind) -> f64 {
    match kind {
        #[expect(clippy::cast_possible_truncation, reason = "rounding is what is asked")]
        Kind::F32 => f64::from(x as f32),
        Kind::I64 => x.trunc(),
        Kind::F64 | Kind::Bool | Kind::Text => x,
    }
}
