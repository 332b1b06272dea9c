//! Columns as fields; floats, categories and statistics as one vector; what the trees ask of it.

use std::collections::BTreeMap;

use holdall_diag::{Diagnostic, Failure, Location, Report};
use holdall_source::Budget;
use holdall_tabular::{
    Call, Categories, Field, Function, Kind, Labels, MissingPolicy, Model, Op, Ordinal, Test,
    Unknown, ValueId,
};

use super::{Question, ctr, fail, float};
use crate::{
    codes,
    document::{Document, OneHot},
};

/// A float feature: its value, and whether NaN is above every border.
#[derive(Clone, Copy)]
pub(super) struct FloatInput {
    pub(super) value: ValueId,
    pub(super) nan_above: bool,
}

/// The features as values, by their numbers.
#[derive(Default)]
pub(super) struct Inputs {
    pub(super) floats: BTreeMap<u32, FloatInput>,
    texts: BTreeMap<u32, ValueId>,
    /// Hashes that were asked for.
    hashes: BTreeMap<u32, ValueId>,
    /// Numbers of texts that were asked for.
    numbers: BTreeMap<u32, ValueId>,
}

impl Inputs {
    /// A category as text.
    pub(super) fn text(&self, cat: u32) -> Result<ValueId, Failure> {
        self.texts.get(&cat).copied().ok_or_else(|| {
            let message = format!("there is no category feature {cat}");
            Failure::malformed(codes::FEATURE, message)
        })
    }

    /// The position of a category's hash among those whose texts the file has.
    pub(super) fn number(
        &mut self,
        cat: u32,
        document: &Document,
        unknown: f64,
        model: &mut Model,
    ) -> Result<ValueId, Failure> {
        if let Some(number) = self.numbers.get(&cat) {
            return Ok(*number);
        }
        let (mut texts, mut codes) = (Vec::new(), Vec::new());
        for (place, known) in (0_u32..).zip(document.texts.values()) {
            texts.extend(known.iter().cloned());
            codes.extend(known.iter().map(|_| f64::from(place)));
        }
        let ordinal = Ordinal {
            arg: self.text(cat)?,
            categories: Categories::new(Labels::Text(texts)),
            codes,
            unknown: Unknown::Code(unknown),
            kind: Kind::F64,
        };
        let number = model.push(Op::Ordinal(ordinal))?;
        self.numbers.insert(cat, number);
        Ok(number)
    }

    /// The hash of a category.
    pub(super) fn hash(&mut self, cat: u32, model: &mut Model) -> Result<ValueId, Failure> {
        if let Some(hash) = self.hashes.get(&cat) {
            return Ok(*hash);
        }
        let args = vec![self.text(cat)?];
        let hash = model.push(Op::Call(Call { function: Function::CityHash, args }))?;
        self.hashes.insert(cat, hash);
        Ok(hash)
    }
}

/// Adds the fields, and yields the vector of features and what may be asked of it.
pub(super) fn lower(
    document: &Document,
    model: &mut Model,
    report: &mut Report,
    budget: &mut Budget,
) -> Result<(ValueId, Vec<Question>), Failure> {
    let mut inputs = fields(document, model, budget)?;
    let asked = document.floats.iter().map(|feature| feature.borders.len());
    let asked = asked.chain(document.one_hots.iter().map(|feature| feature.values.len()));
    let asked = asked.chain(document.ctrs.iter().map(|feature| feature.borders.len()));
    let mut questions = budget.vec(asked.sum())?;
    let mut vector: Vec<ValueId> = Vec::new();
    let mut hashed = false;
    for feature in &document.floats {
        let above = |&border: &f32| (Test::Gt, f64::from(border));
        let asked = feature.borders.iter().map(above);
        questions.extend(numbered(&vector, asked, feature.nan_above)?);
        vector.extend(inputs.floats.get(&feature.index).map(|input| input.value));
    }
    for feature in &document.one_hots {
        let (value, codes, by_hash) = codes_of(feature, document, &mut inputs, model, budget)?;
        hashed |= by_hash;
        let equal = codes.into_iter().map(|code| (Test::Eq, code));
        questions.extend(numbered(&vector, equal, false)?);
        vector.push(value);
    }
    let mut keys = ctr::Keys::default();
    for feature in &document.ctrs {
        let (value, by_hash) =
            ctr::lower(feature, document, &mut inputs, &mut keys, model, budget)?;
        hashed |= by_hash;
        let above = feature.borders.iter().map(|&border| (Test::Gt, f64::from(border)));
        questions.extend(numbered(&vector, above, false)?);
        vector.push(value);
    }
    if hashed {
        note_hashes(report);
    }
    if vector.is_empty() {
        vector.push(float(model, Kind::F64, 0.0)?);
    }
    Ok((model.push(Op::Concat(vector))?, questions))
}

fn note_hashes(report: &mut Report) {
    report.push(
        Diagnostic::note(
            codes::NO_CATEGORIES,
            "the file has hashes of categories, and texts are hashed as CatBoost does to compare them",
        )
        .with_help(
            "formats without this hash need the texts: save with the training data, \
             `save_model(\"model.json\", format=\"json\", pool=pool)`; combinations of more than 2²⁰ \
             texts need the hash all the same",
        ),
    );
}

