use std::{collections::BTreeMap, path::Path};

use holdall_diag::{Failure, Location};
use holdall_sign::{PrivateKey, Resource, SIGNATURE_NAME};
use holdall_source::Source;

use crate::{
    Container, MANIFEST_NAME, Manifest,
    archive::ArchiveWriter,
    codes, digest,
    manifest::{Artifact, Role},
    names::NameSet,
    signing,
};

/// A file that goes into a package.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Its bytes.
    pub source: Source,
    /// What it is for.
    pub role: Role,
    /// Stable id of the format, such as `onnx`.
    pub format: Option<String>,
    /// Version of the format.
    pub format_version: Option<String>,
    /// Media type; found by extension when it is absent.
    pub media_type: Option<String>,
}

impl NewFile {
    /// A file of a role, of which nothing else is known.
    pub fn new(source: Source, role: Role) -> Self {
        Self { source, role, format: None, format_version: None, media_type: None }
    }

    /// The same file with its format.
    #[must_use]
    pub fn with_format(mut self, format: impl Into<String>, version: Option<String>) -> Self {
        self.format = Some(format.into());
        self.format_version = version;
        self
    }
}

/// Collects the files of a package and writes it.
///
/// Files are read once: hashed, compared and written in the same pass. The order in which they are
/// added does not matter. The manifest is written after the files, and the signature after it.
#[derive(Debug)]
pub struct PackageBuilder {
    manifest: Manifest,
    names: NameSet,
    files: BTreeMap<String, NewFile>,
}

impl PackageBuilder {
    /// A package with this manifest, whose list of artifacts will be made from the files.
    pub fn new(manifest: Manifest) -> Self {
        Self { manifest, names: NameSet::default(), files: BTreeMap::new() }
    }

    /// Adds a file under a name below the root.
    pub fn add(&mut self, name: &str, file: NewFile) -> Result<(), Failure> {
        if matches!(name, MANIFEST_NAME | SIGNATURE_NAME) {
            return Err(Failure::usage(
                codes::NAME,
                format!("`{name}` is written by holdall itself"),
            )
            .at(file.source.location()));
        }
        self.names.file(name)?;
        self.files.insert(name.to_owned(), file);
        Ok(())
    }

    /// The manifest as it stands, for facts that are known only after files were added.
    pub fn manifest_mut(&mut self) -> &mut Manifest {
        &mut self.manifest
    }

    /// Writes the package, signed when a key is given, and returns its manifest.
    ///
    /// Archives replace what has their name; a folder must not be there yet. Fails with
    /// `package/evidence` when a proof is about other bytes than those written, and with
    /// `package/declared` when the manifest refers to a file that was not added; then nothing is left.
    pub fn write(
        mut self,
        target: &Path,
        container: Container,
        key: Option<&PrivateKey>,
    ) -> Result<Manifest, Failure> {
        let mut writer = ArchiveWriter::create(target, container)?;
        self.manifest.artifacts.clear();
        for (name, file) in &self.files {
            let stored = is_stored(name, file.role);
            let length = file.source.len();
            let digests = writer.entry(name, length, stored, &mut file.source.reader())?;
            self.manifest.artifacts.push(Artifact {
                path: name.clone(),
                role: file.role,
                format: file.format.clone(),
                format_version: file.format_version.clone(),
                media_type: file.media_type.clone().unwrap_or_else(|| media_type(name).to_owned()),
                size: digests.size,
                sha256: digests.sha256,
                blake3: digests.blake3,
            });
        }
        self.check()?;
        let bytes = self.manifest.write()?;
        // What is written must be readable, whatever the caller put in.
        Manifest::read(&bytes)?;
        writer.entry(MANIFEST_NAME, bytes.len() as u64, false, &mut bytes.as_slice())?;
        if let Some(key) = key {
            let listed = self.manifest.artifacts.iter();
            let mut resources: Vec<Resource> =
                listed.map(|a| Resource { name: a.path.clone(), sha256: a.sha256.0 }).collect();
            let sha256 = digest::of_bytes(&bytes).sha256.0;
            resources.push(Resource { name: MANIFEST_NAME.to_owned(), sha256 });
            let signature = signing::bundle(&resources, &self.manifest.name, key)?;
            let mut reader = signature.as_slice();
            writer.entry(SIGNATURE_NAME, signature.len() as u64, false, &mut reader)?;
        }
        writer.commit()?;
        Ok(self.manifest)
    }

    fn check(&self) -> Result<(), Failure> {
        let refuse = |code, (pointer, message): (String, String)| {
            let place = Location::path(holdall_diag::PathKind::JsonPointer, pointer);
            Err(Failure::usage(code, message).at(place.in_entry(MANIFEST_NAME)))
        };
        if let Some(broken) = self.manifest.broken_references().into_iter().next() {
            return refuse(codes::DECLARED, broken);
        }
        if let Some(stale) = self.manifest.stale_evidence().into_iter().next() {
            return refuse(codes::EVIDENCE, stale);
        }
        if let Some(both) = self.manifest.contradictions().into_iter().next() {
            return refuse(codes::CONTRADICTION, both);
        }
        Ok(())
    }
}

/// Models and weights are stored, so that they can be used where they lie; text is deflated; what is
/// compressed already, or unknown, is stored.
pub(crate) fn is_stored(name: &str, role: Role) -> bool {
    let heavy = matches!(role, Role::Model | Role::ConvertedModel | Role::Weights);
    heavy || !is_text(name)
}

fn is_text(name: &str) -> bool {
    let media = media_type(name);
    media.starts_with("text/")
        || matches!(media, "application/json" | "application/toml" | "application/yaml")
}

fn media_type(name: &str) -> &'static str {
    let extension = Path::new(name).extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref().unwrap_or_default() {
        "json" | "ipynb" => "application/json",
        "toml" => "application/toml",
        "yaml" | "yml" => "application/yaml",
        "csv" => "text/csv",
        "md" => "text/markdown",
        "txt" | "cfg" | "ini" | "lock" | "sh" => "text/plain",
        "py" => "text/x-python",
        "html" => "text/html",
        "xml" | "pmml" => "text/xml",
        "parquet" => "application/vnd.apache.parquet",
        "zip" => "application/zip",
        "gz" | "tgz" => "application/gzip",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}
