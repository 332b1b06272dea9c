//! Keys and certificates from files, passwords, and new key pairs.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use holdall_diag::Failure;
use holdall_sign::{Certificate, Credentials, Curve, Moment, PrivateKey};
use holdall_source::{AtomicFile, Source};
use serde_json::json;

use crate::{
    cmd::codes,
    ui::{Exit, Ui},
};

/// Where the password of a private key comes from. Never from the command line itself, which others can see.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct PasswordArgs {
    /// A file with the password of the private key; a line end at its end does not count.
    #[arg(long, value_name = "FILE", help_heading = "Keys")]
    password_file: Option<PathBuf>,
    /// The environment variable that holds the password of the private key.
    #[arg(long, value_name = "NAME", conflicts_with = "password_file", help_heading = "Keys")]
    password_env: Option<String>,
}

impl PasswordArgs {
    pub(crate) fn read(&self) -> Result<Option<Vec<u8>>, Failure> {
        if let Some(path) = &self.password_file {
            let bytes = Source::open(path)?.head(1 << 12)?;
            let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
            return Ok(Some(text.strip_suffix(b"\r").unwrap_or(text).to_vec()));
        }
        let Some(name) = &self.password_env else { return Ok(None) };
        #[expect(clippy::disallowed_methods, reason = "the command line reads the environment")]
        let value = std::env::var_os(name);
        value.map(|value| Some(value.into_encoded_bytes())).ok_or_else(|| {
            Failure::usage(codes::ARGUMENT, format!("the variable `{name}` is not set"))
        })
    }
}

/// The curve of a new key.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum CurveArg {
    P256,
    P384,
    P521,
}

/// Makes a key pair: two new files, the private one for its owner alone.
pub(crate) fn generate(
    path: &Path,
    curve: CurveArg,
    password: &PasswordArgs,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let public_path = path.with_extension("pub");
    for path in [path, &public_path] {
        if path.exists() {
            let message = format!("`{}` is there already", path.display());
            return Err(Failure::usage(codes::ARGUMENT, message)
                .with_help("choose another name: a key is never overwritten"));
        }
    }
    let password = password.read()?;
    let key = PrivateKey::generate(match curve {
        CurveArg::P256 => Curve::P256,
        CurveArg::P384 => Curve::P384,
        CurveArg::P521 => Curve::P521,
    })?;
    let public = key.public_key();
    let text = match &password {
        Some(password) => key.to_encrypted_pem(password)?,
        None => key.to_pem()?,
    };
    write_secret(path, text.as_bytes())?;
    let mut file = AtomicFile::create(&public_path)?;
    write_all(&mut file, public.to_pem().as_bytes())?;
    file.commit()?;
    ui.document(&json!({
        "schema": "holdall/sign-key/1",
        "private_key": path.display().to_string(),
        "public_key": public_path.display().to_string(),
        "key_id": public.hint(),
        "curve": public.curve().as_str(),
        "encrypted": password.is_some(),
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

/// Writes a file that appears whole.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = AtomicFile::create(path)?;
    write_all(&mut file, bytes)?;
    file.commit()
}

fn write_all(file: &mut AtomicFile, bytes: &[u8]) -> Result<(), Failure> {
    file.write_all(bytes).map_err(|error| {
        Failure::io(holdall_source::codes::WRITE, format!("cannot write: {error}"), error)
    })
}

/// A private key from a PEM file, opened with a password if it needs one.
pub(crate) fn private_key(path: &Path, password: Option<&[u8]>) -> Result<PrivateKey, Failure> {
    let source = Source::open(path)?;
    PrivateKey::from_pem_with_password(&pem(&source)?, password)
        .map_err(|failure| failure.in_file(source.name()))
}

/// A key with the certificates of some files, in the order given.
pub(crate) fn credentials(
    key: PrivateKey,
    certificates: &[PathBuf],
    at: impl FnOnce() -> Result<Moment, Failure>,
) -> Result<Credentials, Failure> {
    if certificates.is_empty() {
        return Ok(Credentials::key(key));
    }
    let mut chain = Vec::new();
    for path in certificates {
        chain.extend(certificates_of(path)?);
    }
    Credentials::certificate(key, chain, at()?)
}

/// The certificates of a PEM file.
pub(crate) fn certificates_of(path: &Path) -> Result<Vec<Certificate>, Failure> {
    let source = Source::open(path)?;
    Certificate::from_pem(&pem(&source)?).map_err(|failure| failure.in_file(source.name()))
}

/// The text of a PEM file; keys and certificates are small.
pub(crate) fn pem(source: &Source) -> Result<String, Failure> {
    let bytes = source.head(1 << 20)?;
    String::from_utf8(bytes.to_vec()).map_err(|error| {
        Failure::malformed(holdall_sign::codes::KEY, "expected PEM text, found other bytes")
            .at(source.location())
            .caused_by(error)
    })
}
