//! Text models: <https://dmg.org/pmml/v4-4-1/Text.html>. A row is a document: its text, cut into words as `TextIndex`
//! does by default, or how often each term is in it, a field a term. The most similar document of the corpus answers.
//!
//! Weights are those of the standard's table. Its logarithms have no base, so that they are read only where the base
//! changes no answer: it is a factor of all weights, which similarities of directions do not see.

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Cluster, Comparison, Constant, Distances, Estimator, Kind, Labels, Linear,
    LocalWeight, Matrix, Metric, Normalize, NormalizeBy, Op, ReduceOp, Summation, TextIndex,
    Transform, UnaryOp, ValueId, Width,
};

use super::{
    Answer, Family, Lower, dictionary, function, invalid, items_of, number, required, unsupported,
    unsupported_value, word,
};
use crate::{
    codes,
    doc::{DocumentNormalization, Element, GlobalTermWeights, LocalTermWeights, MiningFunction},
};

/// The terms of a text model; none where there is no dictionary or it is not sound.
pub(super) fn terms(element: Element<'_>) -> Option<Vec<String>> {
    let array = element.child("TextDictionary")?.child("Array")?;
    items_of(array, true).ok()
}

/// How frequencies become weights.
struct Weighting {
    local: LocalTermWeights,
    /// The global weights, one a term.
    global: Vec<f64>,
    by_length: bool,
}

impl<'d> Lower<'d> {
    pub(super) fn text_model(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        if !matches!(
            function(element)?,
            MiningFunction::Classification | MiningFunction::Clustering
        ) {
            return Err(unsupported_value(element, "functionName"));
        }
        let dictionary = element.child("TextDictionary").ok_or_else(|| unsupported(element))?;
        let array = dictionary.child("Array").ok_or_else(|| unsupported(dictionary))?;
        let terms = items_of(array, true)?;
        let corpus = element.child("TextCorpus").ok_or_else(|| unsupported(element))?;
        let (mut ids, mut names) = (Vec::new(), Vec::new());
        for document in corpus.children().filter(|child| child.name() == "TextDocument") {
            let id = required(document, "id")?;
            names.push(document.attribute("name").unwrap_or(id).to_owned());
            ids.push(id.to_owned());
        }
        for (attribute, found) in [("numberOfTerms", terms.len()), ("numberOfDocuments", ids.len())]
        {
            let said: Option<usize> = required(element, attribute)?.trim().parse().ok();
            if said != Some(found) || found == 0 {
                return Err(invalid(element, attribute, &format!("their number, {found}")));
            }
        }
        let holder = element.child("DocumentTermMatrix").ok_or_else(|| unsupported(element))?;
        let frequencies = frequencies(holder, ids.len(), terms.len())?;
        let (weighting, cosine) = weighting(element, &frequencies, &terms)?;
        let mut documents = frequencies;
        for row in documents.data.chunks_exact_mut(terms.len()) {
            weigh(&weighting, row, cosine);
        }
        let arg = self.term_frequencies(element, &terms)?;
        let weights = self.weighted(arg, &weighting, cosine)?;
        let (distances, largest) = if cosine {
            let intercepts = vec![0.0; ids.len()];
            let summation = Summation::AnyF64;
            let linear = Linear { arg: weights, coefficients: documents, intercepts, summation };
            (Op::Linear(linear), true)
        } else {
            let comparison = Comparison::plain(Metric::Euclidean);
            let distances = Distances { arg: weights, points: documents, comparison };
            (Op::Transform(Transform::Distances(Box::new(distances))), false)
        };
        let distances = self.model.push_at(distances, element.location())?;
        let labels = Labels::Text(ids);
        let cluster = Cluster { distances, largest, labels: labels.clone() };
        let cluster = Op::Estimator(Estimator::Cluster(cluster));
        let estimate = self.model.push_at(cluster, element.location())?;
        let family = Family::Clustering { largest };
        Ok(Answer { family, words: Some(names), ..Answer::new(estimate, Some(labels)) })
    }

    /// How often each term is in the document of a row.
    fn term_frequencies(
        &mut self,
        element: Element<'d>,
        terms: &[String],
    ) -> Result<ValueId, Failure> {
        let fields: Option<Vec<ValueId>> =
            terms.iter().map(|term| self.values.get(term).copied()).collect();
        let mut values = Vec::new();
        if let Some(fields) = fields {
            for value in fields {
                let value = self.scalar(value)?;
                values.push(self.cast(element, value, Kind::F64)?);
            }
            return self.push(Op::Concat(values));
        }
        let used = dictionary::used(element)?;
        let [name] = used.as_slice() else {
            let help = "give one field with the text, or a field for every term";
            return Err(unsupported(element).with_help(help));
        };
        let text = self.field(element, name)?;
        let text = self.cast(element, text, Kind::Text)?;
        let text = self.scalar(text)?;
        for term in terms {
            let term = self.constant(Kind::Text, Labels::Text(vec![term.clone()]))?;
            let index = TextIndex {
                text,
                term,
                weight: LocalWeight::TermFrequency,
                case_sensitive: false,
                max_levenshtein: 0,
                count_all: true,
                separator: r"\s+".to_owned(),
                tokenize: true,
                normalizations: Vec::new(),
            };
            let hits = self.push(Op::Transform(Transform::TextIndex(Box::new(index))))?;
            values.push(self.cast(element, hits, Kind::F64)?);
        }
        self.push(Op::Concat(values))
    }

