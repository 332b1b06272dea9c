//! A pickle machine that executes nothing, views of what it read, and a scanner.
//!
//! [`Pickle`] is the tree of inert [`Node`]s that a stream of any protocol builds: names are not
//! imported, calls are not made. joblib files are read with the arrays that lie between the opcodes.
//! [`Value`] and [`Object`] look into the tree and say where in it something is wrong;
//! [`numpy::Array`] turns the calls that make arrays into views of the input's bytes;
//! [`scan()`] judges what loading a file would do.
//!
//! ```
//! use holdall_pickle::Pickle;
//! use holdall_source::Budget;
//!
//! // {'coef': [1, 2.5]}
//! let bytes = b"\x80\x04}X\x04\0\0\0coef]K\x01aG@\x04\0\0\0\0\0\0as.";
//! let pickle = Pickle::read(&bytes::Bytes::from_static(bytes), &mut Budget::default())?;
//! let coef = pickle.root().require("coef")?;
//! assert_eq!(coef.item(1)?.float()?, 2.5);
//! assert_eq!(coef.item(0)?.text().unwrap_err().to_string(),
//!     "coef[0]: byte 13: expected text, found the integer 1 [pickle/type]");
//! # Ok::<(), holdall_diag::Failure>(())
//! ```

#![warn(clippy::indexing_slicing)]

mod compress;
mod describe;
mod detect;
mod machine;
mod node;
pub mod numpy;
pub mod scan;
mod tree;
mod view;

pub use compress::{Compression, Decompressed, decompress};
pub use detect::{Kind, looks_like_pickle};
pub use machine::ReadOptions;
pub use node::{Blob, Call, CallOp, Effect, Node, NodeId, Payload};
pub use scan::scan;
pub use tree::{Pickle, python3_module};
pub use view::{Object, Value};

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        TRUNCATED = "pickle/truncated": "the stream ends before its last opcode is complete";
        OPCODE = "pickle/opcode": "a byte is not a pickle opcode";
        PROTOCOL = "pickle/protocol": "the protocol is newer than 5";
        STACK = "pickle/stack": "an opcode needs values or marks that the stack does not hold";
        MEMO = "pickle/memo": "a memo entry is used that was never stored";
        NUMBER = "pickle/number": "the text of a number cannot be read";
        DIGITS = "pickle/digits": "a decimal number has more digits than Python reads";
        TEXT = "pickle/text": "text is not in the encoding the opcode asks for";
        NAME = "pickle/name": "the operands of a global are not text";
        LENGTH = "pickle/length": "a length is negative";
        TARGET = "pickle/target": "an opcode is applied to a value that cannot take it";
        NODES = "pickle/nodes": "a stream holds more values than can be counted";
        DECOMPRESS = "pickle/decompress": "a compressed file is damaged";
        DECOMPRESSED = "pickle/decompressed": "a compressed file unpacks to more than the limits allow";
        TYPE = "pickle/type": "a value is of another type than expected";
        KEY = "pickle/key": "an attribute, key or element is missing";
        ARRAY = "pickle/array": "the pieces of a NumPy array contradict each other";
        DTYPE = "pickle/dtype": "a NumPy dtype is malformed or not supported";
        ELEMENT = "pickle/element": "elements of an array cannot be read as asked";
        SIDE_FILE = "pickle/side-file": "an array lies in a file beside the pickle, as old joblib did";
        UNKNOWN_GLOBAL = "pickle/unknown-global": "loading imports a name that is not known to be safe";
        DANGEROUS_GLOBAL = "pickle/dangerous-global": "loading imports a name that can run code";
        DOTTED_GLOBAL = "pickle/dotted-global": "loading imports a name through a dotted or private path";
        COMPUTED_GLOBAL = "pickle/computed-global": "loading imports a name that is computed on the way";
        COMPUTED_CALL = "pickle/computed-call": "loading calls something that is computed on the way";
        UNLISTED_CALL = "pickle/unlisted-call": "loading calls a function of a known package that its pickles do not call";
        ARGUMENTS = "pickle/arguments": "a known function is called with arguments no pickler gives it";
        EFFECT = "pickle/effect": "loading changes something other than a fresh object";
        EXTENSION = "pickle/extension": "loading resolves a code in the registry of the process";
        PERSISTENT_ID = "pickle/persistent-id": "loading asks the program to resolve a reference";
        OUT_OF_BAND = "pickle/out-of-band": "values lie in buffers that are not part of the file";
        FAR_MEMO = "pickle/far-memo": "a memo index makes the loader allocate memory without need";
        STATE_KEY = "pickle/state-key": "loading sets a special attribute of an object";
        SECOND_STREAM = "pickle/second-stream": "another pickle follows the end of the first";
        NESTED_STREAM = "pickle/nested-stream": "a pickle that imports names is hidden in bytes";
        TRAILING_BYTES = "pickle/trailing-bytes": "bytes follow the end of the pickle";
        NOT_A_PICKLE = "pickle/not-a-pickle": "the bytes are not a pickle";
    }
}

#[cfg(test)]
mod tests;
