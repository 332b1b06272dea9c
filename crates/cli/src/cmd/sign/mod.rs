mod attest;
mod key;
mod model;
mod place;
mod time;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use holdall_diag::Failure;
use holdall_package::{
    Container, Entry, MANIFEST_NAME, Manifest, PackageReader, Seal, Sealing, digest::Digests, seal,
    signature_files,
};
use holdall_sign::{
    Credentials, Hashing, Resource, SIGNATURE_NAME, SignOptions,
    attest::{Attestation, Kind},
    is_signature_file, sign_with, statement, to_hex,
};
use holdall_source::Source;
use serde_json::{Value, json};

use self::{attest::AttestArg, key::CurveArg};
pub(crate) use self::{
    attest::Facts,
    key::{PasswordArgs, certificates_of, pem, private_key},
    model::{Model, ReadFile, beside, name_inside},
    time::{CheckingTime, checking_time},
};
use crate::{
    args::Common,
    cmd::codes,
    render::push,
    ui::{Exit, Ui},
};

/// Sign a package, a folder or a model file with a private key, or make a key pair.
///
/// The signature is an OpenSSF Model Signing v1.0 bundle and covers every file. It is `model.sig` in the
/// package; when another signer has signed the same files, it goes beside as `model.sig.d/KEY.sig`. A model
/// that is one file gets its signature beside it, as `MODEL.sig`. Signing twice with one key gives the same
/// bytes.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  holdall sign --generate-key key.pem\n  holdall sign \
                        breast_cancer.holdall --key key.pem\n  holdall sign \
                        breast_cancer.holdall --key key.pem --attest slsa,test-result,proof\n  \
                        holdall sign model.joblib --key key.pem\n\nExit status: 0; 2 when the \
                        package or the key cannot be read.\n\nCertificates are judged at the time \
                        of `--at`, else of SOURCE_DATE_EPOCH, in seconds, if it is set, otherwise \
                        now.")]
pub(crate) struct Args {
    /// The package, folder or model file.
    #[arg(required_unless_present = "generate_key")]
    package: Option<PathBuf>,
    /// The private key: PEM, P-256, P-384 or P-521.
    #[arg(long, value_name = "PEM", help_heading = "Keys")]
    key: Option<PathBuf>,
    /// The certificate of the key, then the authorities above it. May be repeated.
    #[arg(long, value_name = "PEM", requires = "key", help_heading = "Keys")]
    certificate: Vec<PathBuf>,
    /// The time at which the certificate is judged, such as `2026-01-31` or `2026-01-31T12:00:00Z`.
    #[arg(long, value_name = "TIME", requires = "certificate", help_heading = "Keys")]
    at: Option<String>,
    #[command(flatten)]
    password: PasswordArgs,
    /// Make a key pair: the private key under this name, the public one beside it as `.pub`.
    #[arg(long, value_name = "PEM", conflicts_with_all = ["key", "package"], help_heading = "Keys")]
    generate_key: Option<PathBuf>,
    /// The curve of the new key.
    #[arg(long, value_enum, default_value_t = CurveArg::P256, help_heading = "Keys")]
    curve: CurveArg,
    /// Write the signature to this file and leave the package as it is.
    #[arg(long, value_name = "FILE", help_heading = "Signature")]
    signature: Option<PathBuf>,
    /// Leave this path, and all below it, out of the signature. Verifiers refuse that unless they allow it.
    #[arg(long, value_name = "PATH", help_heading = "Signature")]
    ignore: Vec<String>,
    /// Remove the signatures and attestations of others.
    #[arg(long, conflicts_with = "signature", help_heading = "Signature")]
    replace: bool,
    /// Trust the digests in the manifest, for files that have the listed size and, in a folder, are not newer
    /// than it, instead of reading every byte for them.
    #[arg(long, help_heading = "Signature")]
    reuse_digests: bool,
    /// Attest what the manifest says, as well.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        conflicts_with = "signature",
        help_heading = "Attestations"
    )]
    attest: Vec<AttestArg>,
    /// Attest this bill of material: a CycloneDX document in JSON.
    #[arg(long, value_name = "JSON", conflicts_with = "signature", help_heading = "Attestations")]
    bom: Option<PathBuf>,
    /// Who built the model, for `--attest slsa`: a URI that verifiers know.
    #[arg(long, value_name = "URI", help_heading = "Attestations")]
    builder_id: Option<String>,
}

