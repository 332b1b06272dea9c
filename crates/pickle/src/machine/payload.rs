//! Arrays that joblib writes between two opcodes (`joblib/numpy_pickle.py`, `NumpyArrayWrapper`).
//!
//! Since joblib 1.2 the state has `numpy_array_alignment_bytes`; then one byte with the length of the
//! padding and the padding come first. Object arrays are a nested stream of their own.

use holdall_diag::Failure;

use super::Machine;
use crate::{Blob, Node, NodeId, Payload, codes, numpy::NumpyDtype};

/// Attributes an array wrapper may have; joblib sets seven.
const MAX_STATE: usize = 64;

/// Whether the class is joblib's array wrapper; scikit-learn carried its own joblib before 0.23.
pub(crate) fn is_joblib_wrapper((module, name): (&str, &str)) -> bool {
    name == "NumpyArrayWrapper"
        && matches!(module, "joblib.numpy_pickle" | "sklearn.externals.joblib.numpy_pickle")
}

impl Machine<'_> {
    /// Reads what lies behind the wrapper, if `wrapper` is one.
    pub(super) fn read_payload(&mut self, wrapper: NodeId) -> Result<(), Failure> {
        if !self.tree.class(wrapper).is_some_and(is_joblib_wrapper) {
            return Ok(());
        }
        let (bytes, object, aligned) = self.wrapper_facts(wrapper)?;
        self.tree.payloads += 1;
        if object {
            self.nest(wrapper);
            return Ok(());
        }
        if aligned {
            let padding = self.cursor.byte()?;
            self.cursor.take(u64::from(padding))?;
        }
        let range = self.cursor.take(bytes)?;
        self.set_payload(wrapper, Payload::Raw(Blob::input(range)));
        Ok(())
    }

    pub(super) fn finish_nested(&mut self, wrapper: NodeId, value: NodeId) {
        self.set_payload(wrapper, Payload::Nested(value));
    }

    fn set_payload(&mut self, wrapper: NodeId, payload: Payload) {
        if let Some(Node::Call(call)) = self.tree.nodes.get_mut(wrapper) {
            call.payload = Some(payload);
        }
    }

    /// Length of the raw bytes, whether the elements are objects, whether padding comes first.
    fn wrapper_facts(&mut self, wrapper: NodeId) -> Result<(u64, bool, bool), Failure> {
        let object = self.tree.value(wrapper).object()?;
        // Many wrappers may share one state: a large one would make the work quadratic.
        if object.keys().take(MAX_STATE + 1).count() > MAX_STATE {
            return Err(self.malformed(codes::ARRAY, "expected the state of an array wrapper"));
        }
        let dtype = object.require("dtype")?;
        let (size, has_objects) = if let Some(&known) = self.dtypes.get(&dtype.id()) {
            known
        } else {
            let read = NumpyDtype::read(&dtype)?;
            (read.size as u64, read.has_objects())
        };
        let shape = object.require("shape")?.extents()?;
        let aligned =
            object.get("numpy_array_alignment_bytes").is_some_and(|bytes| !bytes.is_none());
        let bytes = shape.iter().try_fold(size, |product, &extent| product.checked_mul(extent));
        let bytes = bytes.ok_or_else(|| {
            self.malformed(codes::ARRAY, "the array is larger than any file can be")
        })?;
        let dtype = dtype.id();
        self.dtypes.insert(dtype, (size, has_objects));
        Ok((bytes, has_objects, aligned))
    }
}
