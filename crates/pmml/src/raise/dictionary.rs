//! Data dictionary and mining schema.

use std::collections::BTreeMap;

use holdall_tabular::{
    Categories, Domain, EstimateType, Field, FieldId, Interval, InvalidPolicy, Kind, Labels,
    Measure, MissingPolicy, Op, OutlierPolicy, Part, Type, Unknown, ValidModel, ValueId,
};

use super::{
    Raise,
    expression::{category, dtype, scalar_text},
};
use crate::{doc::Builder, number};

/// The name of the predicted column: as the model says, else as it calls its answer, else `y`.
pub(super) fn target_name(valid: &ValidModel) -> String {
    let model = valid.model();
    let answer = model.outputs.iter().find(|output| {
        Some(output.value) == super::used::final_estimate(valid)
            && matches!(output.part, Part::Label | Part::Values)
    });
    // A name that another output has cannot be the target's.
    let taken = |name: &String| {
        model.outputs.iter().any(|output| {
            output.name.as_ref() == Some(name) && answer.is_none_or(|answer| output != answer)
        })
    };
    let named = model.target.clone().filter(|name| !taken(name));
    if let Some(name) = named.or_else(|| answer.and_then(|o| o.name.clone())) {
        return name;
    }
    let last = super::used::final_estimate(valid);
    let mut name = match last.map(|id| valid.type_of(id)) {
        Some(Type::Estimate(EstimateType::Clustering { .. })) => "cluster",
        Some(Type::Estimate(EstimateType::Regression { targets: 2.., .. })) => "prediction_0",
        Some(_) | None => "y",
    }
    .to_owned();
    while model.fields.iter().any(|(_, field)| field.name == name) {
        name.push('_');
    }
    name
}

/// For an encoder that refuses unlisted categories: the input whose domain can say so.
pub(crate) fn reject_target<'m>(
    valid: &'m ValidModel,
    op: &'m Op,
) -> Option<(FieldId, &'m Categories)> {
    let (arg, categories) = match op {
        Op::OneHot(one_hot) if one_hot.unknown == Unknown::Reject => {
            (one_hot.arg, &one_hot.categories)
        }
        Op::Ordinal(ordinal) if ordinal.unknown == Unknown::Reject => {
            (ordinal.arg, &ordinal.categories)
        }
        Op::Input(_)
        | Op::Constant(_)
        | Op::Cast { .. }
        | Op::Concat(_)
        | Op::Select { .. }
        | Op::Unary { .. }
        | Op::Binary { .. }
        | Op::If { .. }
        | Op::Impute(_)
        | Op::Scale(_)
        | Op::OneHot(_)
        | Op::Ordinal(_)
        | Op::Call(_)
        | Op::Transform(_)
        | Op::Linear(_)
        | Op::Trees(_)
        | Op::Estimator(_)
        | Op::Regress(_)
        | Op::Classify(_)
        | Op::Part { .. }
        | Op::Foreign(_) => return None,
    };
    let Some(Op::Input(id)) = valid.model().nodes.get(arg).map(|node| &node.op) else {
        return None;
    };
    let field = valid.model().fields.get(*id)?;
    (field.domain.is_open() && field.outlier == OutlierPolicy::Keep).then_some((*id, categories))
}

/// The lists of valid categories that encoders ask for, by input.
fn reject_lists(valid: &ValidModel) -> BTreeMap<FieldId, &Categories> {
    valid.model().nodes.iter().filter_map(|(_, node)| reject_target(valid, &node.op)).collect()
}

/// The classes of the final estimate, or `None` for a regression.
fn classes(valid: &ValidModel, last: Option<ValueId>) -> Option<&Labels> {
    last.and_then(|id| valid.classes_of(id))
}

impl Raise<'_> {
    /// Whether the model has a target: clusters are predicted without one.
    pub(super) fn has_target(prepared: &super::Prepared) -> bool {
        prepared.last.is_some()
            && !matches!(
                prepared.model,
                super::StageModel::Centers(..) | super::StageModel::Basket(..)
            )
    }

    pub(super) fn data_dictionary(&self, out: &mut Builder, prepared: &super::Prepared) {
        let model = self.valid.model();
        let rejects = reject_lists(self.valid);
        let last = prepared.last.filter(|_| Self::has_target(prepared));
        let count = model.fields.len() + usize::from(last.is_some()) + self.inner_targets.len();
        out.open("DataDictionary").attribute("numberOfFields", count);
        for (id, field) in model.fields.iter() {
            data_field(out, field, rejects.get(&id).copied());
        }
        if let Some(id) = last {
            let classes = classes(self.valid, last);
            let kind = classes.map_or_else(|| self.answer_kind(id), Labels::kind);
            // Of equally probable classes the one declared first is predicted.
            let backwards = self.second_wins_ties(id);
            target_field(out, &self.target, kind, classes, backwards);
        }
        for (name, kind, classes, backwards) in &self.inner_targets {
            target_field(out, name, *kind, classes.as_ref(), *backwards);
        }
        out.close();
    }

    /// Kind of the number that a regression answers.
    pub(super) fn answer_kind(&self, id: ValueId) -> Kind {
        match self.valid.type_of(id) {
            Type::Estimate(
                EstimateType::Regression { kind, .. }
                | EstimateType::Classification { kind, .. }
                | EstimateType::Clustering { kind, .. }
                | EstimateType::Anomaly { kind, .. },
            ) => kind,
            Type::Estimate(EstimateType::Ranking { .. }) => Kind::F64,
            Type::Value(kind, _) => kind,
        }
    }

    /// The schema of the whole model: every input with its treatment, and the target.
    pub(super) fn mining_schema(&self, out: &mut Builder, target: Option<&str>) {
        let rejects = reject_lists(self.valid);
        out.open("MiningSchema");
        if let Some(target) = target {
            out.open("MiningField")
                .attribute("name", target)
                .attribute("usageType", "target")
                .close();
        }
        for (id, field) in self.valid.model().fields.iter() {
            mining_field(out, field, rejects.get(&id).copied());
        }
        out.close();
    }
}

