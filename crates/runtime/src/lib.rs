//! Runs ONNX models with an onnxruntime library of the user's, such as the one that a server has.
//!
//! The library is loaded by a process of its own, which `serve` is the whole of: code that is not ours
//! can end it, and only it. [`Runtime`] starts it, hands it values and takes its answers.
//!
//! Versions: any library from 1.17 on; the table of functions of that release is asked for, and later
//! releases keep it.

mod parent;
#[cfg(feature = "library")]
mod serve;
mod wire;

pub use parent::Runtime;
#[cfg(feature = "library")]
pub use serve::serve;

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        LIBRARY = "runtime/library": "the library cannot be loaded, or is none of onnxruntime's";
        MODEL = "runtime/model": "the library does not take the model";
        RUN = "runtime/run": "the library does not compute these rows";
        ENDED = "runtime/ended": "the process that runs the library has ended, or does not answer in kind";
        VALUE = "runtime/value": "a value of this type is not handed over";
        SLOW = "runtime/slow": "the library does not answer within the time that it is given";
    }
}

#[cfg(test)]
mod tests;
