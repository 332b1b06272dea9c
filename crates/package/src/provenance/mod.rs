//! Where code and data came from, read from the files that say so; nothing is run.

mod data;
mod git;

pub use self::{
    data::{DataPointer, data_facts, data_pointer},
    git::{CodePointer, State, code_pointer},
};
