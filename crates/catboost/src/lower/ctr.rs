//! Statistics of the target (CTRs): a key made of the row's values, and a table from keys to a number.
//!
//! `CalcHashes` in `ctr_provider.h`: the key starts at 0; each value v makes it M·(key + M·v), modulo 2⁶⁴,
//! where v is the hash of a category, or whether a float is above a border, or whether a category is a given
//! one. `CalcCtrs` in `static_ctr_provider.cpp` and `Calc` in `online_ctr.h`: from the counts of a key to
//! binary32 ((good + prior) ÷ (total + weight of the prior) + shift) × scale; a key that is not in the table
//! has no counts.

use std::collections::{BTreeMap, BTreeSet};

use holdall_diag::Failure;
use holdall_source::Budget;
use holdall_tabular::{
    BinaryOp, Categories, Impute, Kind, Labels, Model, Op, Ordinal, UnaryOp, Unknown, ValueId,
};

use super::{binary, float, inputs::Inputs, integer, unary};
use crate::{
    codes,
    document::{Ctr, CtrBase, CtrKind, CtrTable, Document},
};

/// M.
const MAGIC: i64 = 0x4906_ba49_4954_cb65;

/// Keys that were made, by the features they are made of: hashed, and numbered.
#[derive(Default)]
pub(super) struct Keys {
    hashed: BTreeMap<String, ValueId>,
    numbered: BTreeMap<String, ValueId>,
}

/// The most combinations of known texts that are tried to say a table without hashes.
const MOST_COMBINATIONS: u64 = 1 << 20;

/// The number of a text that the file does not know: no sum with it is that of a combination.
const UNKNOWN: f64 = -1_073_741_824.0;

/// Adds a statistic and yields it; and whether its key is a hash rather than the text.
pub(super) fn lower(
    ctr: &Ctr,
    document: &Document,
    inputs: &mut Inputs,
    keys: &mut Keys,
    model: &mut Model,
    budget: &mut Budget,
) -> Result<(ValueId, bool), Failure> {
    let table = document.tables.get(ctr.table).ok_or_else(|| bad("a statistic has no table"))?;
    check(ctr, table)?;
    budget.charge_elements(table.keys.len() as u64, 48)?;
    budget.step(table.keys.len() as u64)?;
    let mut answers: BTreeMap<i64, f64> = BTreeMap::new();
    for (key, counts) in table.keys.iter().zip(table.counts.chunks_exact(table.stride)) {
        let answer = answer(ctr, table, counts);
        answers.entry(key.cast_signed()).or_insert(f64::from(answer));
    }
    let nothing = f64::from(value(ctr, 0.0, none_total(ctr, table)));
    if answers.is_empty() {
        return Ok((float(model, Kind::F64, nothing)?, false));
    }
    let by_text = texts(&ctr.base, &answers, document);
    let (arg, keys, values, by_hash) = if let Some((texts, values)) = by_text {
        let [cat] = ctr.base.cats.as_slice() else {
            return Err(Failure::bug(codes::CTR, "a text is the key of several features"));
        };
        (inputs.text(*cat)?, Labels::Text(texts), values, false)
    } else if let Some(found) = combinations(&ctr.base, &answers, document, budget)? {
        let arg = numbered_key(&ctr.base, document, inputs, keys, model)?;
        let (keys, values) = found.into_iter().unzip();
        (arg, Labels::F64(keys), values, false)
    } else {
        let arg = key(&ctr.base, inputs, keys, model)?;
        let values = answers.values().copied().collect();
        (arg, Labels::I64(answers.into_keys().collect()), values, true)
    };
    let value = model.push(Op::Ordinal(Ordinal {
        arg,
        categories: Categories::new(keys),
        codes: values,
        unknown: Unknown::Code(nothing),
        kind: Kind::F64,
    }))?;
    Ok((value, by_hash))
}

/// That the counts are as many as the statistic needs.
fn check(ctr: &Ctr, table: &CtrTable) -> Result<(), Failure> {
    let (least, most) = match ctr.base.kind {
        CtrKind::BinarizedTargetMeanValue | CtrKind::FloatTargetMeanValue => (2, 2),
        CtrKind::Counter | CtrKind::FeatureFreq => (1, 1),
        CtrKind::Borders => (2_usize.max(ctr.target_border as usize + 1), usize::MAX),
        CtrKind::Buckets => (ctr.target_border as usize + 1, usize::MAX),
    };
    if !(least..=most).contains(&table.stride) {
        let message = format!("a statistic on {} target classes, expected {least}", table.stride);
        return Err(bad(message));
    }
    Ok(())
}

