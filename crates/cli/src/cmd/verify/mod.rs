mod answer;
mod attestations;
mod trust;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use holdall_diag::Failure;
use holdall_package::{
    Container, MANIFEST_NAME, Manifest, Seal, Status, check_manifest,
    digest::{Digests, Hex32},
    signature_files,
};
use holdall_sign::{
    Finding, Found, Hashing, Judged, Listing, Material, ModelVerification, ROOT_IGNORED,
    SIGNATURE_NAME, Trust, VerifyOptions, to_hex, verify_all,
};
use holdall_source::Source;

use self::{attestations::Attested, trust::TrustArgs};
use crate::{
    args::Common,
    cmd::{
        codes,
        sign::{CheckingTime, Facts, Model, ReadFile, beside, checking_time, name_inside},
        unpack::fits,
    },
    ui::{Exit, Ui},
};

/// Verify a package, folder or model file: digests, evidence, signatures, attestations.
///
/// Signatures are checked against the keys, authorities and identities that are trusted; when none are
/// given, that is said and is no failure. Every file must be signed, every signature by a trusted signer
/// must hold, and one must be there, or as many as the threshold says.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:\n  holdall verify breast_cancer.holdall\n  holdall verify \
                        breast_cancer.holdall --key key.pub\n  holdall verify \
                        breast_cancer.holdall --key key.pub --only '*.onnx'\n  holdall verify \
                        model.joblib --key key.pub\n\nExit status: 0 everything holds; 1 \
                        something does not; 2 when the package, a signature or a key cannot be \
                        read.\n\nCertificates and keys with dates are judged at the time of \
                        `--at`, else of SOURCE_DATE_EPOCH, in seconds, if it is set, otherwise \
                        now.")]
pub(crate) struct Args {
    /// The package, folder or model file.
    package: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    /// A signature outside of the package. A model that is one file has it beside it, as `MODEL.sig`.
    #[arg(long, value_name = "FILE", help_heading = "Signature")]
    signature: Option<PathBuf>,
    /// Allow the signer to have left out this path and all below it. May be repeated.
    #[arg(long, value_name = "PATH", help_heading = "Signature")]
    allow_ignored: Vec<String>,
    /// The time at which signers are judged, such as `2026-01-31` or `2026-01-31T12:00:00Z`.
    #[arg(long, value_name = "TIME", help_heading = "Signature")]
    at: Option<String>,
    /// Read and check only files whose name fits this pattern; `*` stands for any text. May be repeated.
    #[arg(long, value_name = "PATTERN", help_heading = "Files")]
    only: Vec<String>,
}

/// Everything that was found out.
#[derive(Debug, Default)]
struct Answer {
    findings: Vec<Finding>,
    signatures: Vec<Judged>,
    attestations: Vec<Attested>,
    model: ModelVerification,
    time: Option<CheckingTime>,
}

pub(crate) fn run(args: &Args, common: &Common, ui: &Ui) -> Result<Exit, Failure> {
    let trust = args.trust.read()?;
    let asked = !trust.is_empty() || args.at.is_some();
    let time = asked.then(|| checking_time(args.at.as_deref())).transpose()?;
    let time = time.filter(|_| !trust.is_empty());
    let model = Model::open(&args.package, common.limits())?;
    let work = Work { args, model: &model, trust: &trust, time };
    let answer = work.answer()?;
    let ok = answer.findings.iter().all(|finding| finding.status != Status::Fail);
    ui.document(&answer::document(&answer, ok));
    ui.text(&answer::text(&answer, ok));
    Ok(Exit::yes_if(ok))
}

struct Work<'a> {
    args: &'a Args,
    model: &'a Model,
    trust: &'a Trust,
    time: Option<CheckingTime>,
}

