//! Body 3: named tensors as views on the bytes of a file.

use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_tensor::Tensor;

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        DUPLICATE = "weights/duplicate": "two tensors have the same name";
    }
}

/// Named tensors, in order of their names, and free text about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weights {
    tensors: BTreeMap<String, Tensor>,
    /// Free text, in order of its keys.
    pub metadata: BTreeMap<String, String>,
}

impl Weights {
    /// No tensors.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tensor; fails with `weights/duplicate` when the name is taken.
    pub fn insert(&mut self, name: impl Into<String>, tensor: Tensor) -> Result<(), Failure> {
        let name = name.into();
        if self.tensors.contains_key(&name) {
            let message = format!("two tensors are called `{name}`");
            return Err(Failure::malformed(codes::DUPLICATE, message));
        }
        self.tensors.insert(name, tensor);
        Ok(())
    }

    /// The tensor called `name`.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// All tensors in order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Tensor)> {
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// Number of tensors.
    pub fn len(&self) -> usize {
        self.tensors.len()
    }

    /// Whether there is no tensor.
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }
}
