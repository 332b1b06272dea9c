//! Continuous nodes of Bayesian networks: <https://dmg.org/pmml/v4-4-1/BayesianNetwork.html>. Where such a node is
//! observed, its density in each state of its discrete parents is evidence; where it is not, and nothing observed
//! depends on it, it sums to 1. Mean and variance of a lognormal distribution are those of the logarithm, as the
//! tool of the element's authors has them.

use std::collections::{BTreeMap, BTreeSet};

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Kind, Labels, Lookup, NetworkEvidence, Op, Scalar, Transform, UnaryOp, ValueId,
};

use super::{Lower, invalid, required, unsupported};
use crate::{codes, doc::Element};

/// Most combinations of states of the parents of one node.
const MOST_COMBINATIONS: usize = 4096;

/// A continuous node as the document has it.
pub(super) struct Continuous<'d> {
    pub(super) element: Element<'d>,
    pub(super) name: &'d str,
    /// Its distributions by the states of discrete parents.
    rows: Vec<(BTreeMap<&'d str, &'d str>, Element<'d>)>,
}

/// The discrete nodes of a network: where each stands, and its states.
pub(super) type States<'a, 'd> = BTreeMap<&'d str, (u32, &'a [&'d str])>;

impl<'d> Continuous<'d> {
    pub(super) fn of(element: Element<'d>) -> Result<Self, Failure> {
        let mut rows = Vec::new();
        let own = element.children().filter(|child| child.name() == "ContinuousDistribution");
        rows.extend(own.map(|distribution| (BTreeMap::new(), distribution)));
        let tables = element.children().filter(|c| c.name() == "ContinuousConditionalProbability");
        for table in tables {
            let mut of = BTreeMap::new();
            for parent in table.children().filter(|child| child.name() == "ParentValue") {
                of.insert(required(parent, "parent")?, required(parent, "value")?);
            }
            let mut inside = table.children().filter(|c| c.name() == "ContinuousDistribution");
            let (Some(one), None) = (inside.next(), inside.next()) else {
                return Err(unsupported(table).with_help("give one distribution a table"));
            };
            rows.push((of, one));
        }
        let parents = rows.first().map(|(of, _)| of.keys().copied().collect::<Vec<_>>());
        let same = rows.iter().all(|(of, _)| Some(of.keys().copied().collect()) == parents);
        if rows.is_empty() || !same || (parents.is_some_and(|p| p.is_empty()) && rows.len() > 1) {
            return Err(unsupported(element).with_help("name the same parents in every table"));
        }
        Ok(Self { element, name: required(element, "name")?, rows })
    }

    /// The fields that its distributions name.
    fn fields(&self) -> BTreeSet<&'d str> {
        let inside = self.element.descendants().filter(|e| e.name() == "FieldRef");
        inside.filter_map(|reference| reference.attribute("field")).collect()
    }
}

