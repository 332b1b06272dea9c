//! OCI image layouts (image-spec 1.1) in the media types of the CNCF ModelPack specification: every file
//! is a layer of its own, as it is, so that its digest is that of the layer and of the uncompressed layer.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use holdall_diag::{Failure, Location};
use holdall_source::{AtomicFile, Limits, Source};
use serde_json::{Value, json};

use super::{Entry, Place, TemporaryFolder, folder::too_many, write::Item, write_file};
use crate::{
    Manifest, codes,
    digest::{self, Digests, Hex32},
    interchange::modelpack,
    json,
    manifest::Role,
    names::NameSet,
};

/// The file that makes a folder an OCI layout.
const LAYOUT_NAME: &str = "oci-layout";
const INDEX_NAME: &str = "index.json";
const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";
const ARTIFACT_TYPE: &str = "application/vnd.cncf.model.manifest.v1+json";
const CONFIG_TYPE: &str = "application/vnd.cncf.model.config.v1+json";
/// The annotation that names the file of a layer.
const PATH_KEY: &str = "org.cncf.model.filepath";
/// What a blob is called until its digest is known.
const UNNAMED: &str = "blobs/sha256/unnamed";
/// The most that an index, manifest or configuration may weigh; registries allow 4 MiB.
const DOCUMENT_LIMIT: u64 = 64 << 20;

/// Whether a folder is an OCI layout.
pub(super) fn is_layout(folder: &Path) -> bool {
    folder.join(LAYOUT_NAME).is_file()
}

/// The kind of layer that ModelPack has for a file.
fn kind(name: &str, role: Role) -> &'static str {
    match role {
        Role::Model | Role::ConvertedModel | Role::Weights => "weight",
        Role::Code | Role::Preprocessing => "code",
        Role::Sample => "dataset",
        Role::Environment | Role::Profile | Role::Target => "weight.config",
        Role::Documentation | Role::Evidence => "doc",
        Role::Other if name == crate::MANIFEST_NAME => "weight.config",
        Role::Other => "doc",
    }
}

/// The address of a blob below the layout.
fn blob_name(sha256: &Hex32) -> String {
    format!("blobs/sha256/{sha256}")
}

/// Writes a layout: blobs first, then the documents that name them.
#[derive(Debug)]
pub(crate) struct OciWriter {
    folder: Target,
    layers: Vec<Value>,
}

#[derive(Debug)]
enum Target {
    /// A layout in the making, which appears whole.
    New(TemporaryFolder),
    /// A layout that is there; its index is replaced last.
    There(PathBuf),
}

impl Target {
    /// Writes a blob, called `first` until its digest is known.
    fn write(
        &self,
        first: &str,
        copy: &mut dyn FnMut(&mut (dyn Write + Send)) -> std::io::Result<Digests>,
    ) -> std::io::Result<Digests> {
        match self {
            Self::New(folder) => {
                let mut file = folder.file(first).map_err(std::io::Error::other)?;
                let digests = copy(&mut file)?;
                file.commit().map_err(std::io::Error::other)?;
                let name = blob_name(&digests.sha256);
                if name != first {
                    folder.rename(first, &name)?;
                }
                Ok(digests)
            }
            Self::There(path) => {
                let first = path.join(first);
                let mut file = AtomicFile::create(&first).map_err(std::io::Error::other)?;
                let digests = copy(&mut file)?;
                file.commit().map_err(std::io::Error::other)?;
                std::fs::rename(&first, path.join(blob_name(&digests.sha256)))?;
                Ok(digests)
            }
        }
    }
}

impl OciWriter {
    pub(crate) fn create(target: &Path) -> Result<Self, Failure> {
        Ok(Self { folder: Target::New(TemporaryFolder::create(target)?), layers: Vec::new() })
    }

    /// A layout that is there, without the layers whose names are `gone`, to which layers can be added.
    pub(crate) fn amend(path: &Path, gone: impl Fn(&str) -> bool) -> Result<Self, Failure> {
        let (_, manifest) = manifest(path)?;
        let layers = manifest.get("layers").and_then(Value::as_array).cloned().unwrap_or_default();
        let other = |layer: &Value| !layer_path(layer).is_some_and(&gone);
        let layers = layers.into_iter().filter(other).collect();
        Ok(Self { folder: Target::There(path.to_path_buf()), layers })
    }

