//! `TfIdfVectorizer`: <https://onnx.ai/onnx/operators/onnx__TfIdfVectorizer.html>.

use std::collections::BTreeMap;

use crate::ops::prelude::*;

#[derive(Clone, Copy)]
enum Mode {
    Count,
    Inverse,
    Both,
}

/// A word of a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Word {
    Int(i64),
    Text(String),
}

struct Vectorizer {
    mode: Mode,
    /// Least and greatest length of n-grams, and how many words may be skipped.
    lengths: std::ops::RangeInclusive<usize>,
    skips: usize,
    grams: BTreeMap<Vec<Word>, usize>,
    places: Vec<usize>,
    weights: Option<Vec<f32>>,
    width: usize,
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let mode = setup
        .word("mode", &[("TF", Mode::Count), ("IDF", Mode::Inverse), ("TFIDF", Mode::Both)])?;
    let size = |name: &str, absent: i64| -> Result<usize, Failure> {
        usize::try_from(setup.int(name, absent)?)
            .map_err(|error| setup.refuse(format!("`{name}` is negative")).caused_by(error))
    };
    let lengths = size("min_gram_length", 1)?.max(1)..=size("max_gram_length", 1)?;
    let skips = size("max_skip_count", 0)?;
    let pool: Vec<Word> = match setup.texts("pool_strings")? {
        Some(texts) => texts.into_iter().map(Word::Text).collect(),
        None => setup.ints("pool_int64s")?.unwrap_or_default().into_iter().map(Word::Int).collect(),
    };
    let counts = setup.sizes("ngram_counts")?.unwrap_or_default();
    let places = setup.sizes("ngram_indexes")?.unwrap_or_default();
    let mut grams = BTreeMap::new();
    for (i, &start) in counts.iter().enumerate() {
        let end = counts.get(i + 1).copied().unwrap_or(pool.len());
        let words =
            pool.get(start..end).ok_or_else(|| setup.refuse("the counts leave the pool"))?;
        for gram in words.chunks_exact(i + 1) {
            grams.insert(gram.to_vec(), grams.len());
        }
    }
    let weights = setup.floats("weights")?;
    if places.len() < grams.len() || weights.as_ref().is_some_and(|w| w.len() < grams.len()) {
        return Err(setup.refuse("there are more n-grams than places or weights"));
    }
    let width = places.iter().max().map_or(0, |&i| i.saturating_add(1));
    let vectorizer = Vectorizer { mode, lengths, skips, grams, places, weights, width };
    one(move |args: Args<'_>| vectorizer.run(args))
}

impl Vectorizer {
    fn run(&self, args: Args<'_>) -> Result<TensorValue, Failure> {
        let value = args.get(0)?;
        let words: Vec<Word> = match value {
            TensorValue::Text(texts) => texts.data().iter().cloned().map(Word::Text).collect(),
            other => ints(other)?.into_iter().map(Word::Int).collect(),
        };
        let (rows, length, shape) = match *value.shape() {
            [] => (1, 1, vec![self.width]),
            [n] => (1, n, vec![self.width]),
            [rows, n] => (rows, n, vec![rows, self.width]),
            _ => return Err(misfit("expected a vector or a matrix of words")),
        };
        let grams = self.lengths.clone().count().saturating_mul(self.skips.saturating_add(1));
        args.cx.product([words.len(), grams, *self.lengths.end()])?;
        let mut out = vec![0.0_f32; args.cx.room(&shape, 4)?];
        for row in 0..rows {
            let words = words.get(row * length..(row + 1) * length).unwrap_or_default();
            let start = row * self.width;
            let counts = out.get_mut(start..start + self.width).unwrap_or_default();
            self.count(words, counts);
        }
        Ok(TensorValue::F32(Array::new(&shape, out)?))
    }

    fn count(&self, words: &[Word], out: &mut [f32]) {
        let mut found = vec![0.0_f32; self.grams.len()];
        for n in self.lengths.clone() {
            // Single words have nothing to skip.
            let skips = if n == 1 { 0 } else { self.skips };
            for step in 1..=skips + 1 {
                for start in 0..words.len() {
                    let gram: Vec<Word> =
                        words.iter().skip(start).step_by(step).take(n).cloned().collect();
                    if gram.len() < n {
                        break;
                    }
                    if let Some(slot) = self.grams.get(&gram).and_then(|&i| found.get_mut(i)) {
                        *slot += 1.0;
                    }
                }
            }
        }
        for (i, &count) in found.iter().enumerate() {
            if count <= 0.0 {
                continue;
            }
            let weight = self.weights.as_ref().and_then(|w| w.get(i)).copied().unwrap_or(1.0);
            let score = match self.mode {
                Mode::Count => count,
                Mode::Inverse => weight,
                Mode::Both => count * weight,
            };
            if let Some(slot) = self.places.get(i).and_then(|&place| out.get_mut(place)) {
                *slot = score;
            }
        }
    }
}
