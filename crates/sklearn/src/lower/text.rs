//! Text vectorisers: `CountVectorizer`, `TfidfVectorizer`, `HashingVectorizer`, and `TfidfTransformer`
//! for counts; `feature_extraction/text.py`.
//!
//! Tokens are matches of `token_pattern`, characters, or characters within words; a tokenizer, preprocessor or
//! analyzer of the user's own is not in the file. `idf_` until 1.4 is the diagonal `_idf_diag`. The same in
//! all versions.

use holdall_diag::Failure;
use holdall_pickle::Value;
use holdall_tabular::{
    Accents, Analyzer, BinaryOp, Kind, NormalizeBy, Op, TermWeight, Terms, TextVector, TokenUnit,
    Transform, UnaryOp,
};

use super::{
    Step,
    answer::Lowered,
    columns::{Lowering, fresh},
    estimator::{Estimator, count, floats},
    shares::normalize,
};
use crate::codes;

/// The words that `stop_words='english'` leaves out.
const ENGLISH: &str = include_str!("english_stop_words.txt");

fn analyzer(e: &Estimator<'_>) -> Result<Analyzer, Failure> {
    for own in ["tokenizer", "preprocessor"] {
        if e.get(own).is_some() {
            return Err(e.unknown(own).with_help(
                "a function of your own is not in the file: fit with `token_pattern` instead",
            ));
        }
    }
    if e.word("input").is_some_and(|input| input != "content") {
        return Err(e.unknown("input").with_help("fit with `input='content'`"));
    }
    let unit = match e.word("analyzer") {
        Some("word") => TokenUnit::Word { pattern: e.fitted("token_pattern")?.to_text()? },
        Some("char") => TokenUnit::Char,
        Some("char_wb") => TokenUnit::CharInWord,
        Some(_) | None => {
            return Err(e.unknown("analyzer").with_help("use `word`, `char` or `char_wb`"));
        }
    };
    let accents = match e.get("strip_accents").map(|value| value.as_text()) {
        None => Accents::Keep,
        Some(Some("ascii")) => Accents::Ascii,
        Some(Some("unicode")) => Accents::Unicode,
        Some(_) => return Err(e.unknown("strip_accents")),
    };
    let range = e.fitted("ngram_range")?;
    let end = |i: usize| Ok::<_, Failure>(u32::try_from(range.item(i)?.int()?).unwrap_or(0));
    let words = matches!(unit, TokenUnit::Word { .. });
    Ok(Analyzer {
        lowercase: e.flag("lowercase", true),
        accents,
        unit,
        stop_words: if words { stop_words(e)? } else { Vec::new() },
        ngrams: (end(0)?, end(1)?),
    })
}

fn stop_words(e: &Estimator<'_>) -> Result<Vec<String>, Failure> {
    let Some(value) = e.get("stop_words") else { return Ok(Vec::new()) };
    let mut words: Vec<String> = match value.as_text() {
        Some("english") => ENGLISH.lines().map(ToOwned::to_owned).collect(),
        Some(_) => return Err(e.unknown("stop_words")),
        None if value.is_array() => value.array()?.strings(e.pickle())?,
        None => value.items()?.map(|word| word.to_text()).collect::<Result<_, _>>()?,
    };
    words.sort_unstable();
    words.dedup();
    Ok(words)
}

/// The terms by position.
fn vocabulary(value: &Value<'_>) -> Result<Vec<String>, Failure> {
    let entries = value.entries()?;
    let mut terms: Vec<Option<String>> = vec![None; entries.len()];
    for (term, place) in entries {
        let place = place.array().map_or_else(
            |_not_an_array| place.int(),
            |array| Ok(array.to_i64()?.first().copied().unwrap_or(-1)),
        )?;
        let cell = usize::try_from(place).ok().and_then(|place| terms.get_mut(place));
        match cell {
            Some(cell) if cell.is_none() => *cell = Some(term.to_text()?),
            _ => return Err(value.failure(codes::SHAPE, format!("no place {place} for a term"))),
        }
    }
    Ok(terms.into_iter().flatten().collect())
}

fn norm(e: &Estimator<'_>) -> Result<Option<NormalizeBy>, Failure> {
    match e.get("norm").map(|norm| norm.as_text()) {
        None => Ok(None),
        Some(Some("l1")) => Ok(Some(NormalizeBy::L1)),
        Some(Some("l2")) => Ok(Some(NormalizeBy::L2)),
        Some(_) => Err(e.unknown("norm")),
    }
}

