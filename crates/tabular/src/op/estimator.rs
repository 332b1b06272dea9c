use super::{
    Association, BayesianNetwork, Cluster, Combine, DecisionTree, Detect, GaussianProcess,
    KernelMachine, LinearTrees, NaiveBayes, Neighbors, ObliviousTrees, Rules, Scorecard, Survival,
    TimeSeries, Votes, function::named,
};
use crate::ValueId;

/// Families that score beyond linear models and tree ensembles. Some give margins, from which
/// [`super::Regress`] or [`super::Classify`] make an estimate; those whose answer is no function of margins
/// give an estimate themselves.
#[derive(Clone, Debug, PartialEq)]
pub enum Estimator {
    /// Margins: sums over oblivious trees.
    ObliviousTrees(Box<ObliviousTrees>),
    /// Margins: sums over trees whose leaves are linear models.
    LinearTrees(Box<LinearTrees>),
    /// Margins: weighted sums of kernels (support vector machines, kernel ridge).
    KernelMachine(Box<KernelMachine>),
    /// Margins or probabilities of the classes from decisions between pairs of them.
    Votes(Votes),
    /// Joint probabilities of the classes, or their logarithms.
    NaiveBayes(Box<NaiveBayes>),
    /// Probabilities of the states of a node of a Bayesian network.
    BayesianNetwork(Box<BayesianNetwork>),
    /// A forecast of a time series.
    TimeSeries(Box<TimeSeries>),
    /// Mean and deviation of a Gaussian process.
    GaussianProcess(Box<GaussianProcess>),
    /// Cumulative hazard and survival of a proportional hazards model.
    Survival(Box<Survival>),
    /// Estimate: the nearest training rows answer.
    Neighbors(Box<Neighbors>),
    /// Estimate: one tree with predicates of any form and every missing value strategy.
    DecisionTree(Box<DecisionTree>),
    /// Estimate: rules with predicates.
    Rules(Box<Rules>),
    /// Estimate: partial scores of characteristics, with reasons.
    Scorecard(Box<Scorecard>),
    /// Estimate: the closest of several clusters.
    Cluster(Cluster),
    /// Estimate: a score, and whether it is an anomaly.
    Detect(Detect),
    /// Estimate: association rules that an item set fires.
    Association(Box<Association>),
    /// Estimate: several estimates made one.
    Combine(Box<Combine>),
}

named! {
    /// An [`Estimator`] without its parameters: what writers decide about.
    EstimatorKind {
        ObliviousTrees = "oblivious-trees",
        LinearTrees = "linear-trees",
        KernelMachine = "kernel-machine",
        Votes = "votes",
        NaiveBayes = "naive-bayes",
        BayesianNetwork = "bayesian-network",
        TimeSeries = "time-series",
        GaussianProcess = "gaussian-process",
        Survival = "survival",
        Neighbors = "neighbors",
        DecisionTree = "decision-tree",
        Rules = "rules",
        Scorecard = "scorecard",
        Cluster = "cluster",
        Detect = "detect",
        Association = "association",
        Combine = "combine",
    }
}

impl Estimator {
    /// Which family it is.
    pub const fn kind(&self) -> EstimatorKind {
        match self {
            Self::ObliviousTrees(_) => EstimatorKind::ObliviousTrees,
            Self::LinearTrees(_) => EstimatorKind::LinearTrees,
            Self::BayesianNetwork(_) => EstimatorKind::BayesianNetwork,
            Self::TimeSeries(_) => EstimatorKind::TimeSeries,
            Self::KernelMachine(_) => EstimatorKind::KernelMachine,
            Self::Votes(_) => EstimatorKind::Votes,
            Self::NaiveBayes(_) => EstimatorKind::NaiveBayes,
            Self::GaussianProcess(_) => EstimatorKind::GaussianProcess,
            Self::Survival(_) => EstimatorKind::Survival,
            Self::Neighbors(_) => EstimatorKind::Neighbors,
            Self::DecisionTree(_) => EstimatorKind::DecisionTree,
            Self::Rules(_) => EstimatorKind::Rules,
            Self::Scorecard(_) => EstimatorKind::Scorecard,
            Self::Cluster(_) => EstimatorKind::Cluster,
            Self::Detect(_) => EstimatorKind::Detect,
            Self::Association(_) => EstimatorKind::Association,
            Self::Combine(_) => EstimatorKind::Combine,
        }
    }

