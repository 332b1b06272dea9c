//! JSON as a document: `json_model_helpers.cpp`.

mod info;
mod parts;

use std::collections::BTreeMap;

use holdall_diag::{Failure, Location, PathKind};
use holdall_source::Budget;
pub(crate) use info::info_of_text;
use serde::Deserialize;
use serde_path_to_error::{Path, Segment};

use self::parts::{Cell, Element, Features, File, Oblivious, Split, Table};
use crate::{
    codes,
    document::{
        CatFeature, Ctr, CtrBase, CtrKind, CtrTable, Document, FloatFeature, NO_HASH, Node, OneHot,
        Trees,
    },
};

/// Bytes of memory for a byte of text at most: a leaf of a tree is eleven bytes of text and 72 of memory, in
/// lists that grow by doubling.
const GROWTH: usize = 14;

/// Decodes JSON.
pub(crate) fn decode(bytes: &[u8], budget: &mut Budget) -> Result<Document, Failure> {
    budget.charge_elements(bytes.len() as u64, GROWTH)?;
    let file = match serde_json::from_slice(bytes) {
        Ok(file) => file,
        Err(_) => with_path(bytes)?,
    };
    document(file, budget)
}

/// Reads again, for the place of what is wrong.
fn with_path(bytes: &[u8]) -> Result<File, Failure> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut deserializer, &mut track);
    let result = File::deserialize(tracked).and_then(|file| deserializer.end().map(|()| file));
    result.map_err(|error| {
        let (line, column) = (error.line() as u64, error.column() as u64);
        let location =
            Location::line(line, column).with_path(PathKind::JsonPointer, pointer(&track.path()));
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        Failure::malformed(codes::JSON, what).at(location)
    })
}

/// A path as a JSON pointer, RFC 6901.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => pointer.push_str(variant),
            Segment::Unknown => pointer.push('?'),
        }
    }
    pointer
}

fn document(file: File, budget: &mut Budget) -> Result<Document, Failure> {
    let mut document =
        Document { info: info::info(file.model_info)?, scale: 1.0, ..Document::default() };
    if let Some((scale, bias)) = file.scale_and_bias {
        document.scale = scale;
        document.bias = bias.map(|bias| bias.as_slice().to_vec()).unwrap_or_default();
    }
    let mut tables = file.ctr_data.unwrap_or_default();
    features(file.features_info.unwrap_or_default(), &mut tables, &mut document, budget)?;
    let questions = questions(&document, budget)?;
    match (file.oblivious_trees, file.trees) {
        (Some(trees), None) => oblivious(trees, &questions, &mut document, budget)?,
        (None, Some(trees)) => nodes(trees, &questions, &mut document, budget)?,
        (None, None) | (Some(_), Some(_)) => {
            let message = "expected `oblivious_trees` or `trees`";
            return Err(fail(codes::MISSING, message, ""));
        }
    }
    Ok(document)
}

fn features(
    found: Features,
    tables: &mut BTreeMap<String, Table>,
    document: &mut Document,
    budget: &mut Budget,
) -> Result<(), Failure> {
    for (i, float) in found.float_features.unwrap_or_default().into_iter().enumerate() {
        let treatment = float.nan_value_treatment.as_deref().unwrap_or("AsIs");
        if !["AsIs", "AsFalse", "AsTrue"].contains(&treatment) {
            let message = format!("`{treatment}` is no treatment of NaN");
            let pointer = format!("/features_info/float_features/{i}");
            return Err(fail(codes::FEATURE, message, &pointer));
        }
        document.floats.push(FloatFeature {
            index: float.feature_index,
            flat: float.flat_feature_index,
            name: name(float.feature_name, float.feature_id),
            borders: float.borders.unwrap_or_default(),
            nan_above: float.has_nans && treatment == "AsTrue",
        });
    }
    for pair in found.cat_features_hash.unwrap_or_default() {
        document.texts.entry(pair.hash.cast_signed()).or_default().push(pair.value);
    }
    for category in found.categorical_features.unwrap_or_default() {
        document.cats.push(CatFeature {
            index: category.feature_index,
            flat: category.flat_feature_index,
            name: name(category.feature_name, category.feature_id),
        });
        let Some(values) = category.values else { continue };
        let texts = category.string_values.unwrap_or_default();
        if texts.len() == values.len() {
            for (&hash, text) in values.iter().zip(texts) {
                let known = document.texts.entry(hash).or_default();
                if !known.contains(&text) {
                    known.push(text);
                }
            }
        }
        document.one_hots.push(OneHot { index: category.feature_index, values });
    }
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (i, ctr) in found.ctrs.unwrap_or_default().into_iter().enumerate() {
        let pointer = format!("/features_info/ctrs/{i}");
        let base = base(&ctr.ctr_type, ctr.elements.unwrap_or_default(), &pointer)?;
        let place = if let Some(place) = places.get(&ctr.identifier) {
            *place
        } else {
            let table = tables.remove(&ctr.identifier).ok_or_else(|| {
                fail(codes::CTR, "`ctr_data` has no table for this statistic", &pointer)
            })?;
            document.tables.push(ctr_table(base.clone(), table, &pointer, budget)?);
            places.insert(ctr.identifier, document.tables.len() - 1);
            document.tables.len() - 1
        };
        document.ctrs.push(Ctr {
            base,
            table: place,
            target_border: ctr.target_border_idx,
            prior_numerator: ctr.prior_numerator,
            prior_denominator: ctr.prior_denomerator,
            shift: ctr.shift,
            scale: ctr.scale,
            borders: ctr.borders.unwrap_or_default(),
        });
    }
    Ok(())
}

