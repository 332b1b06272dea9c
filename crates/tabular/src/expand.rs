//! What few targets have a word for, said in words that more of them have.
//!
//! Linear leaves: a tree is written once for its constants and once for the coefficients of each feature that its leaves use. Where a
//! leaf uses a feature that is NaN or missing, a further split of these trees leads to the leaf's plain value. What is
//! left are products, and sums in the model's order.
//!
//! The reach of neighbours: which rows are near is asked of an identity matrix, whose mean over them is the share of each;
//! the sum of shares times the larger of distance and value, over all training rows.

use std::collections::BTreeSet;

use holdall_diag::Failure;

use crate::{
    Aggregate, BinaryOp, CategorySet, Constant, Distances, Estimator, Impute, Kind, Labels,
    LeafModel, Linear, LinearTrees, Link, Matrix, MissingRule, Model, Near, NeighborAnswer,
    NeighborCombine, Neighbors, Op, Part, Reduce, ReduceOp, Regress, Scale, ScaleForm, Summation,
    Test, Transform, Tree, TreeEnsemble, TreeNodes, ValidModel, ValueId, Width, codes, validate,
};

/// The most trees that are written for one ensemble.
const MOST_TREES: usize = 1 << 14;

/// Why linear leaves cannot be said without them; none where they can.
fn obstacle(op: &LinearTrees) -> Option<&'static str> {
    if !op.trees.base.is_empty() && !op.trees.base_last {
        return Some("sums that start from a value");
    }
    if op.trees.nodes.may_lose(true) {
        return Some("rows without an answer");
    }
    let rises = |model: &LeafModel| model.terms.array_windows().all(|[a, b]| a.0 < b.0);
    if !op.models.iter().all(rises) {
        return Some("leaves whose terms are not in the order of the features");
    }
    let written: usize = op.trees.trees.iter().map(|tree| 1 + used(op, tree).len()).sum();
    (written > MOST_TREES)
        .then_some("more than 2¹⁴ trees: one for each feature that the leaves of a tree use")
}

/// The leaves of a tree.
fn leaves(trees: &TreeEnsemble, tree: &Tree) -> Vec<usize> {
    let (mut found, mut open) = (Vec::new(), vec![tree.root]);
    while let Some(node) = open.pop() {
        let at = node as usize;
        let (Some(test), Some(&yes), Some(&no)) =
            (trees.nodes.test.get(at), trees.nodes.yes.get(at), trees.nodes.no.get(at))
        else {
            continue;
        };
        if *test == Test::Leaf {
            found.push(yes as usize);
        } else {
            open.extend([yes, no]);
        }
    }
    found
}

/// The features that the leaves of a tree use, rising.
fn used(op: &LinearTrees, tree: &Tree) -> BTreeSet<u32> {
    let models = leaves(&op.trees, tree).into_iter().filter_map(|leaf| op.models.get(leaf));
    models.flat_map(|model| model.terms.iter().map(|(feature, _)| *feature)).collect()
}

