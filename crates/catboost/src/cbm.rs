//! The binary form: `CBM1`, a length, a flatbuffer (`TModelCore` of `model.fbs`), and the parts that it names.

use std::collections::BTreeMap;

use holdall_diag::{Failure, Location};
use holdall_source::Budget;

use crate::{
    codes,
    document::{
        CatFeature, Ctr, CtrBase, CtrKind, CtrTable, Document, FloatFeature, NO_HASH, Node, OneHot,
        Trees,
    },
    flat::{Table, u32_at},
    json,
};

pub(crate) const MAGIC: &[u8] = b"CBM1";
/// As CatBoost spells it.
const VERSION: &str = "FlabuffersModel_v1";
/// The part that holds the tables of target statistics.
const CTR_PART: &str = "static_provider_v1";
/// What stands for no child, leaf or index.
const NONE: u32 = u32::MAX;

/// Decodes the binary form.
pub(crate) fn decode(bytes: &[u8], budget: &mut Budget) -> Result<Document, Failure> {
    if !bytes.starts_with(MAGIC) {
        return Err(cut(0, "expected `CBM1` at the beginning"));
    }
    let mut at = MAGIC.len();
    let (core, base) = sized(bytes, &mut at)?;
    let core = Table::root(core, base)?;
    let version = core.text(0, budget)?.unwrap_or_default();
    if version != VERSION {
        let message = format!("expected the version `{VERSION}`, found `{version}`");
        return Err(Failure::unsupported(codes::VERSION, message).at(core.location()));
    }
    let trees = core.table(1)?.ok_or_else(|| missing("trees", &core))?;
    let parts = core.texts(3, budget)?;
    if let Some(part) = parts.iter().find(|part| *part != CTR_PART) {
        let message = format!("the model has a part `{part}`, which is not carried");
        let failure = Failure::unsupported(codes::PART, message).at(core.location());
        refuse_other_features(&trees, budget)?;
        return Err(failure);
    }
    let mut document = model(&trees, budget)?;
    for pair in core.tables(2, budget)? {
        let key = pair.text(0, budget)?.unwrap_or_default();
        let value = pair.text(1, budget)?.unwrap_or_default();
        json::info_of_text(&mut document.info, &key, &value, budget)
            .map_err(|failure| failure.at(pair.location()))?;
    }
    for _ in &parts {
        tables(bytes, &mut at, &mut document.tables, budget)?;
    }
    if at != bytes.len() {
        return Err(cut(at, "bytes follow the end of the model"));
    }
    link(&mut document, &trees)?;
    Ok(document)
}

/// A length of 32 bits, or of 64 behind a mark, and so many bytes.
fn sized<'b>(bytes: &'b [u8], at: &mut usize) -> Result<(&'b [u8], u64), Failure> {
    let start = *at;
    let length = length(bytes, at)?;
    let end = usize::try_from(length).ok().and_then(|length| at.checked_add(length));
    let found = end.and_then(|end| bytes.get(*at..end)).ok_or_else(|| {
        cut(start, format!("{length} bytes are announced, {} follow", bytes.len() - *at))
    })?;
    let base = *at as u64;
    *at += found.len();
    Ok((found, base))
}

fn length(bytes: &[u8], at: &mut usize) -> Result<u64, Failure> {
    let short = u32_at(bytes, *at).ok_or_else(|| cut(*at, "the file ends before a length"))?;
    *at += 4;
    if short != u32::MAX {
        return Ok(u64::from(short));
    }
    let long = bytes.get(*at..).and_then(|rest| rest.first_chunk());
    let long = long.copied().ok_or_else(|| cut(*at, "the file ends before a length"))?;
    *at += 8;
    Ok(u64::from_le_bytes(long))
}

