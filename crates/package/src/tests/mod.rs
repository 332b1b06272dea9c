#![expect(clippy::disallowed_methods, reason = "the tests arrange files on disk")]

mod archives;
mod differences;
mod documents;
mod interchange;
mod packages;
mod provenance;
mod repacking;

use std::path::Path;

use holdall_diag::Failure;
use holdall_source::{Limits, Source};

use crate::{
    Container, Manifest, NewFile, PackageBuilder, PackageReader,
    manifest::{Evidence, Role, Subject},
};

/// Folders first, then files.
const CONTAINERS: [(Container, &str); 5] = [
    (Container::Folder, "p"),
    (Container::Oci, "p.oci"),
    (Container::Zip, "p.holdall"),
    (Container::Tar, "p.tar"),
    (Container::TarGz, "p.tar.gz"),
];

/// Names, roles and bytes of a small model with everything that packages treat differently.
fn files() -> Vec<(String, Role, Vec<u8>)> {
    let noise: Vec<u8> =
        (0..3_000_000_u32).map(|i| (i.wrapping_mul(i) >> 7).to_le_bytes()[0]).collect();
    let deep = format!("{}/note.md", "folder with a long name/".repeat(8).trim_end_matches('/'));
    vec![
        ("model.joblib".to_owned(), Role::Model, noise),
        ("model.onnx".to_owned(), Role::ConvertedModel, vec![7; 5001]),
        ("evidence/onnx.json".to_owned(), Role::Evidence, br#"{"equal":true}"#.to_vec()),
        ("rows.csv".to_owned(), Role::Sample, b"a,b\n1,2\n".repeat(400)),
        ("empty".to_owned(), Role::Other, Vec::new()),
        (deep, Role::Documentation, b"# note\n".to_vec()),
    ]
}

fn builder(files: &[(String, Role, Vec<u8>)]) -> Result<PackageBuilder, Failure> {
    let mut manifest = Manifest::new("sample", semver::Version::new(1, 2, 3));
    manifest.description = Some("A sample".to_owned());
    let subject = |path: &str| {
        let bytes = &files.iter().find(|f| f.0 == path).unwrap().2;
        Subject { path: path.to_owned(), sha256: crate::digest::of_bytes(bytes).sha256 }
    };
    manifest.evidence.push(Evidence {
        kind: "conversion-proof".to_owned(),
        path: "evidence/onnx.json".to_owned(),
        source: subject("model.joblib"),
        target: subject("model.onnx"),
        verdict: "equal".to_owned(),
    });
    let mut builder = PackageBuilder::new(manifest);
    for (name, role, bytes) in files {
        let source = Source::from_bytes(name.as_str(), bytes.clone());
        builder.add(name, NewFile::new(source, *role))?;
    }
    Ok(builder)
}

fn pack(folder: &Path, container: Container, name: &str) -> std::path::PathBuf {
    let target = folder.join(name);
    builder(&files()).unwrap().write(&target, container, None).unwrap();
    target
}

fn open(path: &Path) -> PackageReader {
    PackageReader::open(path, Limits::default()).unwrap()
}

/// Every file below a folder, or the file itself, with its bytes.
fn everything(path: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    if path.is_file() {
        return [(String::new(), std::fs::read(path).unwrap())].into();
    }
    let files = crate::archive::files_below(path, &Limits::default()).unwrap();
    files.into_iter().map(|(name, path)| (name, std::fs::read(path).unwrap())).collect()
}
