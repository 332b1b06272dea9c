//! Private keys under a password: PKCS#8 with PBES2 (RFC 8018).

use holdall_diag::Failure;
use pkcs8::{
    EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument,
    pkcs5::pbes2::{Kdf, Parameters},
};

use crate::codes;

/// The most rounds of PBKDF2 that a file may ask for: some ten times what is usual.
const MOST_ROUNDS: u32 = 10_000_000;

/// The most memory that scrypt may ask for, in bytes.
const MOST_MEMORY: u128 = 1 << 30;

/// Decrypts an `EncryptedPrivateKeyInfo`; the result is wiped when it is dropped.
pub(crate) fn decrypt(der: &[u8], password: Option<&[u8]>) -> Result<SecretDocument, Failure> {
    let info = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|error| {
        Failure::unsupported(
            codes::KEY_ENCRYPTED,
            "the private key is damaged, or encrypted in a way that is not read here",
        )
        .with_help("encrypt it with AES: `openssl pkcs8 -topk8 -v2 aes-256-cbc -in key.pem`")
        .caused_by(error)
    })?;
    let Some(password) = password else {
        return Err(Failure::usage(codes::KEY_ENCRYPTED, "the private key is encrypted").with_help(
            "give the password: `--password-file FILE`, or `--password-env NAME` for a variable",
        ));
    };
    let scheme = info.encryption_algorithm.pbes2().ok_or_else(|| {
        Failure::unsupported(codes::KEY_ENCRYPTED, "the private key is encrypted by a weak method")
            .with_help("encrypt it with AES: `openssl pkcs8 -topk8 -v2 aes-256-cbc -in key.pem`")
    })?;
    check_cost(scheme)?;
    info.decrypt(password).map_err(|error| {
        Failure::usage(codes::PASSWORD, "the password does not open the private key")
            .with_help("a line end at the end of a password file is not part of the password")
            .caused_by(error)
    })
}

/// A file that asks for years of work or for all memory is refused.
fn check_cost(scheme: &Parameters) -> Result<(), Failure> {
    let dear = match &scheme.kdf {
        Kdf::Pbkdf2(rounds) => rounds.iteration_count > MOST_ROUNDS,
        Kdf::Scrypt(cost) => {
            let memory = u128::from(cost.cost_parameter) * u128::from(cost.block_size) * 128;
            memory > MOST_MEMORY || cost.parallelization > 64
        }
        _ => true,
    };
    if dear {
        return Err(Failure::limit(
            codes::KEY_ENCRYPTED,
            "opening the private key needs more work or memory than is allowed",
        ));
    }
    Ok(())
}

/// Encrypts a PKCS#8 document as PEM.
pub(crate) fn encrypt(der: &[u8], password: &[u8]) -> Result<String, Failure> {
    if password.is_empty() {
        return Err(Failure::usage(codes::PASSWORD, "the password is empty"));
    }
    let broken =
        |error: pkcs8::Error| Failure::bug(codes::KEY, format!("cannot encrypt the key: {error}"));
    let info = PrivateKeyInfoRef::try_from(der)
        .map_err(|error| Failure::bug(codes::KEY, format!("cannot read the key back: {error}")))?;
    let encrypted = info.encrypt(password).map_err(broken)?;
    let pem = encrypted.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF).map_err(|error| {
        Failure::bug(codes::KEY, format!("cannot write the encrypted key: {error}"))
    })?;
    Ok(pem.as_str().to_owned())
}
