//! Clusters: <https://dmg.org/pmml/v4-4-1/ClusteringModel.html>.

use std::collections::BTreeSet;

use holdall_tabular::{
    Cluster, Compare, Comparison, Distances, Estimator, Metric, MissingElement, Op, Transform,
    ValueId,
};

use super::{
    NameId, Raise, Stop,
    estimate::Form,
    model::{Frame, StageModel},
    regression::texts,
    vectors::real_array,
};
use crate::{doc::Builder, number};

impl Raise<'_> {
    fn distances_of(&self, id: ValueId) -> Option<&Distances> {
        match self.op(id) {
            Some(Op::Transform(Transform::Distances(op))) => Some(op),
            _ => None,
        }
    }

    /// The distances of clusters that are a model of the standard.
    fn native_distances(&self, op: &Cluster) -> Option<&Distances> {
        let names = texts(&op.labels);
        let unique = names.iter().collect::<BTreeSet<_>>().len() == names.len();
        self.distances_of(op.distances).filter(|distances| {
            measure(distances.comparison.metric).is_some()
                && distances.comparison.compare.iter().all(|c| function(c).is_some())
                && distances.comparison.metric.is_similarity() == op.largest
                && unique
        })
    }

    /// Whether distances that pass missing elements over are read by models of clusters alone, which have them.
    pub(super) fn only_clustered(&self, id: ValueId) -> bool {
        let model = self.valid.model();
        let adjusts = self.distances_of(id).is_some_and(|distances| {
            matches!(distances.comparison.missing, MissingElement::Adjust(_))
        });
        adjusts
            && model.outputs.iter().all(|output| output.value != id)
            && model.nodes.iter().all(|(_, node)| {
                let mut reads = false;
                node.op.each_arg(&mut |arg| reads |= arg == id);
                !reads
                    || matches!(&node.op, Op::Estimator(Estimator::Cluster(op)) if self.native_distances(op).is_some())
            })
    }

    pub(super) fn cluster(&mut self, id: ValueId, op: &Cluster) -> Result<StageModel, Stop> {
        if let Some(distances) = self.native_distances(op) {
            let (arg, adjusts) =
                (distances.arg, matches!(distances.comparison.missing, MissingElement::Adjust(_)));
            let fields = self.fields(arg)?;
            if adjusts || !fields.iter().any(|field| self.names.may_be_missing(*field)) {
                self.set_form(id, Form::Clusters);
                return Ok(StageModel::Centers(id, fields));
            }
        }
        self.set_form(id, Form::Label);
        let fields = self.fields(op.distances)?;
        Ok(self.largest_of(&fields, &op.labels, if op.largest { 1.0 } else { -1.0 }))
    }

    pub(super) fn clustering(
        &mut self,
        out: &mut Builder,
        model: &StageModel,
        frame: &Frame,
        (id, fields): (ValueId, &[NameId]),
    ) -> Result<(), Stop> {
        let Some(Op::Estimator(Estimator::Cluster(op))) = self.op(id) else {
            return Err(self.bug(id, "no clusters"));
        };
        let Some(distances) = self.distances_of(op.distances) else {
            return Err(self.bug(id, "no distances"));
        };
        self.open_model(out, "ClusteringModel", model, frame);
        out.attribute("modelClass", "centerBased").attribute("numberOfClusters", op.labels.len());
        self.inside(out, frame);
        comparison_measure(out, &distances.comparison);
        for (i, field) in fields.iter().enumerate() {
            out.open("ClusteringField").attribute("field", self.names.text(*field));
            field_comparison(out, &distances.comparison, i);
            out.close();
        }
        if let MissingElement::Adjust(weights) = &distances.comparison.missing
            && weights.iter().any(|w| w.total_cmp(&1.0).is_ne())
        {
            out.open("MissingValueWeights");
            real_array(out, weights);
            out.close();
        }
        for (i, name) in texts(&op.labels).into_iter().enumerate() {
            out.open("Cluster").attribute("id", &name).attribute("name", &name);
            real_array(out, distances.points.row(i));
            out.close();
        }
        out.close();
        Ok(())
    }
}

/// The element of a metric, where the standard has one.
pub(super) const fn measure(metric: Metric) -> Option<&'static str> {
    match metric {
        Metric::Euclidean => Some("euclidean"),
        Metric::SquaredEuclidean => Some("squaredEuclidean"),
        Metric::CityBlock => Some("cityBlock"),
        Metric::Chebyshev => Some("chebychev"),
        Metric::Minkowski(_) => Some("minkowski"),
        Metric::SimpleMatching => Some("simpleMatching"),
        Metric::Jaccard => Some("jaccard"),
        Metric::Tanimoto => Some("tanimoto"),
        Metric::BinarySimilarity(_) => Some("binarySimilarity"),
        Metric::Cosine
        | Metric::Hamming
        | Metric::Canberra
        | Metric::BrayCurtis
        | Metric::Haversine => None,
    }
}

/// The word of a comparison, where there is one.
pub(super) const fn function(compare: &Compare) -> Option<&'static str> {
    match compare {
        Compare::AbsDiff => Some("absDiff"),
        Compare::GaussSim(_) => Some("gaussSim"),
        Compare::Delta => Some("delta"),
        Compare::Equal => Some("equal"),
        Compare::Table(_) => None,
    }
}

/// `ComparisonMeasure`.
pub(super) fn comparison_measure(out: &mut Builder, comparison: &Comparison) {
    let kind = if comparison.metric.is_similarity() { "similarity" } else { "distance" };
    out.open("ComparisonMeasure").attribute("kind", kind);
    out.open(measure(comparison.metric).unwrap_or("euclidean"));
    if let Metric::Minkowski(p) = comparison.metric {
        out.attribute("p-parameter", number::text(p));
    }
    if let Metric::BinarySimilarity(parameters) = comparison.metric {
        let names = ["c11", "c10", "c01", "c00", "d11", "d10", "d01", "d00"];
        for (name, value) in names.iter().zip(parameters) {
            out.attribute(&format!("{name}-parameter"), number::text(value));
        }
    }
    out.close().close();
}

/// Weight and function of one field.
pub(super) fn field_comparison(out: &mut Builder, comparison: &Comparison, field: usize) {
    if let Some(weight) = comparison.weights.get(field).filter(|w| w.total_cmp(&1.0).is_ne()) {
        out.attribute("fieldWeight", number::text(*weight));
    }
    let compare = comparison.compare.get(field).filter(|c| **c != Compare::AbsDiff);
    out.optional("compareFunction", compare.and_then(function));
    if let Some(Compare::GaussSim(scale)) = compare {
        out.attribute("similarityScale", number::text(*scale));
    }
}
