use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike, format::StrftimeItems};
use holdall_diag::Failure;
use holdall_tabular::{Call, Categories, Function, ValueId};
use regex::Regex;

use super::{Kernel, Run, city, one, printf::Format};
use crate::{
    codes,
    value::{CategoryIndex, Cell, Element, Yield, by_kind, wrong_kind},
};

/// A function of scalars.
struct CallStep {
    args: Vec<ValueId>,
    make: Make,
}

enum Make {
    /// Text to text.
    Text(fn(&str) -> String),
    Replace(Regex, String),
    Matches(Regex),
    /// Text to an integer, none where it says none.
    Integer(fn(&str) -> Option<i64>),
    Substring,
    Join,
    ToText,
    ToNumber,
    Number(Format),
    Moment(String),
    Coalesce,
    IsIn(CategoryIndex),
}

/// The kernel of a function. Fails with `score/format` when a format cannot be obeyed.
pub(crate) fn compile(call: &Call) -> Result<Box<dyn Kernel>, Failure> {
    let make = match &call.function {
        Function::Uppercase => Make::Text(str::to_uppercase),
        Function::Lowercase => Make::Text(str::to_lowercase),
        Function::Trim => Make::Text(|text| text.trim().to_owned()),
        Function::Substring => Make::Substring,
        Function::Join => Make::Join,
        Function::Length => Make::Integer(|text| i64::try_from(text.chars().count()).ok()),
        Function::CityHash => Make::Integer(|text| Some(i64::from(city::low32(text)))),
        Function::Replace { pattern, with } => Make::Replace(regex(pattern)?, with.clone()),
        Function::Matches { pattern } => Make::Matches(regex(pattern)?),
        Function::ToText => Make::ToText,
        Function::ToNumber => Make::ToNumber,
        Function::FormatNumber(format) => Make::Number(Format::new(format).ok_or_else(|| {
            bad_format(format, "one conversion of `d i f e g s` as `printf` has them")
        })?),
        Function::ParseDate => Make::Integer(parse_date),
        Function::ParseTime => Make::Integer(parse_time),
        Function::ParseDateTime => Make::Integer(parse_moment),
        Function::FormatDateTime(format) => {
            if StrftimeItems::new(format).parse().is_err() {
                return Err(bad_format(format, "conversions as `strftime` has them"));
            }
            Make::Moment(format.clone())
        }
        Function::Coalesce => Make::Coalesce,
        Function::IsIn(list) => Make::IsIn(CategoryIndex::new(&Categories::new(list.clone()))),
    };
    Ok(Box::new(CallStep { args: call.args.clone(), make }))
}

pub(super) fn regex(pattern: &str) -> Result<Regex, Failure> {
    Regex::new(pattern).map_err(|error| {
        Failure::unsupported(codes::FORMAT, format!("the pattern `{pattern}` cannot be used"))
            .caused_by(error)
    })
}

fn bad_format(format: &str, expected: &str) -> Failure {
    Failure::unsupported(codes::FORMAT, format!("expected {expected}, found `{format}`"))
}

impl Kernel for CallStep {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let args: Vec<&Element<'a>> =
            self.args.iter().map(|&arg| run.scalar(arg)).collect::<Result<_, _>>()?;
        let Some(&first) = args.first() else {
            return Err(Failure::bug(codes::KIND, "a function has no operand"));
        };
        Ok(one(match &self.make {
            Make::Text(function) => texts(first, run, |text| Some(function(text)))?,
            Make::Replace(pattern, with) => {
                texts(first, run, |text| Some(pattern.replace_all(text, with).into_owned()))?
            }
            Make::Matches(pattern) => {
                of_text(first, run.rows, |text| Some(pattern.is_match(text)))?
            }
            Make::Integer(function) => of_text(first, run.rows, function)?,
            Make::ToNumber => of_text(first, run.rows, |text| text.trim().parse::<f64>().ok())?,
            Make::Substring => substring(&args, run)?,
            Make::Join => join(&args, run)?,
            Make::ToText => {
                let cells: Vec<String> =
                    by_kind!(&first.data, v => v.iter().map(|x| x.text()).collect());
                made(
                    run,
                    (0..run.rows).map(|row| (!first.is_missing(row)).then(|| cells[row].clone())),
                )
            }
            Make::Number(format) => {
                let numbers = numbers(first)?;
                made(
                    run,
                    (0..run.rows)
                        .map(|row| (!first.is_missing(row)).then(|| format.write(numbers[row]))),
                )
            }
            Make::Moment(format) => {
                let seconds = first.values::<i64>()?;
                let moment = |row: usize| {
                    let moment = DateTime::from_timestamp(seconds[row], 0)?;
                    (!first.is_missing(row)).then(|| moment.naive_utc().format(format).to_string())
                };
                made(run, (0..run.rows).map(moment))
            }
            Make::Coalesce => by_kind!(&first.data, values => coalesce(&args, values, run.rows)?),
            Make::IsIn(index) => by_kind!(&first.data, values => Element::optional(
                values.iter().enumerate().map(|(row, &value)| {
                    (!first.is_missing(row)).then(|| index.find(value).is_some())
                })
            )),
        }))
    }
}