/// What was signed, for the answer.
#[derive(Debug, Default)]
struct Signed {
    files: usize,
    /// File that the signature went to, then those of the attestations.
    written: Vec<String>,
    removed: Vec<String>,
    attested: Vec<&'static str>,
    root: String,
    reused: usize,
}

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    if let Some(path) = &args.generate_key {
        return key::generate(path, args.curve, &args.password, ui);
    }
    let (Some(path), Some(key_path)) = (&args.package, &args.key) else {
        return Err(Failure::usage(codes::ARGUMENT, "expected a key to sign with").with_help(
            "`--key KEY.pem` names it; `holdall sign --generate-key KEY.pem` makes one",
        ));
    };
    let password = args.password.read()?;
    let key = private_key(key_path, password.as_deref())?;
    let credentials = key::credentials(key, &args.certificate, || {
        checking_time(args.at.as_deref()).map(|time| time.moment)
    })?;
    let model = Model::open(path, common.limits())?;
    let job = Job::new(args, path, &model, &credentials)?;
    let signed = match (&model, &args.signature) {
        (Model::Package(package), None) => job.seal_package(package)?,
        (_, detached) => {
            let target = detached.clone().unwrap_or_else(|| beside(path));
            job.sign_apart(&model, &target)?
        }
    };
    answer(&signed, &job, path, &credentials, ui);
    Ok(Exit::Yes)
}

fn answer(signed: &Signed, job: &Job<'_>, path: &Path, credentials: &Credentials, ui: &Ui) {
    let hint = credentials.key_id();
    let holder = credentials.chain().first().map(holdall_sign::Certificate::subject);
    for name in &signed.removed {
        let why = if job.args.replace {
            "all others are replaced"
        } else {
            "it was about other bytes than those signed now"
        };
        ui.note(&format!("removed the signature `{name}`: {why}"));
    }
    if job.args.reuse_digests {
        let (reused, files) = (signed.reused, signed.files);
        ui.note(&format!("{reused} of {files} digests were taken from the manifest"));
    }
    ui.document(&json!({
        "schema": "holdall/sign/1",
        "subject": job.options.subject,
        "key_id": hint,
        "method": if holder.is_some() { "certificate" } else { "key" },
        "root_digest": signed.root,
        "files": signed.files,
        "written": signed.written,
        "removed": signed.removed,
        "attested": signed.attested,
        "reused_digests": signed.reused,
    }));
    let who = holder
        .map_or_else(|| format!("key {hint}"), |holder| format!("the certificate of {holder}"));
    let mut text = format!("signed {} with {who}\n", path.display());
    for name in signed.written.iter().filter(|name| *name != SIGNATURE_NAME) {
        push(&mut text, format_args!("wrote {name}\n"));
    }
    ui.text(&text);
}

struct Job<'a> {
    args: &'a Args,
    path: &'a Path,
    manifest: Option<Manifest>,
    options: SignOptions,
    credentials: &'a Credentials,
    bom: Option<Value>,
}

impl<'a> Job<'a> {
    fn new(
        args: &'a Args,
        path: &'a Path,
        model: &Model,
        credentials: &'a Credentials,
    ) -> Result<Self, Failure> {
        let package = model.package();
        let manifest = package.filter(|package| package.entry(MANIFEST_NAME).is_some());
        let manifest = manifest.map(PackageReader::manifest).transpose()?;
        if !args.attest.is_empty() && manifest.is_none() {
            let message = "attestations are made from the manifest, and there is no `holdall.json`";
            return Err(Failure::usage(codes::ARGUMENT, message)
                .with_help("`holdall pack` makes a package of a plain model"));
        }
        if args.bom.is_some() && package.is_none() {
            let message = "a model that is one file has no place for attestations";
            return Err(Failure::usage(codes::ARGUMENT, message)
                .with_help("put it into a folder, or make a package of it with `holdall pack`"));
        }
        let subject = match &manifest {
            Some(manifest) => manifest.name.clone(),
            None => Model::base_name(path),
        };
        let mut options = SignOptions::new(subject);
        options.ignore_paths.clone_from(&args.ignore);
        // A signature that is written into the folder it is about cannot cover itself.
        let inside = args.signature.as_deref().and_then(|file| name_inside(path, file));
        options.ignore_paths.extend(inside.filter(|name| !is_signature_file(name)));
        let bom = args.bom.as_deref().map(bill_of_material).transpose()?;
        Ok(Self { args, path, manifest, options, credentials, bom })
    }

    fn covers(&self, name: &str) -> bool {
        let ignored = &self.options.ignore_paths;
        !is_signature_file(name) && !ignored.iter().any(|path| holdall_sign::is_below(name, path))
    }

    /// The digests that the manifest lists, when nothing contradicts them.
    fn known(&self, name: &str, size: u64, folder: Option<&Path>) -> Option<Digests> {
        let listed = self.manifest.as_ref().filter(|_| self.args.reuse_digests)?.artifact(name)?;
        let modified = |path: PathBuf| std::fs::metadata(path).and_then(|meta| meta.modified());
        let fresh = folder.is_none_or(|folder| {
            let manifest = modified(folder.join(MANIFEST_NAME));
            matches!((modified(folder.join(name)), manifest), (Ok(file), Ok(list)) if file <= list)
        });
        (listed.size == size && fresh).then(|| listed.digests())
    }