    /// Calls `visit` with every operand to change, in order.
    pub fn each_arg_mut(&mut self, visit: &mut dyn FnMut(&mut ValueId)) {
        match self {
            Self::ObliviousTrees(op) => visit(&mut op.arg),
            Self::LinearTrees(op) => visit(&mut op.trees.arg),
            Self::BayesianNetwork(op) => {
                op.nodes.iter_mut().filter_map(|node| node.arg.as_mut()).for_each(&mut *visit);
                op.evidence.iter_mut().for_each(|evidence| visit(&mut evidence.likelihood));
            }
            Self::TimeSeries(op) => visit(&mut op.steps),
            Self::KernelMachine(op) => visit(&mut op.arg),
            Self::Votes(op) => visit(&mut op.arg),
            Self::NaiveBayes(op) => op.inputs.iter_mut().for_each(|input| visit(&mut input.arg)),
            Self::GaussianProcess(op) => visit(&mut op.arg),
            Self::Survival(op) => {
                visit(&mut op.margin);
                visit(&mut op.time);
                if let Some(stratum) = &mut op.stratum {
                    visit(stratum);
                }
            }
            Self::Neighbors(op) => visit(&mut op.arg),
            Self::DecisionTree(op) => op.nodes.when.iter_mut().flatten().for_each(visit),
            Self::Rules(op) => op.rules.iter_mut().for_each(|rule| visit(&mut rule.when)),
            Self::Scorecard(op) => {
                if let Some(initial) = &mut op.initial {
                    visit(initial);
                }
                for attribute in op.characteristics.iter_mut().flat_map(|c| &mut c.attributes) {
                    if let Some(when) = &mut attribute.when {
                        visit(when);
                    }
                    visit(&mut attribute.score);
                }
            }
            Self::Cluster(op) => visit(&mut op.distances),
            Self::Detect(op) => visit(&mut op.score),
            Self::Association(op) => visit(&mut op.arg),
            Self::Combine(op) => {
                for member in &mut op.members {
                    if let Some(when) = &mut member.when {
                        visit(when);
                    }
                    visit(&mut member.estimate);
                    if let Some(weight) = &mut member.weight {
                        visit(weight);
                    }
                }
            }
        }
    }

    /// Calls `visit` with every operand, in order.
    pub fn each_arg(&self, visit: &mut dyn FnMut(ValueId)) {
        match self {
            Self::ObliviousTrees(op) => visit(op.arg),
            Self::LinearTrees(op) => visit(op.trees.arg),
            Self::BayesianNetwork(op) => {
                op.nodes.iter().filter_map(|node| node.arg).for_each(&mut *visit);
                op.evidence.iter().for_each(|evidence| visit(evidence.likelihood));
            }
            Self::TimeSeries(op) => visit(op.steps),
            Self::KernelMachine(op) => visit(op.arg),
            Self::Votes(op) => visit(op.arg),
            Self::NaiveBayes(op) => op.inputs.iter().for_each(|input| visit(input.arg)),
            Self::GaussianProcess(op) => visit(op.arg),
            Self::Survival(op) => {
                visit(op.margin);
                visit(op.time);
                op.stratum.into_iter().for_each(visit);
            }
            Self::Neighbors(op) => visit(op.arg),
            Self::DecisionTree(op) => op.nodes.when.iter().copied().flatten().for_each(visit),
            Self::Rules(op) => op.rules.iter().for_each(|rule| visit(rule.when)),
            Self::Scorecard(op) => {
                op.initial.into_iter().for_each(&mut *visit);
                for attribute in op.characteristics.iter().flat_map(|c| &c.attributes) {
                    attribute.when.into_iter().for_each(&mut *visit);
                    visit(attribute.score);
                }
            }
            Self::Cluster(op) => visit(op.distances),
            Self::Detect(op) => visit(op.score),
            Self::Association(op) => visit(op.arg),
            Self::Combine(op) => {
                for member in &op.members {
                    member.when.into_iter().for_each(&mut *visit);
                    visit(member.estimate);
                    member.weight.into_iter().for_each(&mut *visit);
                }
            }
        }
    }
}
