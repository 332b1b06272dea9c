//! The text as a document.

use holdall_diag::{Failure, Location};
use holdall_source::Budget;
use serde_json::Value as Json;

use crate::{
    codes,
    document::{Document, Tree},
    text::{Lines, Value, shorten},
};

/// The lines of the header that are used, in the order of the file.
#[derive(Default)]
struct Header<'t> {
    version: Option<Value<'t>>,
    num_class: Option<Value<'t>>,
    num_tree_per_iteration: Option<Value<'t>>,
    max_feature_idx: Option<Value<'t>>,
    objective: Option<Value<'t>>,
    average_output: Option<Value<'t>>,
    feature_names: Option<Value<'t>>,
    feature_infos: Option<Value<'t>>,
    tree_sizes: Option<Value<'t>>,
}

/// The lines of a tree that are used.
#[derive(Default)]
struct TreeLines<'t> {
    num_leaves: Option<Value<'t>>,
    num_cat: Option<Value<'t>>,
    split_feature: Option<Value<'t>>,
    threshold: Option<Value<'t>>,
    decision_type: Option<Value<'t>>,
    left_child: Option<Value<'t>>,
    right_child: Option<Value<'t>>,
    leaf_value: Option<Value<'t>>,
    leaf_count: Option<Value<'t>>,
    internal_count: Option<Value<'t>>,
    cat_boundaries: Option<Value<'t>>,
    cat_threshold: Option<Value<'t>>,
    is_linear: Option<Value<'t>>,
    leaf_const: Option<Value<'t>>,
    num_features: Option<Value<'t>>,
    leaf_features: Option<Value<'t>>,
    leaf_coeff: Option<Value<'t>>,
}

/// Decodes a whole file.
pub(crate) fn decode<'t>(text: &'t str, budget: &mut Budget) -> Result<Document<'t>, Failure> {
    let mut lines = Lines::new(text);
    let first = lines.next().unwrap_or(Value { line: 1, column: 1, text: "" });
    if first.text.trim_end() != "tree" {
        let message = format!("expected `tree`, found `{}`", shorten(first.text));
        return Err(first.fail(codes::NOT_LIGHTGBM, message));
    }
    let (header, next) = header(&mut lines)?;
    let version = required(header.version, "version", &lines)?;
    check_version(version)?;
    let (trees, ended) = trees(&mut lines, next, budget)?;
    if !ended && version.text != "v2" {
        return Err(Failure::malformed(codes::TRUNCATED, "the line `end of trees` is not there")
            .at(lines.location())
            .with_help("the file is cut short: save or copy it again"));
    }
    if let Some(sizes) = header.tree_sizes
        && sizes.words().count() != trees.len()
    {
        let claimed = sizes.words().count();
        let message = format!("`tree_sizes` lists {claimed} trees, the file has {}", trees.len());
        return Err(sizes.fail(codes::COUNT, message));
    }
    let features = features(&header, &lines)?;
    let infos = header.feature_infos.map(|value| list(value, features, budget)).transpose()?;
    let mut document = Document {
        version,
        num_tree_per_iteration: trees_per_iteration(&header, &lines)?,
        feature_names: list(
            required(header.feature_names, "feature_names", &lines)?,
            features,
            budget,
        )?,
        feature_infos: infos.unwrap_or_default(),
        objective: header.objective,
        average_output: header.average_output.is_some(),
        trees,
        categorical_feature: None,
        pandas_categorical: None,
    };
    tail(&mut lines, &mut document, budget)?;
    Ok(document)
}

fn set<'t>(slot: &mut Option<Value<'t>>, name: &str, value: Value<'t>) -> Result<(), Failure> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(value.fail(codes::DUPLICATE, format!("`{name}` stands twice"))),
    }
}

fn required<'t>(
    value: Option<Value<'t>>,
    name: &str,
    lines: &Lines<'_>,
) -> Result<Value<'t>, Failure> {
    value.ok_or_else(|| {
        Failure::malformed(codes::MISSING, format!("the line `{name}=` is not there"))
            .at(lines.location())
    })
}

fn check_version(version: Value<'_>) -> Result<(), Failure> {
    if ["v2", "v3", "v4"].contains(&version.text) {
        return Ok(());
    }
    let message = format!("expected version v2, v3 or v4, found `{}`", shorten(version.text));
    Err(Failure::unsupported(codes::VERSION, message)
        .at(version.location())
        .with_help("load the model with LightGBM 2 or later and save it again"))
}

