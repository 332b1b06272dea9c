use std::{collections::BTreeMap, rc::Rc};

use holdall_diag::Failure;
use holdall_table::Kind;
use holdall_tabular::{TermWeight, Terms, TextVector};

use super::{Kernel, Run, analyzer::AnalyzerStep, murmur::murmur3, normalize::row_in_place};
use crate::{
    real::Real,
    value::{Element, Shared, Yield},
};

/// A text as the weights of its terms.
pub(super) struct TextVectorStep {
    op: TextVector,
    analyzer: AnalyzerStep,
    places: BTreeMap<String, u32>,
    size: usize,
}

impl TextVectorStep {
    pub(super) fn new(op: &TextVector) -> Result<Self, Failure> {
        let (places, size) = match &op.terms {
            Terms::Vocabulary(terms) => {
                ((0_u32..).zip(terms).map(|(i, term)| (term.clone(), i)).collect(), terms.len())
            }
            Terms::Hashed { size, alternate_sign: _ } => (BTreeMap::new(), *size as usize),
        };
        Ok(Self { op: op.clone(), analyzer: AnalyzerStep::new(&op.analyzer)?, places, size })
    }

    /// The element and the count of one occurrence of a term.
    fn place(&self, term: &str) -> Option<(usize, f64)> {
        match &self.op.terms {
            Terms::Vocabulary(_) => self.places.get(term).map(|&place| (place as usize, 1.0)),
            Terms::Hashed { size, alternate_sign } => {
                let hash = murmur3(term.as_bytes());
                let sign = if *alternate_sign && hash < 0 { -1.0 } else { 1.0 };
                Some(((hash.unsigned_abs() % size) as usize, sign))
            }
        }
    }

    fn weights<R: Real>(&self, text: &str, row: &mut [R]) {
        row.fill(R::ZERO);
        self.analyzer.each_term(text, &mut |term| {
            if let Some((place, count)) = self.place(term) {
                row[place] = row[place] + R::narrow(count);
            }
        });
        for value in row.iter_mut().filter(|value| **value != R::ZERO) {
            *value = match self.op.weight {
                TermWeight::Count => *value,
                TermWeight::Binary => R::ONE,
                TermWeight::Sublinear => value.ln() + R::ONE,
            };
        }
        for (value, &idf) in row.iter_mut().zip(&self.op.idf) {
            *value = *value * R::narrow(idf);
        }
        if let Some(norm) = self.op.norm {
            row_in_place(norm, row);
        }
    }

    fn vectors<'a, R: Real>(&self, texts: &[&str], missing: Option<&Vec<bool>>) -> Vec<Shared<'a>> {
        let mut columns = vec![Vec::with_capacity(texts.len()); self.size];
        let mut row = vec![R::ZERO; self.size];
        for text in texts {
            self.weights(text, &mut row);
            for (column, &value) in columns.iter_mut().zip(&row) {
                column.push(value);
            }
        }
        let element = |values| Element { data: R::elements(values), missing: missing.cloned() };
        columns.into_iter().map(|values| Rc::new(element(values))).collect()
    }
}

impl Kernel for TextVectorStep {
    fn run<'a>(&'a self, run: &mut Run<'_, 'a>) -> Result<Yield<'a>, Failure> {
        let arg = run.scalar(self.op.arg)?;
        let texts = arg.values::<&str>()?;
        let missing = arg.missing.as_ref();
        Ok(Yield::Value(if self.op.kind == Kind::F32 {
            self.vectors::<f32>(texts, missing)
        } else {
            self.vectors::<f64>(texts, missing)
        }))
    }
}
