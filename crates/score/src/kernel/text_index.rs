use std::{borrow::Cow, collections::BTreeMap};

use holdall_diag::Failure;
use holdall_tabular::{LocalWeight, TextIndex, TextNormalization};
use regex::{Regex, RegexBuilder};

use super::{Kernel, Run, call::regex, one};
use crate::{
    codes,
    value::{Element, Yield},
};

/// Rounds of a recursive normalisation.
const ROUNDS: usize = 1000;

/// How often a term is in a text.
pub(super) struct TextIndexStep {
    op: TextIndex,
    separator: Regex,
    normalizations: Vec<(Vec<(Regex, String)>, bool)>,
}

impl TextIndexStep {
    pub(super) fn new(op: &TextIndex) -> Result<Self, Failure> {
        let normalizations = op.normalizations.iter().map(rules).collect::<Result<_, _>>()?;
        Ok(Self { op: op.clone(), separator: regex(&op.separator)?, normalizations })
    }

    fn normalize<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for (rules, recursive) in &self.normalizations {
            for _ in 0..if *recursive { ROUNDS } else { 1 } {
                let mut changed = text.clone().into_owned();
                for (pattern, with) in rules {
                    changed = pattern.replace_all(&changed, with).into_owned();
                }
                if changed == *text {
                    break;
                }
                text = Cow::Owned(changed);
            }
        }
        if self.op.case_sensitive { text } else { Cow::Owned(text.to_lowercase()) }
    }

    fn words<'t>(&self, text: &'t str) -> Vec<&'t str> {
        if !self.op.tokenize {
            return vec![text];
        }
        let trim = |word: &'t str| word.trim_matches(|c: char| c.is_ascii_punctuation());
        self.separator.split(text).map(trim).filter(|word| !word.is_empty()).collect()
    }

    fn value(&self, text: &str, term: &str) -> f64 {
        let text = self.normalize(text);
        let term = if self.op.case_sensitive {
            Cow::Borrowed(term)
        } else {
            Cow::Owned(term.to_lowercase())
        };
        let hits = if self.op.tokenize {
            self.hits(&self.words(&text), &self.words(&term))
        } else {
            text.matches(&*term).count()
        };
        #[expect(clippy::cast_precision_loss, reason = "a number of hits")]
        let hits_number = hits as f64;
        match self.op.weight {
            LocalWeight::TermFrequency => hits_number,
            LocalWeight::Binary => f64::from(u8::from(hits > 0)),
            LocalWeight::Logarithmic => (1.0 + hits_number).log10(),
            LocalWeight::AugmentedNormalized => {
                let most = most_frequent(&self.words(&text));
                if hits == 0 { 0.0 } else { 0.5 * (1.0 + hits_number / most) }
            }
        }
    }

    /// Places in the text where the term's words stand, within the edits allowed.
    fn hits(&self, text: &[&str], term: &[&str]) -> usize {
        if term.is_empty() || term.len() > text.len() {
            return 0;
        }
        let limit = self.op.max_levenshtein as usize;
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for words in text.windows(term.len()) {
            let mut edits = 0;
            for (word, wanted) in words.iter().zip(term) {
                if word != wanted {
                    edits += if limit == 0 { 1 } else { levenshtein(word, wanted) };
                }
                if edits > limit {
                    break;
                }
            }
            if edits <= limit {
                *counts.entry(edits).or_default() += 1;
            }
        }
        if self.op.count_all {
            counts.values().sum()
        } else {
            counts.values().next().copied().unwrap_or(0)
        }
    }
}

fn rules(normalization: &TextNormalization) -> Result<(Vec<(Regex, String)>, bool), Failure> {
    let rule = |rule: &holdall_tabular::TextRule| {
        let (pattern, with) = if rule.is_regex {
            (rule.pattern.clone(), rule.with.clone())
        } else {
            (regex::escape(&rule.pattern), rule.with.replace('$', "$$"))
        };
        let built = RegexBuilder::new(&pattern)
            .case_insensitive(!normalization.case_sensitive)
            .build()
            .map_err(|error| {
                Failure::unsupported(
                    codes::FORMAT,
                    format!("the pattern `{pattern}` cannot be used"),
                )
                .caused_by(error)
            })?;
        Ok((built, with))
    };
    let rules = normalization.rules.iter().map(rule).collect::<Result<_, Failure>>()?;
    Ok((rules, normalization.recursive))
}

#[expect(clippy::cast_precision_loss, reason = "a number of words")]
fn most_frequent(words: &[&str]) -> f64 {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    counts.values().copied().max().unwrap_or(1) as f64
}

/// Insertions, deletions and replacements of characters between two words.
fn levenshtein(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, y) in b.iter().enumerate() {
            let (left, above) = (row[j], row[j + 1]);
            let best = (diagonal + usize::from(x != *y)).min(left.min(above) + 1);
            diagonal = above;
            row[j + 1] = best;
        }
    }
    row.last().copied().unwrap_or(0)
}

impl Kernel for TextIndexStep {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let (text, term) = (run.scalar(self.op.text)?, run.scalar(self.op.term)?);
        let mut values = Vec::with_capacity(run.rows);
        for row in 0..run.rows {
            let pair = text.get::<&str>(row)?.zip(term.get::<&str>(row)?);
            values.push(pair.map(|(text, term)| self.value(text, term)));
        }
        Ok(one(Element::optional(values)))
    }
}