impl ValidModel {
    /// Why [`ValidModel::spelled_out`] cannot be had; none where it can.
    pub fn linear_trees_obstacle(&self) -> Option<&'static str> {
        self.model().nodes.iter().find_map(|(_, node)| {
            if let Op::Estimator(Estimator::LinearTrees(op)) = &node.op {
                obstacle(op)
            } else {
                None
            }
        })
    }

    /// The same model with its linear leaves written as trees, products and sums, and the reach of neighbours as
    /// distances and shares: to the bit, but that a reach is added in another order;
    /// none where it has neither.
    ///
    /// # Errors
    ///
    /// When there is an obstacle, or the model gets too large.
    pub fn spelled_out(&self) -> Result<Option<Self>, Failure> {
        let long = |op: &Op| {
            matches!(op, Op::Estimator(Estimator::LinearTrees(_)))
                || matches!(op, Op::Estimator(Estimator::Neighbors(op)) if reach_of(op).is_some())
        };
        if !self.model().nodes.iter().any(|(_, node)| long(&node.op)) {
            return Ok(None);
        }
        if let Some(why) = self.linear_trees_obstacle() {
            return Err(Failure::unsupported(codes::VALUE, why));
        }
        let old = self.model();
        let mut model = Model { nodes: Model::new().nodes, ..old.clone() };
        model.locations = crate::model::Locations::default();
        let mut made: Vec<ValueId> = Vec::with_capacity(old.nodes.len());
        for (id, node) in old.nodes.iter() {
            let mut op = node.op.clone();
            op.each_arg_mut(&mut |id| {
                if let Some(new) = made.get(id.index()) {
                    *id = *new;
                }
            });
            let new = if let Op::Estimator(Estimator::LinearTrees(op)) = &op {
                plain(&mut model, op)?
            } else if let Op::Estimator(Estimator::Neighbors(near)) = &op
                && reach_of(near).is_some()
            {
                reach(&mut model, near)?
            } else {
                model.push_at(op, old.location(id))?
            };
            if let Some(kept) = model.nodes.get_mut(new) {
                kept.name.clone_from(&node.name);
            }
            made.push(new);
        }
        for output in &mut model.outputs {
            if let Some(new) = made.get(output.value.index()) {
                output.value = *new;
            }
        }
        let valid = validate(model).map_err(|report| {
            let why = report.entries().first().map_or_else(String::new, |e| e.message.clone());
            Failure::bug(codes::VALUE, format!("a model was spelled out wrongly: {why}"))
        })?;
        Ok(Some(valid))
    }
}

/// What a written tree gives for a leaf.
#[derive(Clone, Copy)]
enum Give {
    Constant,
    Coefficient(u32),
}

impl Give {
    fn of(self, model: &LeafModel) -> f64 {
        match self {
            Self::Constant => model.constant,
            Self::Coefficient(feature) => {
                let term = model.terms.iter().find(|(of, _)| *of == feature);
                term.map_or(0.0, |(_, by)| *by)
            }
        }
    }

    fn instead(self, plain: f64) -> f64 {
        match self {
            Self::Constant => plain,
            Self::Coefficient(_) => 0.0,
        }
    }
}

/// Trees of plain leaves in the making.
struct Written<'o> {
    op: &'o LinearTrees,
    nodes: TreeNodes,
    leaves: Vec<f64>,
    /// The number of an empty set.
    nothing: u32,
}

fn number(count: usize) -> Result<u32, Failure> {
    u32::try_from(count)
        .map_err(|_error| Failure::limit(codes::TOO_LARGE, "the trees have more than 2³² nodes"))
}

impl Written<'_> {
    fn leaf(&mut self, value: f64) -> Result<u32, Failure> {
        let leaf = number(self.leaves.len())?;
        self.leaves.push(value);
        number(self.nodes.push_leaf(leaf))
    }

    /// Writes a tree, children first, and gives its root.
    fn tree(&mut self, root: u32, give: Give) -> Result<u32, Failure> {
        let old = &self.op.trees.nodes;
        let mut made: std::collections::BTreeMap<u32, u32> = std::collections::BTreeMap::new();
        let mut open = vec![(root, false)];
        while let Some((node, ready)) = open.pop() {
            let at = node as usize;
            if made.contains_key(&node) {
                continue;
            }
            let (Some(test), Some(&yes), Some(&no)) =
                (old.test.get(at), old.yes.get(at), old.no.get(at))
            else {
                continue;
            };
            let new = if *test == Test::Leaf {
                self.leaf_of(yes as usize, give)?
            } else if ready {
                let side = |child: u32| made.get(&child).copied().unwrap_or_default();
                let (Some(&feature), Some(&threshold), Some(&rule)) =
                    (old.feature.get(at), old.threshold.get(at), old.missing.get(at))
                else {
                    continue;
                };
                let (yes, no) = (side(yes), side(no));
                number(self.nodes.push_split(*test, feature, threshold, yes, no, rule))?
            } else {
                open.extend([(node, true), (yes, false), (no, false)]);
                continue;
            };
            made.insert(node, new);
        }
        Ok(made.get(&root).copied().unwrap_or_default())
    }

    /// A leaf behind a question for each feature that it uses.
    fn leaf_of(&mut self, leaf: usize, give: Give) -> Result<u32, Failure> {
        let (Some(model), Some(&plain)) =
            (self.op.models.get(leaf), self.op.trees.leaves.get(leaf))
        else {
            return self.leaf(0.0);
        };
        let mut node = self.leaf(give.of(model))?;
        if model.terms.is_empty() {
            return Ok(node);
        }
        for (feature, _) in &model.terms {
            let instead = self.leaf(give.instead(plain))?;
            // No number is in the empty set, so that gaps alone are a yes.
            let (test, rule) = (Test::In(self.nothing), MissingRule::Yes);
            let split = self.nodes.push_split(test, *feature, 0.0, instead, node, rule);
            node = number(split)?;
        }
        Ok(node)
    }
}