fn none_total(ctr: &Ctr, table: &CtrTable) -> f64 {
    match ctr.base.kind {
        CtrKind::Counter | CtrKind::FeatureFreq => f64::from(table.denominator),
        CtrKind::BinarizedTargetMeanValue
        | CtrKind::FloatTargetMeanValue
        | CtrKind::Borders
        | CtrKind::Buckets => 0.0,
    }
}

/// The number that stands for a key with these counts.
fn answer(ctr: &Ctr, table: &CtrTable, counts: &[f64]) -> f32 {
    let first = counts.first().copied().unwrap_or_default();
    let second = counts.get(1).copied().unwrap_or_default();
    let border = ctr.target_border as usize;
    let (good, total) = match ctr.base.kind {
        CtrKind::BinarizedTargetMeanValue | CtrKind::FloatTargetMeanValue => (first, second),
        CtrKind::Counter | CtrKind::FeatureFreq => (first, f64::from(table.denominator)),
        CtrKind::Buckets => (counts.get(border).copied().unwrap_or_default(), counts.iter().sum()),
        CtrKind::Borders if counts.len() > 2 => {
            (counts.iter().skip(border + 1).sum(), counts.iter().sum())
        }
        CtrKind::Borders => (second, first + second),
    };
    value(ctr, good, total)
}

/// `TModelCtr::Calc`.
#[expect(clippy::cast_possible_truncation, reason = "CatBoost computes in binary32")]
fn value(ctr: &Ctr, good: f64, total: f64) -> f32 {
    let share = (good as f32 + ctr.prior_numerator) / (total as f32 + ctr.prior_denominator);
    (share + ctr.shift) * ctr.scale
}

/// The table by text, where the key is one category and the file has the text of every key.
fn texts(
    base: &CtrBase,
    answers: &BTreeMap<i64, f64>,
    document: &Document,
) -> Option<(Vec<String>, Vec<f64>)> {
    if base.cats.len() != 1 || !base.floats.is_empty() || !base.hots.is_empty() {
        return None;
    }
    let (mut texts, mut values) = (Vec::new(), Vec::new());
    let mut found = 0;
    for (hash, known) in &document.texts {
        let Some(value) = answers.get(&step(0, i64::from(*hash))) else { continue };
        found += 1;
        texts.extend(known.iter().cloned());
        values.extend(known.iter().map(|_| *value));
    }
    (found == answers.len()).then_some((texts, values))
}

/// The table by the numbers of combinations, where the file has the texts of every key. A combination is numbered by
/// the positions of its hashes among all known ones and its bits, the first the lowest.
fn combinations(
    base: &CtrBase,
    answers: &BTreeMap<i64, f64>,
    document: &Document,
    budget: &mut Budget,
) -> Result<Option<Vec<(f64, f64)>>, Failure> {
    let known = document.texts.len() as u64;
    let bits = base.floats.len() + base.hots.len();
    let all = u32::try_from(base.cats.len()).ok().and_then(|cats| known.checked_pow(cats));
    let all = all.and_then(|all| all.checked_mul(1_u64.checked_shl(u32::try_from(bits).ok()?)?));
    let named = base.hots.iter().all(|(_, hash)| document.texts.contains_key(hash));
    let Some(all) = all.filter(|all| (1..=MOST_COMBINATIONS).contains(all) && named) else {
        return Ok(None);
    };
    budget.step(all)?;
    budget.charge_elements(all, 16)?;
    // Keys so far and their numbers: each part makes of one as many as it has values.
    let mut open = vec![(0_i64, 0.0_f64)];
    let mut radix = 1.0;
    let mut part = |values: &[i64]| {
        let mut next = Vec::with_capacity(open.len() * values.len());
        for &(key, number) in &open {
            for (place, value) in (0_u32..).zip(values) {
                next.push((step(key, *value), number + radix * f64::from(place)));
            }
        }
        radix *= f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX));
        open = next;
    };
    let hashes: Vec<i64> = document.texts.keys().map(|hash| i64::from(*hash)).collect();
    base.cats.iter().for_each(|_| part(&hashes));
    (0..bits).for_each(|_| part(&[0, 1]));
    let mut seen = BTreeSet::new();
    let mut found = Vec::with_capacity(answers.len());
    for (key, number) in open {
        if let Some(value) = answers.get(&key) {
            seen.insert(key);
            found.push((number, *value));
        }
    }
    Ok((seen.len() == answers.len()).then_some(found))
}

