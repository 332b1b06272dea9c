//! `Scan`: <https://onnx.ai/onnx/operators/onnx__Scan.html>.

use super::loop_::stacked;
use crate::ops::prelude::*;

pub(super) fn compile(setup: &Setup<'_>) -> Result<Kernel, Failure> {
    let body = setup.subgraph("body")?;
    let scans = usize::try_from(setup.int("num_scan_inputs", 0)?)
        .map_err(|error| setup.refuse("`num_scan_inputs` is negative").caused_by(error))?;
    let batched = setup.opset() < 9;
    let given = setup.node.inputs.len().saturating_sub(usize::from(batched));
    let form = Form {
        states: given.checked_sub(scans).ok_or_else(|| setup.refuse("inputs are missing"))?,
        scans,
        axes: setup.ints("scan_input_axes")?.unwrap_or_default(),
        backwards: setup
            .ints(if batched { "directions" } else { "scan_input_directions" })?
            .unwrap_or_default(),
        out_axes: setup.ints("scan_output_axes")?.unwrap_or_default(),
        out_backwards: setup.ints("scan_output_directions")?.unwrap_or_default(),
        body,
    };
    if form.body.program.inputs() != given || form.body.program.outputs() < form.states {
        return Err(setup.refuse("the body does not fit the inputs"));
    }
    Ok(Box::new(move |args: Args<'_>| {
        if !batched {
            let inputs = (0..given).map(|i| args.get(i).cloned()).collect::<Result<Vec<_>, _>>()?;
            return form.run(args, inputs, None);
        }
        // Version 8: every value has a batch axis in front, and lengths may be given.
        let lengths = args.ints(0)?;
        let inputs = (1..=given).map(|i| args.get(i)).collect::<Result<Vec<_>, _>>()?;
        let batch = at(inputs.first().map_or(&[][..], |v| v.shape()), 0);
        if batch == 0 {
            return Err(misfit("a batch without rows says nothing of the shapes"));
        }
        let mut columns: Vec<Vec<TensorValue>> = vec![Vec::new(); form.body.program.outputs()];
        for b in 0..batch {
            let row = |value: &&TensorValue| {
                let shape: Vec<usize> = value.shape().iter().skip(1).copied().collect();
                moves::part(args.cx, value, 0, b..b + 1)?.shaped(&shape)
            };
            let inputs = inputs.iter().map(row).collect::<Result<Vec<_>, _>>()?;
            let length = lengths.as_ref().and_then(|l| l.get(b)).copied();
            for (column, value) in columns.iter_mut().zip(form.run(args, inputs, length)?) {
                column.push(value);
            }
        }
        let program = &form.body.program;
        let whole = |(i, column): (usize, &Vec<_>)| stacked(args.cx, program, i, column, 0);
        columns.iter().enumerate().map(whole).collect()
    }))
}

struct Form {
    body: crate::program::Subgraph,
    states: usize,
    scans: usize,
    axes: Vec<i64>,
    backwards: Vec<i64>,
    out_axes: Vec<i64>,
    out_backwards: Vec<i64>,
}

impl Form {
    fn run(
        &self,
        args: Args<'_>,
        inputs: Vec<TensorValue>,
        length: Option<i64>,
    ) -> Result<Vec<TensorValue>, Failure> {
        let mut carried = inputs;
        let scanned = carried.split_off(self.states);
        let mut along = Vec::with_capacity(self.scans);
        for (i, value) in scanned.iter().enumerate() {
            along.push(axis(at(&self.axes, i), value.shape().len())?);
        }
        let extent = |(value, &along): (&TensorValue, &usize)| at(value.shape(), along);
        let turns = scanned.iter().zip(&along).map(extent).next().unwrap_or(0);
        if scanned.iter().zip(&along).any(|pair| extent(pair) != turns) {
            return Err(misfit("the values to scan have different lengths"));
        }
        let turns = length.and_then(|n| usize::try_from(n).ok()).map_or(turns, |n| n.min(turns));
        let mut collected: Vec<Vec<TensorValue>> =
            vec![Vec::new(); self.body.program.outputs() - self.states];
        for turn in 0..turns {
            args.cx.step()?;
            let mut inputs = std::mem::take(&mut carried);
            for (i, (value, &along)) in scanned.iter().zip(&along).enumerate() {
                let t = if at(&self.backwards, i) == 1 { turns - 1 - turn } else { turn };
                let mut shape = value.shape().to_vec();
                shape.remove(along);
                inputs.push(moves::part(args.cx, value, along, t..t + 1)?.shaped(&shape)?);
            }
            let mut made = self.body.run(args, inputs)?.into_iter();
            carried.extend(made.by_ref().take(self.states));
            for (list, value) in collected.iter_mut().zip(made) {
                list.push(value);
            }
        }
        for (i, list) in collected.iter_mut().enumerate() {
            if at(&self.out_backwards, i) == 1 {
                list.reverse();
            }
            let (body, along) = (&self.body.program, at(&self.out_axes, i));
            carried.push(stacked(args.cx, body, self.states + i, list, along)?);
        }
        Ok(carried)
    }
}
