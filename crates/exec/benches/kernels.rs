//! Products and convolutions beside those of `ndarray` (the `matrixmultiply` crate), in one program, turn by
//! turn: least and median of the rounds, in milliseconds.
//!
//! `cargo bench -p holdall-exec --bench kernels -- [ROUNDS]`
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a program for people that measures with the clock"
)]

use std::{hint::black_box, time::Instant};

use holdall_exec::{Array, RunLimits, Session, SessionOptions, TensorValue};
use holdall_graph::{Attribute, Dim, Graph, ValueType};
use holdall_tensor::DType;
use ndarray::{Array2, ArrayView2};

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7919 % 1009) as f32) / 1009.0 - 0.5).collect()
}

fn session(op: &str, attributes: Vec<(&str, Attribute)>) -> Session {
    let mut graph = Graph::default();
    graph.stamp.opsets = [(String::new(), 17)].into();
    let any = || ValueType::tensor(DType::F32, vec![Dim::Unknown]);
    let a = graph.push_input("a", any()).unwrap();
    let b = graph.push_input("b", any()).unwrap();
    let y = graph.push_node("", op, &[a, b], &["y"], attributes).unwrap();
    graph.push_output(y.into_iter().next().unwrap(), any());
    let limits = RunLimits { work: u64::MAX, ..RunLimits::default() };
    Session::compile(graph, SessionOptions { limits, ..SessionOptions::default() }).unwrap()
}

/// Who works, and the work.
type Job<'j> = (&'static str, Box<dyn FnMut() + 'j>);

fn measure(name: &str, rounds: usize, mut jobs: Vec<Job<'_>>) {
    let mut times = vec![Vec::new(); jobs.len()];
    for _ in 0..rounds {
        for ((_, job), times) in jobs.iter_mut().zip(&mut times) {
            let start = Instant::now();
            job();
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    for ((who, _), times) in jobs.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let least = times.first().unwrap();
        println!(
            "{name:28} {who:10} least {least:8.2} ms, median {:8.2} ms",
            times.get(rounds / 2).unwrap()
        );
    }
}

fn main() {
    let rounds = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(15);
    for (rows, inner, columns) in [(512, 512, 512), (1, 512, 512), (64, 64, 10)] {
        let (a, b) = (numbers(rows * inner), numbers(inner * columns));
        let left = TensorValue::F32(Array::new(&[rows, inner], a.clone()).unwrap());
        let right = TensorValue::F32(Array::new(&[inner, columns], b.clone()).unwrap());
        let own = session("MatMul", Vec::new());
        let (x, y) = (
            ArrayView2::from_shape((rows, inner), &a).unwrap(),
            ArrayView2::from_shape((inner, columns), &b).unwrap(),
        );
        measure(
            &format!("MatMul {rows}×{inner}×{columns}"),
            rounds,
            vec![
                (
                    "holdall",
                    Box::new(|| drop(black_box(own.run(vec![left.clone(), right.clone()])))),
                ),
                ("ndarray", Box::new(|| drop(black_box(x.dot(&y))))),
            ],
        );
    }
    let (channels, side, maps) = (64, 56, 64);
    let (x, w) = (numbers(channels * side * side), numbers(maps * channels * 9));
    let image = TensorValue::F32(Array::new(&[1, channels, side, side], x.clone()).unwrap());
    let kernels = TensorValue::F32(Array::new(&[maps, channels, 3, 3], w.clone()).unwrap());
    let own = session("Conv", vec![("pads", Attribute::Ints(vec![1; 4]))]);
    measure(
        "Conv 64×56×56, 64 of 3×3",
        rounds,
        vec![
            (
                "holdall",
                Box::new(|| drop(black_box(own.run(vec![image.clone(), kernels.clone()])))),
            ),
            ("ndarray", Box::new(|| drop(black_box(by_columns(&x, &w, channels, side, maps))))),
        ],
    );
}

/// The convolution as a product: what every window sees as a column.
fn by_columns(x: &[f32], w: &[f32], channels: usize, side: usize, maps: usize) -> Array2<f32> {
    let mut columns = Array2::<f32>::zeros((channels * 9, side * side));
    for (row, mut line) in columns.rows_mut().into_iter().enumerate() {
        let (channel, ky, kx) = (row / 9, row % 9 / 3, row % 3);
        for (i, slot) in line.iter_mut().enumerate() {
            let (y, x_) = (i / side + ky, i % side + kx);
            if (1..=side).contains(&y) && (1..=side).contains(&x_) {
                *slot = *x.get((channel * side + y - 1) * side + x_ - 1).unwrap();
            }
        }
    }
    ArrayView2::from_shape((maps, channels * 9), w).unwrap().dot(&columns)
}
