//! The columns that a part of a column transformer takes: a name, a position, a list of either, a
//! mask, a slice (of names: the last one included), or `_RemainderColsList` of 1.5 to 1.7, whose
//! `data` is a list. `utils/_indexing.py`, `_get_column_indices`.

use holdall_diag::Failure;
use holdall_pickle::Value;

use super::estimator::refuse;
use crate::codes;

/// Positions of the selected columns, in order.
pub(crate) fn positions(
    value: &Value<'_>,
    names: &[String],
    width: usize,
) -> Result<Vec<usize>, Failure> {
    let selection = Selection { names, width };
    if value.as_text().is_some() || value.as_int().is_some() {
        return Ok(vec![selection.position(value)?]);
    }
    if let Some(object) = value.as_object().filter(|_| !value.is_array()) {
        return match (object.module(), object.name()) {
            ("builtins", "slice") => selection.slice(value),
            ("sklearn.compose._column_transformer", "_RemainderColsList") => {
                positions(&plain_list(&object.require("data")?)?, names, width)
            }
            _ => Err(unknown(value)),
        };
    }
    if value.is_array() {
        return selection.array(value);
    }
    let items: Vec<Value<'_>> = value.items().map_err(|_not_a_list| unknown(value))?.collect();
    let mask: Option<Vec<bool>> = items.iter().map(Value::as_bool).collect();
    match mask.filter(|mask| !mask.is_empty()) {
        Some(mask) => selection.mask(value, &mask),
        None => items.iter().map(|item| selection.position(item)).collect(),
    }
}

/// A list that holds no further wrapper, so that reading ends.
fn plain_list<'p>(value: &Value<'p>) -> Result<Value<'p>, Failure> {
    value.item_ids()?;
    Ok(value.clone())
}

fn unknown(value: &Value<'_>) -> Failure {
    refuse(value, codes::COLUMNS, format!("columns given as {} are not carried", value.describe()))
        .with_help("give the columns as a list of names or positions")
}

struct Selection<'n> {
    names: &'n [String],
    width: usize,
}

impl Selection<'_> {
    fn position(&self, value: &Value<'_>) -> Result<usize, Failure> {
        if let Ok(name) = value.to_text() {
            return self.named(value, &name);
        }
        let position = value.as_int().ok_or_else(|| unknown(value))?;
        self.wrapped(position).filter(|&i| i < self.width).ok_or_else(|| {
            let message = format!("there is no column {position} of {}", self.width);
            value.failure(codes::COLUMNS, message)
        })
    }

    fn named(&self, value: &Value<'_>, name: &str) -> Result<usize, Failure> {
        let found = self.names.iter().position(|n| n == name).filter(|&i| i < self.width);
        found.ok_or_else(|| {
            value.failure(codes::COLUMNS, format!("there is no column `{name}` among the inputs"))
        })
    }

    /// A negative position counts from the end.
    fn wrapped(&self, position: i64) -> Option<usize> {
        if position >= 0 {
            return usize::try_from(position).ok();
        }
        let back = usize::try_from(position.unsigned_abs()).ok()?;
        self.width.checked_sub(back)
    }

    fn mask(&self, value: &Value<'_>, mask: &[bool]) -> Result<Vec<usize>, Failure> {
        if mask.len() != self.width {
            let message = format!("a mask of {} for {} columns", mask.len(), self.width);
            return Err(value.failure(codes::COLUMNS, message));
        }
        Ok(mask.iter().enumerate().filter(|(_, chosen)| **chosen).map(|(i, _)| i).collect())
    }

    fn array(&self, value: &Value<'_>) -> Result<Vec<usize>, Failure> {
        let array = value.array()?;
        if array.dtype().kind == holdall_pickle::numpy::ElementKind::Bool {
            return self.mask(value, &array.to_bool()?);
        }
        if let Ok(names) = array.strings(value.pickle()) {
            return names.iter().map(|name| self.named(value, name)).collect();
        }
        let valid = |position: i64| self.wrapped(position).filter(|&i| i < self.width);
        array.to_i64()?.into_iter().map(|i| valid(i).ok_or_else(|| unknown(value))).collect()
    }

    /// `slice(start, stop, step)`; only forward.
    fn slice(&self, value: &Value<'_>) -> Result<Vec<usize>, Failure> {
        let object = value.object()?;
        let (start, stop, step) = (object.argument(0)?, object.argument(1)?, object.argument(2)?);
        let end = |bound: &Value<'_>, default: usize, last: usize| -> Result<usize, Failure> {
            if bound.is_none() {
                return Ok(default);
            }
            if let Ok(name) = bound.to_text() {
                return Ok(self.named(bound, &name)? + last);
            }
            let position = bound.as_int().ok_or_else(|| unknown(value))?;
            Ok(self.wrapped(position).unwrap_or(0).min(self.width))
        };
        let (from, to) = (end(&start, 0, 0)?, end(&stop, self.width, 1)?);
        let step = if step.is_none() { Some(1) } else { step.as_int() };
        let step = step.and_then(|step| usize::try_from(step).ok()).filter(|&step| step > 0);
        let step = step.ok_or_else(|| unknown(value))?;
        Ok((from..to.max(from)).step_by(step).collect())
    }
}