fn name(name: Option<String>, id: Option<String>) -> String {
    name.filter(|name| !name.is_empty()).or(id).unwrap_or_default()
}

fn base(kind: &str, elements: Vec<Element>, pointer: &str) -> Result<CtrBase, Failure> {
    let kind = CtrKind::named(kind).ok_or_else(|| {
        Failure::unsupported(codes::CTR, format!("the statistic `{kind}` is not carried"))
            .at(at(pointer))
    })?;
    let mut base = CtrBase { kind, cats: Vec::new(), floats: Vec::new(), hots: Vec::new() };
    for element in elements {
        let Element {
            combination_element: what,
            cat_feature_index,
            float_feature_index,
            border,
            value,
        } = element;
        match (what.as_str(), cat_feature_index, float_feature_index, border, value) {
            ("cat_feature_value", Some(cat), ..) => base.cats.push(cat),
            ("float_feature", _, Some(float), Some(border), _) => base.floats.push((float, border)),
            ("cat_feature_exact_value", Some(cat), _, _, Some(value)) => {
                base.hots.push((cat, value));
            }
            _ => {
                let message = format!("the element `{what}` is not one, or lacks a member");
                return Err(fail(codes::CTR, message, pointer));
            }
        }
    }
    Ok(base)
}

/// A table: hashes, each followed by its counts.
fn ctr_table(
    base: CtrBase,
    table: Table,
    pointer: &str,
    budget: &mut Budget,
) -> Result<CtrTable, Failure> {
    let cells = table.hash_map.unwrap_or_default();
    let bad = || fail(codes::CTR, "the table does not consist of hashes and their counts", pointer);
    if table.hash_stride < 2 || !cells.len().is_multiple_of(table.hash_stride) {
        return Err(bad());
    }
    budget.charge_elements(cells.len() as u64, 16)?;
    let stride = table.hash_stride - 1;
    let mut found = CtrTable {
        base,
        denominator: table.counter_denominator,
        keys: Vec::new(),
        stride,
        counts: Vec::new(),
    };
    for row in cells.chunks_exact(table.hash_stride) {
        let Some((Cell::Hash(hash), counts)) = row.split_first() else { return Err(bad()) };
        // CatBoost writes its first empty bucket too.
        if *hash == NO_HASH {
            continue;
        }
        found.keys.push(*hash);
        for count in counts {
            let Cell::Number(count) = count else { return Err(bad()) };
            found.counts.push(*count);
        }
    }
    Ok(found)
}

/// What a question compares with.
#[derive(Clone, Copy)]
enum Question {
    Border(f32),
    Value(i32),
}

/// All questions in the order of their numbers.
fn questions(document: &Document, budget: &mut Budget) -> Result<Vec<Question>, Failure> {
    let floats = document.floats.iter().map(|feature| feature.borders.len());
    let hots = document.one_hots.iter().map(|feature| feature.values.len());
    let ctrs = document.ctrs.iter().map(|feature| feature.borders.len());
    let mut questions = budget.vec(floats.chain(hots).chain(ctrs).sum())?;
    let border = |border: &f32| Question::Border(*border);
    questions.extend(document.floats.iter().flat_map(|feature| feature.borders.iter().map(border)));
    let value = |value: &i32| Question::Value(*value);
    questions.extend(document.one_hots.iter().flat_map(|feature| feature.values.iter().map(value)));
    questions.extend(document.ctrs.iter().flat_map(|feature| feature.borders.iter().map(border)));
    Ok(questions)
}