/// Questions about the element that comes next.
fn numbered(
    vector: &[ValueId],
    asked: impl Iterator<Item = (Test, f64)>,
    nan_is_yes: bool,
) -> Result<impl Iterator<Item = Question>, Failure> {
    let element = u32::try_from(vector.len())
        .map_err(|_error| Failure::limit(codes::COUNT, "the model has too many features"))?;
    Ok(asked.map(move |(test, threshold)| Question { element, test, threshold, nan_is_yes }))
}

/// A field for each column, in their order. Columns of which the file does not speak, which it may leave
/// out when they are of no use, are numbers.
fn fields(document: &Document, model: &mut Model, budget: &mut Budget) -> Result<Inputs, Failure> {
    enum Column {
        Float { index: u32, nan_above: bool },
        Category { index: u32, used: bool },
    }
    let mut used: Vec<u32> = document.one_hots.iter().map(|feature| feature.index).collect();
    for ctr in &document.ctrs {
        used.extend(&ctr.base.cats);
        used.extend(ctr.base.hots.iter().map(|(cat, _)| cat));
    }
    used.sort_unstable();
    let floats = document
        .floats
        .iter()
        .map(|f| (f.flat, &f.name, Column::Float { index: f.index, nan_above: f.nan_above }));
    let cats = document.cats.iter().map(|f| {
        let used = used.binary_search(&f.index).is_ok();
        (f.flat, &f.name, Column::Category { index: f.index, used })
    });
    let mut columns: Vec<(u32, &String, Column)> = floats.chain(cats).collect();
    columns.sort_by_key(|(flat, ..)| *flat);
    let number = |flat: u32, name: &str| name.is_empty() || name.parse() == Ok(flat);
    model.named_inputs = !columns.iter().all(|(flat, name, _)| number(*flat, name));
    let last = columns.last().map_or(0, |(flat, ..)| *flat);
    budget.charge_elements(u64::from(last) + 1, 2 * size_of::<Field>())?;
    let mut inputs = Inputs::default();
    let mut next = 0;
    for (flat, name, column) in columns {
        if flat < next {
            let message = format!("two features are in column {flat}");
            return Err(fail(codes::FEATURE, message, &Location::none()));
        }
        if !model.named_inputs {
            for hole in next..flat {
                push_number(model, format!("x{hole}"))?;
            }
        }
        next = flat + 1;
        let name =
            if !model.named_inputs || name.is_empty() { format!("x{flat}") } else { name.clone() };
        let known = match column {
            Column::Float { index, nan_above } => {
                let value = push_number(model, name)?;
                inputs.floats.insert(index, FloatInput { value, nan_above }).is_some()
            }
            Column::Category { index, used } => {
                // CatBoost refuses NaN where it expects a category.
                let missing = if used { MissingPolicy::Reject } else { MissingPolicy::Keep };
                let field = Field::category(name, Kind::Text).with_missing(missing);
                inputs.texts.insert(index, model.push_field(field)?).is_some()
            }
        };
        if known {
            let message = format!("the feature of column {flat} has the number of another");
            return Err(fail(codes::FEATURE, message, &Location::none()));
        }
    }
    Ok(inputs)
}

fn push_number(model: &mut Model, name: String) -> Result<ValueId, Failure> {
    model.push_field(Field::number(name, Kind::F64).with_missing(MissingPolicy::AsNan))
}

/// A category as its number among the values that are asked for, −1 for others; the numbers of these values;
/// and whether hashes are compared rather than texts.
fn codes_of(
    feature: &OneHot,
    document: &Document,
    inputs: &mut Inputs,
    model: &mut Model,
    budget: &mut Budget,
) -> Result<(ValueId, Vec<f64>, bool), Failure> {
    budget.charge_elements(feature.values.len() as u64, 96)?;
    let mut code_of: BTreeMap<i32, f64> = BTreeMap::new();
    for &hash in &feature.values {
        let next = f64::from(u32::try_from(code_of.len()).unwrap_or(u32::MAX));
        code_of.entry(hash).or_insert(next);
    }
    let codes = feature.values.iter().filter_map(|hash| code_of.get(hash).copied()).collect();
    let (mut texts, mut text_codes) = (Vec::new(), Vec::new());
    for (hash, code) in &code_of {
        for text in document.texts.get(hash).into_iter().flatten() {
            texts.push(text.clone());
            text_codes.push(*code);
        }
    }
    let all_known = code_of.keys().all(|hash| document.texts.contains_key(hash));
    let (arg, values, numbers) = if all_known {
        (inputs.text(feature.index)?, Labels::Text(texts), text_codes)
    } else {
        let hashes = code_of.keys().map(|&hash| i64::from(hash)).collect();
        (
            inputs.hash(feature.index, model)?,
            Labels::I64(hashes),
            code_of.values().copied().collect(),
        )
    };
    if values.is_empty() {
        return Ok((float(model, Kind::F64, -1.0)?, codes, false));
    }
    let value = model.push(Op::Ordinal(Ordinal {
        arg,
        categories: Categories::new(values),
        codes: numbers,
        unknown: Unknown::Code(-1.0),
        kind: Kind::F64,
    }))?;
    Ok((value, codes, !all_known))
}
