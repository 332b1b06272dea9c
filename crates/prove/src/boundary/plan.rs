use holdall_table::Kind;
use holdall_tabular::{Field, Labels, MissingPolicy, OutlierPolicy, Scalar, Scale, ScaleForm};

use crate::{
    cut::{ends, key, number},
    random::Random,
    trace::stands_in_rows,
};

/// What a field can hold.
pub(super) struct FieldPlan {
    pub(super) kind: Kind,
    /// Values that matter by themselves.
    pub(super) special: Vec<Option<Scalar>>,
    /// Categories, for fields that are told apart.
    listed: Vec<Scalar>,
    /// Range of values that splits tell apart.
    low: f64,
    high: f64,
}

impl FieldPlan {
    pub(super) fn new(field: &Field) -> Self {
        let kind = field.kind;
        let mut plan = Self {
            kind,
            special: Vec::new(),
            listed: Vec::new(),
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
        };
        if field.missing != MissingPolicy::Reject {
            plan.special.push(None);
        }
        if let Some(values) = &field.domain.values {
            plan.list(&values.values);
        }
        for interval in &field.domain.intervals {
            plan.edge(interval.low);
            plan.edge(interval.high);
        }
        match field.outlier {
            OutlierPolicy::Keep => {}
            OutlierPolicy::AsMissing { low, high } | OutlierPolicy::Clamp { low, high } => {
                plan.edge(low);
                plan.edge(high);
            }
        }
        match kind {
            Kind::F32 | Kind::F64 => {
                let wild = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
                plan.special.extend(wild.map(|x| Some(Scalar::F64(x))));
            }
            Kind::I64 => plan.special.extend([-1, 0, 1].map(|x| Some(Scalar::I64(x)))),
            Kind::Bool => plan.listed.extend([false, true].map(Scalar::Bool)),
            Kind::Text => {}
        }
        plan
    }

    /// A bound, where there is one, and its neighbours.
    fn edge(&mut self, x: f64) {
        if x.is_finite() && self.kind.is_number() {
            self.widen(x);
            let middle = key(x, self.kind);
            let around = (middle - 1..=middle + 1).map(|k| number(k, self.kind));
            self.special.extend(around.map(|x| Some(cell(x, self.kind))));
        }
    }

    pub(super) fn list(&mut self, values: &Labels) {
        for value in (0..values.len()).filter_map(|i| values.get(i)) {
            // Floats stand for both float kinds.
            if stands_in_rows(&value) && !self.listed.contains(&value) {
                self.listed.push(value);
            }
        }
    }

    pub(super) fn widen(&mut self, x: f64) {
        if x.is_finite() {
            self.low = self.low.min(x);
            self.high = self.high.max(x);
        }
    }

    pub(super) fn finish(&mut self) {
        self.special.extend(self.listed.iter().cloned().map(Some));
        if !self.listed.is_empty() {
            self.special.extend(self.unknown().map(Some));
        }
        if self.low > self.high {
            (self.low, self.high) = (-1.0, 1.0);
        }
        let margin = ((self.high - self.low) / 4.0).clamp(0.5, f64::MAX / 8.0);
        (self.low, self.high) = (self.low - margin, self.high + margin);
    }

    /// A category that is not listed.
    fn unknown(&self) -> Option<Scalar> {
        // One number more than there are categories: one of them is not listed.
        let tried = i64::try_from(self.listed.len()).unwrap_or(i64::MAX);
        let between = |i: i64| number(i, Kind::I64) + 0.5;
        match self.kind {
            Kind::Text => {
                let mut text = "unknown".to_owned();
                while self.listed.contains(&Scalar::Text(text.clone())) {
                    text.push('?');
                }
                Some(Scalar::Text(text))
            }
            Kind::I64 => (0..=tried).map(Scalar::I64).find(|value| !self.listed.contains(value)),
            Kind::F32 | Kind::F64 => {
                (0..=tried).map(|i| Scalar::F64(between(i))).find(|v| !self.listed.contains(v))
            }
            Kind::Bool => None,
        }
    }

    /// Anything: now and then a special value, else an ordinary one.
    pub(super) fn draw(&self, random: &mut Random) -> Option<Scalar> {
        if !self.special.is_empty() && random.below(16) == 0 {
            return self.special.get(random.below(self.special.len())).cloned().flatten();
        }
        Some(self.ordinary(random))
    }

    pub(super) fn ordinary(&self, random: &mut Random) -> Scalar {
        if let Some(value) = self.listed.get(random.below(self.listed.len())) {
            return value.clone();
        }
        match self.kind {
            Kind::Text => Scalar::Text("text".to_owned()),
            Kind::Bool => Scalar::Bool(random.below(2) == 1),
            Kind::F32 | Kind::F64 | Kind::I64 => {
                let (low, high) = ends(self.kind);
                cell(self.between(low, high, random), self.kind)
            }
        }
    }

    /// A number between two keys, within the usual range where that is possible.
    pub(super) fn between(&self, low: i64, high: i64, random: &mut Random) -> f64 {
        let (mut first, mut last) = (number(low, self.kind), number(high, self.kind));
        if self.low > first && self.low < last {
            first = self.low;
        }
        if self.high < last && self.high > first {
            last = self.high;
        }
        let (first, last) = (first.max(f64::MIN / 4.0), last.min(f64::MAX / 4.0));
        let drawn = key(first + (last - first) * random.unit(), self.kind);
        number(drawn.max(low).min(high.max(low)), self.kind)
    }
}

/// A cell of a number field.
pub(super) fn cell(x: f64, kind: Kind) -> Scalar {
    if kind == Kind::I64 { Scalar::I64(key(x, kind)) } else { Scalar::F64(x) }
}

/// Where the values lie that a scale brings near zero.
pub(super) fn usual_range(scale: &Scale, element: usize) -> [f64; 2] {
    let at = |list: &Option<Vec<f64>>| list.as_ref().and_then(|l| l.get(element).copied());
    let (offset, factor) = (at(&scale.offset).unwrap_or(0.0), at(&scale.factor).unwrap_or(1.0));
    match scale.form {
        ScaleForm::SubtractDivide => [offset - 3.0 * factor, offset + 3.0 * factor],
        ScaleForm::SubtractMultiply => [offset - 3.0 / factor, offset + 3.0 / factor],
        ScaleForm::MultiplyAdd => [(-1.0 - offset) / factor, (2.0 - offset) / factor],
    }
}
