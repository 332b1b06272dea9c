//! The time at which signers are judged.

use holdall_diag::Failure;
use holdall_sign::Moment;

use crate::cmd::codes;

/// A time, and where it comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CheckingTime {
    pub(crate) moment: Moment,
    /// `--at`, `SOURCE_DATE_EPOCH` or `now`.
    pub(crate) origin: &'static str,
}

/// The time given, else that of `SOURCE_DATE_EPOCH`, else now.
pub(crate) fn checking_time(at: Option<&str>) -> Result<CheckingTime, Failure> {
    if let Some(text) = at {
        return Ok(CheckingTime { moment: Moment::parse(text)?, origin: "--at" });
    }
    #[expect(clippy::disallowed_methods, reason = "the command line reads the environment")]
    let epoch = std::env::var_os("SOURCE_DATE_EPOCH");
    if let Some(text) = epoch {
        let seconds = text.to_str().and_then(|text| text.parse().ok()).ok_or_else(|| {
            Failure::usage(codes::SOURCE_DATE, "SOURCE_DATE_EPOCH must be a number of seconds")
        })?;
        return Ok(CheckingTime { moment: Moment(seconds), origin: "SOURCE_DATE_EPOCH" });
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "whether a certificate has expired is asked of the present, unless a time is given; \
                  the answer says which time was used, and nothing is written that depends on it"
    )]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seconds = now.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    Ok(CheckingTime { moment: Moment(seconds), origin: "now" })
}