/// The number of a row's combination.
fn numbered_key(
    base: &CtrBase,
    document: &Document,
    inputs: &mut Inputs,
    keys: &mut Keys,
    model: &mut Model,
) -> Result<ValueId, Failure> {
    let name = CtrBase { kind: CtrKind::Borders, ..base.clone() }.key();
    if let Some(key) = keys.numbered.get(&name) {
        return Ok(*key);
    }
    let mut parts = Vec::new();
    for &cat in &base.cats {
        parts.push((inputs.number(cat, document, UNKNOWN, model)?, document.texts.len()));
    }
    for &(feature, border) in &base.floats {
        let above = above(feature, border, inputs, model)?;
        parts.push((model.push(Op::Cast { arg: above, to: Kind::F64 })?, 2));
    }
    for &(cat, hash) in &base.hots {
        let place = document.texts.range(..hash).count();
        let place = float(model, Kind::F64, f64::from(u32::try_from(place).unwrap_or(u32::MAX)))?;
        let number = inputs.number(cat, document, UNKNOWN, model)?;
        let equal = binary(model, BinaryOp::Eq, number, place)?;
        parts.push((model.push(Op::Cast { arg: equal, to: Kind::F64 })?, 2));
    }
    let (mut key, mut radix) = (None, 1.0);
    for (part, values) in parts {
        key = Some(match key {
            None => part,
            Some(key) => {
                let by = float(model, Kind::F64, radix)?;
                let term = binary(model, BinaryOp::Mul, part, by)?;
                binary(model, BinaryOp::Add, key, term)?
            }
        });
        radix *= f64::from(u32::try_from(values).unwrap_or(u32::MAX));
    }
    let key = key.ok_or_else(|| bad("a statistic on no feature"))?;
    keys.numbered.insert(name, key);
    Ok(key)
}

/// `CalcHash`.
const fn step(key: i64, value: i64) -> i64 {
    MAGIC.wrapping_mul(key.wrapping_add(MAGIC.wrapping_mul(value)))
}

/// The key of a row.
fn key(
    base: &CtrBase,
    inputs: &mut Inputs,
    keys: &mut Keys,
    model: &mut Model,
) -> Result<ValueId, Failure> {
    let name = CtrBase { kind: CtrKind::Borders, ..base.clone() }.key();
    if let Some(key) = keys.hashed.get(&name) {
        return Ok(*key);
    }
    let magic = integer(model, MAGIC)?;
    let mut key = integer(model, 0)?;
    let mut mix = |value: ValueId, model: &mut Model| -> Result<(), Failure> {
        let product = binary(model, BinaryOp::Mul, value, magic)?;
        let sum = binary(model, BinaryOp::Add, key, product)?;
        key = binary(model, BinaryOp::Mul, sum, magic)?;
        Ok(())
    };
    for &cat in &base.cats {
        let value = inputs.hash(cat, model)?;
        mix(value, model)?;
    }
    for &(feature, border) in &base.floats {
        let above = above(feature, border, inputs, model)?;
        let value = model.push(Op::Cast { arg: above, to: Kind::I64 })?;
        mix(value, model)?;
    }
    for &(cat, hash) in &base.hots {
        let (found, hash) = (inputs.hash(cat, model)?, integer(model, i64::from(hash))?);
        let equal = binary(model, BinaryOp::Eq, found, hash)?;
        let value = model.push(Op::Cast { arg: equal, to: Kind::I64 })?;
        mix(value, model)?;
    }
    keys.hashed.insert(name, key);
    Ok(key)
}

/// Whether a float is above a border.
fn above(
    feature: u32,
    border: f32,
    inputs: &Inputs,
    model: &mut Model,
) -> Result<ValueId, Failure> {
    let input = inputs.floats.get(&feature).copied().ok_or_else(|| {
        Failure::malformed(codes::FEATURE, format!("there is no float feature {feature}"))
    })?;
    let narrow = model.push(Op::Cast { arg: input.value, to: Kind::F32 })?;
    let border = float(model, Kind::F32, f64::from(border))?;
    // NaN is above no border; said so for targets that do not compare it.
    let with = Labels::F64(vec![f64::from(f32::MIN)]);
    let there = model.push(Op::Impute(Impute { arg: narrow, nan: true, sentinel: None, with }))?;
    let above = binary(model, BinaryOp::Gt, there, border)?;
    if !input.nan_above {
        return Ok(above);
    }
    let nan = unary(model, UnaryOp::IsNan, narrow)?;
    binary(model, BinaryOp::Or, above, nan)
}

fn bad(message: impl Into<String>) -> Failure {
    Failure::malformed(codes::CTR, message)
}
