//! Support vector machines: <https://dmg.org/pmml/v4-4-1/SupportVectorMachine.html>.

use std::collections::BTreeMap;

use holdall_diag::Failure;
use holdall_tabular::{
    Classify, Decision, Estimator, Kernel, KernelMachine, Kind, Labels, Link, Machine, Matrix,
    NormalizeBy, Op, Regress, ValueId, VoteForm, Votes,
};

use super::{
    Answer, Lower, class_place, dictionary, function, invalid, number, numbers_of, required,
    unsupported, unsupported_value,
};
use crate::doc::{Element, MiningFunction};

/// The machines of a model over shared vectors.
struct Machines<'d> {
    elements: Vec<Element<'d>>,
    sums: Vec<Machine>,
    vectors: Matrix,
    arg: ValueId,
}

impl<'d> Lower<'d> {
    pub(super) fn vector_machine(&mut self, element: Element<'d>) -> Result<Answer, Failure> {
        let kernel = kernel(element)?;
        let by_coefficients = element.attribute("svmRepresentation") == Some("Coefficients");
        let machines = self.machines(element, by_coefficients)?;
        if function(element)? == MiningFunction::Regression {
            if machines.elements.len() != 1 {
                return Err(unsupported(element));
            }
            let margins = self.kernels(element, kernel, &machines, &[1.0], &[0.0])?;
            let regress = Op::Regress(Regress { margins, link: Link::Identity });
            let estimate = self.model.push_at(regress, element.location())?;
            return Ok(Answer { value: Some(margins), ..Answer::new(estimate, None) });
        }
        let alternate_of_all = element.attribute("alternateBinaryTargetCategory");
        let mut found: Vec<&str> = Vec::new();
        let named = machines.elements.iter().flat_map(|machine| {
            [machine.attribute("targetCategory"), machine.attribute("alternateTargetCategory")]
        });
        for class in named.chain([alternate_of_all]).flatten() {
            if !found.contains(&class) {
                found.push(class);
            }
        }
        let classes = self.classes(element, &found)?;
        let texts = classes.texts();
        let place = |machine: Element<'d>, attribute: &str| {
            let class = required(machine, attribute)?;
            class_place(&texts, classes.kind(), class)
                .ok_or_else(|| invalid(machine, attribute, "a class of the target"))
        };
        if let (Some(_), [machine]) = (alternate_of_all, machines.elements.as_slice()) {
            // The value is near 1 for the target category and near 0 for the other.
            let target = place(*machine, "targetCategory")?;
            let other = place(element, "alternateBinaryTargetCategory")?;
            if texts.len() != 2 || target == other {
                return Err(unsupported(element));
            }
            let margins = self.kernels(element, kernel, &machines, &[1.0], &[0.0])?;
            let list = |i: usize| texts.get(i).map_or("", String::as_str);
            let ordered = dictionary::labels(&[list(other), list(target)], classes.kind())
                .ok_or_else(|| unsupported(element))?;
            return self.decided(element, margins, ordered, Decision::MarginAtLeast(0.5));
        }
        let one_against_one = element.attribute("classificationMethod") == Some("OneAgainstOne")
            || alternate_of_all.is_some()
            || machines.elements.iter().any(|m| m.attribute("alternateTargetCategory").is_some());
        if !one_against_one {
            // The smallest value wins, unless the model says the largest does.
            let largest = element.attribute("maxWins") == Some("true");
            let mut order = Vec::new();
            for at in 0..texts.len() {
                let mut all = machines.elements.iter();
                let found = all.position(|m| place(*m, "targetCategory").ok() == Some(at));
                order.push(found.ok_or_else(|| unsupported(element))?);
            }
            let sign = if largest { 1.0 } else { -1.0 };
            let signs = vec![sign; machines.elements.len()];
            let zeros = vec![0.0; machines.elements.len()];
            let values = self.kernels(element, kernel, &machines, &signs, &zeros)?;
            let indices = order.into_iter().filter_map(|i| u32::try_from(i).ok()).collect();
            let margins = self.push(Op::Select { arg: values, indices })?;
            return self.decided(element, margins, classes, Decision::LargestMargin);
        }
        let (mut signs, mut levels) = (Vec::new(), Vec::new());
        let mut pairs: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (i, machine) in machines.elements.iter().enumerate() {
            let own = machine.attribute("threshold").is_some();
            let level = number(if own { *machine } else { element }, "threshold", Some(0.0))?;
            let a = place(*machine, "targetCategory")?;
            let b = match (machine.attribute("alternateTargetCategory"), alternate_of_all) {
                (None, Some(_)) => place(element, "alternateBinaryTargetCategory")?,
                _ => place(*machine, "alternateTargetCategory")?,
            };
            // Below the threshold the target category wins.
            let sign = if a < b { -1.0 } else { 1.0 };
            signs.push(sign);
            levels.push(-sign * level);
            if a == b || pairs.insert((a.min(b), a.max(b)), i).is_some() {
                return Err(unsupported(*machine));
            }
        }
        let values = self.kernels(element, kernel, &machines, &signs, &levels)?;
        let mut indices = Vec::new();
        for a in 0..texts.len() {
            for b in a + 1..texts.len() {
                let at = pairs.get(&(a, b)).ok_or_else(|| unsupported(element))?;
                indices.push(u32::try_from(*at).map_err(|_error| unsupported(element))?);
            }
        }
        let arg = self.push(Op::Select { arg: values, indices })?;
        let count = u32::try_from(texts.len()).map_err(|_error| unsupported(element))?;
        let votes = Votes { arg, classes: count, form: VoteForm::Count };
        let margins = self.push(Op::Estimator(Estimator::Votes(votes)))?;
        let margins = self.normalized(margins, NormalizeBy::Sum)?;
        self.decided(element, margins, classes, Decision::LargestProbability)
    }

    fn decided(
        &mut self,
        element: Element<'d>,
        margins: ValueId,
        classes: Labels,
        decision: Decision,
    ) -> Result<Answer, Failure> {
        let has_probabilities = decision == Decision::LargestProbability;
        let classify = Op::Classify(Classify {
            margins,
            classes: classes.clone(),
            link: Link::Identity,
            decision,
            has_probabilities,
        });
        let estimate = self.model.push_at(classify, element.location())?;
        Ok(Answer::new(estimate, Some(classes)))
    }

    /// The values of all machines, each with a sign and a number added.
    fn kernels(
        &mut self,
        element: Element<'d>,
        kernel: Kernel,
        machines: &Machines<'d>,
        signs: &[f64],
        added: &[f64],
    ) -> Result<ValueId, Failure> {
        let signed = machines.sums.iter().zip(signs).zip(added);
        let signed = signed.map(|((machine, sign), added)| Machine {
            terms: machine.terms.iter().map(|(v, c)| (*v, c * sign)).collect(),
            intercept: machine.intercept * sign + added,
        });
        let machine = KernelMachine {
            arg: machines.arg,
            vectors: machines.vectors.clone(),
            kernel,
            machines: signed.collect(),
        };
        let machine = Op::Estimator(Estimator::KernelMachine(Box::new(machine)));
        self.model.push_at(machine, element.location())
    }

    fn machines(
        &mut self,
        element: Element<'d>,
        by_coefficients: bool,
    ) -> Result<Machines<'d>, Failure> {
        let dictionary = element.child("VectorDictionary").ok_or_else(|| unsupported(element))?;
        let fields = dictionary.child("VectorFields").ok_or_else(|| unsupported(dictionary))?;
        let mut values = Vec::new();
        for field in fields.proper_children() {
            values.push(match field.name() {
                "FieldRef" => {
                    let value = self.named(field, "field")?;
                    let value = self.scalar(value)?;
                    self.cast(field, value, Kind::F64)?
                }
                "CategoricalPredictor" => {
                    let arg = self.named(field, "name")?;
                    let arg = self.scalar(arg)?;
                    let one = self.indicator(field, arg, required(field, "value")?, Some(0.0))?;
                    let weight = number(field, "coefficient", Some(1.0))?;
                    let weight = self.float(Kind::F64, weight)?;
                    self.bin(holdall_tabular::BinaryOp::Mul, one, weight)?
                }
                _ => return Err(unsupported(field)),
            });
        }
        let width = values.len();
        let columns = u32::try_from(width).map_err(|_error| unsupported(fields))?;
        if width == 0 {
            return Err(unsupported(fields));
        }
        let arg = self.push(Op::Concat(values))?;
        let (mut data, mut names) = (Vec::new(), BTreeMap::new());
        if by_coefficients {
            // Each coefficient belongs to a field: the vectors are those of one field each.
            for row in 0..width {
                data.extend((0..width).map(|column| f64::from(u8::from(row == column))));
            }
        } else {
            let instances = dictionary.children().filter(|c| c.name() == "VectorInstance");
            for (row, instance) in instances.enumerate() {
                let row = u32::try_from(row).map_err(|_error| unsupported(instance))?;
                names.insert(required(instance, "id")?, row);
                data.extend(numbers(instance, width)?);
            }
        }
        let rows = u32::try_from(data.len() / width).map_err(|_error| unsupported(dictionary))?;
        let vectors = Matrix { rows, columns, data };
        let elements: Vec<_> =
            element.children().filter(|c| c.name() == "SupportVectorMachine").collect();
        let mut machines = Vec::new();
        for machine in &elements {
            let list = machine.child("Coefficients").ok_or_else(|| unsupported(*machine))?;
            let mut weights = Vec::new();
            for one in list.children().filter(|c| c.name() == "Coefficient") {
                weights.push(number(one, "value", Some(0.0))?);
            }
            let mut places = Vec::new();
            if by_coefficients {
                places.extend(0..columns);
            } else {
                let support =
                    machine.child("SupportVectors").ok_or_else(|| unsupported(*machine))?;
                for vector in support.children().filter(|c| c.name() == "SupportVector") {
                    let place = names.get(required(vector, "vectorId")?);
                    places.push(
                        *place.ok_or_else(|| invalid(vector, "vectorId", "the id of a vector"))?,
                    );
                }
            }
            if places.len() != weights.len() {
                return Err(unsupported(list));
            }
            machines.push(Machine {
                terms: places.into_iter().zip(weights).collect(),
                intercept: number(list, "absoluteValue", Some(0.0))?,
            });
        }
        if machines.is_empty() {
            return Err(unsupported(element));
        }
        Ok(Machines { elements, sums: machines, vectors, arg })
    }
}