impl<'d> Lower<'d> {
    /// What observed continuous nodes tell of the discrete ones.
    pub(super) fn continuous_evidence(
        &mut self,
        nodes: &[Continuous<'d>],
        states: &States<'_, 'd>,
    ) -> Result<Vec<NetworkEvidence>, Failure> {
        let known: BTreeSet<&str> = nodes.iter().map(|node| node.name).collect();
        let depended: BTreeSet<&str> = nodes.iter().flat_map(Continuous::fields).collect();
        let mut all = Vec::new();
        for node in nodes {
            for parent in node.fields() {
                if known.contains(parent) && !self.values.contains_key(parent) {
                    return Err(unsupported(node.element).with_help(format!(
                        "its parent `{parent}` is never observed: an integral has no closed form"
                    )));
                }
            }
            // Nothing that is observed depends on it.
            let Some(x) = self.values.get(node.name).copied() else { continue };
            let x = self.scalar(x)?;
            let x = self.cast(node.element, x, Kind::F64)?;
            all.push(self.densities(node, x, states, depended.contains(node.name))?);
        }
        Ok(all)
    }

    fn densities(
        &mut self,
        node: &Continuous<'d>,
        x: ValueId,
        states: &States<'_, 'd>,
        needed: bool,
    ) -> Result<NetworkEvidence, Failure> {
        let parents: Vec<&str> =
            node.rows.first().map(|(of, _)| of.keys().copied().collect()).unwrap_or_default();
        let (mut places, mut lists) = (Vec::new(), Vec::new());
        for parent in &parents {
            let (place, list) = states.get(parent).ok_or_else(|| {
                let message =
                    format!("the parent `{parent}` of `{}` is no discrete node", node.name);
                Failure::malformed(codes::UNDEFINED_REFERENCE, message).at(node.element.location())
            })?;
            places.push(*place);
            lists.push(*list);
        }
        let mut found = Vec::new();
        for (of, distribution) in &node.rows {
            let density = self.density(*distribution, x)?;
            let density = if needed {
                density
            } else {
                // A node that is not observed sums to 1; what it depends on does not matter then.
                let (gone, one) = (self.un(UnaryOp::IsMissing, x)?, self.float(Kind::F64, 1.0)?);
                self.choose(gone, one, density)?
            };
            found.push((of.values().copied().collect::<Vec<_>>(), density));
        }
        let mut likelihoods = Vec::new();
        for states in combinations(&lists, node.element)? {
            let row = found.iter().find(|(of, _)| *of == states);
            likelihoods.push(row.map(|(_, density)| *density).ok_or_else(|| {
                let message = format!(
                    "the node `{}` has no distribution for every combination of states of its parents",
                    node.name
                );
                Failure::malformed(codes::INVALID_ELEMENT, message).at(node.element.location())
            })?);
        }
        let likelihood = self.push(Op::Concat(likelihoods))?;
        Ok(NetworkEvidence { nodes: places, likelihood })
    }

    /// The density of a distribution at x.
    fn density(&mut self, holder: Element<'d>, x: ValueId) -> Result<ValueId, Failure> {
        let inside = holder.proper_children().next().ok_or_else(|| unsupported(holder))?;
        let mut parameter = |name: &str| {
            let found = inside.child(name).ok_or_else(|| unsupported(inside))?;
            self.expression_in(found, Kind::F64)
        };
        match inside.name() {
            "NormalDistributionForBN" => {
                let (mean, variance) = (parameter("Mean")?, parameter("Variance")?);
                self.normal_density(x, mean, variance)
            }
            "LognormalDistributionForBN" => {
                let (mean, variance) = (parameter("Mean")?, parameter("Variance")?);
                let zero = self.float(Kind::F64, 0.0)?;
                let positive = self.bin(BinaryOp::Gt, x, zero)?;
                let log = self.un(UnaryOp::Ln, x)?;
                let density = self.normal_density(log, mean, variance)?;
                let density = self.bin(BinaryOp::Div, density, x)?;
                self.choose(positive, density, zero)
            }
            "UniformDistributionForBN" => {
                let (low, high) = (parameter("Lower")?, parameter("Upper")?);
                let (above, below) =
                    (self.bin(BinaryOp::Ge, x, low)?, self.bin(BinaryOp::Le, x, high)?);
                let within = self.bin(BinaryOp::And, above, below)?;
                let width = self.bin(BinaryOp::Sub, high, low)?;
                let (one, zero) = (self.float(Kind::F64, 1.0)?, self.float(Kind::F64, 0.0)?);
                let density = self.bin(BinaryOp::Div, one, width)?;
                self.choose(within, density, zero)
            }
            _ => Err(unsupported(inside).with_help(
                "the standard does not say whether its mean is the top of the triangle",
            )),
        }
    }

    /// exp(−(x − µ)² ÷ 2σ²) ÷ √(2πσ²).
    fn normal_density(
        &mut self,
        x: ValueId,
        mean: ValueId,
        variance: ValueId,
    ) -> Result<ValueId, Failure> {
        let minus_two = self.float(Kind::F64, -2.0)?;
        let circle = self.float(Kind::F64, std::f64::consts::TAU)?;
        let apart = self.bin(BinaryOp::Sub, x, mean)?;
        let square = self.bin(BinaryOp::Mul, apart, apart)?;
        let twice = self.bin(BinaryOp::Mul, minus_two, variance)?;
        let exponent = self.bin(BinaryOp::Div, square, twice)?;
        let height = self.un(UnaryOp::Exp, exponent)?;
        let area = self.bin(BinaryOp::Mul, circle, variance)?;
        let area = self.un(UnaryOp::Sqrt, area)?;
        self.bin(BinaryOp::Div, height, area)
    }

    /// The probabilities of a discrete node some of whose parents are fields derived in it, as evidence.
    pub(super) fn derived_evidence(
        &mut self,
        node: &super::network::Discrete<'d>,
        (own, places): (u32, &[u32]),
        lists: &[&[&'d str]],
        derived: &[(usize, ValueId)],
    ) -> Result<NetworkEvidence, Failure> {
        let args: Vec<ValueId> = derived.iter().map(|(_, value)| *value).collect();
        let real: Vec<usize> =
            (0..node.parents.len()).filter(|i| derived.iter().all(|(d, _)| d != i)).collect();
        let mut likelihoods = Vec::new();
        for of in combinations(lists, node.element)? {
            let rows: Vec<_> = node
                .rows
                .iter()
                .filter(|(all, _)| {
                    real.iter().zip(&of).all(|(i, state)| all.get(*i) == Some(state))
                })
                .collect();
            for state in &node.states {
                let mut keys = Vec::new();
                for (place, value) in derived {
                    let texts: Vec<&str> =
                        rows.iter().filter_map(|(all, _)| all.get(*place).copied()).collect();
                    let kind = self.kind(*value);
                    keys.push(super::dictionary::labels(&texts, kind).ok_or_else(|| {
                        invalid(node.element, "name", "tables of the type of the derived fields")
                    })?);
                }
                let values = rows.iter().map(|(_, p)| p.get(state).copied().unwrap_or(0.0));
                let lookup = Lookup {
                    args: args.clone(),
                    keys,
                    values: Labels::F64(values.collect()),
                    default: None::<Scalar>,
                    missing: None,
                };
                likelihoods.push(self.push(Op::Transform(Transform::Lookup(lookup)))?);
            }
        }
        let likelihood = self.push(Op::Concat(likelihoods))?;
        Ok(NetworkEvidence { nodes: places.iter().copied().chain([own]).collect(), likelihood })
    }
}

/// Every combination of states, the last list changing fastest.
fn combinations<'d>(
    lists: &[&[&'d str]],
    element: Element<'d>,
) -> Result<Vec<Vec<&'d str>>, Failure> {
    let count = lists.iter().try_fold(1_usize, |all, list| all.checked_mul(list.len()));
    if count.is_none_or(|count| count > MOST_COMBINATIONS) {
        let message = format!("more than {MOST_COMBINATIONS} combinations of states of parents");
        return Err(Failure::limit(codes::LIMIT, message).at(element.location()));
    }
    let mut all = vec![Vec::new()];
    for list in lists {
        all = all
            .into_iter()
            .flat_map(|head: Vec<&str>| {
                list.iter().map(move |state| head.iter().copied().chain([*state]).collect())
            })
            .collect();
    }
    Ok(all)
}
