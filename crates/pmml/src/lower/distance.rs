//! Clusters and neighbours: <https://dmg.org/pmml/v4-4-1/ClusteringModel.html>,
//! <https://dmg.org/pmml/v4-4-1/KNN.html>.

use holdall_diag::Failure;
use holdall_score::Scorer;
use holdall_table::{Column, Data, Matching, Scoring, Table, select_inputs};
use holdall_tabular::{
    Categories, Cluster, Compare, Comparison, Distances, Estimator, Kind, Labels, Matrix, Metric,
    MissingElement, Near, NeighborAnswer, NeighborCombine, NeighborWeights, Neighbors, Op, Ordinal,
    Output, Part, TieRule, Transform, Unknown, ValueId, validate,
};

use super::{
    Answer, Family, Lower, class_place, dictionary, number, required, tables::inline_rows,
    unsupported, unsupported_value, vectors::numbers,
};
use crate::{codes, doc::Element};

impl<'d> Lower<'d> {
    pub(super) fn clustering(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        if element.attribute("modelClass") != Some("centerBased") {
            return Err(unsupported_value(element, "modelClass"));
        }
        let fields: Vec<_> = element
            .children()
            .filter(|c| {
                c.name() == "ClusteringField" && c.attribute("isCenterField") != Some("false")
            })
            .collect();
        let mut values = Vec::new();
        for field in &fields {
            let value = self.named(*field, "field")?;
            let value = self.scalar(value)?;
            values.push(self.cast(*field, value, Kind::F64)?);
        }
        if values.is_empty() {
            return Err(unsupported(element));
        }
        let arg = self.push(Op::Concat(values))?;
        let missing = match element.child("MissingValueWeights") {
            Some(weights) => numbers(weights, fields.len())?,
            None => vec![1.0; fields.len()],
        };
        let comparison = comparison(element, &fields, "similarityScale", missing)?;
        let largest = comparison.metric.is_similarity();
        let (mut data, mut labels, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for (place, cluster) in element.children().filter(|c| c.name() == "Cluster").enumerate() {
            data.extend(numbers(cluster, fields.len())?);
            let id = cluster.attribute("id").map_or_else(|| (place + 1).to_string(), str::to_owned);
            names.push(cluster.attribute("name").map_or_else(|| id.clone(), str::to_owned));
            labels.push(id);
        }
        let size = |n: usize| u32::try_from(n).map_err(|_error| unsupported(element));
        let points = Matrix { rows: size(labels.len())?, columns: size(fields.len())?, data };
        let distances = Distances { arg, points, comparison };
        let distances = Op::Transform(Transform::Distances(Box::new(distances)));
        let distances = self.model.push_at(distances, element.location())?;
        let labels = Labels::Text(labels);
        let cluster = Cluster { distances, largest, labels: labels.clone() };
        let cluster = Op::Estimator(Estimator::Cluster(cluster));
        let estimate = self.model.push_at(cluster, element.location())?;
        let family = Family::Clustering { largest };
        let words = Some(names);
        Ok(Answer { family, words, ..Answer::new(estimate, Some(labels)) })
    }

    pub(super) fn nearest_neighbors(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        let instances = element.child("TrainingInstances").ok_or_else(|| unsupported(element))?;
        let columns = instances.child("InstanceFields").ok_or_else(|| unsupported(instances))?;
        let table = instances.child("InlineTable").ok_or_else(|| unsupported(instances))?;
        let column = |field: &'d str| {
            let found = columns.children().find(|c| c.attribute("field") == Some(field));
            found.map(|c| c.attribute("column").unwrap_or(field))
        };
        let cells = |holder: Element<'d>, field: &'d str| -> Result<Vec<String>, Failure> {
            let name = column(field).ok_or_else(|| unsupported(holder))?;
            let rows = inline_rows(table, &[name]);
            rows.into_iter()
                .map(|row| row.into_iter().next().flatten().ok_or_else(|| unsupported(table)))
                .collect()
        };
        let list = element.child("KNNInputs").ok_or_else(|| unsupported(element))?;
        let inputs: Vec<_> = list.children().filter(|c| c.name() == "KNNInput").collect();
        let (mut values, mut features) = (Vec::new(), Vec::new());
        for input in &inputs {
            let name = required(*input, "field")?;
            let value = self.named(*input, "field")?;
            let value = self.scalar(value)?;
            let known = match column(name) {
                Some(_) => cells(*input, name)?,
                None => self.of_training_rows(instances, value)?,
            };
            let (value, feature) = self.feature_column(*input, value, &known)?;
            values.push(value);
            features.push(feature);
        }
        let rows = features.first().map_or(0, Vec::len);
        if rows == 0 {
            return Err(unsupported(list));
        }
        let arg = self.push(Op::Concat(values))?;
        let size = |n: usize| u32::try_from(n).map_err(|_error| unsupported(element));
        let data =
            (0..rows).flat_map(|row| features.iter().filter_map(move |f| f.get(row).copied()));
        let matrix =
            Matrix { rows: size(rows)?, columns: size(inputs.len())?, data: data.collect() };
        let missing = vec![1.0; inputs.len()];
        let comparison = comparison(element, &inputs, "similarityScale", missing)?;
        let ids = match element.attribute("instanceIdVariable") {
            Some(name) => cells(element, name)?,
            None => Vec::new(),
        };
        let near: u32 = required(element, "numberOfNeighbors")?
            .trim()
            .parse()
            .map_err(|_error| unsupported_value(element, "numberOfNeighbors"))?;
        let threshold = number(element, "threshold", Some(0.001))?;
        let mut answers = Vec::new();
        for target in dictionary::targets(element) {
            let texts = cells(element, target)?;
            let (answer, weights, classes) = self.neighbor_answer(element, target, &texts)?;
            if weights && comparison.metric.is_similarity() {
                let measure = element.child("ComparisonMeasure").unwrap_or(element);
                return Err(unsupported(measure).with_help("neighbours are weighted by a distance"));
            }
            let weights = if weights {
                NeighborWeights::InverseShifted(threshold)
            } else {
                NeighborWeights::Uniform
            };
            let neighbors = Neighbors {
                arg,
                rows: matrix.clone(),
                ids: ids.clone(),
                comparison: comparison.clone(),
                near: Near::Count(near),
                weights,
                answer,
            };
            let neighbors = Op::Estimator(Estimator::Neighbors(Box::new(neighbors)));
            let estimate = self.model.push_at(neighbors, element.location())?;
            answers.push((target.to_owned(), Answer::new(estimate, classes)));
        }
        if answers.is_empty() {
            // Only the neighbours themselves are asked for.
            let targets = Matrix { rows: size(rows)?, columns: 1, data: vec![0.0; rows] };
            let combine = NeighborCombine::Mean;
            let neighbors = Neighbors {
                arg,
                rows: matrix,
                ids,
                comparison,
                near: Near::Count(near),
                weights: NeighborWeights::Uniform,
                answer: NeighborAnswer::Values { targets, combine },
            };
            let neighbors = Op::Estimator(Estimator::Neighbors(Box::new(neighbors)));
            let estimate = self.model.push_at(neighbors, element.location())?;
            return Ok(Answer { silent: true, ..Answer::new(estimate, None) });
        }
        let Some((_, first)) = answers.first().cloned() else { return Err(unsupported(element)) };
        let others = if answers.len() > 1 { answers } else { Vec::new() };
        Ok(Answer { others, ..first })
    }

