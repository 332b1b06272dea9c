//! Dtypes, shapes, byte order and tensor views: what every body and container agrees on.
//!
//! Elements are little-endian unless a function says otherwise, as in safetensors and ONNX.

mod dtype;
mod narrow;
mod tensor;

pub use dtype::DType;
pub use narrow::Narrow;
pub use tensor::{Shape, Tensor};

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        SIZE = "tensor/size": "the number of bytes does not fit dtype and shape";
        DTYPE = "tensor/dtype": "elements of this dtype cannot be read as asked";
    }
}

#[cfg(test)]
mod tests;