/// The number of a question, which must be the one that the split describes.
fn number(split: &Split, questions: &[Question], pointer: &str) -> Result<u32, Failure> {
    let Split { split_index, split_type, border, value } = split;
    if !["FloatFeature", "OneHotFeature", "OnlineCtr"].contains(&split_type.as_str()) {
        let message = format!("questions of type `{split_type}` are not carried");
        return Err(Failure::unsupported(codes::TEXT_FEATURE, message).at(at(pointer)));
    }
    let agrees = match questions.get(*split_index as usize) {
        Some(Question::Border(known)) => {
            value.is_none() && border.is_none_or(|border| border.total_cmp(known).is_eq())
        }
        Some(Question::Value(known)) => {
            border.is_none() && value.is_none_or(|value| value == *known)
        }
        None => false,
    };
    if agrees {
        return Ok(*split_index);
    }
    let message = format!("`split_index` {split_index} is not the question described here");
    Err(fail(codes::SPLIT, message, pointer))
}

fn oblivious(
    trees: Vec<Oblivious>,
    questions: &[Question],
    document: &mut Document,
    budget: &mut Budget,
) -> Result<(), Failure> {
    let (mut depths, mut splits, mut leaves) = (Vec::new(), Vec::new(), Vec::new());
    let mut outputs = None;
    for (i, tree) in trees.into_iter().enumerate() {
        let pointer = format!("/oblivious_trees/{i}");
        let questions_of_tree = tree.splits.unwrap_or_default();
        budget.step(questions_of_tree.len() as u64 + 1)?;
        let values = tree.leaf_values.unwrap_or_default();
        let depth = u32::try_from(questions_of_tree.len()).unwrap_or(u32::MAX);
        let width = 1_usize
            .checked_shl(depth)
            .filter(|count| *count > 0 && !values.is_empty() && values.len().is_multiple_of(*count))
            .map(|count| values.len() / count);
        if width.is_none() || *outputs.get_or_insert(width) != width {
            let message =
                format!("{} values do not fill the leaves of {depth} questions", values.len());
            return Err(fail(codes::COUNT, message, &pointer));
        }
        for split in &questions_of_tree {
            splits.push(number(split, questions, &pointer)?);
        }
        depths.push(depth);
        leaves.extend(values);
    }
    document.outputs = width_or_bias(outputs.flatten(), document)?;
    document.trees = Trees::Oblivious { depths, splits, leaves };
    Ok(())
}

fn nodes(
    trees: Vec<parts::Node>,
    questions: &[Question],
    document: &mut Document,
    budget: &mut Budget,
) -> Result<(), Failure> {
    let (mut roots, mut nodes, mut leaves) = (Vec::new(), Vec::new(), Vec::<f64>::new());
    let mut outputs = None;
    let many = || Failure::limit(codes::COUNT, "the model has too many nodes").at(at("/trees"));
    for (i, tree) in trees.into_iter().enumerate() {
        let pointer = format!("/trees/{i}");
        roots.push(u32::try_from(nodes.len()).map_err(|_error| many())?);
        nodes.push(Node::Leaf { value: 0 });
        let mut waiting = vec![(nodes.len() - 1, tree)];
        while let Some((place, node)) = waiting.pop() {
            budget.step(1)?;
            let next = u32::try_from(nodes.len()).map_err(|_error| many())?;
            let made = match (node.value, node.split, node.left, node.right) {
                (Some(values), ..) => {
                    let values = values.as_slice();
                    if *outputs.get_or_insert(values.len()) != values.len() || values.is_empty() {
                        let message = "the leaves have different numbers of values";
                        return Err(fail(codes::COUNT, message, &pointer));
                    }
                    let value = u32::try_from(leaves.len()).map_err(|_error| many())?;
                    leaves.extend(values);
                    Node::Leaf { value }
                }
                (None, Some(split), Some(left), Some(right)) => {
                    let split = number(&split, questions, &pointer)?;
                    nodes.extend([Node::Leaf { value: 0 }; 2]);
                    waiting.push((nodes.len() - 1, *right));
                    waiting.push((nodes.len() - 2, *left));
                    Node::Split { split, left: next, right: next + 1 }
                }
                (None, ..) => {
                    let message = "a node has neither a value nor a question with two sides";
                    return Err(fail(codes::NODE, message, &pointer));
                }
            };
            if let Some(node) = nodes.get_mut(place) {
                *node = made;
            }
        }
    }
    document.outputs = width_or_bias(outputs, document)?;
    document.trees = Trees::Nodes { roots, nodes, leaves };
    Ok(())
}

/// Number of outputs; a model without trees has its bias.
fn width_or_bias(width: Option<usize>, document: &Document) -> Result<u32, Failure> {
    u32::try_from(width.unwrap_or(document.bias.len().max(1)))
        .map_err(|_error| Failure::limit(codes::COUNT, "the model has too many outputs"))
}

fn at(pointer: &str) -> Location {
    Location::path(PathKind::JsonPointer, pointer)
}

fn fail(code: holdall_diag::Code, message: impl Into<String>, pointer: &str) -> Failure {
    Failure::malformed(code, message).at(at(pointer))
}
