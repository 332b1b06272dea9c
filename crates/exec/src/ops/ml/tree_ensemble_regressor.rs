//! `TreeEnsembleRegressor`: <https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleRegressor.html>.
//!
//! Sums run in the precision of the input, tree by tree, and base values come last. As in onnxruntime,
//! `AVERAGE` divides by the number of all trees, and with one target every transform but `PROBIT` is
//! ignored.

use holdall_diag::Failure;

use super::trees::{Names, Rows, Trees, reals};
use crate::{
    Array, TensorValue,
    ops::{
        Args, Kernel, Setup,
        args::matrix,
        one,
        post_transform::{PostTransform, Real},
    },
};

#[derive(Clone, Copy)]
enum Aggregate {
    Sum,
    Average,
    Min,
    Max,
}

#[derive(Clone)]
struct Regressor<T> {
    trees: Trees<T>,
    base: Vec<T>,
    targets: usize,
    aggregate: Aggregate,
    post: PostTransform,
    like_runtime: bool,
}

const NAMES: Names = Names {
    trees: "target_treeids",
    nodes: "target_nodeids",
    ids: "target_ids",
    weights: "target_weights",
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let (single, double) = (Regressor::<f32>::of(setup)?, Regressor::<f64>::of(setup)?);
    one(move |args: Args<'_>| {
        Ok(TensorValue::F32(match Rows::of(args)? {
            Rows::F32(rows) => single.run(&rows)?,
            Rows::F64(rows) => double.run(&rows)?,
        }))
    })
}

impl<T: Real> Regressor<T> {
    fn of(setup: &Setup<'_>) -> Result<Self, Failure> {
        let targets = usize::try_from(setup.int("n_targets", 1)?)
            .ok()
            .filter(|n| (1..=1_000_000).contains(n))
            .ok_or_else(|| setup.refuse("the number of targets makes no sense"))?;
        let base = reals(setup, "base_values")?.unwrap_or_default();
        if !base.is_empty() && base.len() != targets {
            return Err(setup.refuse(format!("{} base values, {targets} targets", base.len())));
        }
        let aggregate = setup.word(
            "aggregate_function",
            &[
                ("SUM", Aggregate::Sum),
                ("AVERAGE", Aggregate::Average),
                ("MIN", Aggregate::Min),
                ("MAX", Aggregate::Max),
            ],
        )?;
        Ok(Self {
            trees: Trees::of(setup, &NAMES, targets)?,
            base: base.into_iter().map(T::of).collect(),
            targets,
            aggregate,
            post: PostTransform::of(setup)?,
            like_runtime: setup.like_runtime(),
        })
    }

    fn run(&self, rows: &Array<T>) -> Result<Array<f32>, Failure> {
        let (count, width) = matrix(rows.shape())?;
        self.trees.check_width(width)?;
        let mut out = Vec::with_capacity(count * self.targets);
        let mut scores: Vec<Option<T>> = vec![None; self.targets];
        for row in rows.data().chunks_exact(width.max(1)) {
            scores.fill(None);
            for (target, weight) in self.trees.leaves(row).flatten() {
                let Some(score) = scores.get_mut(*target as usize) else { continue };
                *score = Some(match (*score, self.aggregate) {
                    (None, Aggregate::Sum | Aggregate::Average) => T::of(0.0) + *weight,
                    (None, Aggregate::Min | Aggregate::Max) => *weight,
                    (Some(s), Aggregate::Sum | Aggregate::Average) => s + *weight,
                    (Some(s), Aggregate::Min) if *weight < s => *weight,
                    (Some(s), Aggregate::Max) if *weight > s => *weight,
                    (Some(s), Aggregate::Min | Aggregate::Max) => s,
                });
            }
            let start = out.len();
            out.extend(self.finish(&scores));
            let own = out.get_mut(start..).unwrap_or_default();
            // With one target onnxruntime applies PROBIT only.
            if self.targets > 1 || self.post == PostTransform::Probit || !self.like_runtime {
                self.post.apply(own);
            }
        }
        Array::new(&[count, self.targets], out)
    }

    fn finish(&self, scores: &[Option<T>]) -> impl Iterator<Item = f32> {
        #[expect(clippy::cast_precision_loss, reason = "a number of trees")]
        let trees = T::of(self.trees.len() as f64);
        let base = self.base.iter().map(Some).chain(std::iter::repeat(None));
        scores.iter().zip(base).map(move |(score, base)| {
            // A target without a weight in any leaf is zero, and gets no base value.
            let Some(mut score) = *score else { return 0.0 };
            if matches!(self.aggregate, Aggregate::Average) {
                score = score / trees;
            }
            base.map_or(score, |base| score + *base).single()
        })
    }
}
