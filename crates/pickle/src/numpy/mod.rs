//! NumPy arrays, scalars and dtypes out of the calls that would make them.
//!
//! Spellings read (`numpy/core/src/multiarray/methods.c`, `numpy/core/numeric.py`, joblib):
//!
//! | call | from |
//! |---|---|
//! | `numpy.core.multiarray._reconstruct(class, (0,), b'b')` with state `(1, shape, dtype, fortran, data)` | all protocols |
//! | `numpy.core.numeric._frombuffer(buffer, dtype, shape, order)` | protocol 5 |
//! | `numpy.core.multiarray.scalar(dtype, bytes)` | scalars |
//! | `numpy.ma.core._mareconstruct(…)` with state `(1, shape, dtype, fortran, data, mask, fill)` | masked arrays |
//! | `joblib.numpy_pickle.NumpyArrayWrapper` | joblib |
//!
//! NumPy 2 names the same functions under `numpy._core`.

mod array;
mod dtype;
mod elements;
mod read;

pub use array::{Array, Order};
pub use dtype::{ByteOrder, ElementKind, NumpyDtype, NumpyField};

#[cfg(test)]
mod tests;
