//! A whole network, run again and again: `tests/bench/network.py` calls it beside onnxruntime.
//!
//! `network MODEL SHAPE INPUT OUTPUT ROUNDS`: the file INPUT holds the binary32 elements of the only input
//! without a default, of SHAPE, such as `1,3,48,192`; the first output goes to OUTPUT. Prints the milliseconds
//! of every round.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for people that measures with real files and the clock"
)]

use std::{path::Path, time::Instant};

use holdall_exec::{ElementType, Session, SessionOptions, TensorValue};
use holdall_source::{Limits, Source};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let [model, shape, input, output, rounds] = words.as_slice() else { return };
    let source = Source::open(Path::new(model)).unwrap();
    let (graph, _) = holdall_onnx::decode(&source, Limits::default()).unwrap();
    let shape: Vec<usize> = shape.split(',').map(|n| n.parse().unwrap()).collect();
    let session = Session::compile(graph, SessionOptions::default()).unwrap();
    let bytes = std::fs::read(input).unwrap();
    let given = TensorValue::of_bytes(ElementType::F32, &shape, &bytes).unwrap();
    for _ in 0..rounds.parse::<usize>().unwrap() {
        let start = Instant::now();
        let made = session.run(vec![given.clone()]).unwrap();
        println!("{:.3}", start.elapsed().as_secs_f64() * 1e3);
        std::fs::write(output, made.first().and_then(TensorValue::to_bytes).unwrap()).unwrap();
    }
}
