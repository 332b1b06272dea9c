//! Whom the verifier trusts, from options and a trust file.

use std::path::PathBuf;

use holdall_diag::Failure;
use holdall_sign::{Identity, Keyless, PublicKey, Trust, TrustedKey, TrustedRoot, Validity};
use holdall_source::Source;

use crate::cmd::{
    codes,
    sign::{certificates_of, pem},
};

/// Whom to trust.
#[derive(clap::Args, Clone, Debug, Default)]
pub(crate) struct TrustArgs {
    /// A public key that is trusted, as PEM. May be repeated.
    #[arg(long, value_name = "PEM", help_heading = "Trust")]
    key: Vec<PathBuf>,
    /// A certificate authority that is trusted, as PEM. May be repeated.
    #[arg(long, value_name = "PEM", help_heading = "Trust")]
    root: Vec<PathBuf>,
    /// A trust file: keys and authorities with names and dates, revoked keys, how many must sign.
    #[arg(long, value_name = "JSON", help_heading = "Trust")]
    trust: Option<PathBuf>,
    /// A sigstore `trusted_root.json`, for models that were signed keyless.
    #[arg(long, value_name = "JSON", requires_all = ["identity", "issuer"], help_heading = "Trust")]
    trusted_root: Option<PathBuf>,
    /// Who must have signed keyless: the mail address or URI in the certificate.
    #[arg(long, value_name = "NAME", requires = "trusted_root", help_heading = "Trust")]
    identity: Option<String>,
    /// According to whom: the issuer of the identity.
    #[arg(long, value_name = "URL", requires = "trusted_root", help_heading = "Trust")]
    issuer: Option<String>,
    /// How many different signers are needed.
    #[arg(long, value_name = "COUNT", help_heading = "Trust")]
    threshold: Option<u32>,
}

impl TrustArgs {
    pub(crate) fn read(&self) -> Result<Trust, Failure> {
        let mut trust = match &self.trust {
            Some(path) => {
                let source = Source::open(path)?;
                let mut text_of = |relative: &str| pem(&source.sibling(relative)?);
                Trust::read(&source.head(64 << 20)?, &mut text_of)
                    .map_err(|failure| failure.in_file(source.name()))?
            }
            None => Trust::default(),
        };
        for path in &self.key {
            let source = Source::open(path)?;
            let key = PublicKey::from_pem(&pem(&source)?).map_err(|f| f.in_file(source.name()))?;
            trust.keys.push(TrustedKey { name: None, key, validity: Validity::default() });
        }
        for path in &self.root {
            trust.roots.push(TrustedRoot {
                name: None,
                certificates: certificates_of(path)?,
                identities: Vec::new(),
                validity: Validity::default(),
            });
        }
        if let (Some(path), Some(identity), Some(issuer)) =
            (&self.trusted_root, &self.identity, &self.issuer)
        {
            let identity =
                Identity { name: None, identity: identity.clone(), issuer: issuer.clone() };
            let trusted_root = pem(&Source::open(path)?)?;
            trust.keyless = Some(Keyless { trusted_root, identities: vec![identity] });
        }
        if let Some(threshold) = self.threshold {
            if threshold == 0 || trust.is_empty() {
                return Err(Failure::usage(
                    codes::ARGUMENT,
                    "`--threshold` needs at least one signer and somebody who is trusted",
                ));
            }
            trust.threshold = threshold;
        }
        Ok(trust)
    }
}
