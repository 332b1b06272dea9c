use pulp::Scalar;

use super::*;

fn numbers(count: usize, seed: usize) -> Vec<f32> {
    let small = |i: usize| u16::try_from((i * 7919 + seed) % 10_007).unwrap();
    (0..count).map(|i| f32::from(small(i)) / 1009.0 - 4.9).collect()
}

/// The same product by one number after the other, and by the registers of the host.
#[test]
fn registers_change_no_bit() {
    for (rows, inner, columns) in [(1, 300, 200), (6, 257, 64), (13, 600, 71)] {
        let (a, b) = (numbers(rows * inner, 1), numbers(inner * columns, 2));
        let left = Left::new(&a, inner);
        let right = Matrix { data: &b, step: columns, turned: false };
        let by = |arch: fn(Part<'_, f32, Matrix<'_, f32>>)| {
            let mut out = vec![0.0_f32; rows * columns];
            let product = Product { left: &left, right, bias: None, out: &mut out };
            divide(product, 3).into_iter().for_each(arch);
            out.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        let one = by(|part| part.with_simd(Scalar::new()));
        assert_eq!(by(|part| Arch::new().dispatch(part)), one);
        #[cfg(target_arch = "x86_64")]
        if pulp::x86::V3::try_new().is_some() {
            let half = by(|part| {
                let Some(simd) = pulp::x86::V3::try_new() else { return };
                simd.vectorize(|| part.with_simd(simd));
            });
            assert_eq!(half, one);
        }
    }
}