/// The factors of a fitted `TfidfTransformer`; empty without `use_idf`.
fn idf(e: &Estimator<'_>, lowering: &mut Lowering<'_>) -> Result<Vec<f64>, Failure> {
    if !e.flag("use_idf", true) {
        return Ok(Vec::new());
    }
    if let Some(idf) = e.get("idf_") {
        return floats(&idf);
    }
    let diagonal = e.fitted("_idf_diag")?;
    if let Some(data) = diagonal
        .get("data")
        .filter(|_| diagonal.as_object().is_some_and(|object| object.name().starts_with("dia")))
    {
        return floats(&data);
    }
    let matrix = e.matrix("_idf_diag", lowering.budget)?;
    Ok(matrix.data.iter().step_by(matrix.columns as usize + 1).copied().collect())
}

pub(super) fn vectorizer(
    lowering: &mut Lowering<'_>,
    step: &Step<'_, '_>,
) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let [column] = step.columns else {
        return Err(e
            .refuse(codes::COLUMNS, "a text vectoriser takes one column")
            .with_help("give the vectoriser one column of text by its name, not a list"));
    };
    let binary = e.flag("binary", false);
    let plain = if binary { TermWeight::Binary } else { TermWeight::Count };
    let (terms, weight, idf, norm) = match e.object().name() {
        "HashingVectorizer" => {
            let size =
                count(e.value(), usize::try_from(e.fitted("n_features")?.int()?).unwrap_or(0))?;
            let alternate_sign = e.flag("alternate_sign", true);
            if alternate_sign && binary {
                let message = "`binary=True` with `alternate_sign=True` is not carried";
                return Err(e.refuse(codes::PARAMETER, message).with_help(
                    "fit with `alternate_sign=False`: terms that cancel out would count as there",
                ));
            }
            (Terms::Hashed { size, alternate_sign }, plain, Vec::new(), norm(e)?)
        }
        name => {
            let terms = Terms::Vocabulary(vocabulary(&e.fitted("vocabulary_")?)?);
            if name == "TfidfVectorizer" {
                let inner = Estimator::new(&e.fitted("_tfidf")?, e.version())?;
                let weight = match (inner.flag("sublinear_tf", false), binary) {
                    (true, false) => TermWeight::Sublinear,
                    _ => plain,
                };
                (terms, weight, idf(&inner, lowering)?, norm(&inner)?)
            } else {
                (terms, plain, Vec::new(), None)
            }
        }
    };
    let width = match &terms {
        Terms::Vocabulary(terms) => terms.len(),
        Terms::Hashed { size, .. } => *size as usize,
    };
    lowering.budget.charge_elements(width as u64, 64)?;
    let single = e
        .get("dtype")
        .is_some_and(|dtype| dtype.as_global().is_some_and(|(_, name)| name == "float32"));
    let kind = if single { Kind::F32 } else { Kind::F64 };
    let (arg, _) = lowering.scalar(column, Kind::Text, e.value())?;
    lowering.refuse_missing(step.columns);
    let op = TextVector { arg, analyzer: analyzer(e)?, terms, weight, idf, norm, kind };
    let mut vector = lowering.op(Op::Transform(Transform::TextVector(Box::new(op))))?;
    if single {
        vector = lowering.op(Op::Cast { arg: vector, to: Kind::F64 })?;
    }
    Ok(Lowered::Columns(fresh(vector, width)))
}

pub(super) fn tfidf(lowering: &mut Lowering<'_>, step: &Step<'_, '_>) -> Result<Lowered, Failure> {
    let e = step.estimator;
    let mut vector = lowering.dense(step.columns, e.value())?;
    if e.flag("sublinear_tf", false) {
        // 1 + ln of what is not 0.
        let there = lowering.with_number(BinaryOp::Ne, vector, 0.0)?;
        let there = lowering.op(Op::Cast { arg: there, to: Kind::F64 })?;
        let one = lowering.number(1.0)?;
        let away = lowering.binary(BinaryOp::Sub, one, there)?;
        let safe = lowering.binary(BinaryOp::Add, vector, away)?;
        let log = lowering.unary(UnaryOp::Ln, safe)?;
        let log = lowering.with_number(BinaryOp::Add, log, 1.0)?;
        vector = lowering.binary(BinaryOp::Mul, log, there)?;
    }
    let idf = idf(e, lowering)?;
    if !idf.is_empty() {
        e.expect_width("idf_", idf.len(), step.columns.len())?;
        let factors = lowering.constants(idf)?;
        vector = lowering.binary(BinaryOp::Mul, vector, factors)?;
    }
    if let Some(norm) = norm(e)? {
        vector = normalize(lowering, vector, norm)?;
    }
    Ok(Lowered::Columns(fresh(vector, step.columns.len())))
}
