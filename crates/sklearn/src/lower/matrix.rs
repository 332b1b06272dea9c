//! Matrices that may be sparse: `csr` and `csc` of `scipy.sparse` hold `data`, `indices`, `indptr`
//! and `_shape`. The same in all versions.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_source::Budget;
use holdall_tabular::Matrix;

use super::estimator::{Estimator, count, floats, matrix, refuse};
use crate::codes;

/// A matrix of numbers, made dense.
pub(super) fn dense(value: &Value<'_>, budget: &mut Budget) -> Result<Matrix, Failure> {
    if value.is_array() {
        return Ok(matrix(value)?.0);
    }
    let object = value.object()?;
    let by_row = match object.name() {
        "csr_matrix" | "csr_array" => true,
        "csc_matrix" | "csc_array" => false,
        _ => {
            let message = format!("a matrix given as {} is not carried", value.describe());
            return Err(refuse(value, codes::PARAMETER, message)
                .with_help("fit on dense rows, or on CSR or CSC matrices"));
        }
    };
    let shape = object.require("_shape")?;
    let extent = |axis: usize| -> Result<usize, Failure> {
        let extent = shape.item(axis)?.int()?;
        usize::try_from(extent).map_err(|error| {
            value.failure(codes::SHAPE, format!("an extent of {extent}")).caused_by(error)
        })
    };
    let (rows, columns) = (extent(0)?, extent(1)?);
    let total = (rows as u64).saturating_mul(columns as u64);
    budget.charge_elements(total, 8)?;
    let data = floats(&object.require("data")?)?;
    let indices = object.require("indices")?.array()?.to_i64()?;
    let starts = object.require("indptr")?.array()?.to_i64()?;
    let mut all = vec![0.0; usize::try_from(total).unwrap_or(0)];
    for (major, ends) in starts.windows(2).enumerate() {
        let &[start, end] = ends else { continue };
        let range = usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0);
        let cells = indices.get(range.clone()).zip(data.get(range));
        let (indices, data) =
            cells.ok_or_else(|| value.failure(codes::SHAPE, "`indptr` points beyond the data"))?;
        for (&minor, &number) in indices.iter().zip(data) {
            let minor = usize::try_from(minor).unwrap_or(usize::MAX);
            let (row, column) = if by_row { (major, minor) } else { (minor, major) };
            let place = row.checked_mul(columns).and_then(|start| start.checked_add(column));
            let cell = place.filter(|_| column < columns).and_then(|place| all.get_mut(place));
            match cell {
                Some(cell) => *cell += number,
                None => return Err(value.failure(codes::SHAPE, "a sparse index beyond the shape")),
            }
        }
    }
    Ok(Matrix { rows: count(value, rows)?, columns: count(value, columns)?, data: all })
}

/// Rows and columns exchanged.
pub(super) fn transposed(matrix: &Matrix) -> Matrix {
    let (rows, columns) = (matrix.rows as usize, matrix.columns as usize);
    let column = |c: usize| (0..rows).filter_map(move |r| matrix.row(r).get(c).copied());
    Matrix {
        rows: matrix.columns,
        columns: matrix.rows,
        data: (0..columns).flat_map(column).collect(),
    }
}

/// a · b, each element added in order.
pub(super) fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let mut data = Vec::with_capacity(a.rows as usize * b.columns as usize);
    for row in 0..a.rows as usize {
        for column in 0..b.columns as usize {
            let terms = a.row(row).iter().enumerate();
            let other = |i: usize| b.row(i).get(column).copied().unwrap_or(0.0);
            data.push(terms.fold(0.0, |sum, (i, x)| sum + x * other(i)));
        }
    }
    Matrix { rows: a.rows, columns: b.columns, data }
}

/// The inverse of a square matrix, by elimination with the largest pivot of each column.
pub(super) fn inverse(
    matrix: &Matrix,
    estimator: &Estimator<'_>,
    budget: &mut Budget,
) -> Result<Matrix, Failure> {
    let size = matrix.rows as usize;
    budget.step(u64::from(matrix.rows).saturating_pow(3))?;
    budget.charge_elements(u64::from(matrix.rows).saturating_pow(2), 24)?;
    let singular = || estimator.value().failure(codes::SHAPE, "a matrix has no inverse");
    // Each row is followed by that of the identity.
    let unit = |i: usize| (0..size).map(move |j| f64::from(u8::from(i == j)));
    let mut rows: Vec<Vec<f64>> =
        (0..size).map(|i| matrix.row(i).iter().copied().chain(unit(i)).collect()).collect();
    for column in 0..size {
        let cell = |row: &Vec<f64>| row.get(column).copied().unwrap_or(0.0);
        let best = (column..size).max_by(|&a, &b| {
            let at = |i: usize| rows.get(i).map_or(0.0, |row| cell(row).abs());
            at(a).total_cmp(&at(b))
        });
        rows.swap(column, best.ok_or_else(singular)?);
        let pivot = rows.get(column).cloned().ok_or_else(singular)?;
        let by = cell(&pivot);
        if by == 0.0 || !by.is_finite() {
            return Err(singular());
        }
        for (i, row) in rows.iter_mut().enumerate() {
            if i == column {
                for x in row.iter_mut() {
                    *x /= by;
                }
                continue;
            }
            let factor = cell(row) / by;
            row.iter_mut().zip(&pivot).for_each(|(x, p)| *x -= factor * p);
        }
    }
    let data = rows.iter().flat_map(|row| row.iter().skip(size).copied()).collect();
    Ok(Matrix { rows: matrix.rows, columns: matrix.rows, data })
}
