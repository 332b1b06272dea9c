use std::{
    borrow::Cow,
    cell::RefCell,
    collections::BTreeMap,
    rc::Rc,
    sync::{Arc, LazyLock},
};

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

/// How texts are prepared, one for all terms that ask for the same: a model may look for thousands of terms, and each
/// pattern that is compiled has caches of its own.
#[derive(Default)]
pub(crate) struct Preparations {
    known: Vec<Arc<Preparation>>,
}

/// Patterns with what takes their place, and whether they are applied until nothing changes.
type Rules = (Vec<(Regex, String)>, bool);

struct Preparation {
    number: usize,
    case_sensitive: bool,
    tokenize: bool,
    separator: (String, Regex),
    /// As the model says them, and made ready.
    normalizations: (Vec<TextNormalization>, Vec<Rules>),
}

impl Preparations {
    fn of(&mut self, op: &TextIndex) -> Result<Arc<Preparation>, Failure> {
        let same = |p: &&Arc<Preparation>| {
            p.case_sensitive == op.case_sensitive
                && p.tokenize == op.tokenize
                && p.separator.0 == op.separator
                && p.normalizations.0 == op.normalizations
        };
        if let Some(known) = self.known.iter().find(same) {
            return Ok(Arc::clone(known));
        }
        let made = Arc::new(Preparation {
            number: self.known.len(),
            case_sensitive: op.case_sensitive,
            tokenize: op.tokenize,
            separator: (op.separator.clone(), regex(&op.separator)?),
            normalizations: (
                op.normalizations.clone(),
                op.normalizations.iter().map(rules).collect::<Result<_, _>>()?,
            ),
        });
        self.known.push(Arc::clone(&made));
        Ok(made)
    }
}

impl Preparation {
    fn normalize<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for (rules, recursive) in &self.normalizations.1 {
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
        self.fold(text)
    }

    fn fold<'t>(&self, text: Cow<'t, str>) -> Cow<'t, str> {
        if self.case_sensitive { text } else { Cow::Owned(text.to_lowercase()) }
    }

    fn words<'t>(&self, text: &'t str) -> Vec<&'t str> {
        if !self.tokenize {
            return vec![text];
        }
        let trim = |word: &'t str| word.trim_matches(is_punctuation);
        self.separator.1.split(text).map(trim).filter(|word| !word.is_empty()).collect()
    }
}

/// Whether a character is punctuation as Unicode has it (general category P): `$`, `+`, `<`, `=`, `>`, `^`, `` ` ``, `|`
/// and `~` are symbols.
fn is_punctuation(c: char) -> bool {
    static BEYOND_ASCII: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{P}$").ok());
    if c.is_ascii() {
        return c.is_ascii_punctuation()
            && !matches!(c, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~');
    }
    let pattern = BEYOND_ASCII.as_ref();
    pattern.is_some_and(|pattern| pattern.is_match(c.encode_utf8(&mut [0; 4])))
}

/// The words of the texts of a chunk, by preparation and node: prepared once for all terms.
pub(crate) type Prepared<'a> = RefCell<BTreeMap<(usize, usize), Rc<Vec<Option<Vec<&'a str>>>>>>;

/// How often a term is in a text.
pub(super) struct TextIndexStep {
    op: TextIndex,
    preparation: Arc<Preparation>,
}

impl TextIndexStep {
    pub(super) fn new(op: &TextIndex, known: &mut Preparations) -> Result<Self, Failure> {
        Ok(Self { op: op.clone(), preparation: known.of(op)? })
    }

    /// The words of the text in each row.
    fn texts<'a>(&self, run: &Run<'_, 'a>) -> Result<Rc<Vec<Option<Vec<&'a str>>>>, Failure> {
        let key = (self.preparation.number, self.op.text.index());
        if let Some(known) = run.prepared.borrow().get(&key) {
            return Ok(Rc::clone(known));
        }
        let element = run.scalar(self.op.text)?;
        let mut rows = Vec::with_capacity(run.rows);
        for row in 0..run.rows {
            let text = element.get::<&str>(row)?;
            rows.push(text.map(|text| {
                let normal = run.text(&self.preparation.normalize(text));
                self.preparation.words(normal)
            }));
        }
        let rows = Rc::new(rows);
        run.prepared.borrow_mut().insert(key, Rc::clone(&rows));
        Ok(rows)
    }

    fn value(&self, words: &[&str], term: &[&str]) -> f64 {
        let hits = if self.op.tokenize {
            self.hits(words, term)
        } else {
            let (text, term) = (words.first(), term.first());
            text.zip(term).map_or(0, |(text, term)| text.matches(term).count())
        };
        #[expect(clippy::cast_precision_loss, reason = "a number of hits")]
        let number = hits as f64;
        match self.op.weight {
            LocalWeight::TermFrequency => number,
            LocalWeight::Binary => f64::from(u8::from(hits > 0)),
            LocalWeight::Logarithmic => (1.0 + number).log10(),
            LocalWeight::AugmentedNormalized if hits == 0 => 0.0,
            LocalWeight::AugmentedNormalized => 0.5 * (1.0 + number / most_frequent(words)),
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

fn rules(normalization: &TextNormalization) -> Result<Rules, Failure> {
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
        let texts = self.texts(run)?;
        let term = run.scalar(self.op.term)?;
        let mut values = Vec::with_capacity(run.rows);
        // Terms are nearly always the same in every row.
        let mut last: Option<(&str, Cow<'_, str>)> = None;
        for (row, words) in texts.iter().enumerate() {
            let (Some(words), Some(term)) = (words, term.get::<&str>(row)?) else {
                values.push(None);
                continue;
            };
            if last.as_ref().is_none_or(|(before, _)| *before != term) {
                last = Some((term, self.preparation.fold(Cow::Borrowed(term))));
            }
            let folded = last.as_ref().map_or("", |(_, folded)| folded);
            values.push(Some(self.value(words, &self.preparation.words(folded))));
        }
        Ok(one(Element::optional(values)))
    }
}
