//! Products and convolutions add in the order that they are said to add in, to the bit: along the inner axis in
//! blocks of 256, whatever the registers of the host, the threads, and the rows beside.
#![cfg(test)]

use holdall_exec::{Array, Session, SessionOptions, TensorValue};
use holdall_graph::{Attribute, Dim, Graph, ValueType};
use holdall_tensor::DType;

const BLOCK: usize = 256;

fn signed(n: usize) -> i64 {
    i64::try_from(n).unwrap()
}

/// Numbers of which sums in another order are other sums.
fn numbers(count: usize, seed: usize) -> Vec<f32> {
    let small = |i: usize| u16::try_from((i * 7919 + seed * 104_729) % 10_007).unwrap();
    (0..count).map(|i| f32::from(small(i)) / 1009.0 - 4.9).collect()
}

fn run(op: &str, attributes: Vec<(&str, Attribute)>, inputs: &[TensorValue]) -> Vec<f32> {
    let mut graph = Graph::default();
    graph.stamp.opsets = [(String::new(), 17)].into();
    let any = || ValueType::tensor(DType::F32, vec![Dim::Unknown]);
    let names = ["a", "b", "c"];
    let given: Vec<_> =
        names[..inputs.len()].iter().map(|name| graph.push_input(*name, any()).unwrap()).collect();
    let made = graph.push_node("", op, &given, &["y"], attributes).unwrap();
    graph.push_output(made[0], any());
    let session = Session::compile(graph, SessionOptions::default()).unwrap();
    let mut answers = Vec::new();
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let made = pool.install(|| session.run(inputs.to_vec())).unwrap();
        let TensorValue::F32(made) = &made[0] else { panic!() };
        answers.push(made.data().to_vec());
    }
    for other in &answers[1..] {
        same(other, &answers[0], op);
    }
    answers.swap_remove(0)
}

fn same(a: &[f32], b: &[f32], what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    if let Some(i) = (0..a.len()).find(|&i| a[i].to_bits() != b[i].to_bits()) {
        panic!("{what}: element {i} is {} and {}", a[i], b[i]);
    }
}

fn value(shape: &[usize], data: &[f32]) -> TensorValue {
    TensorValue::F32(Array::new(shape, data.to_vec()).unwrap())
}

/// The sum of an element.
fn sum(products: impl Iterator<Item = (f32, f32)>) -> f32 {
    let products: Vec<f32> = products.map(|(x, y)| x * y).collect();
    products
        .chunks(BLOCK)
        .map(|block| block.iter().fold(0.0, |sum, x| sum + x))
        .fold(0.0, |a, b| a + b)
}

#[test]
fn products_add_along_the_inner_axis_in_blocks() {
    let shapes = [
        (1, 512, 300),
        (1, 700, 33),
        (7, 300, 65),
        (64, 64, 10),
        (90, 513, 130),
        (40, 300, 1),
        (6, 1, 5),
    ];
    for (rows, inner, columns) in shapes {
        let (a, b) = (numbers(rows * inner, 1), numbers(inner * columns, 2));
        let made =
            run("MatMul", Vec::new(), &[value(&[rows, inner], &a), value(&[inner, columns], &b)]);
        let expected: Vec<f32> = (0..rows * columns)
            .map(|i| {
                let (row, column) = (i / columns, i % columns);
                sum((0..inner).map(|k| (a[row * inner + k], b[k * columns + column])))
            })
            .collect();
        same(&made, &expected, &format!("{rows}×{inner}×{columns}"));
        let turned: Vec<f32> =
            (0..inner * columns).map(|i| b[i % inner * columns + i / inner]).collect();
        let inputs = [value(&[rows, inner], &a), value(&[columns, inner], &turned)];
        let made = run("Gemm", vec![("transB", Attribute::Int(1))], &inputs);
        same(&made, &expected, &format!("{rows}×{inner}×{columns} turned"));
    }
}

#[test]
fn stacks_of_products_are_products_one_by_one() {
    let (a, b) = (numbers(3 * 5 * 40, 1), numbers(3 * 40 * 50, 2));
    let made = run("MatMul", Vec::new(), &[value(&[3, 5, 40], &a), value(&[3, 40, 50], &b)]);
    let shared = run("MatMul", Vec::new(), &[value(&[3, 5, 40], &a), value(&[40, 50], &b[..2000])]);
    for i in 0..3 {
        let own = value(&[5, 40], &a[i * 200..(i + 1) * 200]);
        let other = value(&[40, 50], &b[i * 2000..(i + 1) * 2000]);
        let one = run("MatMul", Vec::new(), &[own.clone(), other]);
        same(&made[i * 250..(i + 1) * 250], &one, "own matrices");
        let one = run("MatMul", Vec::new(), &[own, value(&[40, 50], &b[..2000])]);
        same(&shared[i * 250..(i + 1) * 250], &one, "one matrix");
    }
}

