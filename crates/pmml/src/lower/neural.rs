//! Neural networks: <https://dmg.org/pmml/v4-4-1/NeuralNetwork.html>.

use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_tabular::{
    BinaryOp, Classify, Constant, Decision, Kind, Labels, Linear, Link, Matrix, Normalize,
    NormalizeBy, Op, Reduce, ReduceOp, Regress, Summation, Transform, UnaryOp, ValueId, Width,
};

use super::{
    Answer, Lower, class_place, expression::first_expression, function, number, required,
    unsupported, unsupported_value,
};
use crate::doc::{Element, MiningFunction};

/// The neurons of one layer: their vector, and where each stands in it.
struct Layer<'d> {
    value: ValueId,
    places: BTreeMap<&'d str, usize>,
}

impl<'d> Lower<'d> {
    pub(super) fn neural_network(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        let inputs = element.child("NeuralInputs").ok_or_else(|| unsupported(element))?;
        let (mut values, mut places) = (Vec::new(), BTreeMap::new());
        for input in inputs.children().filter(|c| c.name() == "NeuralInput") {
            let field = input.child("DerivedField").ok_or_else(|| unsupported(input))?;
            let value = self.expression_in(field, Kind::F64)?;
            places.insert(required(input, "id")?, values.len());
            values.push(self.scalar(value)?);
        }
        if values.is_empty() {
            return Err(unsupported(inputs));
        }
        let mut layer = Layer { value: self.push(Op::Concat(values))?, places };
        for next in element.children().filter(|c| c.name() == "NeuralLayer") {
            layer = self.layer(element, next, &layer)?;
        }
        self.neural_outputs(element, &layer)
    }

