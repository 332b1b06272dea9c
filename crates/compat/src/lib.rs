//! Whether a server can run a package, decided before it loads it: facts of the package, facts of the
//! server, rules between them.
//!
//! Every rule gives a [`Finding`] with one of four answers. Unknown is an answer of its own and never
//! becomes ok; it says what to supply to decide. Nothing is loaded or run.

mod marker;
mod needs;
mod onnxruntime;
mod python;
mod rules;
mod server;

pub use needs::{ArtifactNeeds, Needs, OnnxNeeds, PythonLibrary, Requirement};
pub use onnxruntime::{Limits as OnnxruntimeLimits, limits as onnxruntime_limits};
pub use python::contains as version_fits;
pub use rules::{Finding, Status, Verdict, check, verdict};
pub use server::{Platform, Python, Runtime, Server};

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        SERVER = "compat/server": "a server document is malformed";
        PRESET = "compat/preset": "a server preset is unknown";
    }
}

#[cfg(test)]
mod tests;