/// A convolution of planes: extents, kernel, strides, dilations, and pads before and after.
struct Case {
    channels: usize,
    maps: usize,
    groups: usize,
    input: [usize; 2],
    kernel: [usize; 2],
    strides: [usize; 2],
    dilations: [usize; 2],
    pads: [i64; 4],
}

impl Case {
    fn expected(&self, x: &[f32], w: &[f32], bias: &[f32]) -> Vec<f32> {
        let count = |i: usize| {
            let reach = (self.kernel[i] - 1) * self.dilations[i] + 1;
            let room = signed(self.input[i]) + self.pads[i] + self.pads[2 + i] - signed(reach);
            usize::try_from(room).unwrap() / self.strides[i] + 1
        };
        let (height, width) = (count(0), count(1));
        let depth = self.channels / self.groups;
        let cells = self.kernel[0] * self.kernel[1];
        let mut out = Vec::new();
        for map in 0..self.maps {
            let first = map / (self.maps / self.groups) * depth;
            for place in 0..height * width {
                let seen = (0..depth * cells).map(|k| {
                    let (channel, cell) = (first + k / cells, k % cells);
                    let at = |i: usize, window: usize, cell: usize| {
                        let p = window * self.strides[i] + cell * self.dilations[i];
                        usize::try_from(signed(p) - self.pads[i])
                            .ok()
                            .filter(|&p| p < self.input[i])
                    };
                    let y = at(0, place / width, cell / self.kernel[1]);
                    let z = at(1, place % width, cell % self.kernel[1]);
                    let x = y
                        .zip(z)
                        .map_or(0.0, |(y, z)| x[(channel * self.input[0] + y) * self.input[1] + z]);
                    (x, w[map * depth * cells + k])
                });
                out.push(sum(seen) + bias[map]);
            }
        }
        out
    }
}

#[test]
fn convolutions_add_channel_by_channel_and_cell_by_cell() {
    let plain = Case {
        channels: 40,
        maps: 13,
        groups: 1,
        input: [9, 21],
        kernel: [3, 3],
        strides: [1, 1],
        dilations: [1, 1],
        pads: [1, 1, 1, 1],
    };
    let cases = [
        Case { maps: 40, groups: 40, ..plain },
        Case { maps: 40, groups: 40, strides: [2, 2], input: [70, 150], ..plain },
        Case { maps: 80, groups: 40, kernel: [1, 5], pads: [0, 4, 0, 1], ..plain },
        Case { kernel: [1, 1], pads: [0; 4], ..plain },
        Case { kernel: [1, 1], pads: [0; 4], strides: [2, 3], ..plain },
        Case { strides: [2, 2], pads: [0, 1, 1, 0], input: [40, 60], ..plain },
        Case { kernel: [2, 3], strides: [1, 3], dilations: [2, 2], pads: [3, 2, 0, 5], ..plain },
        Case { maps: 12, groups: 4, pads: [-1, -2, 0, -1], ..plain },
        Case { input: [3, 1], kernel: [3, 1], pads: [1, 0, 1, 0], ..plain },
        // One window and one line of cells, whose steps go beyond every address.
        Case {
            input: [2, 5],
            kernel: [1, 3],
            pads: [0; 4],
            strides: [usize::MAX >> 1, 1],
            dilations: [usize::MAX >> 1, 1],
            ..plain
        },
        plain,
    ];
    for (i, case) in cases.iter().enumerate() {
        let ([height, width], [tall, wide]) = (case.input, case.kernel);
        let depth = case.channels / case.groups;
        let x = numbers(case.channels * height * width, 1);
        let w = numbers(case.maps * depth * tall * wide, 2);
        let bias = numbers(case.maps, 3);
        let list = |list: &[usize]| Attribute::Ints(list.iter().map(|&n| signed(n)).collect());
        let attributes = vec![
            ("group", Attribute::Int(signed(case.groups))),
            ("strides", list(&case.strides)),
            ("dilations", list(&case.dilations)),
            ("pads", Attribute::Ints(case.pads.to_vec())),
        ];
        let inputs = [
            value(&[1, case.channels, height, width], &x),
            value(&[case.maps, depth, tall, wide], &w),
            value(&[case.maps], &bias),
        ];
        let made = run("Conv", attributes, &inputs);
        same(&made, &case.expected(&x, &w, &bias), &format!("case {i}"));
    }
}