    /// The weights of a row, as [`weigh`] has them for the documents.
    fn weighted(
        &mut self,
        arg: ValueId,
        weighting: &Weighting,
        cosine: bool,
    ) -> Result<ValueId, Failure> {
        let zero = self.float(Kind::F64, 0.0)?;
        let mut value = match weighting.local {
            LocalTermWeights::TermFrequency => arg,
            LocalTermWeights::Logarithmic => self.un(UnaryOp::Ln1p, arg)?,
            LocalTermWeights::Binary => {
                let there = self.bin(BinaryOp::Gt, arg, zero)?;
                self.push(Op::Cast { arg: there, to: Kind::F64 })?
            }
            LocalTermWeights::AugmentedNormalizedTermFrequency => {
                let there = self.bin(BinaryOp::Gt, arg, zero)?;
                let there = self.push(Op::Cast { arg: there, to: Kind::F64 })?;
                let most = self.reduce(ReduceOp::Max, vec![arg], false)?;
                let any = self.bin(BinaryOp::Gt, most, zero)?;
                let one = self.float(Kind::F64, 1.0)?;
                let most = self.choose(any, most, one)?;
                let share = self.bin(BinaryOp::Div, arg, most)?;
                let both = self.bin(BinaryOp::Add, there, share)?;
                let half = self.float(Kind::F64, 0.5)?;
                self.bin(BinaryOp::Mul, both, half)?
            }
        };
        if weighting.global.iter().any(|weight| weight.total_cmp(&1.0).is_ne()) {
            let width = u32::try_from(weighting.global.len()).unwrap_or(u32::MAX);
            let (kind, width) = (Kind::F64, Width::Vector(width));
            let values = Labels::F64(weighting.global.clone());
            let weights = self.push(Op::Constant(Constant { kind, width, values }))?;
            value = self.bin(BinaryOp::Mul, value, weights)?;
        }
        if weighting.by_length || cosine {
            let normalize = Normalize { arg: value, by: NormalizeBy::L2 };
            value = self.push(Op::Transform(Transform::Normalize(normalize)))?;
        }
        Ok(value)
    }
}

/// The weights of a document from its frequencies, and for a cosine its direction.
fn weigh(weighting: &Weighting, row: &mut [f64], cosine: bool) {
    let most = row.iter().copied().fold(0.0, f64::max);
    let there = |f: f64| f64::from(u8::from(f > 0.0));
    for (cell, global) in row.iter_mut().zip(&weighting.global) {
        let f = *cell;
        *cell = global
            * match weighting.local {
                LocalTermWeights::TermFrequency => f,
                LocalTermWeights::Binary => there(f),
                LocalTermWeights::Logarithmic => f.ln_1p(),
                LocalTermWeights::AugmentedNormalizedTermFrequency => {
                    let most = if most > 0.0 { most } else { 1.0 };
                    (there(f) + f / most) * 0.5
                }
            };
    }
    let length = row.iter().fold(0.0, |sum, weight| sum + weight * weight).sqrt();
    if (weighting.by_length || cosine) && length > 0.0 {
        for weight in row {
            *weight /= length;
        }
    }
}

