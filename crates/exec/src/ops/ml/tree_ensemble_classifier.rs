//! `TreeEnsembleClassifier`: <https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleClassifier.html>.
//!
//! With two labels onnxruntime has rules of its own, keyed on which class ids have weights: see
//! [`Classifier::binary`]. They are those of every release but 1.26 and 1.27.

use std::collections::BTreeSet;

use holdall_diag::Failure;

use super::{
    labels::{labels, pick},
    trees::{Names, Rows, Trees, reals},
};
use crate::{
    Array, Behaviour, Keys, TensorValue,
    ops::{
        Args, Kernel, Setup,
        args::matrix,
        post_transform::{PostTransform, Real, logistic},
    },
};

struct Classifier<T> {
    trees: Trees<T>,
    base: Vec<T>,
    labels: Keys,
    classes: usize,
    post: PostTransform,
    /// One class id has all weights.
    one_id: bool,
    all_positive: bool,
    /// Labels are 0 and 1, whatever the file calls them.
    literal: bool,
}

const NAMES: Names = Names {
    trees: "class_treeids",
    nodes: "class_nodeids",
    ids: "class_ids",
    weights: "class_weights",
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let (single, double) = (Classifier::<f32>::of(setup)?, Classifier::<f64>::of(setup)?);
    Ok(Box::new(move |args: Args<'_>| match Rows::of(args)? {
        Rows::F32(rows) => single.run(&rows),
        Rows::F64(rows) => double.run(&rows),
    }))
}

impl<T: Real> Classifier<T> {
    fn of(setup: &Setup<'_>) -> Result<Self, Failure> {
        let labels = labels(setup, "classlabels_int64s", "classlabels_strings")?;
        let classes = labels.len();
        let base = reals(setup, "base_values")?.unwrap_or_default();
        let fits = base.is_empty() || base.len() == classes || (classes == 2 && base.len() == 1);
        if !fits {
            return Err(setup.refuse(format!("{} base values, {classes} classes", base.len())));
        }
        let trees = Trees::of(setup, &NAMES, classes)?;
        let ids: BTreeSet<u32> = trees.weights().iter().map(|(id, _)| *id).collect();
        Ok(Self {
            base: base.into_iter().map(T::of).collect(),
            labels,
            classes,
            post: PostTransform::of(setup)?,
            one_id: classes == 2 && ids.len() == 1,
            literal: setup.behaviour == Behaviour::OnnxRuntime
                && (classes == 1 || (classes == 2 && ids.len() == 2)),
            all_positive: trees.weights().iter().all(|(_, w)| *w >= T::of(0.0)),
            trees,
        })
    }

    fn run(&self, rows: &Array<T>) -> Result<Vec<TensorValue>, Failure> {
        let (count, width) = matrix(rows.shape())?;
        self.trees.check_width(width)?;
        let mut chosen = Vec::with_capacity(count);
        let mut out: Vec<f32> = Vec::with_capacity(count * self.classes);
        let mut scores: Vec<Option<T>> = vec![None; self.classes];
        for row in rows.data().chunks_exact(width.max(1)) {
            scores.fill(None);
            for (class, weight) in self.trees.leaves(row).flatten() {
                if let Some(score) = scores.get_mut(*class as usize) {
                    *score = Some(score.unwrap_or(T::of(0.0)) + *weight);
                }
            }
            match *scores.as_slice() {
                [score] => {
                    let score = self.based(0, score).unwrap_or(T::of(0.0));
                    chosen.push(usize::from(self.literal && score > T::of(0.0)));
                    let mut own = [score];
                    self.post.apply(&mut own);
                    out.extend(own.map(Real::single));
                }
                [first, second] => {
                    let (label, own) = self.binary(first, second);
                    chosen.push(usize::from(label));
                    out.extend(own.map(Real::single));
                }
                _ => chosen.push(self.many(&scores, &mut out)),
            }
        }
        let scores = TensorValue::F32(Array::new(&[count, self.classes], out)?);
        Ok(vec![self.pick(&chosen)?, scores])
    }

    /// A score with the base value of its class; `None` where neither is.
    fn based(&self, class: usize, score: Option<T>) -> Option<T> {
        match (score, self.base.get(class)) {
            (Some(score), Some(base)) => Some(score + *base),
            (Some(score), None) => Some(score),
            (None, Some(base)) => Some(*base),
            (None, None) => None,
        }
    }

    /// More than two classes: the largest score of those that have one, the first among equals.
    fn many(&self, scores: &[Option<T>], out: &mut Vec<f32>) -> usize {
        let mut best: Option<(usize, T)> = None;
        let mut own = Vec::with_capacity(scores.len());
        for (i, score) in scores.iter().enumerate() {
            let score = self.based(i, *score);
            if let Some(score) = score
                && best.is_none_or(|(_, top)| score > top)
            {
                best = Some((i, score));
            }
            own.push(score.unwrap_or(T::of(0.0)));
        }
        self.post.apply(&mut own);
        out.extend(own.into_iter().map(Real::single));
        best.map_or(0, |(i, _)| i)
    }

    /// Two classes: whether the second is chosen, and the scores. A class without a weight in any leaf
    /// that the row falls into has no score: it counts as zero and gets no base value.
    fn binary(&self, first: Option<T>, second: Option<T>) -> (bool, [T; 2]) {
        let zero = T::of(0.0);
        let positive = self.one_id && self.all_positive;
        let bar = if positive { T::of(0.5) } else { zero };
        let pair = |choice: T, mut scores: [T; 2]| {
            self.post.apply(&mut scores);
            (choice > bar, scores)
        };
        match (self.base.as_slice(), first, second) {
            // Two base values and two scores: what was one score is given twice, with either sign.
            (&[_, base], first, Some(_)) => {
                let score = base + first.unwrap_or(zero);
                pair(score, [first.map_or(zero, |_| zero - score), score])
            }
            (&[base, _], first, None) => {
                let score = first.map_or(zero, |s| s + base);
                pair(score, [score, zero])
            }
            (base, first, Some(second)) => {
                let base = base.first().copied().unwrap_or(zero);
                pair(second, [first.map_or(zero, |s| s + base), second])
            }
            (base, first, None) => {
                let score = first.unwrap_or(zero) + base.first().copied().unwrap_or(zero);
                let low = if self.post == PostTransform::Logistic {
                    return (score > bar, [logistic(zero - score), logistic(score)]);
                } else if positive {
                    T::of(1.0) - score
                } else {
                    zero - score
                };
                (score > bar, [low, score])
            }
        }
    }

    /// The labels of the rows. Where two classes share the weights, or there is one, onnxruntime answers
    /// 1 or 0 for integer labels, whatever the labels are.
    fn pick(&self, chosen: &[usize]) -> Result<TensorValue, Failure> {
        let fixed = Keys::Ints(vec![0, 1]);
        let literal = self.literal && matches!(self.labels, Keys::Ints(_));
        pick(if literal { &fixed } else { &self.labels }, chosen)
    }
}
