//! `CausalConvWithState`: <https://onnx.ai/onnx/operators/onnx__CausalConvWithState.html>. A
//! convolution of each channel over what came before.

use crate::ops::{
    attend::{numbers_of, rounder},
    prelude::*,
};

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let gated = setup.word("activation", &[("none", false), ("silu", true), ("swish", true)])?;
    Ok(Box::new(move |args: Args<'_>| {
        let value = args.get(0)?;
        let kind = value.element_type().ok_or_else(|| unfit(value))?;
        let round = rounder(kind)?;
        let (&[batch, channels, length], &[maps, 1, taps]) = (value.shape(), args.get(1)?.shape())
        else {
            return Err(misfit("expected channels and a kernel [channels, 1, k]"));
        };
        if maps != channels || taps == 0 {
            return Err(misfit(format!("{maps} kernels of {taps} for {channels} channels")));
        }
        let before = [batch, channels, taps - 1];
        args.cx.room(&before, 8)?;
        let long = match args.optional(3) {
            Some(past) if past.shape() == before => moves::join(args.cx, &[past, value], 2)?,
            Some(past) => {
                return Err(misfit(format!("the state is {:?}, not {before:?}", past.shape())));
            }
            None => {
                let zero = elementwise::expand(args.cx, &TensorValue::zero(kind), &before)?;
                moves::join(args.cx, &[&zero, value], 2)?
            }
        };
        let bias = args.optional(2).map(wide).transpose()?;
        if bias.as_ref().is_some_and(|b| b.len() != channels) {
            return Err(misfit("the bias has not one value for each channel"));
        }
        args.cx.product([value.len(), taps, 1])?;
        let (x, w) = (wide(&long)?, args.wide(1)?);
        let mut out = Vec::with_capacity(args.cx.room(value.shape(), 8)?);
        for plane in 0..batch * channels {
            let channel = plane % channels.max(1);
            let kernel = w.data().get(channel * taps..(channel + 1) * taps).unwrap_or_default();
            for i in 0..length {
                let start = plane * (length + taps - 1) + i;
                let seen = x.data().get(start..start + taps).unwrap_or_default();
                let sum: f64 = seen.iter().zip(kernel).map(|(x, w)| x * w).sum();
                let y = round(sum + bias.as_ref().map_or(0.0, |b| at(b.data(), channel)));
                out.push(if gated { y * logistic(y) } else { y });
            }
        }
        let y = numbers_of(args.cx, Array::new(value.shape(), out)?, kind)?;
        Ok(vec![y, moves::part(args.cx, &long, 2, length..length + taps - 1)?])
    }))
}
