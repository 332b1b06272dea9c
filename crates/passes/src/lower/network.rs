//! Bayesian networks: the probability of every combination of states, those that contradict a row left out.

use holdall_diag::Failure;
use holdall_graph::ValueId;
use holdall_tabular::{BayesianNetwork, Categories, Kind, Labels};

use super::{Context, build::inexpressible, value::Val};

/// The most combinations of states, each a number a row.
const MOST: usize = 1 << 14;

/// Why a network has no operators; none where it has.
pub(super) fn refused(op: &BayesianNetwork) -> Option<&'static str> {
    let states = op.nodes.iter().try_fold(1_usize, |all, node| {
        all.checked_mul(node.states.len()).filter(|&all| all <= MOST)
    });
    states.is_none().then_some("more than 16,384 combinations of states, each a number a row")
}

/// All combinations of states, the last node changing fastest: for each node its states.
struct States {
    of_node: Vec<Vec<usize>>,
    count: usize,
}

impl States {
    fn new(op: &BayesianNetwork) -> Self {
        let sizes: Vec<usize> = op.nodes.iter().map(|node| node.states.len()).collect();
        let count = sizes.iter().product();
        let mut fast = count;
        let mut of_node = Vec::with_capacity(sizes.len());
        for size in sizes {
            fast /= size.max(1);
            of_node.push((0..count).map(|at| at / fast.max(1) % size.max(1)).collect());
        }
        Self { of_node, count }
    }

    fn state(&self, node: usize, at: usize) -> usize {
        self.of_node.get(node).and_then(|states| states.get(at)).copied().unwrap_or(0)
    }

    /// The place of the states of some nodes among all of theirs.
    fn place(&self, op: &BayesianNetwork, nodes: &[u32], at: usize) -> usize {
        nodes.iter().fold(0, |place, &node| {
            let node = node as usize;
            let size = op.nodes.get(node).map_or(1, |node| node.states.len());
            place * size + self.state(node, at)
        })
    }
}

impl Context<'_> {
    pub(super) fn bayesian_network(&mut self, op: &BayesianNetwork) -> Result<Val, Failure> {
        let states = States::new(op);
        let joint: Vec<f64> = (0..states.count)
            .map(|at| {
                op.nodes.iter().enumerate().fold(1.0, |product, (i, node)| {
                    let row = node.table.row(states.place(op, &node.parents, at));
                    product * row.get(states.state(i, at)).copied().unwrap_or(f64::NAN)
                })
            })
            .collect();
        let mut joint = self.builder.row(&joint)?;
        let mut gap = None;
        for evidence in &op.evidence {
            let likelihood = self.value(evidence.likelihood)?;
            let missing = self.any_gap(&likelihood)?;
            gap = self.either(gap, missing)?;
            let likelihood = self.as_f64(&likelihood)?;
            let places = (0..states.count).map(|at| states.place(op, &evidence.nodes, at));
            let places: Vec<u32> = places.map(|at| u32::try_from(at).unwrap_or(u32::MAX)).collect();
            let factors = self.builder.columns(likelihood, &places)?;
            joint = self.builder.two("Mul", joint, factors)?;
        }
        let mut compatible = None;
        for (i, node) in op.nodes.iter().enumerate() {
            let Some(arg) = node.arg.filter(|_| i != op.target as usize) else { continue };
            let value = self.value(arg)?;
            let seen = self.category_place(&value, &Categories::new(node.states.clone()))?;
            let nothing = self.builder.whole(0)?;
            let open = self.builder.two("Equal", seen, nothing)?;
            let own = (0..states.count).map(|at| i64::try_from(states.state(i, at) + 1));
            let own = own
                .collect::<Result<_, _>>()
                .map_err(|error| inexpressible("too many states").caused_by(error))?;
            let own =
                self.builder.constant(Kind::I64, &[1, states.count as u64], &Labels::I64(own))?;
            let same = self.builder.two("Equal", seen, own)?;
            let fits = self.builder.two("Or", open, same)?;
            compatible = Some(match compatible {
                Some(other) => self.builder.two("And", other, fits)?,
                None => fits,
            });
        }
        if let Some(compatible) = compatible {
            let zero = self.builder.number(0.0)?;
            joint = self.builder.choose(compatible, joint, zero)?;
        }
        let target = op.target as usize;
        let width = op.nodes.get(target).map_or(0, |node| node.states.len());
        let mut sums = Vec::with_capacity(width);
        for state in 0..width {
            sums.push(self.of_state(&states, (target, state), joint)?);
        }
        let sums = self.builder.joined(&sums, 1)?;
        let width = u32::try_from(width).unwrap_or(u32::MAX);
        let total = self.row_sum(sums, width)?;
        let shares = self.builder.two("Div", sums, total)?;
        let zero = self.builder.number(0.0)?;
        let some = self.builder.two("Greater", total, zero)?;
        let impossible = self.builder.one("Not", some)?;
        let gap = self.either(gap, Some(impossible))?;
        let made = self.with_mask(Kind::F64, width, shares, gap)?;
        // Where nothing is observed, the answer is one for all rows.
        let observed = op.nodes.iter().enumerate().any(|(i, n)| i != target && n.arg.is_some());
        if observed || !op.evidence.is_empty() {
            return Ok(made);
        }
        let id = self.tensor(&made)?;
        let id = self.for_all_rows(id, width)?;
        Ok(Val::rows(Kind::F64, width, id).with_gaps(made.gaps))
    }

    /// `[N, 1]`: the combinations with this state of a node, added in order.
    fn of_state(
        &mut self,
        states: &States,
        (node, state): (usize, usize),
        joint: ValueId,
    ) -> Result<ValueId, Failure> {
        let own: Vec<u32> = (0_u32..)
            .take(states.count)
            .filter(|&at| states.state(node, at as usize) == state)
            .collect();
        let count = u32::try_from(own.len()).unwrap_or(u32::MAX);
        let own = self.builder.columns(joint, &own)?;
        self.row_sum(own, count)
    }
}