    /// An input and its training values as numbers; texts as the places in a list.
    fn feature_column(
        &mut self,
        element: Element<'d>,
        value: ValueId,
        cells: &[String],
    ) -> Result<(ValueId, Vec<f64>), Failure> {
        let kind = self.kind(value);
        if kind != Kind::Text {
            let parse = |cell: &String| match kind {
                Kind::Bool => crate::number::parse_bool(cell).map(|v| f64::from(u8::from(v))),
                Kind::F32 => crate::number::parse_f32(cell),
                Kind::F64 | Kind::I64 | Kind::Text => crate::number::parse_f64(cell),
            };
            let numbers = cells.iter().map(parse).collect::<Option<Vec<f64>>>();
            let numbers = numbers.ok_or_else(|| unsupported(element))?;
            return Ok((self.cast(element, value, Kind::F64)?, numbers));
        }
        let list: indexmap::IndexSet<String> = cells.iter().cloned().collect();
        let places = cells.iter().filter_map(|cell| list.get_index_of(cell));
        let codes = |place: usize| u32::try_from(place).map_or(f64::INFINITY, f64::from);
        let numbers = places.map(codes).collect();
        let ordinal = Ordinal {
            arg: value,
            codes: (0..list.len()).map(codes).collect(),
            categories: Categories::new(Labels::Text(list.into_iter().collect())),
            unknown: Unknown::Code(-1.0),
            kind: Kind::F64,
        };
        let value = self.push(Op::Ordinal(ordinal))?;
        Ok((value, numbers))
    }

    /// What a derived field is in the training rows, which have the fields that it is derived from.
    fn of_training_rows(
        &self,
        instances: Element<'d>,
        value: ValueId,
    ) -> Result<Vec<String>, Failure> {
        let fields = instances.child("InstanceFields").ok_or_else(|| unsupported(instances))?;
        let table = instances.child("InlineTable").ok_or_else(|| unsupported(instances))?;
        let mut model = self.model.clone();
        model.outputs = vec![Output { name: None, value, part: Part::Whole }];
        let valid = validate(model).map_err(|report| {
            let first = report.entries().first().map_or_else(String::new, |d| d.message.clone());
            Failure::malformed(codes::INVALID_ELEMENT, first).at(instances.location())
        })?;
        let scorer = Scorer::compile(&valid)?;
        let ports = valid.input_ports();
        let names: Vec<&str> = ports
            .iter()
            .map(|port| {
                let found = fields.children().find(|f| f.attribute("field") == Some(&port.name));
                found.and_then(|field| field.attribute("column")).unwrap_or(&port.name)
            })
            .collect();
        let rows = inline_rows(table, &names);
        let columns = ports.iter().enumerate().map(|(place, port)| {
            let cells =
                rows.iter().map(|row| row.get(place).cloned().flatten().unwrap_or_default());
            Column::new(port.name.clone(), Data::Text(cells.collect()))
        });
        let given = Table { columns: columns.collect(), rows: rows.len(), first_row: 0 };
        let scored = select_inputs(&scorer, &given, Matching::Name)
            .and_then(|(given, _)| scorer.score(&given))
            .map_err(|failure| failure.at(table.location()))?;
        let answers = scored.columns.first().ok_or_else(|| unsupported(instances))?;
        Ok((0..scored.rows).map(|row| answers.text(row)).collect())
    }

