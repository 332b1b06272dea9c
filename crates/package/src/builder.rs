use std::{collections::BTreeMap, io::Read, path::Path};

use holdall_diag::{Failure, Location};
use holdall_sign::{PrivateKey, Resource, SIGNATURE_NAME, is_signature_file};
use holdall_source::Source;
use rayon::prelude::*;

use crate::{
    Container, MANIFEST_NAME, Manifest,
    archive::{ArchiveWriter, Item, changed},
    codes,
    digest::{self, Digests, stream_failure},
    manifest::{Artifact, Role},
    media,
    names::NameSet,
    signing,
};

/// Files below this are read whole.
const SMALL: u64 = 1 << 20;
/// Bytes of small files that are held at once.
const HELD: u64 = 32 << 20;

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
    /// Its digests, where they are trusted to be known: then nothing is hashed.
    pub known: Option<Digests>,
}

impl NewFile {
    /// A file of a role, of which nothing else is known.
    pub fn new(source: Source, role: Role) -> Self {
        Self { source, role, format: None, format_version: None, media_type: None, known: None }
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
        if name == MANIFEST_NAME || is_signature_file(name) {
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
        let files = std::mem::take(&mut self.files);
        let mut waiting = Vec::new();
        let mut held = 0;
        for (name, file) in &files {
            let length = file.source.len();
            let small = length < SMALL;
            // Small files are read and hashed side by side; a large one keeps all cores busy by itself.
            if !small || held + length > HELD {
                self.many(&mut writer, &mut waiting)?;
                held = 0;
            }
            if small {
                held += length;
                waiting.push((name.as_str(), file));
                continue;
            }
            let item = Item { name, size: length, role: file.role };
            let mut reader = file.source.reader();
            let digests = match file.known {
                Some(digests) => writer.known(item, digests, &mut reader).map(|()| digests)?,
                None => writer.entry(item, &mut reader)?,
            };
            self.list(name, file, digests);
        }
        self.many(&mut writer, &mut waiting)?;
        seal(self.manifest, writer, key)
    }

    /// Writes files that wait, hashed side by side.
    fn many(
        &mut self,
        writer: &mut ArchiveWriter,
        waiting: &mut Vec<(&str, &NewFile)>,
    ) -> Result<(), Failure> {
        let read = |(name, file): &(&str, &NewFile)| {
            let length = file.source.len();
            let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
            // One byte more shows that the file grew.
            file.source
                .reader()
                .take(length + 1)
                .read_to_end(&mut bytes)
                .map_err(|error| stream_failure(error, file.source.location()))?;
            if bytes.len() as u64 != length {
                return Err(changed(file.source.location().in_entry(*name)));
            }
            let digests = file.known.unwrap_or_else(|| digest::of_bytes(&bytes));
            Ok::<_, Failure>((bytes, digests))
        };
        let found: Vec<(Vec<u8>, Digests)> =
            waiting.par_iter().map(read).collect::<Result<_, _>>()?;
        for ((name, file), (bytes, digests)) in waiting.drain(..).zip(found) {
            let item = Item { name, size: digests.size, role: file.role };
            writer.known(item, digests, &mut bytes.as_slice())?;
            self.list(name, file, digests);
        }
        Ok(())
    }

    fn list(&mut self, name: &str, file: &NewFile, digests: Digests) {
        let media_type = file.media_type.clone();
        self.manifest.artifacts.push(Artifact {
            path: name.to_owned(),
            role: file.role,
            format: file.format.clone(),
            format_version: file.format_version.clone(),
            media_type: media_type.unwrap_or_else(|| media::of_name(name).to_owned()),
            size: digests.size,
            sha256: digests.sha256,
            blake3: digests.blake3,
        });
    }
}

/// Checks and writes the manifest of files that are written, and the signature, and ends the container.
pub(crate) fn seal(
    mut manifest: Manifest,
    mut writer: ArchiveWriter,
    key: Option<&PrivateKey>,
) -> Result<Manifest, Failure> {
    resources(&mut manifest);
    check(&manifest)?;
    let bytes = manifest.write()?;
    // What is written must be readable, whatever the caller put in.
    Manifest::read(&bytes)?;
    let document = |name, size| Item { name, size, role: Role::Other };
    writer.entry(document(MANIFEST_NAME, bytes.len() as u64), &mut bytes.as_slice())?;
    if let Some(key) = key {
        let listed = manifest.artifacts.iter();
        let mut resources: Vec<Resource> =
            listed.map(|a| Resource { name: a.path.clone(), sha256: a.sha256.0 }).collect();
        let sha256 = digest::of_bytes(&bytes).sha256.0;
        resources.push(Resource { name: MANIFEST_NAME.to_owned(), sha256 });
        let signature = signing::bundle(&resources, &manifest.name, key)?;
        let mut reader = signature.as_slice();
        writer.entry(document(SIGNATURE_NAME, signature.len() as u64), &mut reader)?;
    }
    writer.commit(Some(&manifest))?;
    Ok(manifest)
}

/// What can be computed about the machine: the sizes of what was written.
fn resources(manifest: &mut Manifest) {
    let artifacts = &manifest.artifacts;
    let loaded = artifacts
        .iter()
        .filter(|a| matches!(a.role, Role::Model | Role::ConvertedModel | Role::Weights));
    let least = loaded.map(|a| a.size).max();
    let disk = artifacts.iter().map(|a| a.size).sum();
    if let Some(machine) = &mut manifest.dependencies.machine {
        machine.least_memory = least;
        machine.disk = Some(disk);
    }
}

fn check(manifest: &Manifest) -> Result<(), Failure> {
    let refuse = |code, (pointer, message): (String, String)| {
        let place = Location::path(holdall_diag::PathKind::JsonPointer, pointer);
        Err(Failure::usage(code, message).at(place.in_entry(MANIFEST_NAME)))
    };
    if let Some(broken) = manifest.broken_references().into_iter().next() {
        return refuse(codes::DECLARED, broken);
    }
    if let Some(stale) = manifest.stale_evidence().into_iter().next() {
        return refuse(codes::EVIDENCE, stale);
    }
    if let Some(both) = manifest.contradictions().into_iter().next() {
        return refuse(codes::CONTRADICTION, both);
    }
    Ok(())
}
