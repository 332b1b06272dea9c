//! `TextIndex`: <https://dmg.org/pmml/v4-4-1/Transformations.html>.

use std::collections::BTreeSet;

use holdall_tabular::{
    Accents, Construct, Kind, LocalWeight, Scalar, TermWeight, Terms, TextIndex, TextVector,
    TokenUnit, TransformKind, ValueId,
};

use super::{
    Item, Raise, Stop,
    expr::{Expr, Hits, Rules, apply, number, present},
};
use crate::lower::tables::UNICODE_CLASSES;

const VECTOR: Construct = Construct::Transform(TransformKind::TextVector);

impl Raise<'_> {
    pub(super) fn text_index(&mut self, id: ValueId, op: &TextIndex) -> Result<Item, Stop> {
        let text = self.field(op.text, 0)?;
        let term = Box::new(self.arg(op.term, 0)?);
        let rules = op.normalizations.iter().map(|normalization| Rules {
            rows: normalization
                .rules
                .iter()
                .map(|rule| (rule.pattern.clone(), rule.with.clone(), rule.is_regex))
                .collect(),
            recursive: normalization.recursive,
            case_sensitive: normalization.case_sensitive,
        });
        let hits = Hits {
            term,
            weight: match op.weight {
                LocalWeight::TermFrequency => "termFrequency",
                LocalWeight::Binary => "binary",
                LocalWeight::Logarithmic => "logarithmic",
                LocalWeight::AugmentedNormalized => "augmentedNormalizedTermFrequency",
            },
            case_sensitive: op.case_sensitive,
            edits: op.max_levenshtein,
            all: op.count_all,
            separator: op.separator.clone(),
            tokenize: op.tokenize,
            words: None,
            rules: rules.collect(),
        };
        let kind = self.kind(id);
        let base = format!("hits({})", self.names.text(text));
        Ok(Item::Field(self.derive(&base, kind, false, Expr::Hits(text, Box::new(hits)))))
    }

    /// A term of a vocabulary is counted among the words that a pattern picks, as JPMML has it.
    pub(super) fn text_vector(&mut self, id: ValueId, op: &TextVector) -> Result<Vec<Item>, Stop> {
        let refuse = |why: &str| Err(Stop::refuse(VECTOR, why));
        let (TokenUnit::Word { pattern }, Terms::Vocabulary(terms)) =
            (&op.analyzer.unit, &op.terms)
        else {
            return refuse("PMML counts listed words, not characters or hashes");
        };
        if op.analyzer.accents != Accents::Keep {
            return refuse("PMML does not take accents off");
        }
        if has_group(pattern) {
            return refuse(
                "engines count what a pattern of words finds, not what a group of it does",
            );
        }
        let (least, most) = op.analyzer.ngrams;
        if !op.analyzer.stop_words.is_empty() && most > 1 {
            return refuse("words that are left out stand between others for PMML");
        }
        let stops: BTreeSet<&String> = op.analyzer.stop_words.iter().collect();
        let text = self.field(op.arg, 0)?;
        let kind = self.kind(id);
        let mut elements = Vec::new();
        for (place, term) in terms.iter().enumerate() {
            // A norm is of all elements.
            if op.norm.is_none() && !self.used.element(id, place) {
                elements.push(number(0.0, kind));
                continue;
            }
            let words = u32::try_from(term.split(' ').count()).unwrap_or(u32::MAX);
            let odd = term.split(' ').any(|word| word.is_empty() || word.trim() != word);
            if odd || (words > 1 && most == 1) {
                return refuse("a term of which the words are not plain");
            }
            let never = words < least
                || words > most
                || stops.contains(term)
                || (op.analyzer.lowercase && term.to_lowercase() != *term);
            let count = if never {
                let zero = number(0.0, kind);
                let base = format!("no {term}");
                Expr::Field(self.derive(&base, kind, false, present(Expr::Field(text), zero)))
            } else {
                self.term_count(text, term, pattern, op, kind)
            };
            elements.push(match op.idf.get(place) {
                Some(idf) => {
                    let expr = apply("*", [count, number(*idf, kind)]);
                    self.bind(&format!("idf({term})"), kind, expr)
                }
                None => count,
            });
        }
        match op.norm {
            Some(by) => Ok(self.normalized(kind, by, elements)),
            None => Ok(elements
                .into_iter()
                .map(|element| self.item_of("term", kind, element))
                .collect()),
        }
    }

    /// How often a term is there, as a weight.
    fn term_count(
        &mut self,
        text: super::NameId,
        term: &str,
        pattern: &str,
        op: &TextVector,
        kind: Kind,
    ) -> Expr {
        let hits = Hits {
            term: Box::new(Expr::Constant(Scalar::Text(term.to_owned()), Kind::Text)),
            weight: if op.weight == TermWeight::Binary { "binary" } else { "termFrequency" },
            case_sensitive: !op.analyzer.lowercase,
            edits: 0,
            all: true,
            separator: String::new(),
            tokenize: true,
            words: Some(format!("{UNICODE_CLASSES}{pattern}")),
            rules: Vec::new(),
        };
        let hits = Expr::Hits(text, Box::new(hits));
        let base = format!("count({term})");
        let count = Expr::Field(self.derive(&base, kind, false, hits));
        if op.weight != TermWeight::Sublinear {
            return count;
        }
        let there = apply("greaterThan", [count.clone(), number(0.0, kind)]);
        let log = apply("ln", [count.clone()]);
        let log = if kind == Kind::F32 {
            let log = apply("if", [there.clone(), log, number(0.0, kind)]);
            self.bind(&base, kind, present(count.clone(), log))
        } else {
            log
        };
        let weight = apply("+", [log, number(1.0, kind)]);
        let weight = apply("if", [there, weight, number(0.0, kind)]);
        self.bind(&format!("weight({term})"), kind, present(count, weight))
    }
}

/// Whether a pattern has a group whose match is the word.
fn has_group(pattern: &str) -> bool {
    let mut escaped = false;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        if !escaped && c == '(' && chars.peek() != Some(&'?') {
            return true;
        }
        escaped = !escaped && c == '\\';
    }
    false
}
