//! Tensors by statistics.

use bytes::Bytes;
use half::{bf16, f16};
use holdall_diag::Failure;
use holdall_graph::Elem;
use serde_json::{Value, json};

use super::Comparing;
use crate::{decode, proto::TensorProto, view};

impl Comparing<'_, '_> {
    /// Two constants.
    pub(super) fn tensors(
        &mut self,
        area: &'static str,
        what: &str,
        a: Option<&TensorProto>,
        b: Option<&TensorProto>,
    ) -> Result<(), Failure> {
        let said = |tensor: &TensorProto| {
            view::constant(tensor).ty.map_or_else(String::new, |t| t.to_string())
        };
        let (Some(was), Some(is)) = (a, b) else {
            self.add(area, what, a.map(said), b.map(said), None);
            return Ok(());
        };
        if was.data_type != is.data_type || was.dims != is.dims {
            self.add(area, what, Some(said(was)), Some(said(is)), None);
            return Ok(());
        }
        if Elem(was.data_type) == Elem::STRING {
            if was.string_data != is.string_data {
                let pairs = was.string_data.iter().zip(&is.string_data);
                let changed = pairs.filter(|(x, y)| x != y).count();
                let detail = json!({ "elements": was.string_data.len(), "changed": changed });
                self.add(area, what, Some(said(was)), Some(said(is)), Some(detail));
            }
            return Ok(());
        }
        let x = decode::payload(was, &mut self.old, what)?;
        let y = decode::payload(is, &mut self.new, what)?;
        if x != y {
            let detail = statistics(Elem(was.data_type), &x, &y);
            self.add(area, what, Some(said(was)), Some(said(is)), Some(detail));
        }
        Ok(())
    }
}

/// The elements as doubles, where they are numbers.
fn numbers(elem: Elem, bytes: &Bytes) -> Option<Box<dyn Iterator<Item = f64> + '_>> {
    Some(match elem.0 {
        1 => Box::new(view::words(bytes).map(|w| f32::from_le_bytes(w).into())),
        2 | 9 => Box::new(bytes.iter().map(|b| f64::from(*b))),
        3 => Box::new(view::words(bytes).map(|w| i8::from_le_bytes(w).into())),
        4 => Box::new(view::words(bytes).map(|w| u16::from_le_bytes(w).into())),
        5 => Box::new(view::words(bytes).map(|w| i16::from_le_bytes(w).into())),
        6 => Box::new(view::words(bytes).map(|w| i32::from_le_bytes(w).into())),
        #[expect(clippy::cast_precision_loss, reason = "statistics")]
        7 => Box::new(view::words(bytes).map(|w| i64::from_le_bytes(w) as f64)),
        10 => Box::new(view::words(bytes).map(|w| f16::from_le_bytes(w).to_f64())),
        11 => Box::new(view::words(bytes).map(f64::from_le_bytes)),
        12 => Box::new(view::words(bytes).map(|w| u32::from_le_bytes(w).into())),
        #[expect(clippy::cast_precision_loss, reason = "statistics")]
        13 => Box::new(view::words(bytes).map(|w| u64::from_le_bytes(w) as f64)),
        16 => Box::new(view::words(bytes).map(|w| bf16::from_le_bytes(w).to_f64())),
        _ => return None,
    })
}

#[derive(Default)]
struct Sums {
    count: u64,
    sum: f64,
    squares: f64,
    least: f64,
    most: f64,
    odd: u64,
}

impl Sums {
    fn add(&mut self, value: f64) {
        if !value.is_finite() {
            self.odd += 1;
            return;
        }
        if self.count == 0 {
            (self.least, self.most) = (value, value);
        }
        self.count += 1;
        self.sum += value;
        self.squares += value * value;
        self.least = self.least.min(value);
        self.most = self.most.max(value);
    }

    fn json(&self) -> Value {
        #[expect(clippy::cast_precision_loss, reason = "statistics")]
        let count = self.count.max(1) as f64;
        let mean = self.sum / count;
        let deviation = (self.squares / count - mean * mean).max(0.0).sqrt();
        json!({
            "min": self.least, "max": self.most, "mean": mean, "std": deviation,
            "not_finite": self.odd,
        })
    }
}

fn statistics(elem: Elem, a: &Bytes, b: &Bytes) -> Value {
    let (Some(x), Some(y)) = (numbers(elem, a), numbers(elem, b)) else {
        let changed = a.iter().zip(b.iter()).filter(|(x, y)| x != y).count();
        return json!({ "bytes": a.len(), "changed_bytes": changed });
    };
    let (mut old, mut new) = (Sums::default(), Sums::default());
    let (mut changed, mut total, mut elements, mut most) = (0_u64, 0.0_f64, 0_u64, 0.0_f64);
    for (x, y) in x.zip(y) {
        old.add(x);
        new.add(y);
        elements += 1;
        if x.to_bits() != y.to_bits() {
            changed += 1;
            let distance = (x - y).abs();
            if distance.is_finite() {
                total += distance;
                most = most.max(distance);
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "statistics")]
    let mean = total / elements.max(1) as f64;
    json!({
        "elements": elements, "changed": changed, "max_abs": most, "mean_abs": mean,
        "old": old.json(), "new": new.json(),
    })
}
