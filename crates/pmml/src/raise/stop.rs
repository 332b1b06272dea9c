use holdall_diag::Failure;
use holdall_tabular::Construct;

use crate::codes;

/// Why raising does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// The document cannot say this construct, for this reason.
    Refuse(Construct, String),
    /// Something else.
    Failed(Failure),
}

impl Stop {
    pub(super) fn refuse(construct: Construct, why: impl Into<String>) -> Self {
        Self::Refuse(construct, why.into())
    }

    /// For whoever writes without having asked for a plan.
    pub(super) fn into_failure(self) -> Failure {
        match self {
            Self::Refuse(construct, why) => {
                Failure::bug(codes::INEXPRESSIBLE, format!("`{construct}`: {why}"))
            }
            Self::Failed(failure) => failure,
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
