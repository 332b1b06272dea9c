/// The lower triangle L of a symmetric matrix A = L·Lᵀ that grows row by row.
#[derive(Default)]
pub(super) struct Cholesky {
    rows: Vec<Vec<f64>>,
}

impl Cholesky {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row that A's next row (up to the diagonal) makes of L, without its last element, and the square of that.
    pub(super) fn next(&self, row: &[f64], diagonal: f64) -> (Vec<f64>, f64) {
        let line = self.forward(row);
        let rest = diagonal - line.iter().fold(0.0, |sum, v| sum + v * v);
        (line, rest)
    }

    pub(super) fn push(&mut self, mut line: Vec<f64>, last: f64) {
        line.push(last);
        self.rows.push(line);
    }

    /// The v of L·v = b.
    fn forward(&self, b: &[f64]) -> Vec<f64> {
        let mut v: Vec<f64> = Vec::with_capacity(b.len());
        for (line, b) in self.rows.iter().zip(b) {
            let known = line.iter().zip(&v).fold(0.0, |sum, (l, v)| sum + l * v);
            v.push((b - known) / line[v.len()]);
        }
        v
    }

    /// The w of A·w = b.
    pub(super) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let mut w = self.forward(b);
        for i in (0..w.len()).rev() {
            let known = (i + 1..w.len()).fold(0.0, |sum, j| sum + self.rows[j][i] * w[j]);
            w[i] = (w[i] - known) / self.rows[i][i];
        }
        w
    }
}
