use std::str::FromStr;

use holdall_diag::{Code, Failure, Location};
use holdall_source::Budget;

use crate::codes;

/// The lines of a file, one after the other. Lines end with LF or CR LF.
#[derive(Clone, Debug)]
pub(crate) struct Lines<'t> {
    rest: &'t str,
    number: u64,
}

impl<'t> Lines<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { rest: text, number: 0 }
    }

    /// The next line.
    pub(crate) fn next(&mut self) -> Option<Value<'t>> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        self.number += 1;
        Some(Value { line: self.number, column: 1, text: line.strip_suffix('\r').unwrap_or(line) })
    }

    /// Where the reading stands.
    pub(crate) fn location(&self) -> Location {
        Location::line(self.number + 1, 1)
    }
}

/// A piece of a line that knows where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'t> {
    pub(crate) line: u64,
    /// From 1, in bytes.
    pub(crate) column: u64,
    pub(crate) text: &'t str,
}

impl<'t> Value<'t> {
    pub(crate) fn location(self) -> Location {
        Location::line(self.line, self.column)
    }

    pub(crate) fn fail(self, code: Code, message: impl Into<String>) -> Failure {
        Failure::malformed(code, message).at(self.location())
    }

    /// Name and value of a line `name=value`.
    pub(crate) fn member(self) -> Option<(&'t str, Self)> {
        let (name, text) = self.text.split_once('=')?;
        Some((name, Self { column: self.column + name.len() as u64 + 1, text, ..self }))
    }

    /// The words of a value, separated by blanks.
    pub(crate) fn words(self) -> impl Iterator<Item = Self> {
        let mut column = self.column;
        self.text
            .split(' ')
            .map(move |text| {
                let word = Self { column, text, ..self };
                column += text.len() as u64 + 1;
                word
            })
            .filter(|word| !word.text.is_empty())
    }

    /// A number.
    pub(crate) fn number<T: FromStr>(self, what: &str) -> Result<T, Failure> {
        self.text.trim().parse().map_err(|_error| {
            let message = format!("expected {what}, found `{}`", shorten(self.text));
            self.fail(codes::NUMBER, message)
        })
    }

    /// Exactly `count` numbers.
    pub(crate) fn numbers<T: FromStr>(
        self,
        what: &str,
        count: usize,
        budget: &mut Budget,
    ) -> Result<Vec<T>, Failure> {
        let wrong = |found: &str| {
            self.fail(codes::COUNT, format!("expected {count} times {what}, found {found}"))
        };
        // A number has a digit and a blank before the next one: this bounds what is paid for.
        if count > self.text.len().div_ceil(2) {
            return Err(wrong("fewer"));
        }
        let mut numbers = budget.vec(count)?;
        budget.step(count as u64)?;
        for word in self.words() {
            if numbers.len() == count {
                return Err(wrong("more"));
            }
            numbers.push(word.number(what)?);
        }
        if numbers.len() < count {
            return Err(wrong(&numbers.len().to_string()));
        }
        Ok(numbers)
    }
}

/// The beginning of a text, for messages.
pub(crate) fn shorten(text: &str) -> String {
    const MOST: usize = 60;
    if text.len() <= MOST {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(MOST).collect();
    short.push('…');
    short
}