fn target_field(
    out: &mut Builder,
    name: &str,
    kind: Kind,
    classes: Option<&Labels>,
    backwards: bool,
) {
    let optype = if classes.is_some() { "categorical" } else { "continuous" };
    out.open("DataField")
        .attribute("name", name)
        .attribute("optype", optype)
        .attribute("dataType", dtype(kind));
    let mut values: Vec<String> = classes.map(super::regression::texts).unwrap_or_default();
    if backwards {
        values.reverse();
    }
    let mut seen = std::collections::BTreeSet::new();
    for value in values {
        if seen.insert(value.clone()) {
            out.open("Value").attribute("value", value).close();
        }
    }
    out.close();
}

fn data_field(out: &mut Builder, field: &Field, reject: Option<&Categories>) {
    let optype = match field.measure {
        Measure::Continuous => "continuous",
        Measure::Categorical => "categorical",
        Measure::Ordinal => "ordinal",
    };
    // The standard has no continuous texts and truth values.
    let optype = if field.kind.is_number() && reject.is_none() || field.measure == Measure::Ordinal
    {
        optype
    } else {
        "categorical"
    };
    out.open("DataField")
        .attribute("name", &field.name)
        .optional("displayName", field.label.as_ref())
        .attribute("optype", optype)
        .attribute("dataType", dtype(field.kind));
    let Domain { values, intervals } = &field.domain;
    for interval in intervals {
        write_interval(out, interval);
    }
    if let Some(list) = values.as_ref().or(reject) {
        for i in 0..list.values.len() {
            let value = category(&list.values, i).unwrap_or_default();
            out.open("Value").attribute("value", value).close();
        }
    }
    out.close();
}

pub(super) fn write_interval(out: &mut Builder, interval: &Interval) {
    let closure = match (interval.low_closed, interval.high_closed) {
        (true, true) => "closedClosed",
        (true, false) => "closedOpen",
        (false, true) => "openClosed",
        (false, false) => "openOpen",
    };
    let finite = |bound: f64| bound.is_finite().then(|| number::text(bound));
    out.open("Interval")
        .attribute("closure", closure)
        .optional("leftMargin", finite(interval.low))
        .optional("rightMargin", finite(interval.high))
        .close();
}

fn mining_field(out: &mut Builder, field: &Field, reject: Option<&Categories>) {
    out.open("MiningField").attribute("name", &field.name);
    match field.outlier {
        OutlierPolicy::Keep => {}
        OutlierPolicy::AsMissing { low, high } => {
            out.attribute("outliers", "asMissingValues")
                .attribute("lowValue", number::text(low))
                .attribute("highValue", number::text(high));
        }
        OutlierPolicy::Clamp { low, high } => {
            out.attribute("outliers", "asExtremeValues")
                .attribute("lowValue", number::text(low))
                .attribute("highValue", number::text(high));
        }
    }
    // An unlisted category is refused, and so is a missing one unless it is a category.
    let missing = match (&field.missing, reject) {
        (MissingPolicy::Keep | MissingPolicy::AsNan, Some(list)) if !list.missing => {
            &MissingPolicy::Reject
        }
        (policy, _) => policy,
    };
    match missing {
        MissingPolicy::Keep | MissingPolicy::AsNan => {}
        MissingPolicy::Reject => {
            out.attribute("missingValueTreatment", "returnInvalid");
        }
        MissingPolicy::Replace(value) => {
            out.attribute("missingValueReplacement", scalar_text(value))
                .attribute("missingValueTreatment", "asValue");
        }
    }
    if reject.is_some() {
        out.attribute("invalidValueTreatment", "returnInvalid");
    } else if !field.domain.is_open() {
        match &field.invalid {
            InvalidPolicy::Keep => {
                out.attribute("invalidValueTreatment", "asIs");
            }
            InvalidPolicy::Reject => {
                out.attribute("invalidValueTreatment", "returnInvalid");
            }
            InvalidPolicy::AsMissing => {
                out.attribute("invalidValueTreatment", "asMissing");
            }
            InvalidPolicy::Replace(value) => {
                out.attribute("invalidValueTreatment", "asValue")
                    .attribute("invalidValueReplacement", scalar_text(value));
            }
        }
    }
    out.close();
}
