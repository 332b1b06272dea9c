//! Where code and data came from, read from the files that say so; nothing is run.

mod data;
mod git;
mod index;
mod objects;
mod worktree;

pub use self::{
    data::{DataPointer, data_facts, data_pointer, dvc_lock, dvc_parameters},
    git::{CodePointer, SHOWN, State, code_pointer},
};
