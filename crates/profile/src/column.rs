use holdall_table::{Column, Data};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::{DISTINCT, SAMPLE, TOP};

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Logical {
    /// Every value that is there is a number.
    Number,
    /// Some value is not a number.
    Text,
    /// No value is there.
    Empty,
}

/// The profile of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnProfile {
    /// Name of the column.
    pub name: String,
    /// What its values are.
    pub logical: Logical,
    /// Values that are there, NaN included.
    pub count: u64,
    /// Values that are missing.
    pub missing: u64,
    /// Distinct values; absent when there are more than 4096.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub distinct: Option<u64>,
    /// Figures of a number column.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub numeric: Option<Numeric>,
    /// Lengths of a text column.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<TextLengths>,
    /// The most frequent values of a text column, or of a number column with at most 20 distinct
    /// values; by falling count, then by value.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub top: Vec<Category>,
}

/// Figures of a number column. NaN and infinities are counted and take no part in the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numeric {
    /// NaN values.
    pub nan: u64,
    /// Infinite values of either sign.
    pub infinite: u64,
    /// Values equal to zero.
    pub zeros: u64,
    /// Values below zero.
    pub negatives: u64,
    /// Whether all finite values are whole.
    pub integers: bool,
    /// Smallest finite value.
    pub min: f64,
    /// Largest finite value.
    pub max: f64,
    /// Mean of the finite values.
    pub mean: f64,
    /// Standard deviation of the finite values (divisor n).
    pub std: f64,
    /// Whether the quantiles are exact; otherwise they come from a sample of 65,536 values.
    pub quantiles_exact: bool,
    /// Quantiles of the finite values: the smallest value with at least that share at or below it.
    pub quantiles: Vec<Quantile>,
}

/// One quantile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantile {
    /// Share, from 0 to 1.
    pub p: f64,
    /// The value.
    pub value: f64,
}

/// Lengths of texts in characters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextLengths {
    /// Shortest.
    pub min: u64,
    /// Longest.
    pub max: u64,
    /// Mean.
    pub mean: f64,
}

/// A value and how often it occurs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// The value as text.
    pub value: String,
    /// How often it occurs.
    pub count: u64,
}

/// The shares for which quantiles are given.
const SHARES: [f64; 7] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

#[derive(Debug)]
pub(crate) struct ColumnProfiler {
    name: String,
    count: u64,
    missing: u64,
    texts: u64,
    counts: Option<IndexMap<String, u64>>,
    characters: u64,
    shortest: u64,
    longest: u64,
    moments: Moments,
    sample: Vec<f64>,
    random: u64,
}

#[derive(Debug, Default)]
struct Moments {
    finite: u64,
    nan: u64,
    infinite: u64,
    zeros: u64,
    negatives: u64,
    fractions: u64,
    min: f64,
    max: f64,
    mean: f64,
    m2: f64,
}

impl ColumnProfiler {
    pub(crate) fn new(name: &str, seed: u64) -> Self {
        Self {
            name: name.to_owned(),
            count: 0,
            missing: 0,
            texts: 0,
            counts: Some(IndexMap::new()),
            characters: 0,
            shortest: u64::MAX,
            longest: 0,
            moments: Moments::default(),
            sample: Vec::new(),
            random: seed,
        }
    }

    pub(crate) fn push(&mut self, column: &Column, rows: usize) {
        for row in 0..rows {
            if column.is_missing(row) {
                self.missing += 1;
                continue;
            }
            match &column.data {
                Data::Text(texts) => self.text(texts.get(row).map_or("", String::as_str)),
                Data::F64(values) => self.typed(values.get(row).copied(), column, row),
                Data::F32(values) => {
                    self.typed(values.get(row).copied().map(f64::from), column, row);
                }
                Data::I64(_) | Data::Bool(_) => self.text(&column.text(row)),
            }
        }
    }

    fn typed(&mut self, value: Option<f64>, column: &Column, row: usize) {
        self.count += 1;
        self.tally(&column.text(row));
        if let Some(value) = value {
            self.number(value);
        }
    }

