use std::collections::{BTreeMap, BTreeSet};

use holdall_tabular::{Estimator, Op, Part, Test, TreeEnsemble, ValidModel, ValueId};

/// Which elements of which values are used, so that only those become fields.
#[derive(Clone, Debug)]
pub(super) struct Used {
    elements: Vec<Vec<bool>>,
    wanted: Vec<bool>,
    fused: Vec<bool>,
    /// Parts of estimates that are answered or read by other nodes.
    asked: BTreeMap<ValueId, BTreeSet<Part>>,
    /// Estimates of which other nodes read a part.
    read: BTreeSet<ValueId>,
}

/// Whether a node yields an estimate.
pub(super) const fn is_estimate(op: &Op) -> bool {
    matches!(
        op,
        Op::Regress(_)
            | Op::Classify(_)
            | Op::Estimator(
                Estimator::Neighbors(_)
                    | Estimator::DecisionTree(_)
                    | Estimator::Rules(_)
                    | Estimator::Scorecard(_)
                    | Estimator::Cluster(_)
                    | Estimator::Detect(_)
                    | Estimator::Association(_)
                    | Estimator::Combine(_)
            )
    )
}

/// The estimate that the model answers with: the first whose label or value is an output, else the first.
pub(crate) fn final_estimate(valid: &ValidModel) -> Option<ValueId> {
    let model = valid.model();
    let estimates = || {
        let outputs = model.outputs.iter();
        outputs.filter(|o| model.nodes.get(o.value).is_some_and(|n| is_estimate(&n.op)))
    };
    let mut predicted = estimates().filter(|o| matches!(o.part, Part::Label | Part::Values));
    predicted.next().or_else(|| estimates().next()).map(|output| output.value)
}

impl Used {
    pub(super) fn of(valid: &ValidModel) -> Self {
        let model = valid.model();
        let elements =
            model.nodes.ids().map(|id| vec![false; valid.width_of(id) as usize]).collect();
        let count = model.nodes.len();
        let mut used = Self {
            elements,
            wanted: vec![false; count],
            fused: vec![false; count],
            asked: BTreeMap::new(),
            read: BTreeSet::new(),
        };
        let mut readers = vec![0_usize; count];
        let mut margins_shown = vec![false; count];
        for output in &model.outputs {
            used.want_all(output.value);
            used.asked.entry(output.value).or_default().insert(output.part);
            if output.part == Part::Margins {
                mark(&mut margins_shown, output.value);
            }
        }
        for (id, node) in model.nodes.iter().rev() {
            if !used.wanted(id) {
                continue;
            }
            node.op.each_arg(&mut |arg| {
                if let Some(count) = readers.get_mut(arg.index()) {
                    *count += 1;
                }
            });
            if let Op::Part { estimate, part } = &node.op {
                used.asked.entry(*estimate).or_default().insert(*part);
                used.read.insert(*estimate);
                if *part == Part::Margins {
                    mark(&mut margins_shown, *estimate);
                }
            }
            used.spread(id, &node.op);
        }
        for (id, node) in model.nodes.iter() {
            let (Op::Regress(holdall_tabular::Regress { margins, .. })
            | Op::Classify(holdall_tabular::Classify { margins, .. })) = &node.op
            else {
                continue;
            };
            let alone = used.wanted(id) && readers.get(margins.index()) == Some(&1);
            let answered = model.outputs.iter().any(|o| o.value == *margins);
            let shown = margins_shown.get(id.index()).copied().unwrap_or(false);
            if alone && !answered && !shown && can_fuse(valid, id, &node.op, *margins) {
                mark(&mut used.fused, *margins);
            }
        }
        used
    }

    /// The parts of an estimate that are answered or read.
    pub(super) fn asked(&self, id: ValueId) -> BTreeSet<Part> {
        self.asked.get(&id).cloned().unwrap_or_default()
    }

    /// Whether other nodes read a part of the estimate.
    pub(super) fn read(&self, id: ValueId) -> bool {
        self.read.contains(&id)
    }

    /// Whether a part of the estimate is answered or read.
    pub(super) fn shown(&self, id: ValueId) -> bool {
        self.asked.contains_key(&id)
    }

