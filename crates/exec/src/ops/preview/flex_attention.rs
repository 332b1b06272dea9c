//! `FlexAttention`: <https://onnx.ai/onnx/operators/onnx_aionnxpreview_FlexAttention.html>. Scores and
//! chances pass through subgraphs where they are given.

use crate::ops::{
    attend::{Heads, grouped, numbers_of, rounder},
    onnx::cast::target,
    prelude::*,
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let scale = if setup.has("scale") { Some(f64::from(setup.float("scale", 0.0)?)) } else { None };
    let precision = if setup.has("softmax_precision") {
        Some(target(setup, "softmax_precision")?)
    } else {
        None
    };
    let change = |name: &str| {
        if !setup.has(name) {
            return Ok(None);
        }
        let body = setup.subgraph(name)?;
        if body.program.inputs() != 1 || body.program.outputs() != 1 {
            return Err(setup.refuse(format!("`{name}` does not take and give one value")));
        }
        Ok(Some(body))
    };
    let (of_scores, of_chances) = (change("score_mod")?, change("prob_mod")?);
    one(move |args: Args<'_>| {
        let (q, k, v) = (args.get(0)?, args.get(1)?, args.get(2)?);
        let kind = q.element_type().ok_or_else(|| unfit(q))?;
        let round = rounder(kind)?;
        let sizes = Heads::fit(q, k, v)?;
        let scale = scale.unwrap_or_else(|| real(sizes.depth).sqrt().recip());
        let root = round(scale.sqrt());
        let scaled = |value: &TensorValue| Ok::<_, Failure>(wide(value)?.map(|x| round(x * root)));
        let scores = sizes.scores(args.cx, &scaled(q)?, &scaled(k)?, round)?;
        let own = if kind == ElementType::F64 { ElementType::F64 } else { ElementType::F32 };
        let precision = precision.unwrap_or(own);
        let through = |body: &Option<crate::program::Subgraph>, values: Array<f64>| {
            let Some(body) = body else { return Ok(values) };
            let shape = values.shape().to_vec();
            let given = numbers_of(args.cx, values, precision)?;
            let made = body.run(args, vec![given])?.into_iter().next();
            let made = made.filter(|m| m.shape() == shape && m.element_type() == Some(precision));
            wide(&made.ok_or_else(|| misfit("a subgraph does not keep type and shape"))?)
        };
        let round_to = rounder(precision)?;
        let scores = through(&of_scores, scores.map(|&x| round_to(x)))?;
        let chances = through(&of_chances, grouped(args.cx, &scores, precision)?)?;
        let y = sizes.apply(args.cx, &chances, &wide(v)?, round_to)?;
        numbers_of(args.cx, y, v.element_type().unwrap_or(kind))
    })
}
