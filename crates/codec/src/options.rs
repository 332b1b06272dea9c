use std::collections::BTreeMap;

use holdall_diag::Failure;

use crate::codes;

/// An option that rides on a format, as in `--to onnx:opset=17`.
#[derive(Clone, Copy, Debug)]
pub struct OptionInfo {
    /// Its name.
    pub key: &'static str,
    /// Values for people: `13–21`, `float|double`.
    pub values: &'static str,
    /// What holds without it.
    pub default: &'static str,
    /// What it does, one sentence.
    pub help: &'static str,
}

/// Options as the user gave them, checked against the names that the format declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options(BTreeMap<String, String>);

impl Options {
    /// No options.
    pub const fn none() -> Self {
        Self(BTreeMap::new())
    }

    /// Parses `key=value,key=value`; a key alone means `true`. Fails with `codec/option` for a key that
    /// is not declared or given twice.
    pub fn parse(text: &str, declared: &[OptionInfo]) -> Result<Self, Failure> {
        let mut map = BTreeMap::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, "true"));
            if !declared.iter().any(|option| option.key == key) {
                let known: Vec<&str> = declared.iter().map(|option| option.key).collect();
                return Err(Failure::usage(
                    codes::OPTION,
                    format!("there is no format option `{key}`"),
                )
                .with_help(if known.is_empty() {
                    "this format has no options".to_owned()
                } else {
                    format!("the options are {}", known.join(", "))
                }));
            }
            if map.insert(key.to_owned(), value.to_owned()).is_some() {
                let message = format!("the format option `{key}` is given twice");
                return Err(Failure::usage(codes::OPTION, message));
            }
        }
        Ok(Self(map))
    }

    /// One option more, or with another value. The format must declare it.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.0.insert(key.to_owned(), value.to_owned());
        self
    }

    /// The value of an option as text.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The value of an option as one of the given words, the first when absent.
    pub fn word<'w>(&self, key: &str, words: &[&'w str]) -> Result<&'w str, Failure> {
        let first = words.first().copied().unwrap_or_default();
        let Some(given) = self.get(key) else { return Ok(first) };
        words.iter().copied().find(|word| *word == given).ok_or_else(|| {
            Failure::usage(
                codes::OPTION,
                format!("option `{key}`: expected one of {}, found `{given}`", words.join(", ")),
            )
        })
    }

    /// The value of an option as a whole number within a range.
    pub fn number(
        &self,
        key: &str,
        default: i64,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<i64, Failure> {
        let Some(given) = self.get(key) else { return Ok(default) };
        given.parse().ok().filter(|n| range.contains(n)).ok_or_else(|| {
            Failure::usage(
                codes::OPTION,
                format!(
                    "option `{key}`: expected a number from {} to {}, found `{given}`",
                    range.start(),
                    range.end()
                ),
            )
        })
    }

    /// The value of an option as a truth value.
    pub fn flag(&self, key: &str, default: bool) -> Result<bool, Failure> {
        match self.get(key) {
            None => Ok(default),
            Some("true" | "yes" | "on") => Ok(true),
            Some("false" | "no" | "off") => Ok(false),
            Some(given) => Err(Failure::usage(
                codes::OPTION,
                format!("option `{key}`: expected true or false, found `{given}`"),
            )),
        }
    }
}