/// How the model weighs, and whether it compares by the cosine.
fn weighting(
    element: Element<'_>,
    frequencies: &Matrix,
    terms: &[String],
) -> Result<(Weighting, bool), Failure> {
    let (mut local, mut global, mut norm) = (
        LocalTermWeights::TermFrequency,
        GlobalTermWeights::InverseDocumentFrequency,
        DocumentNormalization::None,
    );
    // Without the element, frequencies are compared as they are.
    let holder = element.child("TextModelNormalization");
    if let Some(holder) = holder {
        local = word(holder, "localTermWeights", local)?;
        global = word(holder, "globalTermWeights", global)?;
        norm = word(holder, "documentNormalization", norm)?;
    } else {
        global = GlobalTermWeights::None;
    }
    let similarity = element.child("TextModelSimiliarity").ok_or_else(|| {
        unsupported(element).with_help("say how documents are compared: `TextModelSimiliarity`")
    })?;
    let cosine = match required(similarity, "similarityType")? {
        "cosine" => true,
        "euclidean" => false,
        _ => return Err(invalid(similarity, "similarityType", "`cosine` or `euclidean`")),
    };
    let by_length = norm == DocumentNormalization::Cosine;
    let logarithms = local == LocalTermWeights::Logarithmic
        || matches!(
            global,
            GlobalTermWeights::InverseDocumentFrequency | GlobalTermWeights::ProbabilisticInverse
        );
    if logarithms && !cosine && !by_length {
        let help = "distances depend on the base of the logarithm, which the standard leaves open";
        return Err(unsupported(similarity).with_help(help));
    }
    let documents = f64::from(frequencies.rows);
    let mut weights = Vec::with_capacity(terms.len());
    for (place, term) in terms.iter().enumerate() {
        let column =
            || frequencies.data.iter().skip(place).step_by(frequencies.columns.max(1) as usize);
        let there: f64 = column().map(|f| f64::from(u8::from(*f > 0.0))).sum();
        let weight = match global {
            GlobalTermWeights::None => 1.0,
            GlobalTermWeights::InverseDocumentFrequency => (documents / there).ln(),
            GlobalTermWeights::Gfidf => column().sum::<f64>() / there,
            GlobalTermWeights::Normal => column().map(|f| f * f).sum::<f64>().sqrt().recip(),
            GlobalTermWeights::ProbabilisticInverse => ((documents - there) / there).ln(),
        };
        if !weight.is_finite() {
            let message = format!(
                "the term `{term}` is in {there} of {documents} documents, which gives it no weight"
            );
            let holder = holder.unwrap_or(element);
            return Err(Failure::malformed(codes::INVALID_ELEMENT, message).at(holder.location()));
        }
        weights.push(weight);
    }
    Ok((Weighting { local, global: weights, by_length }, cosine))
}

/// The frequencies of the corpus: a row a document, a column a term.
fn frequencies(holder: Element<'_>, rows: usize, columns: usize) -> Result<Matrix, Failure> {
    let matrix = holder.child("Matrix").ok_or_else(|| unsupported(holder))?;
    if !matches!(matrix.attribute("kind"), None | Some("any")) {
        return Err(unsupported_value(matrix, "kind"));
    }
    let counts = |message: String, at: Element<'_>| {
        Failure::malformed(codes::ARRAY_COUNT, message).at(at.location())
    };
    let mut data = Vec::new();
    let cells: Vec<_> = matrix.proper_children().collect();
    if cells.iter().any(|cell| cell.name() == "MatCell") {
        let cell_count = rows.checked_mul(columns).filter(|count| *count <= MOST_CELLS);
        let cell_count = cell_count.ok_or_else(|| unsupported(matrix))?;
        data = vec![number(matrix, "offDiagDefault", Some(0.0))?; cell_count];
        let diagonal = number(matrix, "diagDefault", Some(0.0))?;
        data.iter_mut().step_by(columns + 1).take(rows.min(columns)).for_each(|c| *c = diagonal);
        for cell in cells {
            let place = |name: &str, most: usize| -> Result<usize, Failure> {
                let place: Option<usize> = required(cell, name)?.trim().parse().ok();
                place
                    .filter(|place| (1..=most).contains(place))
                    .ok_or_else(|| invalid(cell, name, &format!("a number from 1 to {most}")))
            };
            let at = (place("row", rows)? - 1) * columns + place("col", columns)? - 1;
            let text = cell.text();
            let value = crate::number::parse_f64(text.trim()).filter(|value| !value.is_nan());
            let value = value.ok_or_else(|| {
                let message = format!("expected a number in `MatCell`, found `{}`", text.trim());
                Failure::malformed(codes::INVALID_ELEMENT, message).at(cell.location())
            })?;
            if let Some(slot) = data.get_mut(at) {
                *slot = value;
            }
        }
    } else {
        for cell in &cells {
            let row = match cell.name() {
                "Array" => super::numbers_of(*cell)?,
                "REAL-SparseArray" | "INT-SparseArray" => {
                    super::vectors::sparse_numbers(*cell, columns)?
                }
                _ => return Err(unsupported(*cell)),
            };
            if row.len() != columns {
                let message =
                    format!("expected {columns} numbers, one a term, found {}", row.len());
                return Err(counts(message, *cell));
            }
            data.extend(row);
        }
        if data.len() != rows * columns {
            let message = format!("expected {rows} rows, one a document, found {}", cells.len());
            return Err(counts(message, matrix));
        }
    }
    if data.iter().any(|frequency| *frequency < 0.0) {
        let message = "a frequency below 0";
        return Err(Failure::malformed(codes::INVALID_ELEMENT, message).at(matrix.location()));
    }
    let size = |n: usize| u32::try_from(n).map_err(|_error| unsupported(matrix));
    Ok(Matrix { rows: size(rows)?, columns: size(columns)?, data })
}

/// The largest matrix that is given by its cells.
const MOST_CELLS: usize = 1 << 22;