    /// Whether the node is needed at all.
    pub(super) fn wanted(&self, id: ValueId) -> bool {
        self.wanted.get(id.index()).copied().unwrap_or(false)
    }

    /// Whether an element is needed.
    pub(super) fn element(&self, id: ValueId, element: usize) -> bool {
        self.elements.get(id.index()).and_then(|e| e.get(element)).copied().unwrap_or(false)
    }

    /// Whether the node is written as part of the estimate that reads it.
    pub(super) fn fused(&self, id: ValueId) -> bool {
        self.fused.get(id.index()).copied().unwrap_or(false)
    }

    fn want(&mut self, id: ValueId, element: usize) {
        mark(&mut self.wanted, id);
        if let Some(flag) = self.elements.get_mut(id.index()).and_then(|e| e.get_mut(element)) {
            *flag = true;
        }
    }

    fn want_all(&mut self, id: ValueId) {
        mark(&mut self.wanted, id);
        if let Some(flags) = self.elements.get_mut(id.index()) {
            flags.fill(true);
        }
    }

    fn width(&self, id: ValueId) -> usize {
        self.elements.get(id.index()).map_or(0, Vec::len)
    }

    /// Passes the use of a node on to its operands.
    fn spread(&mut self, id: ValueId, op: &Op) {
        let mine: Vec<usize> = (0..self.width(id)).filter(|&i| self.element(id, i)).collect();
        match op {
            Op::Input(_) | Op::Constant(_) => {}
            Op::Concat(args) => {
                let mut start = 0;
                for &arg in args {
                    let end = start + self.width(arg);
                    mine.iter()
                        .filter(|&&i| i >= start && i < end)
                        .for_each(|&i| self.want(arg, i - start));
                    start = end;
                }
            }
            Op::Select { arg, indices } => {
                for index in mine.iter().filter_map(|&i| indices.get(i)) {
                    self.want(*arg, *index as usize);
                }
            }
            Op::Trees(trees) => {
                for feature in features(trees) {
                    self.want(trees.arg, feature as usize);
                }
            }
            Op::Cast { .. }
            | Op::Unary { .. }
            | Op::Binary { .. }
            | Op::Impute(_)
            | Op::Scale(_) => {
                op.each_arg(&mut |arg| {
                    let scalar = self.width(arg) == 1;
                    for &i in &mine {
                        self.want(arg, if scalar { 0 } else { i });
                    }
                });
            }
            Op::If { .. }
            | Op::OneHot(_)
            | Op::Ordinal(_)
            | Op::Call(_)
            | Op::Transform(_)
            | Op::Linear(_)
            | Op::Estimator(_)
            | Op::Regress(_)
            | Op::Classify(_)
            | Op::Part { .. }
            | Op::Foreign(_) => op.each_arg(&mut |arg| self.want_all(arg)),
        }
    }
}

fn mark(flags: &mut [bool], id: ValueId) {
    if let Some(flag) = flags.get_mut(id.index()) {
        *flag = true;
    }
}

/// The features that splits test.
fn features(trees: &TreeEnsemble) -> BTreeSet<u32> {
    let nodes = &trees.nodes;
    nodes
        .test
        .iter()
        .zip(&nodes.feature)
        .filter(|(t, _)| **t != Test::Leaf)
        .map(|(_, f)| *f)
        .collect()
}

/// Whether an estimate and the node that gives its margins are one model of the standard.
fn can_fuse(valid: &ValidModel, id: ValueId, op: &Op, margins: ValueId) -> bool {
    use holdall_tabular::Link;
    match (op, valid.model().nodes.get(margins).map(|node| &node.op)) {
        (Op::Regress(_), _) if valid.width_of(margins) != 1 => false,
        (Op::Regress(_), Some(Op::Linear(_))) => true,
        (Op::Regress(regress), Some(Op::Trees(trees))) => {
            regress.link == Link::Identity && super::forest::is_plain(trees)
        }
        (Op::Classify(classify), Some(Op::Linear(_))) => super::shape::has_tables(valid, classify),
        (Op::Classify(_), Some(Op::Trees(_))) => super::forest::is_distribution(valid, id),
        _ => false,
    }
}