fn numbers(element: &Element<'_>) -> Result<Vec<f64>, Failure> {
    by_kind!(&element.data, values => values.iter().map(|x| x.number()).collect::<Option<Vec<_>>>())
        .ok_or_else(|| wrong_kind(element.data.kind()))
}

/// Texts made for each row, none where missing.
fn made<'a>(run: &Run<'_, 'a>, values: impl IntoIterator<Item = Option<String>>) -> Element<'a> {
    Element::optional(values.into_iter().map(|text| text.map(|text| run.text(&text))))
}

fn texts<'a>(
    arg: &Element<'a>,
    run: &Run<'_, 'a>,
    function: impl Fn(&str) -> Option<String>,
) -> Result<Element<'a>, Failure> {
    let texts = arg.values::<&str>()?;
    let value = |row: usize| if arg.is_missing(row) { None } else { function(texts[row]) };
    Ok(made(run, (0..run.rows).map(value)))
}

fn of_text<'a, C: Cell<'a> + Default>(
    arg: &Element<'a>,
    rows: usize,
    function: impl Fn(&str) -> Option<C>,
) -> Result<Element<'a>, Failure> {
    let texts = arg.values::<&str>()?;
    let value = |row: usize| if arg.is_missing(row) { None } else { function(texts[row]) };
    Ok(Element::optional((0..rows).map(value)))
}

fn substring<'a>(args: &[&Element<'a>], run: &Run<'_, 'a>) -> Result<Element<'a>, Failure> {
    let [text, start, length] = args else {
        return Err(Failure::bug(codes::KIND, "a substring has three operands"));
    };
    let mut parts = Vec::with_capacity(run.rows);
    for row in 0..run.rows {
        let found = (text.get::<&str>(row)?, start.get::<i64>(row)?, length.get::<i64>(row)?);
        parts.push(match found {
            (Some(text), Some(start), Some(length)) => part(text, start, length),
            _ => None,
        });
    }
    Ok(Element::optional(parts))
}

/// The code points from a position counted from 1.
fn part(text: &str, start: i64, length: i64) -> Option<&str> {
    let skip = usize::try_from(start.checked_sub(1)?).ok()?;
    let take = usize::try_from(length).ok()?;
    let place = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
    text.get(place(skip)..place(skip.saturating_add(take)))
}

fn join<'a>(args: &[&Element<'a>], run: &Run<'_, 'a>) -> Result<Element<'a>, Failure> {
    let columns = args.iter().map(|arg| arg.values::<&str>()).collect::<Result<Vec<_>, _>>()?;
    let joined = |row: usize| {
        let missing = args.iter().any(|arg| arg.is_missing(row));
        (!missing).then(|| columns.iter().map(|column| column[row]).collect::<String>())
    };
    Ok(made(run, (0..run.rows).map(joined)))
}

fn coalesce<'a, C: Cell<'a> + Default>(
    args: &[&Element<'a>],
    _of_kind: &[C],
    rows: usize,
) -> Result<Element<'a>, Failure> {
    let columns = args.iter().map(|arg| arg.values::<C>()).collect::<Result<Vec<_>, _>>()?;
    let first = |row: usize| {
        let present = args.iter().position(|arg| !arg.is_missing(row))?;
        Some(columns[present][row])
    };
    Ok(Element::optional((0..rows).map(first)))
}

/// Days since 1970-01-01 of a date, or of the date in a date and time.
fn parse_date(text: &str) -> Option<i64> {
    let text = text.trim();
    let date = text.parse::<NaiveDate>().ok();
    let date = date.or_else(|| naive(text).map(|moment| moment.date()));
    Some(date?.signed_duration_since(NaiveDate::default()).num_days())
}

fn parse_time(text: &str) -> Option<i64> {
    let text = text.trim();
    let time = text.parse::<NaiveTime>().ok();
    let time = time.or_else(|| naive(text).map(|moment| moment.time()));
    Some(i64::from(time?.num_seconds_from_midnight()))
}

fn parse_moment(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(zoned) = DateTime::parse_from_rfc3339(text) {
        return Some(zoned.timestamp());
    }
    Some(naive(text)?.and_utc().timestamp())
}

/// A date and time without a zone, parted by `T` or a space.
fn naive(text: &str) -> Option<NaiveDateTime> {
    let parsed = text.parse::<NaiveDateTime>().ok();
    parsed
        .or_else(|| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok())
        .or_else(|| Some(DateTime::parse_from_rfc3339(text).ok()?.naive_local()))
        .or_else(|| Some(text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN)))
}