/// `TModelTrees`.
fn model(trees: &Table<'_>, budget: &mut Budget) -> Result<Document, Failure> {
    refuse_other_features(trees, budget)?;
    if trees.u8(19, 0)? != 0 {
        let message = "borders are interpolated, which is not carried";
        return Err(Failure::unsupported(codes::INTERPOLATION, message).at(trees.location()));
    }
    let outputs = index(trees.i32(0, 0)?, "number of outputs", trees)?;
    let mut document = Document { outputs, scale: trees.f64(14, 1.0)?, ..Document::default() };
    document.bias = trees.numbers(16, f64::from_le_bytes, budget)?;
    let bias = trees.f64(15, 0.0)?;
    if document.bias.is_empty() && bias.abs() > 0.0 {
        document.bias.push(bias);
    }
    for feature in trees.tables(5, budget)? {
        document.floats.push(float_feature(&feature, budget)?);
    }
    for feature in trees.tables(4, budget)? {
        document.cats.push(CatFeature {
            index: index(feature.i32(0, -1)?, "number of a feature", &feature)?,
            flat: index(feature.i32(1, -1)?, "column of a feature", &feature)?,
            name: feature.text(2, budget)?.unwrap_or_default(),
        });
    }
    for feature in trees.tables(6, budget)? {
        let values = feature.numbers(1, i32::from_le_bytes, budget)?;
        let texts = feature.texts(2, budget)?;
        if texts.len() == values.len() {
            for (&hash, text) in values.iter().zip(texts) {
                let texts = document.texts.entry(hash).or_default();
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
        }
        let index = index(feature.i32(0, -1)?, "number of a feature", &feature)?;
        document.one_hots.push(OneHot { index, values });
    }
    for feature in trees.tables(7, budget)? {
        document.ctrs.push(ctr(&feature, budget)?);
    }
    document.trees = if trees.vector(10, 4)?.is_empty() {
        oblivious(trees, budget)?
    } else {
        nodes(trees, budget)?
    };
    Ok(document)
}

fn refuse_other_features(trees: &Table<'_>, budget: &mut Budget) -> Result<(), Failure> {
    for (field, code, what) in
        [(12, codes::TEXT_FEATURE, "text"), (18, codes::EMBEDDING_FEATURE, "embedding")]
    {
        let features = trees.tables(field, budget)?;
        if let Some(feature) = features.first() {
            let name = feature.text(2, budget)?.unwrap_or_default();
            let column = feature.i32(1, -1)?;
            let message =
                format!("column {column} `{name}` is a feature of type {what}, not carried");
            return Err(Failure::unsupported(code, message).at(feature.location()).with_help(
                "train without this column, or make numbers of it before the model sees it",
            ));
        }
    }
    Ok(())
}

fn float_feature(feature: &Table<'_>, budget: &mut Budget) -> Result<FloatFeature, Failure> {
    let treatment = feature.u8(5, 0)?;
    if treatment > 2 {
        let message = format!("{treatment} is no treatment of NaN");
        return Err(Failure::malformed(codes::FEATURE, message).at(feature.location()));
    }
    Ok(FloatFeature {
        index: index(feature.i32(1, -1)?, "number of a feature", feature)?,
        flat: index(feature.i32(2, -1)?, "column of a feature", feature)?,
        name: feature.text(4, budget)?.unwrap_or_default(),
        borders: feature.numbers(3, f32::from_le_bytes, budget)?,
        nan_above: feature.u8(0, 0)? != 0 && treatment == 2,
    })
}

/// `TCtrFeature`.
fn ctr(feature: &Table<'_>, budget: &mut Budget) -> Result<Ctr, Failure> {
    let ctr = feature.table(0)?.ok_or_else(|| missing("statistic", feature))?;
    let base = ctr.table(0)?.ok_or_else(|| missing("base of a statistic", &ctr))?;
    Ok(Ctr {
        base: ctr_base(&base, budget)?,
        table: usize::MAX,
        target_border: index(ctr.i32(1, 0)?, "target border", &ctr)?,
        prior_numerator: ctr.f32(2, 0.0)?,
        prior_denominator: ctr.f32(3, 1.0)?,
        shift: ctr.f32(4, 0.0)?,
        scale: ctr.f32(5, 1.0)?,
        borders: feature.numbers(1, f32::from_le_bytes, budget)?,
    })
}

/// `TModelCtrBase`.
fn ctr_base(base: &Table<'_>, budget: &mut Budget) -> Result<CtrBase, Failure> {
    let number = base.u8(1, 0)?;
    let kind = CtrKind::ALL.get(usize::from(number)).map(|(_, kind)| *kind).ok_or_else(|| {
        Failure::unsupported(codes::CTR, format!("the statistic {number} is not carried"))
            .at(base.location())
    })?;
    let of = base.table(0)?.ok_or_else(|| missing("features of a statistic", base))?;
    let cats = of.numbers(0, u32::from_le_bytes, budget)?;
    let floats = pairs(&of, 1, f32::from_le_bytes, budget)?;
    let hots = pairs(&of, 2, i32::from_le_bytes, budget)?;
    Ok(CtrBase { kind, cats, floats, hots })
}

/// A feature and what it is compared with.
fn pairs<T>(
    table: &Table<'_>,
    field: usize,
    of: fn([u8; 4]) -> T,
    budget: &mut Budget,
) -> Result<Vec<(u32, T)>, Failure> {
    let words = table.vector(field, 8)?.as_chunks::<4>().0;
    let found = words.as_chunks::<2>().0;
    let mut pairs = budget.vec(found.len())?;
    pairs.extend(found.iter().map(|[feature, value]| (u32::from_le_bytes(*feature), of(*value))));
    Ok(pairs)
}

/// Trees of one question a level.
fn oblivious(trees: &Table<'_>, budget: &mut Budget) -> Result<Trees, Failure> {
    let splits = trees.numbers(1, u32::from_le_bytes, budget)?;
    let depths = trees.numbers(2, u32::from_le_bytes, budget)?;
    let leaves = trees.numbers(8, f64::from_le_bytes, budget)?;
    Ok(Trees::Oblivious { depths, splits, leaves })
}

/// Trees as nodes, each with the distances of its children; none where the node itself is the leaf.
fn nodes(trees: &Table<'_>, budget: &mut Budget) -> Result<Trees, Failure> {
    let steps = trees.numbers(
        10,
        |[a, b, c, d]| (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])),
        budget,
    )?;
    let splits = trees.numbers(1, u32::from_le_bytes, budget)?;
    let values = trees.numbers(11, u32::from_le_bytes, budget)?;
    let mut roots = trees.numbers(3, u32::from_le_bytes, budget)?;
    if roots.is_empty() {
        let mut next = 0_u32;
        for size in trees.numbers(2, u32::from_le_bytes, budget)? {
            roots.push(next);
            next = next.saturating_add(size);
        }
    }
    let leaves = trees.numbers(8, f64::from_le_bytes, budget)?;
    let count = steps.len();
    if splits.len() != count || values.len() != count {
        let message =
            format!("{count} nodes have {} questions and {} leaves", splits.len(), values.len());
        return Err(Failure::malformed(codes::COUNT, message).at(trees.location()));
    }
    let many =
        |_error| Failure::limit(codes::COUNT, "the model has too many nodes").at(trees.location());
    budget.charge_elements(count as u64, 3 * size_of::<Node>())?;
    let mut nodes = Vec::with_capacity(count);
    let mut own = Vec::new();
    for (place, ((&(left, right), &split), &value)) in
        (0_u32..).zip(steps.iter().zip(&splits).zip(&values))
    {
        if left == 0 && right == 0 {
            nodes.push(Node::Leaf { value });
            continue;
        }
        // A side without child answers with the node's own leaf, put behind the last node.
        let mut child = |distance: u16| -> Result<u32, Failure> {
            if distance > 0 {
                return Ok(place.saturating_add(u32::from(distance)));
            }
            let at = u32::try_from(count + own.len()).map_err(many)?;
            own.push(Node::Leaf { value });
            Ok(at)
        };
        let (left, right) = (child(left)?, child(right)?);
        nodes.push(Node::Split { split, left, right });
    }
    nodes.append(&mut own);
    Ok(Trees::Nodes { roots, nodes, leaves })
}