fn plain(model: &mut Model, op: &LinearTrees) -> Result<ValueId, Failure> {
    let mut written = Written {
        op,
        nodes: TreeNodes::default(),
        leaves: Vec::new(),
        nothing: number(op.trees.sets.len())?,
    };
    let mut trees = Vec::new();
    let mut give = |tree: &Tree, give: Give, trees: &mut Vec<Tree>| -> Result<u32, Failure> {
        let (root, output) = (written.tree(tree.root, give)?, number(trees.len())?);
        trees.push(Tree { root, weight: 1.0, output });
        Ok(output)
    };
    // Constants first, then the coefficients tree by tree.
    for tree in &op.trees.trees {
        give(tree, Give::Constant, &mut trees)?;
    }
    let constants = number(trees.len())?;
    let (mut features, mut terms) = (Vec::new(), Vec::new());
    for tree in &op.trees.trees {
        let first = number(features.len())?;
        for feature in used(op, tree) {
            give(tree, Give::Coefficient(feature), &mut trees)?;
            features.push(feature);
        }
        terms.push(first..number(features.len())?);
    }
    let arg = op.trees.arg;
    let ensemble = TreeEnsemble {
        arg,
        nodes: written.nodes,
        outputs: number(trees.len())?,
        trees,
        leaves: written.leaves,
        sets: op.trees.sets.iter().cloned().chain([CategorySet::default()]).collect(),
        base: Vec::new(),
        aggregate: Aggregate::Sum,
        ..op.trees.clone()
    };
    let outputs = ensemble.outputs;
    let numbers = model.push(Op::Trees(Box::new(ensemble)))?;
    let mut all = numbers;
    if outputs > constants {
        let by =
            model.push(Op::Select { arg: numbers, indices: (constants..outputs).collect() })?;
        let x = model.push(Op::Select { arg, indices: features })?;
        let product = model.push(Op::Binary { op: BinaryOp::Mul, left: by, right: x })?;
        // Nothing times what is not there is nothing.
        let with = Labels::F64(vec![0.0; (outputs - constants) as usize]);
        let impute = Impute { arg: product, nan: true, sentinel: None, with };
        let products = model.push(Op::Impute(impute))?;
        let constant =
            model.push(Op::Select { arg: numbers, indices: (0..constants).collect() })?;
        all = model.push(Op::Concat(vec![constant, products]))?;
    }
    let mut values = Vec::with_capacity(terms.len());
    for (tree, terms) in (0..constants).zip(terms) {
        let mut indices = vec![tree];
        indices.extend(terms.map(|term| constants + term));
        let count = indices.len();
        let arg = model.push(Op::Select { arg: all, indices })?;
        values.push(summed(model, arg, vec![1.0; count])?);
    }
    let mut sums = Vec::new();
    for output in 0..op.trees.outputs {
        let own = op.trees.trees.iter().zip(&values).filter(|(tree, _)| tree.output == output);
        let (weights, args): (Vec<f64>, Vec<ValueId>) =
            own.map(|(tree, value)| (tree.weight, *value)).unzip();
        sums.push(if args.is_empty() {
            let width = Width::Vector(1);
            let values = Labels::F64(vec![0.0]);
            model.push(Op::Constant(Constant { kind: Kind::F64, width, values }))?
        } else {
            let arg = model.push(Op::Concat(args))?;
            summed(model, arg, weights)?
        });
    }
    let mut id = model.push(Op::Concat(sums))?;
    let each = |value: f64| Some(vec![value; op.trees.outputs as usize]);
    if let Aggregate::DivideBy(by) = op.trees.aggregate {
        let form = ScaleForm::SubtractDivide;
        id = model.push(Op::Scale(Scale { arg: id, form, offset: None, factor: each(by) }))?;
    }
    if !op.trees.base.is_empty() {
        let offset = Some(op.trees.base.clone());
        let form = ScaleForm::MultiplyAdd;
        id = model.push(Op::Scale(Scale { arg: id, form, offset, factor: None }))?;
    }
    Ok(id)
}