    fn text(&mut self, text: &str) {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            self.missing += 1;
            return;
        }
        self.count += 1;
        self.tally(text);
        match trimmed.parse() {
            Ok(value) => self.number(value),
            Err(_) => self.texts += 1,
        }
    }

    fn tally(&mut self, text: &str) {
        let length = text.chars().count() as u64;
        self.characters += length;
        self.shortest = self.shortest.min(length);
        self.longest = self.longest.max(length);
        let Some(counts) = &mut self.counts else { return };
        if let Some(count) = counts.get_mut(text) {
            *count += 1;
        } else if counts.len() < DISTINCT {
            counts.insert(text.to_owned(), 1);
        } else {
            self.counts = None;
        }
    }

    fn number(&mut self, value: f64) {
        self.moments.push(value);
        if !value.is_finite() {
            return;
        }
        if self.sample.len() < SAMPLE {
            self.sample.push(value);
            return;
        }
        // Algorithm R: the n-th value replaces a random one with probability SAMPLE / n.
        let slot = self.next_random() % self.moments.finite;
        if let Some(kept) = usize::try_from(slot).ok().and_then(|slot| self.sample.get_mut(slot)) {
            *kept = value;
        }
    }

    /// `SplitMix64`: the same sequence for the same column on every machine.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn finish(self) -> ColumnProfile {
        let logical = match (self.count, self.texts) {
            (0, _) => Logical::Empty,
            (_, 0) => Logical::Number,
            (_, _) => Logical::Text,
        };
        let distinct = self.counts.as_ref().map(|counts| counts.len() as u64);
        let wants_top = match logical {
            Logical::Text => true,
            Logical::Number => distinct.is_some_and(|n| n <= TOP as u64),
            Logical::Empty => false,
        };
        let mut top: Vec<Category> = self
            .counts
            .filter(|_| wants_top)
            .into_iter()
            .flatten()
            .map(|(value, count)| Category { value, count })
            .collect();
        top.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        top.truncate(TOP);
        let numeric = (logical == Logical::Number && self.moments.finite > 0)
            .then(|| self.moments.finish(self.sample));
        let text = (logical == Logical::Text).then(|| TextLengths {
            min: self.shortest,
            max: self.longest,
            mean: ratio(self.characters, self.count),
        });
        ColumnProfile {
            name: self.name,
            logical,
            count: self.count,
            missing: self.missing,
            distinct,
            numeric,
            text,
            top,
        }
    }
}

impl Moments {
    fn push(&mut self, value: f64) {
        if value.is_nan() {
            self.nan += 1;
            return;
        }
        if value.is_infinite() {
            self.infinite += 1;
            return;
        }
        let first = self.finite == 0;
        self.finite += 1;
        self.min = if first { value } else { self.min.min(value) };
        self.max = if first { value } else { self.max.max(value) };
        self.zeros += u64::from(value.abs() <= 0.0);
        self.negatives += u64::from(value < 0.0);
        self.fractions += u64::from(value.fract().abs() > 0.0);
        let delta = value - self.mean;
        self.mean += delta / count(self.finite);
        self.m2 += delta * (value - self.mean);
    }

    fn finish(&self, mut sample: Vec<f64>) -> Numeric {
        sample.sort_unstable_by(f64::total_cmp);
        let quantiles = SHARES
            .iter()
            .filter_map(|&p| {
                let value = sample.get(rank(p, sample.len())).copied()?;
                Some(Quantile { p, value })
            })
            .collect();
        Numeric {
            nan: self.nan,
            infinite: self.infinite,
            zeros: self.zeros,
            negatives: self.negatives,
            integers: self.fractions == 0,
            min: self.min,
            max: self.max,
            mean: self.mean,
            std: (self.m2 / count(self.finite)).sqrt(),
            quantiles_exact: self.finite <= SAMPLE as u64,
            quantiles,
        }
    }
}

/// Position of the smallest of `n` sorted values with at least share `p` at or below it.
fn rank(p: f64, n: usize) -> usize {
    let position = (p * count(n as u64)).ceil() - 1.0;
    #[expect(clippy::cast_possible_truncation, reason = "clamped to the sample")]
    #[expect(clippy::cast_sign_loss, reason = "clamped to the sample")]
    let rank = position.max(0.0) as usize;
    rank.min(n.saturating_sub(1))
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2⁵³")]
fn count(n: u64) -> f64 {
    n as f64
}

fn ratio(part: u64, whole: u64) -> f64 {
    count(part) / count(whole)
}