    /// Signatures and attestations go into the package.
    fn seal_package(&self, package: &PackageReader) -> Result<Signed, Failure> {
        let existing = signature_files(package)?;
        let folder = (package.container() == Container::Folder).then_some(self.path);
        let reused = std::cell::Cell::new(0);
        let known = |entry: &Entry| {
            let known = self.known(entry.name(), entry.size(), folder)?;
            reused.set(reused.get() + 1);
            Some(known)
        };
        let mut signed = Signed::default();
        let mut make = |resources: &[Resource]| {
            let resources: Vec<Resource> =
                resources.iter().filter(|r| self.covers(&r.name)).cloned().collect();
            self.seals(&resources, &existing, &mut signed)
        };
        seal(package, &mut Sealing { known: &known, make: &mut make })
            .map_err(|failure| failure.in_file(package.name()))?;
        signed.reused = reused.get();
        Ok(signed)
    }

    fn seals(
        &self,
        resources: &[Resource],
        existing: &[Seal],
        signed: &mut Signed,
    ) -> Result<(Vec<Seal>, Vec<String>), Failure> {
        signed.files = resources.len();
        let statement = statement(resources, &self.options)?;
        statement.root_digest().clone_into(&mut signed.root);
        let mut places = place::Places::new(
            existing,
            resources,
            &signed.root,
            &self.credentials.key_id(),
            self.args.replace,
        )?;
        let mut seals = vec![Seal {
            name: places.signature(),
            bytes: sign_with(resources, &self.options, self.credentials)?,
        }];
        let manifest_sha256 = resources.iter().find(|r| r.name == MANIFEST_NAME);
        if let (Some(manifest), Some(found)) = (&self.manifest, manifest_sha256) {
            let facts = Facts {
                manifest,
                manifest_sha256: to_hex(&found.sha256),
                builder: self.args.builder_id.as_deref(),
                root: signed.root.clone(),
            };
            for &what in &self.args.attest {
                let attestation = facts.attest(what)?;
                seals.push(self.attested(&attestation, &places, signed)?);
            }
        }
        if let Some(bom) = &self.bom {
            let attestation =
                Attestation::new(Kind::Bom, &self.options.subject, &signed.root, bom)?;
            seals.push(self.attested(&attestation, &places, signed)?);
        }
        signed.written = seals.iter().map(|seal| seal.name.clone()).collect();
        signed.removed = places.lost();
        Ok((seals, places.gone()))
    }

    fn attested(
        &self,
        attestation: &Attestation,
        places: &place::Places,
        signed: &mut Signed,
    ) -> Result<Seal, Failure> {
        let kind = attestation.kind().map_or("attestation", Kind::as_str);
        signed.attested.push(kind);
        Ok(Seal { name: places.attestation(kind), bytes: attestation.seal(self.credentials)? })
    }

    /// The signature goes into a file of its own.
    fn sign_apart(&self, model: &Model, target: &Path) -> Result<Signed, Failure> {
        let folder = model.package().filter(|p| p.container() == Container::Folder);
        let folder = folder.map(|_| self.path);
        let single = model.package().is_none();
        let covers = |name: &str| single || self.covers(name);
        let mut resources: Vec<Resource> = Vec::new();
        for (name, size) in model.files(self.path).into_iter().filter(|(name, _)| covers(name)) {
            if let Some(known) = self.known(&name, size, folder) {
                resources.push(Resource { name, sha256: known.sha256.0 });
            }
        }
        let reused = resources.len();
        let names: BTreeSet<String> = resources.iter().map(|r| r.name.clone()).collect();
        let wanted = BTreeSet::from([Hashing::SHA256]);
        let select = |name: &str| covers(name) && !names.contains(name);
        for file in model.read(self.path, &wanted, 0, &select)? {
            if let Some(sha256) = file.digests.and_then(|digests| digests.sha256()) {
                // The reference names a model that is one file by a dot.
                let name = if single { ".".to_owned() } else { file.name };
                resources.push(Resource { name, sha256 });
            }
        }
        let in_model = |failure: Failure| failure.in_file(&self.path.display().to_string());
        let root = statement(&resources, &self.options).map_err(in_model)?.root_digest().to_owned();
        let bytes = sign_with(&resources, &self.options, self.credentials).map_err(in_model)?;
        key::write_file(target, &bytes)?;
        Ok(Signed {
            files: resources.len(),
            written: vec![target.display().to_string()],
            root,
            reused,
            ..Signed::default()
        })
    }
}

/// A CycloneDX document, which is passed through.
fn bill_of_material(path: &Path) -> Result<Value, Failure> {
    let source = Source::open(path)?;
    let refuse = |message: String| {
        Failure::malformed(holdall_sign::codes::ATTESTATION, message).at(source.location())
    };
    let document: Value = serde_json::from_slice(&source.head(256 << 20)?)
        .map_err(|error| refuse(format!("expected a CycloneDX document in JSON: {error}")))?;
    if document.get("bomFormat").and_then(Value::as_str) != Some("CycloneDX") {
        return Err(refuse("expected `bomFormat` to be `CycloneDX`".to_owned()));
    }
    Ok(document)
}
