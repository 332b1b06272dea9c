//! `SVMClassifier`: <https://onnx.ai/onnx/operators/onnx_aionnxml_SVMClassifier.html>. Two classes:
//! one score s gives the columns −s and s. With `prob_a` and `prob_b` the columns are
//! probabilities. The label follows the votes in every case.

use super::{
    labels::{labels, pick},
    svm::Similarity,
};
use crate::{
    Keys,
    ops::{post_transform::PostTransform, prelude::*},
};

struct Classifier {
    labels: Keys,
    similarity: Similarity,
    /// Support vectors, or the weights of each class where there are none.
    vectors: Vec<f32>,
    per_class: Vec<usize>,
    coefficients: Vec<f32>,
    rho: Vec<f32>,
    platt: Option<(Vec<f32>, Vec<f32>)>,
    post: PostTransform,
    width: usize,
    all_positive: bool,
    like_runtime: bool,
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let labels = labels(setup, "classlabels_ints", "classlabels_strings")?;
    let coefficients = setup.floats("coefficients")?.unwrap_or_default();
    let vectors = setup.floats("support_vectors")?.unwrap_or_default();
    let per_class = setup.sizes("vectors_per_class")?.unwrap_or_default();
    let rho = setup.floats("rho")?.unwrap_or_default();
    let (a, b) =
        (setup.floats("prob_a")?.unwrap_or_default(), setup.floats("prob_b")?.unwrap_or_default());
    let classes = labels.len();
    let count = per_class.iter().try_fold(0_usize, |sum, &n| sum.checked_add(n)).unwrap_or(0);
    let (pairs, fits) = if count > 0 {
        let fits = per_class.len() == classes
            && vectors.len().is_multiple_of(count)
            && !vectors.is_empty()
            && classes > 1
            && count.checked_mul(classes - 1) == Some(coefficients.len());
        (classes * (classes - 1) / 2, fits)
    } else {
        (1, !coefficients.is_empty() && coefficients.len().is_multiple_of(classes))
    };
    if !fits || rho.len() < pairs || (!a.is_empty() && (a.len() < pairs || b.len() < pairs)) {
        return Err(setup.refuse("the lists of the machine do not fit each other"));
    }
    let width = vectors.len().checked_div(count).unwrap_or(coefficients.len() / classes);
    let machine = Classifier {
        similarity: Similarity::of(setup)?,
        post: PostTransform::of(setup)?,
        all_positive: coefficients.iter().all(|&w| w >= 0.0),
        like_runtime: setup.like_runtime(),
        platt: (!a.is_empty()).then_some((a, b)),
        labels,
        vectors,
        per_class,
        coefficients,
        rho,
        width,
    };
    Ok(Box::new(move |args: Args<'_>| machine.run(args)))
}

impl Classifier {
    fn run(&self, args: Args<'_>) -> Result<Vec<TensorValue>, Failure> {
        let features = args.floats(0)?;
        let (rows, own) = matrix(features.shape())?;
        if own != self.width {
            return Err(misfit(format!("expected {} features, found {own}", self.width)));
        }
        let count = self.per_class.iter().sum::<usize>();
        args.cx.product([rows, count.max(self.labels.len()), self.width])?;
        let mut chosen = Vec::with_capacity(rows);
        let mut out = Vec::new();
        for row in features.data().chunks_exact(self.width) {
            let (class, scores) = if count > 0 { self.vote(row, count) } else { self.linear(row) };
            chosen.push(class);
            out.extend(scores);
        }
        let columns = out.len() / rows.max(1);
        Ok(vec![pick(&self.labels, &chosen)?, TensorValue::F32(Array::new(&[rows, columns], out)?)])
    }

    /// Without support vectors: a score for each class, from weights of its own.
    fn linear(&self, row: &[f32]) -> (usize, Vec<f32>) {
        let rho = at(&self.rho, 0);
        let weights = self.coefficients.chunks_exact(self.width);
        let mut scores: Vec<f32> =
            weights.map(|w| self.similarity.linear().apply(row, w) + rho).collect();
        let mut best = (0, f32::NEG_INFINITY);
        for (i, &score) in scores.iter().enumerate() {
            if score > best.1 {
                best = (i, score);
            }
        }
        let class = if self.rho.len() == 1 && self.labels.len() == 2 {
            let high = if self.all_positive { best.1 >= 0.5 } else { best.1 > 0.0 };
            if high { 1 } else { best.0 }
        } else {
            best.0
        };
        self.post.apply(&mut scores);
        (class, scores)
    }

    /// One against one: every pair of classes votes for one of the two.
    fn vote(&self, row: &[f32], count: usize) -> (usize, Vec<f32>) {
        let classes = self.per_class.len();
        let kernels: Vec<f32> =
            self.vectors.chunks_exact(self.width).map(|v| self.similarity.apply(row, v)).collect();
        let mut starts = vec![0; classes];
        let mut total = 0;
        for (start, n) in starts.iter_mut().zip(&self.per_class) {
            *start = total;
            total += n;
        }
        let part = |line: usize, class: usize| -> f32 {
            let (start, n) = (at(&starts, class), at(&self.per_class, class));
            let weights = self.coefficients.iter().skip(line * count + start).take(n);
            weights.zip(kernels.iter().skip(start)).fold(0.0, |sum, (w, k)| sum + w * k)
        };
        let mut votes = vec![0_usize; classes];
        let mut scores = Vec::with_capacity(classes * (classes - 1) / 2);
        for i in 0..classes {
            for j in i + 1..classes {
                let score = part(j - 1, i) + part(i, j) + at(&self.rho, scores.len());
                if let Some(vote) = votes.get_mut(if score > 0.0 { i } else { j }) {
                    *vote += 1;
                }
                scores.push(score);
            }
        }
        let best = votes.iter().copied().max().unwrap_or(0);
        let class = votes.iter().position(|&n| n == best).unwrap_or(0);
        if let Some((a, b)) = &self.platt {
            let mut shares = self.probabilities(&scores, a, b);
            self.post.apply(&mut shares);
            return (class, shares);
        }
        if let [score] = *scores.as_slice() {
            let mut own = [-score, score];
            match self.post {
                PostTransform::None => {}
                PostTransform::Logistic => own = [logistic(-score), logistic(score)],
                PostTransform::Softmax | PostTransform::SoftmaxZero if self.like_runtime => {
                    own = [1.0 - score, score];
                }
                // What onnxruntime gives beside the first column was never set.
                PostTransform::Probit if self.like_runtime => {
                    let mut first = [score];
                    self.post.apply(&mut first);
                    own = [at(&first, 0), f32::NAN];
                }
                PostTransform::Softmax | PostTransform::SoftmaxZero | PostTransform::Probit => {
                    self.post.apply(&mut own);
                }
            }
            return (class, own.to_vec());
        }
        self.post.apply(&mut scores);
        (class, scores)
    }

    /// Platt's probabilities of the pairs, and the probabilities of classes that fit them best (Wu, Lin,
    /// Weng 2004, second method).
    fn probabilities(&self, scores: &[f32], a: &[f32], b: &[f32]) -> Vec<f32> {
        let classes = self.per_class.len();
        let mut pairs = vec![0.0_f32; classes * classes];
        let mut k = 0;
        for i in 0..classes {
            for j in i + 1..classes {
                let value = at(scores, k) * at(a, k) + at(b, k);
                let share = (1.0 - logistic(value)).clamp(1e-7, 1.0 - 1e-7);
                if let Some(slot) = pairs.get_mut(i * classes + j) {
                    *slot = share;
                }
                if let Some(slot) = pairs.get_mut(j * classes + i) {
                    *slot = 1.0 - share;
                }
                k += 1;
            }
        }
        coupled(classes, &pairs)
    }
}

fn coupled(classes: usize, pairs: &[f32]) -> Vec<f32> {
    let r = |i: usize, j: usize| at(pairs, i * classes + j);
    let mut q = vec![0.0_f32; classes * classes];
    for t in 0..classes {
        for j in 0..classes {
            let value = if t == j {
                (0..classes).filter(|&k| k != t).map(|k| r(k, t) * r(k, t)).sum()
            } else {
                -r(j, t) * r(t, j)
            };
            if let Some(slot) = q.get_mut(t * classes + j) {
                *slot = value;
            }
        }
    }
    let mut p = vec![single(1.0 / real(classes)); classes];
    let accuracy = single(0.005 / real(classes));
    for _ in 0..classes.max(100) {
        let mut qp: Vec<f32> = (0..classes)
            .map(|t| (0..classes).map(|j| at(&q, t * classes + j) * at(&p, j)).sum())
            .collect();
        let mut pqp: f32 = p.iter().zip(&qp).map(|(p, qp)| p * qp).sum();
        if qp.iter().all(|qp| (qp - pqp).abs() < accuracy) {
            break;
        }
        for t in 0..classes {
            let own = at(&q, t * classes + t);
            let step = (pqp - at(&qp, t)) / own;
            if let Some(slot) = p.get_mut(t) {
                *slot += step;
            }
            pqp = (pqp + step * (step * own + 2.0 * at(&qp, t))) / (1.0 + step) / (1.0 + step);
            for (j, slot) in qp.iter_mut().enumerate() {
                *slot = (*slot + step * at(&q, t * classes + j)) / (1.0 + step);
            }
            for p in &mut p {
                *p /= 1.0 + step;
            }
        }
    }
    p
}
