//! Groups of options that verbs share.

use std::path::PathBuf;

use clap::Args;
use holdall_convert::{FormatSpec, Loaded, load};
use holdall_diag::Failure;
use holdall_source::{Limits, Source};

/// Options of every verb.
#[derive(Args, Clone, Debug)]
pub(crate) struct Common {
    /// Print exactly one JSON document to stdout; its `schema` names a file in `schemas/`.
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) json: bool,
    /// Print no remarks, only errors.
    #[arg(long, short, global = true, help_heading = "Output")]
    pub(crate) quiet: bool,
    /// Memory that reading may take beyond the file, in MiB.
    #[arg(
        long,
        global = true,
        value_name = "MIB",
        default_value_t = 8192,
        help_heading = "Limits"
    )]
    pub(crate) limit_memory: u64,
}

impl Common {
    pub(crate) fn limits(&self) -> Limits {
        let bytes = self.limit_memory.saturating_mul(1 << 20);
        Limits { memory: bytes, decompressed: bytes, ..Limits::default() }
    }
}

/// A model to read.
#[derive(Args, Clone, Debug)]
pub(crate) struct ModelArgs {
    /// The model file.
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// Read it as this format instead of finding out by its content.
    #[arg(long, value_name = "FORMAT", help_heading = "Input")]
    pub(crate) from: Option<String>,
}

impl ModelArgs {
    pub(crate) fn source(&self) -> Result<Source, Failure> {
        Source::open(&self.model)
    }

    pub(crate) fn spec(&self) -> Option<FormatSpec> {
        self.from.as_deref().map(FormatSpec::new)
    }

    pub(crate) fn load(&self, common: &Common) -> Result<Loaded, Failure> {
        load(&self.source()?, self.spec().as_ref(), common.limits())
    }
}
