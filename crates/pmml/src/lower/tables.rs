//! Expressions that are tables and curves: <https://dmg.org/pmml/v4-4-1/Transformations.html>.

use holdall_diag::Failure;
use holdall_tabular::{
    Accents, Analyzer, Bin, BinaryOp, Categories, Curve, CurveForm, Function, Kind, Lag,
    LocalWeight, Lookup, Op, Ordinal, Outside, ReduceOp, Scalar, TermWeight, Terms, TextIndex,
    TextNormalization, TextRule, TextVector, TokenUnit, Transform, UnaryOp, Unknown, ValueId,
};

use super::{
    Lower, dictionary, expression::Operand, invalid, number, required, unsupported,
    unsupported_value,
};
use crate::doc::Element;

/// What a pattern for Java starts with so that `\w` and `\b` are those of Unicode.
pub(crate) const UNICODE_CLASSES: &str = "(?U)";

/// A regular expression of XML Schema or Java with its classes of ASCII characters as they are meant there.
pub(super) fn pattern_of(pattern: &str) -> String {
    const CLASSES: [(&str, &str); 7] = [
        (r"\p{Punct}", "[[:punct:]]"),
        (r"\p{Alpha}", "[[:alpha:]]"),
        (r"\p{Digit}", "[[:digit:]]"),
        (r"\p{Alnum}", "[[:alnum:]]"),
        (r"\p{Upper}", "[[:upper:]]"),
        (r"\p{Lower}", "[[:lower:]]"),
        (r"\p{Space}", "[[:space:]]"),
    ];
    // Java's flag for classes of all of Unicode, which they are here without one.
    let pattern = pattern.strip_prefix(UNICODE_CLASSES).unwrap_or(pattern);
    CLASSES.iter().fold(pattern.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The rows of an inline table, each by the names of the wanted columns.
pub(super) fn inline_rows(table: Element<'_>, columns: &[&str]) -> Vec<Vec<Option<String>>> {
    let local = |name: &str| name.rsplit(':').next().unwrap_or_default().to_owned();
    table
        .children()
        .filter(|row| row.name() == "row")
        .map(|row| {
            columns
                .iter()
                .map(|column| {
                    let wanted = local(column);
                    let cell =
                        row.children().find(|c| c.name() == *column || local(c.name()) == wanted);
                    cell.map(|c| c.text().into_owned())
                })
                .collect()
        })
        .collect()
}

impl<'d> Lower<'d> {
    /// The kind of the answers of a table: as declared, as wanted, or as they look.
    fn answer_kind(
        element: Element<'_>,
        wanted: Option<Kind>,
        texts: &[&str],
    ) -> Result<Kind, Failure> {
        if element.attribute("dataType").is_some() {
            return dictionary::kind(element)?
                .ok_or_else(|| unsupported_value(element, "dataType"));
        }
        let looks = |kind: Kind| texts.iter().all(|t| dictionary::scalar(t, kind).is_some());
        Ok(match wanted {
            Some(Kind::I64) if !looks(Kind::I64) && looks(Kind::F64) => Kind::F64,
            Some(kind) if looks(kind) => kind,
            _ if looks(Kind::I64) => Kind::I64,
            _ if looks(Kind::F64) => Kind::F64,
            _ => Kind::Text,
        })
    }

    /// An optional answer of a table.
    fn optional_answer(
        element: Element<'_>,
        attribute: &str,
        kind: Kind,
    ) -> Result<Option<Scalar>, Failure> {
        element
            .attribute(attribute)
            .map(|text| {
                dictionary::scalar(text, kind)
                    .ok_or_else(|| invalid(element, attribute, &format!("a value of type {kind}")))
            })
            .transpose()
    }

    pub(super) fn map_values(
        &mut self,
        element: Element<'d>,
        wanted: Option<Kind>,
    ) -> Result<Operand, Failure> {
        let pairs: Vec<_> = element.children().filter(|c| c.name() == "FieldColumnPair").collect();
        let Some(table) = element.child("InlineTable") else { return Err(unsupported(element)) };
        let mut columns = Vec::new();
        let mut args = Vec::new();
        for pair in &pairs {
            let value = self.named(*pair, "field")?;
            args.push(self.scalar(value)?);
            columns.push(required(*pair, "column")?);
        }
        columns.push(required(element, "outputColumn")?);
        let rows = inline_rows(table, &columns);
        // A row without all its keys, or with a key that no value can equal, never answers.
        let kinds: Vec<Kind> = args.iter().map(|arg| self.kind(*arg)).collect();
        let rows: Vec<Vec<String>> = rows
            .into_iter()
            .filter_map(|row| row.into_iter().collect::<Option<Vec<String>>>())
            .filter(|row| row.iter().zip(&kinds).all(|(t, k)| dictionary::scalar(t, *k).is_some()))
            .collect();
        let answers: Vec<&str> =
            rows.iter().filter_map(|row| row.last()).map(String::as_str).collect();
        let kind = Self::answer_kind(element, wanted, &answers)?;
        if let ([arg], true) = (args.as_slice(), kind.is_number()) {
            let keys: Vec<&str> =
                rows.iter().filter_map(|row| row.first()).map(String::as_str).collect();
            if let Some(operand) = self.numbers_by_category(element, *arg, &keys, &answers)? {
                return Ok(operand);
            }
        }
        let keys = (0..args.len())
            .zip(&kinds)
            .map(|(place, kind)| {
                let texts: Vec<&str> =
                    rows.iter().filter_map(|row| row.get(place)).map(String::as_str).collect();
                dictionary::labels(&texts, *kind).ok_or_else(|| unsupported(table))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let values = dictionary::labels(&answers, kind).ok_or_else(|| unsupported(table))?;
        let lookup = Lookup {
            args,
            keys,
            values,
            default: Self::optional_answer(element, "defaultValue", kind)?,
            missing: Self::optional_answer(element, "mapMissingTo", kind)?,
        };
        let value = self.push(Op::Transform(Transform::Lookup(lookup)))?;
        Ok(Operand::Value(self.narrowed(value, kind)?))
    }

    /// Answers of float kind are binary64; a field of binary32 rounds them.
    fn narrowed(&mut self, value: ValueId, kind: Kind) -> Result<ValueId, Failure> {
        if kind == Kind::F32 { self.push(Op::Cast { arg: value, to: kind }) } else { Ok(value) }
    }

    /// A table of numbers with one key that names each category once.
    fn numbers_by_category(
        &mut self,
        element: Element<'d>,
        arg: ValueId,
        keys: &[&str],
        answers: &[&str],
    ) -> Result<Option<Operand>, Failure> {
        let kind = self.kind(arg);
        let Some(values) = dictionary::labels(keys, kind) else { return Ok(None) };
        let mut texts = values.texts();
        texts.sort_unstable();
        texts.dedup();
        let codes: Option<Vec<f64>> =
            answers.iter().map(|text| crate::number::parse_f64(text)).collect();
        let Some(mut codes) = codes.filter(|_| texts.len() == keys.len()) else {
            return Ok(None);
        };
        let optional = |name: &str| match element.attribute(name) {
            Some(_) => number(element, name, None).map(Some),
            None => Ok(None),
        };
        let (missing, default) = (optional("mapMissingTo")?, optional("defaultValue")?);
        let unknown = default.map_or(Unknown::None, Unknown::Code);
        let same = missing.map(f64::to_bits) == default.map(f64::to_bits);
        codes.extend(missing.filter(|_| !same));
        let categories = Categories { values, missing: missing.is_some() && !same };
        let kind = Kind::F64;
        let value = self.push(Op::Ordinal(Ordinal { arg, categories, codes, unknown, kind }))?;
        if missing.is_some() || default.is_none() {
            return Ok(Some(Operand::Value(value)));
        }
        let condition = self.un(UnaryOp::IsMissing, arg)?;
        let yes = self.missing(Kind::F64)?;
        Ok(Some(Operand::Value(self.push(Op::If { condition, yes, no: value })?)))
    }

    pub(super) fn discretize(
        &mut self,
        element: Element<'d>,
        wanted: Option<Kind>,
    ) -> Result<Operand, Failure> {
        let arg = self.named(element, "field")?;
        let arg = self.scalar(arg)?;
        let arg =
            if self.kind(arg).is_number() { arg } else { self.cast(element, arg, Kind::F64)? };
        let (mut intervals, mut answers) = (Vec::new(), Vec::new());
        for bin in element.children().filter(|c| c.name() == "DiscretizeBin") {
            let interval = bin.child("Interval").ok_or_else(|| unsupported(bin))?;
            intervals.push(dictionary::interval(interval)?);
            answers.push(required(bin, "binValue")?);
        }
        let kind = Self::answer_kind(element, wanted, &answers)?;
        let values = dictionary::labels(&answers, kind)
            .ok_or_else(|| invalid(element, "dataType", "the type of the bin values"))?;
        let bin = Bin {
            arg,
            intervals,
            values,
            default: Self::optional_answer(element, "defaultValue", kind)?,
            missing: Self::optional_answer(element, "mapMissingTo", kind)?,
        };
        let value = self.push(Op::Transform(Transform::Bin(bin)))?;
        Ok(Operand::Value(self.narrowed(value, kind)?))
    }

    pub(super) fn norm_continuous(&mut self, element: Element<'d>) -> Result<Operand, Failure> {
        let arg = self.named(element, "field")?;
        let arg = self.cast(element, arg, Kind::F64)?;
        let (mut x, mut y) = (Vec::new(), Vec::new());
        for point in element.children().filter(|c| c.name() == "LinearNorm") {
            x.push(number(point, "orig", None)?);
            y.push(number(point, "norm", None)?);
        }
        let value = self.curve(element, arg, x, y)?;
        let Some(_) = element.attribute("mapMissingTo") else { return Ok(Operand::Value(value)) };
        let missing = number(element, "mapMissingTo", None)?;
        // Only a missing operand is mapped, not a value outside.
        let absent = self.un(UnaryOp::IsMissing, arg)?;
        let missing = self.float(Kind::F64, missing)?;
        Ok(Operand::Value(self.choose(absent, missing, value)?))
    }

    /// A value along the points of a `NormContinuous`.
    pub(super) fn curve(
        &mut self,
        element: Element<'d>,
        arg: ValueId,
        x: Vec<f64>,
        y: Vec<f64>,
    ) -> Result<ValueId, Failure> {
        let outside = match element.attribute("outliers") {
            None | Some("asIs") => Outside::Extend,
            Some("asMissingValues") => Outside::Missing,
            Some("asExtremeValues") => Outside::Clamp,
            Some(_) => return Err(unsupported_value(element, "outliers")),
        };
        let form = CurveForm::Ratio;
        self.push(Op::Transform(Transform::Curve(Curve { arg, x, y, outside, form })))
    }

    pub(super) fn text_index(
        &mut self,
        element: Element<'d>,
        args: Vec<Operand>,
    ) -> Result<Operand, Failure> {
        let [term]: [Operand; 1] = args.try_into().map_err(|_args| unsupported(element))?;
        let text = self.named(element, "textField")?;
        let text = self.cast(element, text, Kind::Text)?;
        let text = self.scalar(text)?;
        if let Some(pattern) = element.attribute("x-wordRE") {
            return self.word_count(element, pattern, text, &term);
        }
        let term = self.materialise(element, term, Kind::Text)?;
        let weight = match element.attribute("localTermWeights") {
            None | Some("termFrequency") => LocalWeight::TermFrequency,
            Some("binary") => LocalWeight::Binary,
            Some("logarithmic") => LocalWeight::Logarithmic,
            Some("augmentedNormalizedTermFrequency") => LocalWeight::AugmentedNormalized,
            Some(_) => return Err(unsupported_value(element, "localTermWeights")),
        };
        let flag = |name: &str, default: bool| {
            element.attribute(name).map_or(default, |value| value == "true")
        };
        let case_sensitive = flag("isCaseSensitive", false);
        let separator = element.attribute("wordSeparatorCharacterRE").unwrap_or(r"\s+");
        let mut normalizations = Vec::new();
        for child in element.children().filter(|c| c.name() == "TextIndexNormalization") {
            normalizations.push(normalization(child, case_sensitive)?);
        }
        let edits = number(element, "maxLevenshteinDistance", Some(0.0))?;
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
        #[expect(clippy::cast_sign_loss, reason = "the range is checked")]
        let max_levenshtein = (0.0..1e6).contains(&edits).then_some(edits as u32);
        let index = TextIndex {
            text,
            term,
            weight,
            case_sensitive,
            max_levenshtein: max_levenshtein
                .ok_or_else(|| invalid(element, "maxLevenshteinDistance", "a small number"))?,
            count_all: element.attribute("countHits").is_none_or(|hits| hits == "allHits"),
            separator: pattern_of(separator),
            tokenize: flag("tokenize", true),
            normalizations,
        };
        let value = self.push(Op::Transform(Transform::TextIndex(Box::new(index))))?;
        Ok(Operand::Value(value))
    }

    /// How often a fixed term is among the words that a regular expression finds (JPMML).
    fn word_count(
        &mut self,
        element: Element<'d>,
        pattern: &str,
        text: ValueId,
        term: &Operand,
    ) -> Result<Operand, Failure> {
        let Operand::Constant(term, _) = term else { return Err(unsupported(element)) };
        let term = crate::raise::scalar_text(term);
        let weight = match element.attribute("localTermWeights") {
            None | Some("termFrequency") => TermWeight::Count,
            Some("binary") => TermWeight::Binary,
            Some(_) => return Err(unsupported_value(element, "localTermWeights")),
        };
        let folded = element.attribute("isCaseSensitive") != Some("true");
        if element.attribute("maxLevenshteinDistance").is_some_and(|d| d.trim() != "0") {
            return Err(unsupported_value(element, "maxLevenshteinDistance"));
        }
        let mut text = text;
        for child in element.children().filter(|c| c.name() == "TextIndexNormalization") {
            let rules = normalization(child, !folded)?;
            for rule in rules.rules {
                // What leaves only blanks changes nothing when it is asked again.
                if !rule.is_regex || (rules.recursive && !rule.with.trim().is_empty()) {
                    return Err(unsupported(child));
                }
                let case = if rules.case_sensitive { "" } else { "(?i)" };
                let pattern = format!("{case}{}", rule.pattern);
                let key = (text, pattern.clone(), rule.with.clone());
                text = if let Some(known) = self.replaced.get(&key) {
                    *known
                } else {
                    let replace = Function::Replace { pattern, with: rule.with };
                    let value = self.call(replace, vec![text])?;
                    self.replaced.insert(key, value);
                    value
                };
            }
        }
        let words = u32::try_from(term.split_whitespace().count().max(1)).unwrap_or(u32::MAX);
        let term = if folded { term.to_lowercase() } else { term };
        let key = (text, pattern.to_owned(), folded, weight);
        let known = self.counted.get(&key).copied();
        let vector = match known {
            Some(known) => known,
            None => self.push(Op::Transform(Transform::TextVector(Box::new(TextVector {
                arg: text,
                analyzer: Analyzer {
                    lowercase: folded,
                    accents: Accents::Keep,
                    unit: TokenUnit::Word { pattern: pattern_of(pattern) },
                    stop_words: Vec::new(),
                    ngrams: (words, words),
                },
                terms: Terms::Vocabulary(Vec::new()),
                weight,
                idf: Vec::new(),
                norm: None,
                kind: Kind::F64,
            }))))?,
        };
        self.counted.insert(key, vector);
        // All terms that are counted alike are one vector.
        let place = match self.model.nodes.get_mut(vector).map(|node| &mut node.op) {
            Some(Op::Transform(Transform::TextVector(op))) => {
                let (least, most) = op.analyzer.ngrams;
                op.analyzer.ngrams = (least.min(words), most.max(words));
                match &mut op.terms {
                    Terms::Vocabulary(terms) => {
                        let count = u32::try_from(terms.len()).ok();
                        let number =
                            *self.terms.entry((vector, term.clone())).or_insert_with(|| {
                                terms.push(term);
                                count.unwrap_or(u32::MAX)
                            });
                        Some(number)
                    }
                    Terms::Hashed { .. } => None,
                }
            }
            _ => None,
        };
        let place = place.ok_or_else(|| unsupported(element))?;
        Ok(Operand::Value(self.element(vector, place)?))
    }

    pub(super) fn lag(&mut self, element: Element<'d>) -> Result<Operand, Failure> {
        let arg = self.named(element, "field")?;
        let arg = self.scalar(arg)?;
        let text = element.attribute("n").unwrap_or("1");
        let rows = text.trim().parse().map_err(|_error| invalid(element, "n", "a whole number"))?;
        let aggregate = match element.attribute("aggregate") {
            None | Some("none") => None,
            Some("avg") => Some(ReduceOp::Mean),
            Some("max") => Some(ReduceOp::Max),
            Some("min") => Some(ReduceOp::Min),
            Some("median") => Some(ReduceOp::Median),
            Some("product") => Some(ReduceOp::Product),
            Some("sum") => Some(ReduceOp::Sum),
            Some("stddev") => Some(ReduceOp::StdDev),
            Some(_) => return Err(unsupported_value(element, "aggregate")),
        };
        let mut blocks = Vec::new();
        for block in element.children().filter(|c| c.name() == "BlockIndicator") {
            let value = self.named(block, "field")?;
            blocks.push(self.scalar(value)?);
        }
        let arg = if aggregate.is_some() { self.cast(element, arg, Kind::F64)? } else { arg };
        let lag = Lag { arg, rows, aggregate, blocks };
        Ok(Operand::Value(self.push(Op::Transform(Transform::Lag(lag)))?))
    }

    /// Whether a value equals a constant, at the value's kind.
    pub(super) fn equals(
        &mut self,
        element: Element<'_>,
        value: ValueId,
        text: &str,
    ) -> Result<ValueId, Failure> {
        let kind = self.kind(value);
        let values = dictionary::labels(&[text], kind)
            .ok_or_else(|| invalid(element, "value", &format!("a value of type {kind}")))?;
        let right = self.constant(kind, values)?;
        self.bin(BinaryOp::Eq, value, right)
    }
}

fn normalization(element: Element<'_>, case: bool) -> Result<TextNormalization, Failure> {
    let table = element.child("InlineTable").ok_or_else(|| unsupported(element))?;
    let input = element.attribute("inField").unwrap_or("string");
    let output = element.attribute("outField").unwrap_or("stem");
    let regex = element.attribute("regexField").unwrap_or("regex");
    let rules = inline_rows(table, &[input, output, regex]).into_iter().map(|row| {
        let mut cells = row.into_iter();
        let pattern = cells.next().flatten().ok_or_else(|| unsupported(table))?;
        let with = cells.next().flatten().ok_or_else(|| unsupported(table))?;
        let is_regex = cells.next().flatten().is_some_and(|text| text.trim() == "true");
        let pattern = if is_regex { pattern_of(&pattern) } else { pattern };
        Ok(TextRule { pattern, with, is_regex })
    });
    Ok(TextNormalization {
        rules: rules.collect::<Result<_, Failure>>()?,
        recursive: element.attribute("recursive") == Some("true"),
        case_sensitive: element.attribute("isCaseSensitive").map_or(case, |v| v == "true"),
    })
}