    fn layer(
        &mut self,
        model: Element<'d>,
        element: Element<'d>,
        before: &Layer<'d>,
    ) -> Result<Layer<'d>, Failure> {
        let inherited = |name: &str| element.attribute(name).or_else(|| model.attribute(name));
        let activation = inherited("activationFunction").ok_or_else(|| unsupported(element))?;
        if activation == "radialBasis" {
            let layer = self.radial_basis(model, element, before)?;
            let value =
                self.normalized_layer(element, inherited("normalizationMethod"), layer.value)?;
            return Ok(Layer { value, ..layer });
        }
        let columns = before.places.len();
        let (mut data, mut intercepts, mut places) = (Vec::new(), Vec::new(), BTreeMap::new());
        for neuron in element.children().filter(|c| c.name() == "Neuron") {
            let start = data.len();
            data.resize(start + columns, 0.0);
            for connection in neuron.children().filter(|c| c.name() == "Con") {
                let place = before.places.get(required(connection, "from")?);
                let weight = number(connection, "weight", None)?;
                match place.and_then(|place| data.get_mut(start + place)) {
                    Some(slot) => *slot += weight,
                    // A connection over more than one layer.
                    None => return Err(unsupported_value(connection, "from")),
                }
            }
            places.insert(required(neuron, "id")?, intercepts.len());
            intercepts.push(number(neuron, "bias", Some(0.0))?);
        }
        let wide = |n: usize| u32::try_from(n).map_err(|_error| unsupported(element));
        let coefficients = Matrix { rows: wide(intercepts.len())?, columns: wide(columns)?, data };
        let arg = before.value;
        let summation = Summation::AnyF64;
        let linear = Op::Linear(Linear { arg, coefficients, intercepts, summation });
        let z = self.model.push_at(linear, element.location())?;
        let threshold = if element.attribute("threshold").is_some() { element } else { model };
        let value = match activation {
            "threshold" => {
                let level = number(threshold, "threshold", Some(0.0))?;
                let level = self.float(Kind::F64, level)?;
                let above = self.bin(BinaryOp::Gt, z, level)?;
                self.push(Op::Cast { arg: above, to: Kind::F64 })?
            }
            _ => self
                .activate(activation, z)?
                .ok_or_else(|| unsupported_value(element, "activationFunction"))?,
        };
        let value = self.normalized_layer(element, inherited("normalizationMethod"), value)?;
        Ok(Layer { value, places })
    }

    fn normalized_layer(
        &mut self,
        element: Element<'d>,
        method: Option<&str>,
        value: ValueId,
    ) -> Result<ValueId, Failure> {
        match method {
            None | Some("none") => Ok(value),
            Some("softmax") => self.normalized(value, NormalizeBy::Softmax),
            Some("simplemax") => self.normalized(value, NormalizeBy::Sum),
            Some(_) => Err(unsupported_value(element, "normalizationMethod")),
        }
    }

    /// Neurons that answer e^(f · ln altitude − Z), Z = Σ (x − w)² ÷ (2 · width²), f the number of connections.
    fn radial_basis(
        &mut self,
        model: Element<'d>,
        element: Element<'d>,
        before: &Layer<'d>,
    ) -> Result<Layer<'d>, Failure> {
        let (mut values, mut places) = (Vec::new(), BTreeMap::new());
        for neuron in element.children().filter(|c| c.name() == "Neuron") {
            let (mut indices, mut centre) = (Vec::new(), Vec::new());
            for connection in neuron.children().filter(|c| c.name() == "Con") {
                let place = before.places.get(required(connection, "from")?);
                let place = place.and_then(|place| u32::try_from(*place).ok());
                indices.push(place.ok_or_else(|| unsupported_value(connection, "from"))?);
                centre.push(number(connection, "weight", None)?);
            }
            let fan_in = u32::try_from(indices.len()).map_err(|_error| unsupported(neuron))?;
            if fan_in == 0 {
                return Err(unsupported(neuron));
            }
            let own = |name| {
                let holders = [neuron, element, model];
                holders.into_iter().find(|holder| holder.attribute(name).is_some())
            };
            let altitude = number(own("altitude").unwrap_or(neuron), "altitude", Some(1.0))?;
            let width = number(own("width").unwrap_or(neuron), "width", None)?;
            let x = self.push(Op::Select { arg: before.value, indices })?;
            let values_of = Labels::F64(centre);
            let centre =
                Constant { kind: Kind::F64, width: Width::Vector(fan_in), values: values_of };
            let centre = self.push(Op::Constant(centre))?;
            let apart = self.bin(BinaryOp::Sub, x, centre)?;
            let squares = self.bin(BinaryOp::Mul, apart, apart)?;
            let sum = Reduce { arg: squares, op: ReduceOp::Sum, skip_missing: false };
            let sum = self.push(Op::Transform(Transform::Reduce(sum)))?;
            let spread = self.float(Kind::F64, 2.0 * width * width)?;
            let z = self.bin(BinaryOp::Div, sum, spread)?;
            let height = self.float(Kind::F64, f64::from(fan_in) * altitude.ln())?;
            let exponent = self.bin(BinaryOp::Sub, height, z)?;
            places.insert(required(neuron, "id")?, values.len());
            values.push(self.un(UnaryOp::Exp, exponent)?);
        }
        if values.is_empty() {
            return Err(unsupported(element));
        }
        Ok(Layer { value: self.push(Op::Concat(values))?, places })
    }

    pub(super) fn normalized(&mut self, arg: ValueId, by: NormalizeBy) -> Result<ValueId, Failure> {
        self.push(Op::Transform(Transform::Normalize(Normalize { arg, by })))
    }

    fn activate(&mut self, activation: &str, z: ValueId) -> Result<Option<ValueId>, Failure> {
        let one = self.float(Kind::F64, 1.0)?;
        Ok(Some(match activation {
            "identity" => z,
            "logistic" => self.un(UnaryOp::Logistic, z)?,
            "tanh" => self.un(UnaryOp::Tanh, z)?,
            "exponential" => self.un(UnaryOp::Exp, z)?,
            "reciprocal" => self.bin(BinaryOp::Div, one, z)?,
            "square" => self.bin(BinaryOp::Mul, z, z)?,
            "Gauss" => {
                let square = self.bin(BinaryOp::Mul, z, z)?;
                let negative = self.un(UnaryOp::Neg, square)?;
                self.un(UnaryOp::Exp, negative)?
            }
            "sine" => self.un(UnaryOp::Sin, z)?,
            "cosine" => self.un(UnaryOp::Cos, z)?,
            "Elliott" => {
                let size = self.un(UnaryOp::Abs, z)?;
                let below = self.bin(BinaryOp::Add, one, size)?;
                self.bin(BinaryOp::Div, z, below)?
            }
            "arctan" => {
                let angle = self.un(UnaryOp::Atan, z)?;
                let (two, pi) =
                    (self.float(Kind::F64, 2.0)?, self.float(Kind::F64, std::f64::consts::PI)?);
                let twice = self.bin(BinaryOp::Mul, two, angle)?;
                self.bin(BinaryOp::Div, twice, pi)?
            }
            "rectifier" => {
                let zero = self.float(Kind::F64, 0.0)?;
                self.bin(BinaryOp::Max, z, zero)?
            }
            _ => return Ok(None),
        }))
    }

    fn neural_outputs(
        &mut self,
        element: Element<'d>,
        layer: &Layer<'d>,
    ) -> Result<Answer, Failure> {
        let outputs = element.child("NeuralOutputs").ok_or_else(|| unsupported(element))?;
        let mut found = Vec::new();
        for output in outputs.children().filter(|c| c.name() == "NeuralOutput") {
            let neuron = required(output, "outputNeuron")?;
            let place = layer.places.get(neuron).and_then(|place| u32::try_from(*place).ok());
            let place = place.ok_or_else(|| unsupported_value(output, "outputNeuron"))?;
            let field = output.child("DerivedField").ok_or_else(|| unsupported(output))?;
            found.push((place, first_expression(field)?));
        }
        if function(element)? == MiningFunction::Classification {
            return self.neural_classes(element, layer.value, &found);
        }
        let mut answers = Vec::new();
        for (place, expression) in found {
            let mut value = self.element(layer.value, place)?;
            match expression.name() {
                "FieldRef" => {}
                "NormContinuous" => value = self.denormalized(expression, value)?,
                _ => return Err(unsupported(expression)),
            }
            let margins = self.push(Op::Concat(vec![value]))?;
            let regress = Op::Regress(Regress { margins, link: Link::Identity });
            let estimate = self.model.push_at(regress, element.location())?;
            let answer = Answer { value: Some(margins), ..Answer::new(estimate, None) };
            answers.push((required(expression, "field")?.to_owned(), answer));
        }
        let Some((_, first)) = answers.first().cloned() else { return Err(unsupported(outputs)) };
        let others = if answers.len() > 1 { answers } else { Vec::new() };
        Ok(Answer { others, ..first })
    }

    /// The value that a normalisation was made of.
    fn denormalized(&mut self, element: Element<'d>, value: ValueId) -> Result<ValueId, Failure> {
        let mut points = Vec::new();
        for point in element.children().filter(|c| c.name() == "LinearNorm") {
            points.push((number(point, "norm", None)?, number(point, "orig", None)?));
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (x, y) = points.into_iter().unzip();
        self.curve(element, value, x, y)
    }

    fn neural_classes(
        &mut self,
        element: Element<'d>,
        layer: ValueId,
        found: &[(u32, Element<'d>)],
    ) -> Result<Answer, Failure> {
        let mut names = Vec::new();
        for (_, expression) in found {
            if expression.name() != "NormDiscrete" {
                return Err(unsupported(*expression));
            }
            names.push(required(*expression, "value")?);
        }
        let classes = self.classes(element, &names)?;
        let texts = classes.texts();
        let mut indices = Vec::new();
        for (place, _) in texts.iter().enumerate() {
            let mut pairs = found.iter().zip(&names);
            let pair =
                pairs.find(|(_, name)| class_place(&texts, classes.kind(), name) == Some(place));
            let ((neuron, _), _) = pair.ok_or_else(|| unsupported(element))?;
            indices.push(*neuron);
        }
        let margins = self.push(Op::Select { arg: layer, indices })?;
        let classify = Op::Classify(Classify {
            margins,
            classes: classes.clone(),
            link: Link::Identity,
            decision: Decision::LargestProbability,
            has_probabilities: true,
        });
        let estimate = self.model.push_at(classify, element.location())?;
        Ok(Answer::new(estimate, Some(classes)))
    }
}