    fn neighbor_answer(
        &self,
        element: Element<'d>,
        target: &str,
        texts: &[String],
    ) -> Result<(NeighborAnswer, bool, Option<Labels>), Failure> {
        let data = self.data.get(target);
        let continuous = data.is_some_and(|data| {
            data.element.attribute("optype") == Some("continuous") && data.kind.is_number()
        });
        if continuous {
            let values = texts.iter().map(|text| crate::number::parse_f64(text));
            let values = values.collect::<Option<Vec<f64>>>();
            let data = values.ok_or_else(|| unsupported(element))?;
            let rows = u32::try_from(data.len()).map_err(|_error| unsupported(element))?;
            let targets = Matrix { rows, columns: 1, data };
            let (combine, weighted) = match element.attribute("continuousScoringMethod") {
                None | Some("average") => (NeighborCombine::Mean, false),
                Some("weightedAverage") => (NeighborCombine::Mean, true),
                Some("median") => (NeighborCombine::Median, false),
                Some(_) => return Err(unsupported_value(element, "continuousScoringMethod")),
            };
            return Ok((NeighborAnswer::Values { targets, combine }, weighted, None));
        }
        let weighted = match element.attribute("categoricalScoringMethod") {
            None | Some("majorityVote") => false,
            Some("weightedMajorityVote") => true,
            Some(_) => return Err(unsupported_value(element, "categoricalScoringMethod")),
        };
        let mut found: Vec<&str> = data.map(dictionary::DataField::values).unwrap_or_default();
        for text in texts {
            if !found.contains(&text.as_str()) {
                found.push(text);
            }
        }
        let kind = data.map_or(Kind::Text, |data| data.kind);
        let classes = dictionary::labels(&found, kind).ok_or_else(|| unsupported(element))?;
        let of_row = texts.iter().map(|text| class_place(&found, kind, text));
        let of_row = of_row.map(|place| u32::try_from(place?).ok()).collect::<Option<Vec<u32>>>();
        let answer = NeighborAnswer::Classes {
            classes: classes.clone(),
            of_row: of_row.ok_or_else(|| unsupported(element))?,
            outlier: None,
            ties: TieRule::MostFrequent,
        };
        Ok((answer, weighted, Some(classes)))
    }
}

/// How vectors are compared, with the weights and functions of fields.
fn comparison(
    element: Element<'_>,
    fields: &[Element<'_>],
    scale: &str,
    missing: Vec<f64>,
) -> Result<Comparison, Failure> {
    let measure = element.child("ComparisonMeasure").ok_or_else(|| unsupported(element))?;
    let kind = measure.proper_children().next().ok_or_else(|| unsupported(measure))?;
    let metric = match kind.name() {
        "euclidean" => Metric::Euclidean,
        "squaredEuclidean" => Metric::SquaredEuclidean,
        "cityBlock" => Metric::CityBlock,
        "chebychev" => Metric::Chebyshev,
        "minkowski" => Metric::Minkowski(number(kind, "p-parameter", None)?),
        "simpleMatching" => Metric::SimpleMatching,
        "jaccard" => Metric::Jaccard,
        "tanimoto" => Metric::Tanimoto,
        "binarySimilarity" => {
            let names = ["c11", "c10", "c01", "c00", "d11", "d10", "d01", "d00"];
            let mut parameters = [0.0; 8];
            for (slot, name) in parameters.iter_mut().zip(names) {
                *slot = number(kind, &format!("{name}-parameter"), None)?;
            }
            Metric::BinarySimilarity(parameters)
        }
        _ => return Err(unsupported(kind)),
    };
    let (mut compare, mut weights) = (Vec::new(), Vec::new());
    for field in fields {
        let function = field.attribute("compareFunction");
        compare.push(match function.or(measure.attribute("compareFunction")) {
            None | Some("absDiff") => Compare::AbsDiff,
            Some("gaussSim") => Compare::GaussSim(number(*field, scale, None)?),
            Some("delta") => Compare::Delta,
            Some("equal") => Compare::Equal,
            Some(_) => return Err(unsupported_value(*field, "compareFunction")),
        });
        weights.push(number(*field, "fieldWeight", Some(1.0))?);
    }
    if metric.is_similarity() {
        (compare, weights) = (Vec::new(), Vec::new());
    }
    Ok(Comparison { metric, compare, weights, missing: MissingElement::Adjust(missing) })
}
