//! Where the name of a field stands for something: <https://dmg.org/pmml/v4-4-1/FieldScope.html>.
//!
//! Fields of the data dictionary are those of the transformation dictionary, and of models by their schemas. What a model
//! lists or derives is known inside it; what it answers is known to its own outputs, to models after it, and to the
//! outputs of models around it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{doc::Element, lower::MODELS};

/// Models inside models that are told apart.
const MOST_AROUND: usize = 64;

/// Definitions of one name that are told apart; of more, any counts.
const MOST: usize = 64;

/// The elements between two places, the second not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    start: usize,
    end: usize,
}

impl Range {
    fn of(element: Element<'_>) -> Self {
        Self { start: element.index(), end: element.end_index() }
    }

    const fn holds(self, place: usize) -> bool {
        self.start <= place && place < self.end
    }
}

/// Where one definition of a name holds.
#[derive(Clone, Debug)]
enum Holds {
    /// In an element.
    In(Range),
    /// In the outputs of the models around, and behind what stands directly in each of them: pairs of a model and of
    /// what holds the definition there.
    After(Vec<(Range, Range)>),
}

/// The names of a document.
#[derive(Debug, Default)]
pub(super) struct Scopes<'d> {
    data: BTreeSet<&'d str>,
    names: BTreeMap<&'d str, Vec<Holds>>,
    /// Inputs that models inside others list, with the model.
    inner: BTreeMap<usize, usize>,
    /// `Output` elements, and elements whose fields are those of the data dictionary.
    outputs: Vec<Range>,
    dictionaries: Vec<Range>,
    /// Functions of the document with their parameters.
    functions: Vec<(Range, BTreeSet<&'d str>)>,
}

fn is_model(name: &str) -> bool {
    MODELS.contains(&name) || name == "DecisionTree"
}

impl<'d> Scopes<'d> {
    pub(super) fn of(root: Element<'d>) -> Self {
        let mut found = Self::default();
        let mut open: Vec<Element<'d>> = Vec::new();
        for element in root.descendants() {
            while open.last().is_some_and(|parent| parent.end_index() <= element.index()) {
                open.pop();
            }
            let name = element.attribute("name");
            match (element.name(), name) {
                ("DataField", Some(name)) => {
                    found.data.insert(name);
                }
                ("TransformationDictionary", _) => found.dictionaries.push(Range::of(element)),
                ("Output", _) => found.outputs.push(Range::of(element)),
                ("DefineFunction", _) => {
                    let fields = element.children().filter(|c| c.name() == "ParameterField");
                    let names = fields.filter_map(|field| field.attribute("name")).collect();
                    found.functions.push((Range::of(element), names));
                }
                ("MiningField", Some(name)) => {
                    let mut models = open.iter().rev().filter(|parent| is_model(parent.name()));
                    let model = models.next();
                    let is_input = matches!(element.attribute("usageType"), None | Some("active"));
                    if let (Some(model), Some(_), true) = (model, models.next(), is_input) {
                        found.inner.insert(element.index(), model.index());
                    }
                    found.add(name, Holds::In(Range::of(model.copied().unwrap_or(root))));
                }
                ("DerivedField", Some(name)) => {
                    let holder = open.iter().rev().find(|parent| {
                        !matches!(
                            parent.name(),
                            "LocalTransformations" | "TransformationDictionary"
                        )
                    });
                    found.add(name, Holds::In(Range::of(holder.copied().unwrap_or(root))));
                }
                ("OutputField" | "ResultField", Some(name)) => {
                    found.add(name, Holds::After(around(&open, element)));
                }
                _ => {}
            }
            open.push(element);
        }
        found
    }

    fn add(&mut self, name: &'d str, holds: Holds) {
        let all = self.names.entry(name).or_default();
        if all.len() < MOST {
            all.push(holds);
        }
    }

    /// Whether a name stands for something at an element that uses it.
    pub(super) fn knows(&self, name: &str, at: Element<'_>) -> bool {
        // What a model inside another lists is known around it.
        let listed = self.inner.get(&at.index()).copied();
        let place = listed.unwrap_or(at.index());
        // They stand in document order, none inside another.
        let last = self.functions.partition_point(|(range, _)| range.start <= place);
        if let Some((range, parameters)) = last.checked_sub(1).and_then(|i| self.functions.get(i))
            && range.holds(place)
        {
            return parameters.contains(name);
        }
        let output = around_place(&self.outputs, place);
        let of_data = (matches!(at.name(), "MiningField" | "Target") && listed.is_none())
            || around_place(&self.dictionaries, place).is_some()
            || output.is_some();
        if of_data && self.data.contains(name) {
            return true;
        }
        let Some(all) = self.names.get(name) else { return false };
        all.len() == MOST
            || all.iter().any(|holds| match holds {
                Holds::In(range) => {
                    range.holds(place) && (listed.is_none() || range.start != place)
                }
                Holds::After(pairs) => pairs.iter().any(|(model, inner)| {
                    let answers = output.is_some_and(|output| model.holds(output.start));
                    model.holds(place) && (place >= inner.end || answers)
                }),
            })
    }
}

/// The range that holds a place, of ranges in order.
fn around_place(ranges: &[Range], place: usize) -> Option<Range> {
    let last = ranges.partition_point(|range| range.start <= place).checked_sub(1)?;
    ranges.get(last).copied().filter(|range| range.holds(place))
}

/// The models around an output, each with the child that holds it.
fn around(open: &[Element<'_>], output: Element<'_>) -> Vec<(Range, Range)> {
    let mut pairs = Vec::new();
    // A result of a model without a schema holds behind it at once.
    let mut inner = Range::of(output);
    let own = open.iter().rposition(|parent| is_model(parent.name()));
    for (place, parent) in open.iter().enumerate().rev() {
        if is_model(parent.name()) {
            if Some(place) == own {
                // Its own fields do not see what it answers.
                inner = Range::of(*parent);
            }
            pairs.push((Range::of(*parent), inner));
            if pairs.len() == MOST_AROUND {
                break;
            }
        }
        if matches!(parent.name(), "Segment" | "Regression" | "DecisionTree") {
            inner = Range::of(*parent);
        }
    }
    pairs
}
