//! The package: a model with everything that a server and an auditor need, as a folder or one file.
//!
//! [`PackageBuilder`] writes packages, [`PackageReader`] reads them: a folder, a zip (`.holdall`), a
//! tar, a tar.gz or an OCI image layout. The [`manifest`] at the root lists every file with its digests; the signature
//! `model.sig` covers every file including the manifest. [`verify`] answers whether a package is what
//! it says. This crate does not interpret models, and looks at no clock and no host: the same input
//! gives the same bytes.
#![warn(clippy::indexing_slicing)]

mod archive;
mod builder;
pub mod diff;
pub mod digest;
pub mod interchange;
mod json;
pub mod lock;
pub mod manifest;
mod marker;
mod media;
mod names;
pub mod provenance;
mod repack;
pub mod requirements;
mod seals;
mod signing;
pub mod source_form;
mod verify;
mod yaml;

pub use archive::{Container, Entry, PackageReader};
pub use builder::{NewFile, PackageBuilder};
pub use holdall_sign::{Finding, SIGNATURE_NAME, Status};
pub use manifest::{MANIFEST_NAME, Manifest};
pub use repack::{RepackRequest, repack};
pub use seals::{MakeSeals, Seal, Sealing, read_each, seal, signature_files};
pub use verify::{PackageVerification, VerifyRequest, check_manifest, verify};

holdall_diag::codes! {
    /// The codes of this crate.
    pub mod codes {
        NOT_A_PACKAGE = "package/not-a-package": "the file is no container that is read here";
        ARCHIVE = "package/archive": "the archive is damaged";
        ARCHIVE_FEATURE = "package/archive-feature": "the archive uses a feature that is not carried";
        NAME = "package/name": "an entry has a name that may not be unpacked";
        DUPLICATE = "package/duplicate": "two entries have the same name, or differ only by case";
        LINK = "package/link": "an entry is a link or a special file";
        ENTRIES = "package/entries": "the archive has more entries than the limits allow";
        DECOMPRESSED = "package/decompressed": "the archive unpacks to more than the limits allow";
        NO_ENTRY = "package/no-entry": "the package has no entry of this name";
        EXISTS = "package/exists": "the target is there already";
        WRITE = "package/write": "the package cannot be written";
        CHANGED = "package/changed": "a file changed while it was read";
        MANIFEST = "package/manifest": "the manifest is not valid";
        NO_MANIFEST = "package/no-manifest": "there is no manifest";
        EVIDENCE = "package/evidence": "a proof is about other bytes than those in the package";
        DECLARED = "package/declared": "the manifest refers to a file that is not in the package";
        DIGEST = "package/digest": "a file is not the one that the manifest lists";
        MISSING = "package/missing": "a file that the manifest lists is not there";
        UNLISTED = "package/unlisted": "a file is not listed in the manifest";
        INTACT = "package/intact": "every listed file has its digests";
        UNSIGNED = "package/unsigned": "there is no signature to verify";
        NOT_CHECKED = "package/signature-not-checked": "there is a signature, and no key was given";
        CONTRADICTION = "package/contradiction": "two statements of the manifest contradict each other";
        LOCK = "package/lock": "the lock file is not understood";
        YAML = "package/yaml": "the YAML file is not understood";
        SOURCE_FORM = "package/source-form": "the file `holdall.toml` is not valid";
        REQUIREMENTS = "package/requirements": "a line of the requirements file is not understood";
        GIT = "package/git": "the git folder cannot be understood";
        POINTER = "package/pointer": "a data pointer file is not understood";
        ROWS = "package/rows": "the rows of a data file cannot be counted";
    }
}

#[cfg(test)]
mod tests;