    /// Adds a file as a layer. Its name is its digest, which is known when it is written, so it has
    /// another name until then.
    pub(crate) fn blob(
        &mut self,
        item: Item<'_>,
        known: Option<Digests>,
        copy: &mut dyn FnMut(&mut (dyn Write + Send)) -> std::io::Result<Digests>,
    ) -> std::io::Result<Digests> {
        let name = known.map_or_else(|| UNNAMED.to_owned(), |d| blob_name(&d.sha256));
        let digests = self.folder.write(&name, copy)?;
        let media_type =
            format!("application/vnd.cncf.model.{}.v1.raw", kind(item.name, item.role));
        self.layers.push(json!({
            "mediaType": media_type,
            "digest": format!("sha256:{}", digests.sha256),
            "size": digests.size,
            "annotations": { PATH_KEY: item.name },
        }));
        Ok(digests)
    }

    fn document(&self, document: &Value) -> Result<Value, Failure> {
        let bytes = document.to_string().into_bytes();
        let digests = digest::of_bytes(&bytes);
        self.folder
            .write(&blob_name(&digests.sha256), &mut |writer| {
                writer.write_all(&bytes).map(|()| digests)
            })
            .map_err(|error| digest::stream_failure(error, Location::none()))?;
        Ok(json!({ "digest": format!("sha256:{}", digests.sha256), "size": digests.size }))
    }

    pub(crate) fn commit(self, manifest: Option<&Manifest>) -> Result<(), Failure> {
        let digests: Vec<&str> =
            self.layers.iter().filter_map(|layer| layer.get("digest")?.as_str()).collect();
        let config = modelpack::config(manifest, &digests);
        let described = |media: &str, descriptor: Value| {
            let mut full = json!({ "mediaType": media });
            if let (Some(full), Value::Object(more)) = (full.as_object_mut(), descriptor) {
                full.extend(more);
            }
            full
        };
        let config = described(CONFIG_TYPE, self.document(&config)?);
        let document = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": ARTIFACT_TYPE,
            "config": config,
            "layers": self.layers,
        });
        let mut descriptor = described(MANIFEST_TYPE, self.document(&document)?);
        if let (Some(manifest), Some(descriptor)) = (manifest, descriptor.as_object_mut()) {
            descriptor.insert("artifactType".to_owned(), ARTIFACT_TYPE.into());
            let name = format!("{}:{}", manifest.name, manifest.version);
            let reference = json!({ "org.opencontainers.image.ref.name": name });
            descriptor.insert("annotations".to_owned(), reference);
        }
        let index = json!({
            "schemaVersion": 2,
            "mediaType": INDEX_TYPE,
            "manifests": [descriptor],
        });
        let layout = br#"{"imageLayoutVersion":"1.0.0"}"#;
        match self.folder {
            Target::New(folder) => {
                for (name, bytes) in
                    [(LAYOUT_NAME, layout.to_vec()), (INDEX_NAME, index.to_string().into_bytes())]
                {
                    let mut file = folder.file(name)?;
                    file.write_all(&bytes)
                        .map_err(|error| digest::stream_failure(error, Location::none()))?;
                    file.commit()?;
                }
                folder.commit()
            }
            Target::There(path) => {
                let unused = unused_after(&path, &index)?;
                write_file(&path.join(INDEX_NAME), index.to_string().as_bytes())?;
                for blob in unused {
                    // Blobs that no index names are harmless when they stay.
                    drop(std::fs::remove_file(blob));
                }
                Ok(())
            }
        }
    }
}

/// Manifest and configuration that the index named until now and names no longer.
fn unused_after(path: &Path, index: &Value) -> Result<Vec<PathBuf>, Failure> {
    let (descriptor, old) = manifest(path)?;
    let kept = index.to_string();
    let digests = [descriptor.get("digest"), old.pointer("/config/digest")];
    let new = index.pointer("/manifests/0/digest").and_then(Value::as_str).unwrap_or_default();
    let new_manifest = read_blob(path, new)?;
    Ok(digests
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|digest| !kept.contains(digest) && !new_manifest.to_string().contains(digest))
        .filter_map(|digest| Some(path.join(blob_name(&hex(digest)?))))
        .collect())
}

