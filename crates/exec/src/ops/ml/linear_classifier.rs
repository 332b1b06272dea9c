//! `LinearClassifier`: <https://onnx.ai/onnx/operators/onnx_aionnxml_LinearClassifier.html>. One row of
//! coefficients with two labels gives the score of the second; what becomes of it follows onnxruntime
//! since 1.27, or under `spec` the
//! columns −s and s before the transform. `multi_class` changes nothing, as measured.

use holdall_diag::Failure;

use super::labels::{labels, pick};
use crate::{
    Array, Keys, TensorValue,
    ops::{
        Args, Kernel, Setup,
        args::{matrix, misfit},
        post_transform::{PostTransform, logistic},
    },
};

struct Classifier {
    labels: Keys,
    coefficients: Vec<f32>,
    intercepts: Vec<f32>,
    rows: usize,
    post: PostTransform,
    like_runtime: bool,
}

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let labels = labels(setup, "classlabels_ints", "classlabels_strings")?;
    let coefficients = setup
        .floats("coefficients")?
        .ok_or_else(|| setup.refuse("the classifier has no coefficients"))?;
    let intercepts = setup.floats("intercepts")?.unwrap_or_default();
    let rows = if intercepts.is_empty() { labels.len() } else { intercepts.len() };
    if !coefficients.len().is_multiple_of(rows) {
        return Err(
            setup.refuse(format!("{} coefficients do not make {rows} rows", coefficients.len()))
        );
    }
    let post = PostTransform::of(setup)?;
    setup.ignore(&["multi_class"]);
    let like_runtime = setup.like_runtime();
    let classifier = Classifier { labels, coefficients, intercepts, rows, post, like_runtime };
    Ok(Box::new(move |args: Args<'_>| classifier.run(args)))
}

/// Scores of one row: features times each row of coefficients, in order, and the intercept.
pub(super) fn scores<'c>(
    features: &'c [f32],
    coefficients: &'c [f32],
    intercepts: &'c [f32],
) -> impl Iterator<Item = f32> + use<'c> {
    let offsets = intercepts.iter().copied().chain(std::iter::repeat(0.0));
    coefficients.chunks_exact(features.len().max(1)).zip(offsets).map(move |(row, offset)| {
        row.iter().zip(features).fold(0.0, |sum, (w, x)| sum + w * x) + offset
    })
}

impl Classifier {
    fn run(&self, args: Args<'_>) -> Result<Vec<TensorValue>, Failure> {
        let features = args.floats(0)?;
        let (rows, width) = matrix(features.shape())?;
        if width * self.rows != self.coefficients.len() {
            return Err(misfit(format!(
                "{} coefficients in {} rows do not fit {width} features",
                self.coefficients.len(),
                self.rows
            )));
        }
        let binary = self.rows == 1 && self.labels.len() == 2;
        let columns = if binary { 2 } else { self.rows };
        let mut chosen = Vec::with_capacity(rows);
        let mut out = Vec::with_capacity(rows * columns);
        for row in features.data().chunks_exact(width.max(1)) {
            let start = out.len();
            out.extend(scores(row, &self.coefficients, &self.intercepts));
            let own = out.get_mut(start..).unwrap_or_default();
            if binary {
                let score = own.first().copied().unwrap_or(0.0);
                chosen.push(usize::from(score > 0.0));
                out.truncate(start);
                if !self.like_runtime {
                    let mut both = [-score, score];
                    self.post.apply(&mut both);
                    out.extend(both);
                    continue;
                }
                out.extend(match self.post {
                    PostTransform::Logistic => [logistic(-score), logistic(score)],
                    PostTransform::None
                    | PostTransform::Softmax
                    | PostTransform::SoftmaxZero
                    | PostTransform::Probit => [1.0 - score, score],
                });
                continue;
            }
            let mut best = (0, f32::NEG_INFINITY);
            for (i, &score) in own.iter().enumerate() {
                if score > best.1 {
                    best = (i, score);
                }
            }
            chosen.push(best.0);
            self.post.apply(own);
        }
        Ok(vec![pick(&self.labels, &chosen)?, TensorValue::F32(Array::new(&[rows, columns], out)?)])
    }
}
