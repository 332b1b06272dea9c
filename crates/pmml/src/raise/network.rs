//! Bayesian networks: <https://dmg.org/pmml/v4-4-1/BayesianNetwork.html>.

use holdall_tabular::{
    BayesianNetwork, Classify, Construct, Estimator, EstimatorKind, Link, Op, ValueId,
};

use super::{
    Item, NameId, Raise, Stage, Stop,
    answers::{AnswerField, Feature},
    estimate::Form,
    expr::Expr,
    model::{Frame, StageModel},
    regression::texts,
};
use crate::{doc::Builder, number};

const NETWORK: Construct = Construct::Estimator(EstimatorKind::BayesianNetwork);

impl Raise<'_> {
    fn network_of(&self, id: ValueId) -> Option<&BayesianNetwork> {
        match self.op(id) {
            Some(Op::Estimator(Estimator::BayesianNetwork(op))) => Some(op),
            _ => None,
        }
    }

    /// The model of a network: for each node the name of its field, a name of its own where it is never observed.
    fn network_model(&mut self, id: ValueId) -> Result<StageModel, Stop> {
        let Some(op) = self.network_of(id) else { return Err(self.bug(id, "no network")) };
        if !op.evidence.is_empty() {
            return Err(Stop::refuse(NETWORK, "what continuous nodes tell is arithmetic here"));
        }
        let args: Vec<Option<ValueId>> = (0_u32..)
            .zip(&op.nodes)
            .map(|(place, node)| node.arg.filter(|_| place != op.target))
            .collect();
        let mut fields: Vec<Option<NameId>> = Vec::new();
        for arg in args {
            let Some(arg) = arg else {
                fields.push(None);
                continue;
            };
            let mut field = self.field(arg, 0)?;
            // Of two nodes that one field observes the second has a field that is the same.
            if fields.contains(&Some(field)) {
                let kind = self.names.kind(field);
                let base = format!("{} again", self.names.text(field));
                field = self.derive(&base, kind, true, Expr::Field(field));
            }
            fields.push(Some(field));
        }
        Ok(StageModel::Network(id, fields))
    }

    /// A network that is classified by its probabilities.
    pub(super) fn classified_network(
        &mut self,
        id: ValueId,
        classify: &Classify,
    ) -> Result<Option<StageModel>, Stop> {
        let margins = classify.margins;
        let fits = self.network_of(margins).is_some()
            && self.only_classified(margins)
            && classify.link == Link::Identity
            && super::regression::is_largest(classify);
        if !fits {
            return Ok(None);
        }
        self.set_form(id, Form::Classes);
        self.network_model(margins).map(Some)
    }

    /// Whether a network is written where it is classified.
    pub(super) fn is_classified_network(&self, id: ValueId) -> bool {
        self.only_classified(id)
            && self.valid.model().nodes.iter().all(|(_, node)| {
                let Op::Classify(classify) = &node.op else { return true };
                classify.margins != id
                    || (classify.link == Link::Identity && super::regression::is_largest(classify))
            })
    }

    /// A stage that gives the probabilities of a network.
    pub(super) fn network(&mut self, id: ValueId, op: &BayesianNetwork) -> Result<Vec<Item>, Stop> {
        let model = self.network_model(id)?;
        let Some(node) = op.nodes.get(op.target as usize) else {
            return Err(self.bug(id, "no target"));
        };
        let target = self.names.free("stage target");
        let (kind, classes) = (node.states.kind(), Some(node.states.clone()));
        self.inner_targets.push((target.clone(), kind, classes, false));
        let (mut outputs, mut items) = (Vec::new(), Vec::new());
        for (element, state) in texts(&node.states).into_iter().enumerate() {
            if !self.used.element(id, element) {
                items.push(Item::Unused);
                continue;
            }
            let (kind, categorical) = (self.kind(id), false);
            let name = self.names.output(&format!("state({state})"), kind);
            let text = self.names.text(name).to_owned();
            let feature = Feature::Probability(state);
            outputs.push((name, AnswerField { name: text, kind, categorical, feature }));
            items.push(Item::Field(name));
        }
        self.push_stage(Stage { model, outputs, target: Some(target) });
        Ok(items)
    }

    pub(super) fn bayesian_network(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        (id, fields): (ValueId, &[Option<NameId>]),
    ) -> Result<(), Stop> {
        let target = frame.target.clone().unwrap_or_default();
        let Some(op) = self.network_of(id).cloned() else { return Err(self.bug(id, "no network")) };
        let names: Vec<String> = fields
            .iter()
            .enumerate()
            .map(|(place, field)| match field {
                Some(field) => self.names.text(*field).to_owned(),
                None if place == op.target as usize => target.clone(),
                None => self.names.free(&format!("node {place}")),
            })
            .collect();
        self.open_model(out, "BayesianNetworkModel", model, frame);
        self.inside(out, frame);
        out.open("BayesianNetworkNodes");
        for (node, name) in op.nodes.iter().zip(&names) {
            out.open("DiscreteNode").attribute("name", name);
            let states = texts(&node.states);
            let parents: Vec<(&String, Vec<String>)> = node
                .parents
                .iter()
                .filter_map(|parent| {
                    let place = *parent as usize;
                    Some((names.get(place)?, texts(&op.nodes.get(place)?.states)))
                })
                .collect();
            for row in 0..node.table.rows as usize {
                // The last parent changes fastest.
                let mut left = row;
                let mut of = Vec::new();
                for (name, states) in parents.iter().rev() {
                    of.push((*name, states.get(left % states.len()).cloned().unwrap_or_default()));
                    left /= states.len();
                }
                if !of.is_empty() {
                    out.open("DiscreteConditionalProbability");
                }
                for (parent, state) in of.iter().rev() {
                    out.open("ParentValue")
                        .attribute("parent", parent)
                        .attribute("value", state)
                        .close();
                }
                for (state, probability) in states.iter().zip(node.table.row(row)) {
                    out.open("ValueProbability")
                        .attribute("value", state)
                        .attribute("probability", number::text(*probability))
                        .close();
                }
                if !of.is_empty() {
                    out.close();
                }
            }
            out.close();
        }
        out.close().close();
        Ok(())
    }
}