/// Everything up to the first tree, and the line that ended it.
fn header<'t>(lines: &mut Lines<'t>) -> Result<(Header<'t>, Option<Value<'t>>), Failure> {
    let mut header = Header::default();
    while let Some(line) = lines.next() {
        if line.text.starts_with("Tree=") || line.text == "end of trees" {
            return Ok((header, Some(line)));
        }
        if line.text == "average_output" {
            set(&mut header.average_output, line.text, line)?;
            continue;
        }
        // LightGBM passes over names that it does not know.
        let Some((name, value)) = line.member() else { continue };
        let slot = match name {
            "version" => &mut header.version,
            "num_class" => &mut header.num_class,
            "num_tree_per_iteration" => &mut header.num_tree_per_iteration,
            "max_feature_idx" => &mut header.max_feature_idx,
            "objective" => &mut header.objective,
            "feature_names" => &mut header.feature_names,
            "feature_infos" => &mut header.feature_infos,
            "tree_sizes" => &mut header.tree_sizes,
            _ => continue,
        };
        set(slot, name, value)?;
    }
    Ok((header, None))
}

fn features(header: &Header<'_>, lines: &Lines<'_>) -> Result<usize, Failure> {
    let value = required(header.max_feature_idx, "max_feature_idx", lines)?;
    let last: i64 = value.number("the largest feature index")?;
    usize::try_from(last + 1)
        .ok()
        .filter(|&count| count > 0 && last < i64::from(u32::MAX))
        .ok_or_else(|| value.fail(codes::COUNT, "a model has at least one feature"))
}

fn trees_per_iteration(header: &Header<'_>, lines: &Lines<'_>) -> Result<u32, Failure> {
    let value = match header.num_tree_per_iteration {
        Some(value) => value,
        None => required(header.num_class, "num_class", lines)?,
    };
    let count: u32 = value.number("a number of trees")?;
    if count == 0 {
        return Err(value.fail(codes::COUNT, "an iteration has at least one tree"));
    }
    Ok(count)
}

/// Exactly `count` words.
fn list<'t>(
    value: Value<'t>,
    count: usize,
    budget: &mut Budget,
) -> Result<Vec<Value<'t>>, Failure> {
    let found = value.words().count();
    if found != count {
        let message = format!("expected an entry for each of {count} features, found {found}");
        return Err(value.fail(codes::COUNT, message));
    }
    let mut words = budget.vec(count)?;
    words.extend(value.words());
    Ok(words)
}

/// The trees, and whether the line after them is there. `next` is the line after the header.
fn trees<'t>(
    lines: &mut Lines<'t>,
    mut next: Option<Value<'t>>,
    budget: &mut Budget,
) -> Result<(Vec<Tree>, bool), Failure> {
    let mut trees = Vec::new();
    while let Some(line) = next {
        if line.text == "end of trees" {
            return Ok((trees, true));
        }
        if line.text.starts_with("Tree=") {
            budget.charge_elements(1, size_of::<Tree>())?;
            trees.push(tree(lines, line, budget)?);
        } else if !line.text.is_empty() {
            return Ok((trees, false));
        }
        next = lines.next();
    }
    Ok((trees, false))
}

/// One tree, up to the empty line after it.
fn tree<'t>(lines: &mut Lines<'t>, start: Value<'t>, budget: &mut Budget) -> Result<Tree, Failure> {
    let mut found = TreeLines::default();
    loop {
        let Some(line) = lines.next() else {
            return Err(start
                .fail(codes::TRUNCATED, "the file ends within this tree")
                .with_help("the file is cut short: save or copy it again"));
        };
        if line.text.is_empty() {
            break;
        }
        let Some((name, value)) = line.member() else {
            let message = format!("expected `name=value`, found `{}`", shorten(line.text));
            return Err(line.fail(codes::LINE, message));
        };
        let slot = match name {
            "num_leaves" => &mut found.num_leaves,
            "num_cat" => &mut found.num_cat,
            "split_feature" => &mut found.split_feature,
            "threshold" => &mut found.threshold,
            "decision_type" => &mut found.decision_type,
            "left_child" => &mut found.left_child,
            "right_child" => &mut found.right_child,
            "leaf_value" => &mut found.leaf_value,
            "leaf_count" => &mut found.leaf_count,
            "internal_count" => &mut found.internal_count,
            "cat_boundaries" => &mut found.cat_boundaries,
            "cat_threshold" => &mut found.cat_threshold,
            "is_linear" => &mut found.is_linear,
            "leaf_const" => &mut found.leaf_const,
            "num_features" => &mut found.num_features,
            "leaf_features" => &mut found.leaf_features,
            "leaf_coeff" => &mut found.leaf_coeff,
            // Gains, weights, shrinkage: already in the leaves, or of no weight for the answer.
            _ => continue,
        };
        set(slot, name, value)?;
    }
    columns(&found, start, budget)
}

