use holdall_codec::{Body, Confidence, Format, Head, Outcome, ReadOptions, Reader, Summary};
use holdall_diag::{Diagnostic, Failure, Location, Report, Severity};
use holdall_pickle::{Compression, Kind, Pickle, decompress, looks_like_pickle, scan};
use holdall_source::{Budget, Source};
use holdall_tabular::Model;

use crate::{
    FORMAT, Sklearn, codes, facts,
    lower::{self, boosted::Boosters},
};

impl Reader for Sklearn {
    fn format(&self) -> &'static Format {
        &FORMAT
    }

    fn detect(&self, head: &Head) -> Confidence {
        let named = head.has_extension(FORMAT.extensions);
        match looks_like_pickle(&head.bytes) {
            None => Confidence::No,
            Some(Kind::Compressed(_)) if named => Confidence::Likely,
            Some(Kind::Compressed(_)) => Confidence::No,
            Some(Kind::Declared(_) | Kind::Undeclared) if names_sklearn(&head.bytes) => {
                Confidence::Certain
            }
            Some(Kind::Declared(_)) => Confidence::Likely,
            Some(Kind::Undeclared) if named => Confidence::Likely,
            Some(Kind::Undeclared) => Confidence::No,
        }
    }

    fn read(&self, source: &Source, options: &ReadOptions) -> Result<Outcome, Failure> {
        let in_file = |failure: Failure| failure.in_file(source.name());
        let mut budget = Budget::new(options.limits);
        let file = File::open(source, &mut budget).map_err(in_file)?;
        let mut boosters = Boosters::new(source, options);
        let (model, report) = file.model(&mut boosters, &mut budget).map_err(in_file)?;
        let libraries = facts::libraries(&file.pickle, &boosters.libraries);
        Ok(Outcome { body: Body::Tabular(Box::new(model)), report, libraries })
    }

    fn inspect(&self, source: &Source, options: &ReadOptions) -> Result<Summary, Failure> {
        let mut budget = Budget::new(options.limits);
        let file =
            File::open(source, &mut budget).map_err(|failure| failure.in_file(source.name()))?;
        let scanned = scan(&source.bytes()?, &options.limits);
        let mut summary = file.inspect(&FORMAT, &scanned, source, options, &mut budget)?;
        summary.fact("protocol", file.pickle.protocol());
        summary.fact("numpy", facts::numpy_generation(&file.pickle));
        Ok(summary)
    }
}

/// Whether the first bytes name the package in any spelling of a global.
fn names_sklearn(head: &[u8]) -> bool {
    head.windows(8).any(|window| window == b"sklearn.")
}

/// A file taken apart into its nodes.
pub(crate) struct File {
    pub(crate) pickle: Pickle,
    /// `pickle, protocol 4`, `joblib, protocol 4, zlib`, `skops 0.16.0, protocol 2`.
    pub(crate) container: String,
    pub(crate) trailing: u64,
}

impl File {
    fn open(source: &Source, budget: &mut Budget) -> Result<Self, Failure> {
        let unpacked = decompress(&source.bytes()?, budget)?;
        let pickle = Pickle::read(&unpacked.bytes, budget)?;
        let trailing = (unpacked.bytes.len() as u64).saturating_sub(pickle.end());
        let container = container(&pickle, unpacked.compression);
        Ok(Self { pickle, container, trailing })
    }

    pub(crate) fn inspect(
        &self,
        format: &'static Format,
        scanned: &scan::Scan,
        source: &Source,
        options: &ReadOptions,
        budget: &mut Budget,
    ) -> Result<Summary, Failure> {
        // A model that is not carried still has a container, versions, steps and a verdict to show.
        let mut boosters = Boosters::new(source, options);
        let mut summary = match self.summary(format, &mut boosters, budget) {
            Ok(summary) => summary,
            Err(failure) if failure.code() == codes::NOT_AN_ESTIMATOR => {
                return Err(failure.in_file(source.name()));
            }
            Err(failure) => {
                let mut summary = Summary::new(format);
                summary.producer = producer(&self.pickle);
                summary.risks.push(failure.into_diagnostic());
                summary
            }
        };
        summary.format_version = Some(self.container.clone());
        summary.fact("container", self.container.as_str());
        summary.fact("steps", lower::steps(&self.pickle.root()));
        summary.fact("verdict", scanned.verdict.as_str());
        summary.libraries = facts::libraries(&self.pickle, &boosters.libraries);
        summary.risks.extend(risks(scanned));
        summary.risks.iter_mut().for_each(|risk| {
            risk.location = risk.location.clone().in_file(source.name());
        });
        Ok(summary)
    }

    pub(crate) fn model(
        &self,
        boosters: &mut Boosters,
        budget: &mut Budget,
    ) -> Result<(Model, Report), Failure> {
        let judged = scan::judge(&self.pickle, None, &scan::ScanOptions::default());
        if judged.verdict == scan::Verdict::Dangerous {
            return Err(dangerous(&judged));
        }
        let mut report = facts::report(&self.pickle);
        if self.trailing > 0 {
            report.push(
                Diagnostic::warning(
                    codes::TRAILING,
                    format!("{} bytes follow the pickle and were not read", self.trailing),
                )
                .at(Location::at(self.pickle.end())),
            );
        }
        let model = lower::lower(&self.pickle, boosters, budget)?;
        boosters.report.entries().iter().for_each(|entry| report.push(entry.clone()));
        Ok((model, report))
    }

    fn summary(
        &self,
        format: &'static Format,
        boosters: &mut Boosters,
        budget: &mut Budget,
    ) -> Result<Summary, Failure> {
        let (model, report) = self.model(boosters, budget)?;
        Summary::of_read(format, model, &report, Vec::new())
    }
}

/// How the bytes were written.
fn container(pickle: &Pickle, compression: Option<Compression>) -> String {
    // joblib leaves arrays between the opcodes, and is the only one that compresses.
    let joblib = pickle.payloads() > 0 || compression.is_some();
    let kind = if joblib { "joblib" } else { "pickle" };
    let protocol = pickle.protocol();
    match compression {
        Some(compression) => format!("{kind}, protocol {protocol}, {}", compression.as_str()),
        None => format!("{kind}, protocol {protocol}"),
    }
}

fn producer(pickle: &Pickle) -> Option<String> {
    facts::version(pickle).map(|version| format!("scikit-learn {version}"))
}

fn dangerous(judged: &scan::Scan) -> Failure {
    let worst = judged.findings.iter().find(|f| f.verdict == scan::Verdict::Dangerous);
    let (message, location) = worst.map_or_else(
        || ("loading it can run code".to_owned(), Location::none()),
        |finding| (finding.message.clone(), finding.location.clone()),
    );
    Failure::unsupported(codes::DANGEROUS, format!("the pickle is dangerous: {message}"))
        .at(location)
        .with_help("do not load this file; ask where it comes from")
}

fn risks(scanned: &scan::Scan) -> impl Iterator<Item = Diagnostic> + '_ {
    scanned.findings.iter().map(|finding| {
        let severity = match finding.verdict {
            scan::Verdict::Safe => Severity::Note,
            scan::Verdict::Review | scan::Verdict::Malformed | scan::Verdict::Dangerous => {
                Severity::Error
            }
        };
        Diagnostic::new(codes::VERDICT, severity, finding.message.clone())
            .at(finding.location.clone())
            .with_note(format!("as `{}`: {}", finding.code, finding.verdict.as_str()))
    })
}
