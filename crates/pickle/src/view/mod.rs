//! Views into a tree that know their path, so that a failure can say where it is.

mod object;
mod path;
mod value;

pub use object::Object;
pub use value::Value;
