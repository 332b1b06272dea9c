use holdall_diag::Failure;
use holdall_tabular::{Accents, Analyzer, TokenUnit};
use regex::Regex;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::call::regex;

/// From text to terms.
pub(super) struct AnalyzerStep {
    analyzer: Analyzer,
    word: Option<Regex>,
}

impl AnalyzerStep {
    pub(super) fn new(analyzer: &Analyzer) -> Result<Self, Failure> {
        let word = match &analyzer.unit {
            TokenUnit::Word { pattern } => Some(regex(pattern)?),
            TokenUnit::Char | TokenUnit::CharInWord => None,
        };
        Ok(Self { analyzer: analyzer.clone(), word })
    }

    /// Calls `visit` with every term of a text, in the order of the text.
    pub(super) fn each_term(&self, text: &str, visit: &mut dyn FnMut(&str)) {
        let text = self.prepare(text);
        match (&self.word, &self.analyzer.unit) {
            (Some(word), _) => self.words(word, &text, visit),
            (None, TokenUnit::CharInWord) => self.in_words(&text, visit),
            (None, TokenUnit::Char | TokenUnit::Word { .. }) => self.characters(&text, visit),
        }
    }

    fn prepare(&self, text: &str) -> String {
        let text = if self.analyzer.lowercase { text.to_lowercase() } else { text.to_owned() };
        match self.analyzer.accents {
            Accents::Keep => text,
            Accents::Unicode if text.is_ascii() => text,
            Accents::Unicode => text.nfkd().filter(|c| !is_combining_mark(*c)).collect(),
            Accents::Ascii => text.nfkd().filter(char::is_ascii).collect(),
        }
    }

    fn words(&self, word: &Regex, text: &str, visit: &mut dyn FnMut(&str)) {
        let group = usize::from(word.captures_len() > 1);
        let found = |captures: regex::Captures<'_>| captures.get(group).map(|m| m.range());
        let stop = &self.analyzer.stop_words;
        let tokens: Vec<&str> = word
            .captures_iter(text)
            .filter_map(|captures| text.get(found(captures)?))
            .filter(|token| stop.binary_search_by(|s| s.as_str().cmp(token)).is_err())
            .collect();
        let (shortest, longest) = self.lengths();
        for length in shortest..=longest.min(tokens.len()) {
            if length == 1 {
                for token in &tokens {
                    visit(token);
                }
            } else {
                for run in tokens.windows(length) {
                    visit(&run.join(" "));
                }
            }
        }
    }

    fn lengths(&self) -> (usize, usize) {
        (self.analyzer.ngrams.0 as usize, self.analyzer.ngrams.1 as usize)
    }

    fn characters(&self, text: &str, visit: &mut dyn FnMut(&str)) {
        let text = single_spaces(text);
        let (shortest, longest) = self.lengths();
        runs(&text, shortest, longest, visit);
    }

    fn in_words(&self, text: &str, visit: &mut dyn FnMut(&str)) {
        let (shortest, longest) = self.lengths();
        for word in text.split(is_space).filter(|word| !word.is_empty()) {
            let padded = format!(" {word} ");
            let length = padded.chars().count();
            for n in shortest..=longest {
                if n >= length {
                    // A word shorter than the run counts once, whole, and for no longer run.
                    visit(&padded);
                    break;
                }
                runs(&padded, n, n, visit);
            }
        }
    }
}

fn is_space(c: char) -> bool {
    // Python's `\s` also counts the separators FS, GS, RS and US.
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Two or more white space characters become one space.
fn single_spaces(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if is_space(c) && characters.peek().is_some_and(|next| is_space(*next)) {
            while characters.next_if(|next| is_space(*next)).is_some() {}
            out.push(' ');
        } else {
            out.push(c);
        }
    }
    out
}

/// All runs of characters of these lengths, shortest first.
fn runs(text: &str, shortest: usize, longest: usize, visit: &mut dyn FnMut(&str)) {
    let mut bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    bounds.push(text.len());
    for length in shortest..=longest.min(bounds.len() - 1) {
        for (start, end) in bounds.iter().zip(bounds.iter().skip(length)) {
            if let Some(run) = text.get(*start..*end) {
                visit(run);
            }
        }
    }
}