impl Work<'_> {
    fn answer(&self) -> Result<Answer, Failure> {
        let path = self.args.package.as_path();
        let judged = self.judged()?;
        self.check_patterns(&judged)?;
        let manifested = self.model.package().is_some_and(|p| p.entry(MANIFEST_NAME).is_some());
        // What the manifest says is used whatever is asked for, so it is always checked.
        let selected = |name: &str| self.wants(name) || (manifested && name == MANIFEST_NAME);
        let mut wanted: BTreeSet<Hashing> =
            judged.iter().filter_map(Judged::listing).map(Listing::hashing).collect();
        if manifested {
            wanted.extend([Hashing::SHA256, Hashing::BLAKE3]);
        }
        let shards = judged.iter().filter_map(Judged::listing).map(|l| l.entries().len()).sum();
        let files = self.model.read(path, &wanted, shards, &selected)?;
        let mut answer = Answer { time: self.time, ..Answer::default() };
        let mut manifest = None;
        if let Some(package) = self.model.package() {
            let (found, findings) = check_manifest(package, digests(&files), &selected)?;
            manifest = found;
            answer.findings.extend(findings);
        }
        self.signatures(&judged, &files, &selected, &mut answer);
        let facts = manifest.as_ref().and_then(|manifest| facts(manifest, &files));
        let (signatures, others) = judged.into_iter().partition(Judged::is_signature);
        answer.signatures = signatures;
        if !self.trust.is_empty() {
            attestations::check(others, facts.as_ref(), &mut answer);
        }
        if answer.findings.is_empty() {
            answer.findings.push(
                Finding::new(
                    holdall_package::codes::NO_MANIFEST,
                    Status::Fail,
                    "there is neither a manifest nor a signature to verify by",
                )
                .with_help("sign it: `holdall sign PACKAGE --key KEY.pem`"),
            );
        }
        Ok(answer)
    }

    /// Every signature file, read and judged before any other file is read.
    fn judged(&self) -> Result<Vec<Judged>, Failure> {
        let at = self.time.map_or(holdall_sign::Moment(0), |time| time.moment);
        let seals = match (&self.args.signature, self.model) {
            (Some(file), _) => vec![seal(file)?],
            (None, Model::Package(package)) => signature_files(package)?,
            (None, Model::File(_)) => {
                let file = beside(&self.args.package);
                if !file.exists() {
                    let message = format!(
                        "the model is one file, and there is no signature `{}`",
                        file.display()
                    );
                    return Err(Failure::usage(holdall_package::codes::NOT_A_PACKAGE, message)
                        .with_help("name the signature with `--signature`, or name a package"));
                }
                vec![seal(&file)?]
            }
        };
        let inside = self.args.signature.is_none() && self.model.package().is_some();
        let package = self.args.package.display().to_string();
        let judge = |seal: &Seal| {
            Judged::read(&seal.name, &seal.bytes, self.trust, at).map_err(|failure| {
                if !inside {
                    return failure.in_file(&seal.name);
                }
                failure.map_location(|l| l.in_entry(seal.name.as_str())).in_file(&package)
            })
        };
        seals.iter().map(judge).collect()
    }

    /// Whether `--only` asks for a file.
    fn wants(&self, name: &str) -> bool {
        let only = &self.args.only;
        only.is_empty() || only.iter().any(|pattern| fits(pattern, name))
    }

    /// A pattern that fits nothing would verify nothing and say yes.
    fn check_patterns(&self, judged: &[Judged]) -> Result<(), Failure> {
        let files = self.model.files(&self.args.package);
        let signed = judged.iter().filter_map(Judged::listing).flat_map(Listing::entries);
        let mut names = files.iter().map(|(name, _)| name).chain(signed.map(|entry| &entry.name));
        if names.any(|name| self.wants(name)) || self.args.only.is_empty() {
            return Ok(());
        }
        Err(Failure::usage(codes::ARGUMENT, "no file fits the pattern of `--only`")
            .with_help("`*` stands for any text; names are those in the package, with `/`"))
    }

    fn signatures(
        &self,
        judged: &[Judged],
        files: &[ReadFile],
        selected: &dyn Fn(&str) -> bool,
        answer: &mut Answer,
    ) {
        if self.trust.is_empty() {
            answer.findings.extend(judged.iter().filter(|one| one.is_signature()).map(not_checked));
            if let Some(last) = answer.findings.last_mut().filter(|f| f.status == Status::Warn) {
                let help = "say whom you trust: `--key KEY.pub`, `--root ROOT.pem` or `--trust TRUST.json`";
                last.help = Some(help.to_owned());
            }
            return;
        }
        if !judged.iter().any(Judged::is_signature) {
            let message = format!("there is no `{SIGNATURE_NAME}` in the package");
            answer.findings.push(
                Finding::new(holdall_package::codes::UNSIGNED, Status::Fail, message)
                    .with_help("sign it: `holdall sign PACKAGE --key KEY.pem`"),
            );
            return;
        }
        let path = self.args.package.as_path();
        let itself = self.args.signature.as_deref().and_then(|file| name_inside(path, file));
        let found: Vec<Found<'_>> = files
            .iter()
            .filter(|file| Some(&file.name) != itself.as_ref())
            .map(|f| Found { name: &f.name, size: f.size, digests: f.digests.as_ref() })
            .collect();
        let options = VerifyOptions { accept_ignored: self.args.allow_ignored.clone() };
        let mut verified = verify_all(judged, &found, self.trust, &options, selected);
        answer.findings.append(&mut verified.findings);
        if !verified.roots.is_empty() {
            let folder = self.model.package().is_some_and(|p| p.container() == Container::Folder);
            let left_out = ROOT_IGNORED.iter().filter(|name| folder && path.join(name).exists());
            verified.not_covered.splice(0..0, left_out.map(|name| (*name).to_owned()));
            verified.not_covered.extend(itself);
        }
        answer.model = verified;
    }
}

fn seal(file: &Path) -> Result<Seal, Failure> {
    let source = Source::open(file)?;
    let bytes = source.head(64 << 20)?.to_vec();
    Ok(Seal { name: file.display().to_string(), bytes })
}

/// A signature that nobody asked to be checked.
fn not_checked(judged: &Judged) -> Finding {
    let by = match judged.bundle.material() {
        Material::Key { hint } => format!(" by the key `{hint}`"),
        Material::Certificates(_) => " with a certificate".to_owned(),
        Material::Sigstore { .. } => " by a keyless identity".to_owned(),
        Material::LegacyKey => String::new(),
    };
    let message = format!("there is a signature{by}, and it was not checked");
    Finding::new(holdall_package::codes::NOT_CHECKED, Status::Warn, message)
}

/// The digests of the files that were read, as manifests have them.
fn digests(files: &[ReadFile]) -> BTreeMap<&str, Digests> {
    let read = files.iter().filter_map(|file| {
        let digests = file.digests.as_ref()?;
        let (sha256, blake3) = (digests.sha256()?, digests.blake3()?);
        let all = Digests { size: digests.size, sha256: Hex32(sha256), blake3: Hex32(blake3) };
        Some((file.name.as_str(), all))
    });
    read.collect()
}

fn facts<'a>(manifest: &'a Manifest, files: &[ReadFile]) -> Option<Facts<'a>> {
    let file = files.iter().find(|file| file.name == MANIFEST_NAME)?;
    let manifest_sha256 = to_hex(&file.digests.as_ref()?.sha256()?);
    Some(Facts { manifest, manifest_sha256, builder: None, root: String::new() })
}