/// The tables of target statistics: their number, then each with its length.
fn tables(
    bytes: &[u8],
    at: &mut usize,
    tables: &mut Vec<CtrTable>,
    budget: &mut Budget,
) -> Result<(), Failure> {
    let count = length(bytes, at)?;
    for _ in 0..count {
        let (buffer, base) = sized(bytes, at)?;
        budget.charge_elements(1, 2 * size_of::<CtrTable>())?;
        tables.push(table(&Table::root(buffer, base)?, budget)?);
    }
    Ok(())
}

/// `TCtrValueTable`.
fn table(table: &Table<'_>, budget: &mut Budget) -> Result<CtrTable, Failure> {
    let base = table.table(0)?.ok_or_else(|| missing("base of a statistic", table))?;
    let base = ctr_base(&base, budget)?;
    let buckets = table.numbers(1, |[byte]: [u8; 1]| byte, budget)?;
    let (buckets, rest) = buckets.as_chunks::<12>();
    let blob = table.vector(2, 1)?;
    let classes = index(table.i32(4, 0)?, "number of target classes", table)?;
    let stride = match base.kind {
        CtrKind::BinarizedTargetMeanValue | CtrKind::FloatTargetMeanValue => 2,
        CtrKind::Counter | CtrKind::FeatureFreq => 1,
        CtrKind::Borders | CtrKind::Buckets => classes as usize,
    };
    if !rest.is_empty() || stride == 0 {
        let message = format!(
            "a table of {} classes and of buckets of 12 bytes, {} over",
            stride,
            rest.len()
        );
        return Err(Failure::malformed(codes::CTR, message).at(table.location()));
    }
    let rows = blob.chunks_exact(4 * stride);
    let rows: Vec<&[u8]> = rows.collect();
    let mut found = CtrTable {
        denominator: table.i32(3, 0)?,
        keys: Vec::new(),
        stride,
        counts: Vec::new(),
        base,
    };
    budget.charge_elements(buckets.len() as u64, 16 + 8 * stride)?;
    budget.step(buckets.len() as u64)?;
    for bucket in buckets {
        let (Some(hash), Some(row)) = (bucket.first_chunk(), bucket.last_chunk()) else { continue };
        let (hash, row) = (u64::from_le_bytes(*hash), u32::from_le_bytes(*row));
        if hash == NO_HASH || row == NONE {
            continue;
        }
        let row = rows.get(row as usize).ok_or_else(|| {
            let message = format!("a key has counts {row} of {}", rows.len());
            Failure::malformed(codes::CTR, message).at(table.location())
        })?;
        found.keys.push(hash);
        let mean = stride == 2 && is_mean(found.base.kind);
        found.counts.extend(row.as_chunks::<4>().0.iter().enumerate().map(|(i, bytes)| {
            if mean && i == 0 {
                f64::from(f32::from_le_bytes(*bytes))
            } else {
                f64::from(i32::from_le_bytes(*bytes))
            }
        }));
    }
    Ok(found)
}

fn is_mean(kind: CtrKind) -> bool {
    matches!(kind, CtrKind::BinarizedTargetMeanValue | CtrKind::FloatTargetMeanValue)
}

/// Each statistic with its table.
fn link(document: &mut Document, trees: &Table<'_>) -> Result<(), Failure> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (place, table) in document.tables.iter().enumerate() {
        places.entry(table.base.key()).or_insert(place);
    }
    for ctr in &mut document.ctrs {
        ctr.table = places.get(&ctr.base.key()).copied().ok_or_else(|| {
            Failure::malformed(codes::CTR, "a statistic has no table").at(trees.location())
        })?;
    }
    Ok(())
}

fn index(number: i32, what: &str, table: &Table<'_>) -> Result<u32, Failure> {
    u32::try_from(number).map_err(|_negative| {
        Failure::malformed(codes::NUMBER, format!("{number} is no {what}")).at(table.location())
    })
}

fn missing(what: &str, table: &Table<'_>) -> Failure {
    Failure::malformed(codes::MISSING, format!("there is no {what}")).at(table.location())
}

fn cut(at: usize, message: impl Into<String>) -> Failure {
    Failure::malformed(codes::CBM, message).at(Location::at(at as u64))
}
