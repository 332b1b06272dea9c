use std::{
    io::Write,
    path::{Path, PathBuf},
};

use holdall_diag::Failure;
use holdall_package::{MANIFEST_NAME, PackageReader, SignRequest};
use holdall_sign::{Curve, PrivateKey};
use holdall_source::{AtomicFile, Source};
use serde_json::json;

use crate::{
    args::Common,
    cmd::codes,
    ui::{Exit, Ui},
};

/// Sign a package or a folder with a private key, or make a key pair.
///
/// The signature is an OpenSSF Model Signing v1.0 bundle, `model.sig` in the package. It covers every
/// file. Signing twice with one key gives the same bytes.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  holdall sign --generate-key key.pem\n  holdall sign \
                        breast_cancer.holdall --key key.pem\n\nExit status: 0; 2 when the package \
                        or the key cannot be read.")]
pub(crate) struct Args {
    /// The package or folder.
    #[arg(required_unless_present = "generate_key")]
    package: Option<PathBuf>,
    /// The private key: PEM, P-256, P-384 or P-521.
    #[arg(long, value_name = "PEM", help_heading = "Keys")]
    key: Option<PathBuf>,
    /// Make a P-256 key pair: the private key under this name, the public one beside it as `.pub`.
    #[arg(long, value_name = "PEM", conflicts_with_all = ["key", "package"], help_heading = "Keys")]
    generate_key: Option<PathBuf>,
    /// The curve of the new key.
    #[arg(long, value_enum, default_value_t = CurveArg::P256, help_heading = "Keys")]
    curve: CurveArg,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum CurveArg {
    P256,
    P384,
    P521,
}

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    if let Some(path) = &args.generate_key {
        return generate(path, args.curve, ui);
    }
    let (Some(path), Some(key_path)) = (&args.package, &args.key) else {
        return Err(Failure::usage(codes::ARGUMENT, "expected a key to sign with").with_help(
            "`--key KEY.pem` names it; `holdall sign --generate-key KEY.pem` makes one",
        ));
    };
    let key = private_key(key_path)?;
    let package = PackageReader::open(path, common.limits())?;
    let subject = match package.entry(MANIFEST_NAME) {
        Some(_) => package.manifest()?.name,
        None => path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()),
    };
    holdall_package::sign(&package, &SignRequest { subject: &subject, key: &key })?;
    let hint = key.public_key().hint();
    ui.document(&json!({
        "schema": "holdall/sign/1",
        "subject": subject,
        "key_id": hint,
        "files": package.entries().len(),
    }));
    ui.text(&format!("signed {} with key {hint}\n", path.display()));
    Ok(Exit::Yes)
}

fn generate(path: &Path, curve: CurveArg, ui: &Ui) -> Result<Exit, Failure> {
    let public_path = path.with_extension("pub");
    for path in [path, &public_path] {
        if path.exists() {
            let message = format!("`{}` is there already", path.display());
            return Err(Failure::usage(codes::ARGUMENT, message)
                .with_help("choose another name: a key is never overwritten"));
        }
    }
    let key = PrivateKey::generate(match curve {
        CurveArg::P256 => Curve::P256,
        CurveArg::P384 => Curve::P384,
        CurveArg::P521 => Curve::P521,
    })?;
    let public = key.public_key();
    write_secret(path, key.to_pem()?.as_bytes())?;
    let mut file = AtomicFile::create(&public_path)?;
    write_all(&mut file, public.to_pem().as_bytes())?;
    file.commit()?;
    ui.document(&json!({
        "schema": "holdall/sign-key/1",
        "private_key": path.display().to_string(),
        "public_key": public_path.display().to_string(),
        "key_id": public.hint(),
    }));
    ui.text(&format!("wrote {} and {}\n", path.display(), public_path.display()));
    Ok(Exit::Yes)
}

fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = AtomicFile::create(path)?;
    #[cfg(unix)]
    {
        use std::{fs::Permissions, os::unix::fs::PermissionsExt};
        std::fs::set_permissions(file.temporary(), Permissions::from_mode(0o600)).map_err(
            |error| {
                let message = format!("cannot protect the private key: {error}");
                Failure::io(holdall_source::codes::WRITE, message, error)
            },
        )?;
    }
    write_all(&mut file, bytes)?;
    file.commit()
}

fn write_all(file: &mut AtomicFile, bytes: &[u8]) -> Result<(), Failure> {
    file.write_all(bytes).map_err(|error| {
        Failure::io(holdall_source::codes::WRITE, format!("cannot write: {error}"), error)
    })
}

/// A private key from a PEM file.
pub(crate) fn private_key(path: &Path) -> Result<PrivateKey, Failure> {
    let source = Source::open(path)?;
    PrivateKey::from_pem(&pem(&source)?).map_err(|failure| failure.in_file(source.name()))
}

/// The text of a PEM file; keys are small.
pub(crate) fn pem(source: &Source) -> Result<String, Failure> {
    let bytes = source.head(1 << 16)?;
    String::from_utf8(bytes.to_vec()).map_err(|error| {
        Failure::malformed(holdall_sign::codes::KEY, "expected PEM text, found other bytes")
            .at(source.location())
            .caused_by(error)
    })
}
