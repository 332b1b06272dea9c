//! What packing asks of the model: conversions with their proofs, profiles.

use holdall_codec::AcceptedPlan;
use holdall_convert::{FormatSpec, Loaded, LoadedBody, WriteRequest, load};
use holdall_diag::{Failure, Report};
use holdall_package::source_form::{Allowance, ConvertForm};
use holdall_profile::{Profile, Profiler};
use holdall_source::Source;
use holdall_table::{CsvReader, select_inputs};
use holdall_tabular::ValidModel;

use crate::{
    args::Common,
    cmd::{
        convert::{Allow, policy},
        proof::{self, Proven, Rows, Side},
        score::matching,
    },
    ui::Ui,
};

/// A conversion that holds.
pub(crate) struct Converted {
    pub(crate) bytes: Vec<u8>,
    pub(crate) format: &'static str,
    pub(crate) proven: Proven,
}

/// Converts in memory and proves; the findings when the plan is blocked or the target differs.
pub(crate) fn convert(
    form: &ConvertForm,
    loaded: &Loaded,
    model: &Source,
    rows: &str,
    common: &Common,
    ui: &Ui,
) -> Result<Result<Converted, Report>, Failure> {
    let request = WriteRequest::new(Some(&form.to), &form.path)?;
    let format = request.writer().format().id;
    let tabular = tabular(loaded)?;
    let allow: Vec<Allow> = form
        .allow
        .iter()
        .map(|allowance| match allowance {
            Allowance::Approximate => Allow::Approximate,
            Allowance::Drop => Allow::Drop,
        })
        .collect();
    let plan = request.plan(&tabular)?;
    let wanted = request.writer().examples(plan.options())?;
    let mut accepted = match plan.accept(policy(&allow)) {
        Ok((accepted, _)) => accepted,
        Err(report) => return Ok(Err(report)),
    };
    let source = loaded.scoring(false)?;
    let rows = Rows::gather(&*source, Some(&tabular), rows, ui)?;
    let write = |plan: &AcceptedPlan<'_>| -> Result<(Vec<u8>, Source, Loaded), Failure> {
        let mut bytes = Vec::new();
        holdall_convert::write(&request, plan, &mut bytes)?;
        let target = Source::from_bytes(form.path.as_str(), bytes.clone());
        let reread = load(&target, Some(&FormatSpec::new(format)), common.limits())?;
        Ok((bytes, target, reread))
    };
    let (mut bytes, mut target, mut reread) = write(&accepted)?;
    if wanted > 0 {
        let examples = rows.examples(&*source, &*reread.scoring(false)?, wanted)?;
        accepted = accepted.with_examples(examples);
        (bytes, target, reread) = write(&accepted)?;
    }
    let proven = proof::prove(
        &Side { scoring: &*source, source: model, format: loaded.format.id },
        &Side { scoring: &*reread.scoring(false)?, source: &target, format },
        &rows,
        &form.path,
        ui,
    )?;
    if let Some(finding) = proven.finding() {
        let mut report = Report::new();
        report.push(finding);
        return Ok(Err(report));
    }
    Ok(Ok(Converted { bytes, format, proven }))
}

fn tabular(loaded: &Loaded) -> Result<ValidModel, Failure> {
    match &loaded.body {
        LoadedBody::Tabular(model) => Ok((**model).clone()),
        LoadedBody::Graph(_) | LoadedBody::Weights(_) => Err(Failure::unsupported(
            holdall_convert::codes::BODY,
            format!("only tabular models are converted while packing, not {}", loaded.format.title),
        )),
    }
}

/// Profiles of a data file and of the model's answers on it.
pub(crate) fn profiles(loaded: &Loaded, data: &Source) -> Result<(Profile, Profile), Failure> {
    let scoring = loaded.scoring(false)?;
    let matching = matching(&*scoring, false);
    let mut reader = CsvReader::open(data)?;
    let (mut input, mut output) = (Profiler::new(), Profiler::new());
    while let Some(rows) = reader.batch(4096)? {
        input.push(&rows);
        let (inputs, _) =
            select_inputs(&*scoring, &rows, matching).map_err(|f| f.in_file(data.name()))?;
        output.push(&scoring.score(&inputs).map_err(|f| f.in_file(data.name()))?);
    }
    Ok((input.finish(), output.finish()))
}

/// Seconds since 1970 as RFC 3339, UTC: days to a civil date by the method of eras of 400 years.
pub(crate) fn rfc3339(seconds: u32) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u32::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