/// A weighted sum in order, as a vector of one.
fn summed(model: &mut Model, arg: ValueId, weights: Vec<f64>) -> Result<ValueId, Failure> {
    let coefficients = Matrix { rows: 1, columns: number(weights.len())?, data: weights };
    let (intercepts, summation) = (vec![0.0], Summation::SequentialF64);
    model.push(Op::Linear(Linear { arg, coefficients, intercepts, summation }))
}

/// The table of a reach of so many near rows.
fn reach_of(op: &Neighbors) -> Option<&Matrix> {
    match (&op.answer, op.near) {
        (NeighborAnswer::Values { targets, combine: NeighborCombine::Reach }, Near::Count(_)) => {
            Some(targets)
        }
        (NeighborAnswer::Values { .. } | NeighborAnswer::Classes { .. }, _) => None,
    }
}

fn reach(model: &mut Model, op: &Neighbors) -> Result<ValueId, Failure> {
    let Some(targets) = reach_of(op) else {
        return Err(Failure::bug(codes::VALUE, "there is no reach"));
    };
    let rows = op.rows.rows;
    let mut identity =
        Matrix { rows, columns: rows, data: vec![0.0; rows as usize * rows as usize] };
    for cell in identity.data.iter_mut().step_by(rows as usize + 1) {
        *cell = 1.0;
    }
    let answer = NeighborAnswer::Values { targets: identity, combine: NeighborCombine::Mean };
    let near = Estimator::Neighbors(Box::new(Neighbors { answer, ..op.clone() }));
    let estimate = model.push(Op::Estimator(near))?;
    let shares = model.push(Op::Part { estimate, part: Part::Values })?;
    let (arg, points, comparison) = (op.arg, op.rows.clone(), op.comparison.clone());
    let distances = Transform::Distances(Box::new(Distances { arg, points, comparison }));
    let distances = model.push(Op::Transform(distances))?;
    // Nothing, but missing where the shares are.
    let first = model.push(Op::Select { arg: shares, indices: vec![0] })?;
    let nothing = model.push(Op::Scale(Scale {
        arg: first,
        form: ScaleForm::SubtractMultiply,
        offset: None,
        factor: Some(vec![0.0]),
    }))?;
    let mut sums = Vec::with_capacity(targets.columns as usize);
    for column in 0..targets.columns as usize {
        let column = (0..rows as usize).filter_map(|row| targets.row(row).get(column).copied());
        let values = Labels::F64(column.collect());
        let width = Width::Vector(rows);
        let values = model.push(Op::Constant(Constant { kind: Kind::F64, width, values }))?;
        let far = Op::Binary { op: BinaryOp::Max, left: distances, right: values };
        let far = model.push(far)?;
        let terms = model.push(Op::Binary { op: BinaryOp::Mul, left: shares, right: far })?;
        // No share of what is infinitely far is nothing.
        let with = Labels::F64(vec![0.0; rows as usize]);
        let there = Impute { arg: terms, nan: true, sentinel: None, with };
        let terms = model.push(Op::Impute(there))?;
        let terms = model.push(Op::Concat(vec![terms, nothing]))?;
        let sum = Reduce { arg: terms, op: ReduceOp::Sum, skip_missing: false };
        sums.push(model.push(Op::Transform(Transform::Reduce(sum)))?);
    }
    let margins = model.push(Op::Concat(sums))?;
    model.push(Op::Regress(Regress { margins, link: Link::Identity }))
}