/// Whether an array has as many numbers as are expected.
fn counts(holder: Element<'_>, count: usize, width: usize) -> Result<(), Failure> {
    if count == width {
        return Ok(());
    }
    let message = format!("expected an array of {width} numbers, found one of {count}");
    Err(Failure::malformed(crate::codes::ARRAY_COUNT, message).at(holder.location()))
}

/// The numbers of an array or sparse array of a width.
pub(super) fn numbers(element: Element<'_>, width: usize) -> Result<Vec<f64>, Failure> {
    if let Some(array) = element.child("Array").or_else(|| element.child("REAL-Array")) {
        let numbers = numbers_of(array)?;
        counts(array, numbers.len(), width)?;
        return Ok(numbers);
    }
    let sparse = element.child("REAL-SparseArray").ok_or_else(|| unsupported(element))?;
    sparse_numbers(sparse, width)
}

/// The numbers of a sparse array of a width.
pub(super) fn sparse_numbers(sparse: Element<'_>, width: usize) -> Result<Vec<f64>, Failure> {
    if let Some(said) = sparse.attribute("n").and_then(|n| n.trim().parse::<u64>().ok()) {
        counts(sparse, usize::try_from(said).unwrap_or(usize::MAX), width)?;
    }
    let default = number(sparse, "defaultValue", Some(0.0))?;
    let mut all = vec![default; width];
    let indices = sparse.child("Indices").map(numbers_of).transpose()?.unwrap_or_default();
    let entries = sparse.child("REAL-Entries").or_else(|| sparse.child("INT-Entries"));
    let entries = entries.map(numbers_of).transpose()?.unwrap_or_default();
    if indices.len() != entries.len() {
        let message = format!("{} indices for {} entries", indices.len(), entries.len());
        return Err(Failure::malformed(crate::codes::ARRAY_COUNT, message).at(sparse.location()));
    }
    for (index, entry) in indices.into_iter().zip(entries) {
        #[expect(clippy::cast_possible_truncation, reason = "places beyond the width are refused")]
        #[expect(clippy::cast_sign_loss, reason = "places below 1 are refused")]
        let place = (index >= 1.0).then_some(index as usize);
        let slot = place.and_then(|place| all.get_mut(place - 1)).ok_or_else(|| {
            let message = format!("expected indices from 1 to {width}, found {index}");
            Failure::malformed(crate::codes::ARRAY_COUNT, message).at(sparse.location())
        })?;
        *slot = entry;
    }
    Ok(all)
}

fn kernel(element: Element<'_>) -> Result<Kernel, Failure> {
    for child in element.children() {
        let value = |name: &str, default: f64| number(child, name, Some(default));
        return Ok(match child.name() {
            "LinearKernelType" => Kernel::Linear,
            "PolynomialKernelType" => Kernel::Polynomial {
                gamma: value("gamma", 1.0)?,
                coef0: value("coef0", 1.0)?,
                degree: value("degree", 1.0)?,
            },
            "RadialBasisKernelType" => Kernel::Rbf { gamma: value("gamma", 1.0)? },
            "SigmoidKernelType" => {
                Kernel::Sigmoid { gamma: value("gamma", 1.0)?, coef0: value("coef0", 1.0)? }
            }
            _ => continue,
        });
    }
    if element.attribute("svmRepresentation") == Some("Coefficients") {
        return Ok(Kernel::Linear);
    }
    Err(unsupported_value(element, "kernel"))
}
