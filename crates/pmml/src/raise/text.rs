//! `TextIndex`: <https://dmg.org/pmml/v4-4-1/Transformations.html>.

use holdall_tabular::{LocalWeight, TextIndex, ValueId};

use super::{
    Item, Raise, Stop,
    expr::{Expr, Hits, Rules},
};

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
            rules: rules.collect(),
        };
        let kind = self.kind(id);
        let base = format!("hits({})", self.names.text(text));
        Ok(Item::Field(self.derive(&base, kind, false, Expr::Hits(text, Box::new(hits)))))
    }
}