fn columns(found: &TreeLines<'_>, start: Value<'_>, budget: &mut Budget) -> Result<Tree, Failure> {
    let count = need(found.num_leaves, "num_leaves", start)?;
    let leaves: u32 = count.number("a number of leaves")?;
    // A child is an `i32`, and the leaf `i` is called `-1 - i`.
    if leaves == 0 || leaves > 1 << 31 {
        return Err(count.fail(codes::COUNT, format!("a tree cannot have {leaves} leaves")));
    }
    let (leaves, splits) = (leaves as usize, leaves as usize - 1);
    let mut tree = Tree {
        line: start.line,
        leaf_value: need(found.leaf_value, "leaf_value", start)?.numbers(
            "the value of a leaf",
            leaves,
            budget,
        )?,
        leaf_count: optional(found.leaf_count, "a number of rows", leaves, budget)?,
        is_linear: found.is_linear.is_some_and(|value| value.text.trim() == "1"),
        ..Tree::default()
    };
    if tree.is_linear {
        linear_leaves(found, &mut tree, start, budget)?;
    }
    if splits == 0 {
        return Ok(tree);
    }
    tree.split_feature = need(found.split_feature, "split_feature", start)?.numbers(
        "the index of a feature",
        splits,
        budget,
    )?;
    tree.threshold =
        need(found.threshold, "threshold", start)?.numbers("a threshold", splits, budget)?;
    tree.left_child =
        need(found.left_child, "left_child", start)?.numbers("a node", splits, budget)?;
    tree.right_child =
        need(found.right_child, "right_child", start)?.numbers("a node", splits, budget)?;
    tree.decision_type = optional(found.decision_type, "the type of a split", splits, budget)?;
    tree.internal_count = optional(found.internal_count, "a number of rows", splits, budget)?;
    tree.num_cat = need(found.num_cat, "num_cat", start)?.number("a number of category sets")?;
    if tree.num_cat > 0 {
        let boundaries = need(found.cat_boundaries, "cat_boundaries", start)?;
        tree.cat_boundaries =
            boundaries.numbers("where a set begins", tree.num_cat as usize + 1, budget)?;
        let words = tree.cat_boundaries.last().copied().unwrap_or_default();
        tree.cat_threshold = need(found.cat_threshold, "cat_threshold", start)?.numbers(
            "a word of a set",
            words as usize,
            budget,
        )?;
    }
    Ok(tree)
}

/// The linear models of the leaves.
fn linear_leaves(
    found: &TreeLines<'_>,
    tree: &mut Tree,
    start: Value<'_>,
    budget: &mut Budget,
) -> Result<(), Failure> {
    let leaves = tree.leaf_value.len();
    tree.leaf_const = need(found.leaf_const, "leaf_const", start)?.numbers(
        "the constant of a leaf",
        leaves,
        budget,
    )?;
    let counts = need(found.num_features, "num_features", start)?;
    tree.num_features = counts.numbers("a number of terms", leaves, budget)?;
    let terms: u64 = tree.num_features.iter().map(|&count| u64::from(count)).sum();
    let terms = usize::try_from(terms)
        .map_err(|_error| counts.fail(codes::COUNT, format!("{terms} terms are too many")))?;
    tree.leaf_features = need(found.leaf_features, "leaf_features", start)?.numbers(
        "the feature of a term",
        terms,
        budget,
    )?;
    tree.leaf_coeff =
        need(found.leaf_coeff, "leaf_coeff", start)?.numbers("a coefficient", terms, budget)?;
    Ok(())
}

fn need<'t>(value: Option<Value<'t>>, name: &str, start: Value<'_>) -> Result<Value<'t>, Failure> {
    value.ok_or_else(|| start.fail(codes::MISSING, format!("the tree has no line `{name}=`")))
}

/// The numbers of a line that may be absent or empty.
fn optional<T: std::str::FromStr>(
    value: Option<Value<'_>>,
    what: &str,
    count: usize,
    budget: &mut Budget,
) -> Result<Vec<T>, Failure> {
    match value {
        Some(value) if !value.text.trim().is_empty() => value.numbers(what, count, budget),
        Some(_) | None => Ok(Vec::new()),
    }
}

/// What follows the trees: importances, parameters, the categories of the data frame.
fn tail<'t>(
    lines: &mut Lines<'t>,
    document: &mut Document<'t>,
    budget: &mut Budget,
) -> Result<(), Failure> {
    while let Some(line) = lines.next() {
        if let Some(list) = line.text.strip_prefix("[categorical_feature: ") {
            // `name:a,b` and an empty list say nothing that helps.
            let list = list.strip_suffix(']').unwrap_or(list);
            budget.charge_elements(list.len() as u64, 4)?;
            document.categorical_feature =
                list.split(',').map(|item| item.trim().parse().ok()).collect();
        } else if let Some(json) = line.text.strip_prefix("pandas_categorical:") {
            // An element of two characters becomes a JSON value.
            budget.charge_elements(json.len() as u64, size_of::<Json>())?;
            let categories: Option<Vec<Vec<Json>>> =
                serde_json::from_str(json).map_err(|error| {
                    let column = (line.text.len() - json.len() + error.column()) as u64;
                    Failure::malformed(
                        codes::CATEGORIES,
                        format!("expected lists of categories: {error}"),
                    )
                    .at(Location::line(line.line, column))
                })?;
            document.pandas_categorical =
                categories.filter(|lists| !lists.is_empty()).map(|lists| (line.line, lists));
        }
    }
    Ok(())
}