fn hex(digest: &str) -> Option<Hex32> {
    holdall_sign::from_hex(digest.strip_prefix("sha256:")?).map(Hex32)
}

fn layer_path(layer: &Value) -> Option<&str> {
    layer.get("annotations")?.get(PATH_KEY)?.as_str()
}

fn read_document(path: &Path) -> Result<Value, Failure> {
    let source = Source::open(path)?;
    if source.len() > DOCUMENT_LIMIT {
        let message =
            format!("the document has {} bytes, {DOCUMENT_LIMIT} are allowed", source.len());
        return Err(Failure::limit(codes::DECOMPRESSED, message).at(source.location()));
    }
    json::read(&source.bytes()?, codes::ARCHIVE).map_err(|failure| failure.in_file(source.name()))
}

/// A JSON blob, whose bytes must have the digest that names them.
fn read_blob(folder: &Path, digest: &str) -> Result<Value, Failure> {
    let name = hex(digest).ok_or_else(|| refuse(folder, &format!("`{digest}` is no SHA-256")))?;
    let path = folder.join(blob_name(&name));
    let source = Source::open(&path)?;
    let document = read_document(&path)?;
    if digest::of(&source)?.sha256 != name {
        return Err(refuse(&path, "the blob does not have the digest that names it"));
    }
    Ok(document)
}

/// The descriptor of the only manifest, and the manifest.
fn manifest(folder: &Path) -> Result<(Value, Value), Failure> {
    let index = read_document(&folder.join(INDEX_NAME))?;
    let manifests = index.get("manifests").and_then(Value::as_array);
    let [descriptor] = manifests.map(Vec::as_slice).unwrap_or_default() else {
        return Err(refuse(folder, "expected an index with one manifest"));
    };
    let digest = descriptor.get("digest").and_then(Value::as_str).unwrap_or_default();
    Ok((descriptor.clone(), read_blob(folder, digest)?))
}

/// The files of a layout: the layers by the paths that they are annotated with.
pub(super) fn list(folder: &Path, limits: &Limits) -> Result<Vec<Entry>, Failure> {
    let (_, manifest) = manifest(folder)?;
    let layers = manifest.get("layers").and_then(Value::as_array).cloned().unwrap_or_default();
    if layers.len() as u64 > limits.entries {
        return Err(too_many(limits).at(Location::file(folder.display().to_string())));
    }
    let mut names = NameSet::default();
    let mut entries = Vec::new();
    for layer in &layers {
        let media = layer.get("mediaType").and_then(Value::as_str).unwrap_or_default();
        if !media.ends_with(".v1.raw") {
            let message =
                format!("the layer is `{media}`; only layers that are files are read here");
            return Err(Failure::unsupported(codes::ARCHIVE_FEATURE, message)
                .at(Location::file(folder.display().to_string()))
                .with_help("unpack the layout with the tool that made it, then pack the folder"));
        }
        let name = layer_path(layer)
            .ok_or_else(|| refuse(folder, &format!("a layer has no annotation `{PATH_KEY}`")))?;
        names.file(name)?;
        let digest = layer.get("digest").and_then(Value::as_str).and_then(hex);
        let digest = digest.ok_or_else(|| refuse(folder, "a layer has no SHA-256 digest"))?;
        let path = folder.join(blob_name(&digest));
        let meta = std::fs::symlink_metadata(&path).map_err(|error| {
            Failure::io(codes::ARCHIVE, format!("the blob is not there: {error}"), error)
                .at(Location::file(path.display().to_string()))
        })?;
        if !meta.is_file() {
            return Err(Failure::unsupported(codes::LINK, "expected a file, found something else")
                .at(Location::file(path.display().to_string())));
        }
        if layer.get("size").and_then(Value::as_u64) != Some(meta.len()) {
            return Err(refuse(&path, "the blob does not have the size that the layer says"));
        }
        entries.push(Entry { name: name.to_owned(), size: meta.len(), place: Place::File(path) });
    }
    Ok(entries)
}

fn refuse(path: &Path, message: &str) -> Failure {
    Failure::malformed(codes::ARCHIVE, message).at(Location::file(path.display().to_string()))
}
