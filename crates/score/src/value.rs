use std::{collections::BTreeMap, rc::Rc};

use holdall_diag::Failure;
use holdall_table::{Data, Kind};
use holdall_tabular::{Categories, Labels, RuleFeature, Scalar};

use crate::codes;

/// One element of a value for all rows of a chunk.
pub(crate) enum Elements<'a> {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I64(Vec<i64>),
    Bool(Vec<bool>),
    Text(Vec<&'a str>),
}

/// Runs the same generic code on whichever kind of element there is.
macro_rules! by_kind {
    ($elements:expr, $values:ident => $body:expr) => {
        match $elements {
            $crate::value::Elements::F32($values) => $body,
            $crate::value::Elements::F64($values) => $body,
            $crate::value::Elements::I64($values) => $body,
            $crate::value::Elements::Bool($values) => $body,
            $crate::value::Elements::Text($values) => $body,
        }
    };
}
pub(crate) use by_kind;

impl Elements<'_> {
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::F32(_) => Kind::F32,
            Self::F64(_) => Kind::F64,
            Self::I64(_) => Kind::I64,
            Self::Bool(_) => Kind::Bool,
            Self::Text(_) => Kind::Text,
        }
    }

    pub(crate) fn to_data(&self) -> Data {
        match self {
            Self::F32(v) => Data::F32(v.clone()),
            Self::F64(v) => Data::F64(v.clone()),
            Self::I64(v) => Data::I64(v.clone()),
            Self::Bool(v) => Data::Bool(v.clone()),
            Self::Text(v) => Data::Text(v.iter().map(|&t| t.to_owned()).collect()),
        }
    }
}

/// An element with its missing flags: none, or one a row.
pub(crate) struct Element<'a> {
    pub(crate) data: Elements<'a>,
    pub(crate) missing: Option<Vec<bool>>,
}

impl<'a> Element<'a> {
    pub(crate) fn full<C: Cell<'a>>(values: Vec<C>) -> Self {
        Self { data: C::wrap(values), missing: None }
    }

    /// From values that may be missing.
    pub(crate) fn optional<C: Cell<'a> + Default>(
        values: impl IntoIterator<Item = Option<C>>,
    ) -> Self {
        let mut missing = Vec::new();
        let mut present = Vec::new();
        for value in values {
            missing.push(value.is_none());
            present.push(value.unwrap_or_default());
        }
        Self { data: C::wrap(present), missing: missing.contains(&true).then_some(missing) }
    }

    /// The value of a row, none where it is missing.
    pub(crate) fn get<C: Cell<'a>>(&self, row: usize) -> Result<Option<C>, Failure> {
        let value = self.values::<C>()?[row];
        Ok((!self.is_missing(row)).then_some(value))
    }

    pub(crate) fn is_missing(&self, row: usize) -> bool {
        self.missing.as_ref().is_some_and(|flags| flags[row])
    }

    /// The values as the kind that validation found.
    pub(crate) fn values<C: Cell<'a>>(&self) -> Result<&[C], Failure> {
        C::view(&self.data).ok_or_else(|| wrong_kind(self.data.kind()))
    }
}

pub(crate) fn wrong_kind(found: Kind) -> Failure {
    Failure::bug(codes::KIND, format!("a kernel met {found} where validation found another kind"))
}

/// Flags of what is missing in either; none when nothing is.
pub(crate) fn either_missing(a: Option<&Vec<bool>>, b: Option<&Vec<bool>>) -> Option<Vec<bool>> {
    match (a, b) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(one.clone()),
        (Some(a), Some(b)) => Some(a.iter().zip(b).map(|(a, b)| a | b).collect()),
    }
}

/// Elements are shared: joining and selecting copies nothing.
pub(crate) type Shared<'a> = Rc<Element<'a>>;

/// What a node yielded for a chunk.
pub(crate) enum Yield<'a> {
    Value(Vec<Shared<'a>>),
    Estimate(Estimate<'a>),
}

/// The parts of an estimate.
#[derive(Default)]
pub(crate) struct Estimate<'a> {
    pub(crate) label: Option<Shared<'a>>,
    /// Probabilities of classes, values of targets, or the score of an anomaly.
    pub(crate) answers: Vec<Shared<'a>>,
    /// Margins, or distances to clusters.
    pub(crate) margins: Vec<Shared<'a>>,
    /// Names of what answered, by rank.
    pub(crate) entities: Vec<Shared<'a>>,
    pub(crate) confidence: Option<Shared<'a>>,
    /// Reason codes, by rank.
    pub(crate) reasons: Vec<Shared<'a>>,
    /// The rules that fired, for each rank its features in the order of [`RULE_FEATURES`].
    pub(crate) rules: Vec<Vec<Shared<'a>>>,
}

/// The order of rule features in an [`Estimate`].
pub(crate) const RULE_FEATURES: [RuleFeature; 7] = [
    RuleFeature::Id,
    RuleFeature::Antecedent,
    RuleFeature::Consequent,
    RuleFeature::Rule,
    RuleFeature::Support,
    RuleFeature::Confidence,
    RuleFeature::Lift,
];

/// The values of a list at some positions; none is missing.
pub(crate) fn pick<'a>(list: &'a Labels, chosen: &[Option<usize>]) -> Element<'a> {
    match list {
        Labels::Text(v) => Element::optional(chosen.iter().map(|i| i.map(|i| v[i].as_str()))),
        Labels::I64(v) => Element::optional(chosen.iter().map(|i| i.map(|i| v[i]))),
        Labels::F64(v) => Element::optional(chosen.iter().map(|i| i.map(|i| v[i]))),
        Labels::Bool(v) => Element::optional(chosen.iter().map(|i| i.map(|i| v[i]))),
    }
}

/// What finds a category, the same for all values that are equal.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key<'a> {
    Bits(u64),
    Text(&'a str),
}

/// A scalar of one kind.
pub(crate) trait Cell<'a>: Copy + PartialEq {
    fn wrap(values: Vec<Self>) -> Elements<'a>;
    fn view<'e>(elements: &'e Elements<'a>) -> Option<&'e [Self]>;
    /// As a number, for bounds; none for what has no order.
    fn number(self) -> Option<f64>;
    /// From a bound.
    fn of_number(number: f64) -> Option<Self>;
    /// From a parameter of the model, when it is of this kind.
    fn of_scalar(scalar: &'a Scalar) -> Option<Self>;
    fn key(self) -> Key<'a>;
    fn text(self) -> String;

    fn is_nan_cell(self) -> bool {
        self.number().is_some_and(f64::is_nan)
    }
}

/// Zeros of both signs are one category.
fn float_key(value: f64) -> u64 {
    if value.abs() > 0.0 || value.is_nan() { value.to_bits() } else { 0 }
}

#[expect(clippy::cast_precision_loss, reason = "bounds are binary64")]
const fn rounded(value: i64) -> f64 {
    value as f64
}

#[expect(clippy::cast_possible_truncation, reason = "the documented meaning: toward zero")]
pub(crate) const fn truncated(value: f64) -> i64 {
    value as i64
}

macro_rules! cell {
    ($cell:ty, $variant:ident, $number:expr, $of_number:expr, $of_scalar:expr, $key:expr) => {
        impl<'a> Cell<'a> for $cell {
            fn wrap(values: Vec<Self>) -> Elements<'a> {
                Elements::$variant(values)
            }
            fn view<'e>(elements: &'e Elements<'a>) -> Option<&'e [Self]> {
                if let Elements::$variant(values) = elements { Some(values) } else { None }
            }
            fn number(self) -> Option<f64> {
                $number(self)
            }
            fn of_number(number: f64) -> Option<Self> {
                $of_number(number)
            }
            fn of_scalar(scalar: &'a Scalar) -> Option<Self> {
                $of_scalar(scalar)
            }
            fn key(self) -> Key<'a> {
                $key(self)
            }
            fn text(self) -> String {
                self.to_string()
            }
        }
    };
}

fn scalar_number(scalar: &Scalar) -> Option<f64> {
    match scalar {
        Scalar::F64(v) => Some(*v),
        Scalar::I64(v) => Some(rounded(*v)),
        Scalar::Bool(_) | Scalar::Text(_) => None,
    }
}

fn scalar_integer(scalar: &Scalar) -> Option<i64> {
    match scalar {
        Scalar::I64(v) => Some(*v),
        Scalar::F64(v) => Some(truncated(*v)).filter(|&i| rounded(i).total_cmp(v).is_eq()),
        Scalar::Bool(_) | Scalar::Text(_) => None,
    }
}

fn scalar_bool(scalar: &Scalar) -> Option<bool> {
    if let Scalar::Bool(v) = scalar { Some(*v) } else { None }
}

fn scalar_text(scalar: &Scalar) -> Option<&str> {
    if let Scalar::Text(v) = scalar { Some(v) } else { None }
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is what is asked")]
const fn to_f32(value: f64) -> f32 {
    value as f32
}

cell!(
    f32,
    F32,
    |v| Some(f64::from(v)),
    |n| Some(to_f32(n)),
    |s| scalar_number(s).map(to_f32),
    |v| Key::Bits(float_key(f64::from(v)))
);
cell!(f64, F64, Some, Some, scalar_number, |v| Key::Bits(float_key(v)));
cell!(i64, I64, |v| Some(rounded(v)), |n| Some(truncated(n)), scalar_integer, |v: i64| {
    Key::Bits(v.cast_unsigned())
});
cell!(bool, Bool, |_| None, |_| None, scalar_bool, |v| Key::Bits(u64::from(v)));
cell!(&'a str, Text, |_| None, |_| None, scalar_text, Key::Text);

/// Finds categories by value.
pub(crate) struct CategoryIndex {
    bits: BTreeMap<u64, u32>,
    texts: BTreeMap<String, u32>,
    /// Place of the category for missing and NaN.
    missing: Option<u32>,
}

impl CategoryIndex {
    /// Of values that are equal the first is found.
    pub(crate) fn new(categories: &Categories) -> Self {
        let (mut bits, mut texts) = (BTreeMap::new(), BTreeMap::new());
        let mut place = 0_u32..;
        let mut add = |key: u64| {
            if let Some(i) = place.next() {
                bits.entry(key).or_insert(i);
            }
        };
        match &categories.values {
            Labels::F64(v) => v.iter().for_each(|&v| add(float_key(v))),
            Labels::I64(v) => v.iter().for_each(|&v| add(v.cast_unsigned())),
            Labels::Bool(v) => v.iter().for_each(|&v| add(u64::from(v))),
            Labels::Text(v) => {
                for (i, text) in (0_u32..).zip(v) {
                    texts.entry(text.clone()).or_insert(i);
                }
            }
        }
        let missing = categories.missing.then(|| u32::try_from(categories.values.len()).ok());
        Self { bits, texts, missing: missing.flatten() }
    }

    /// The place of a value that is present. NaN is equal to nothing, and is missing where that is a
    /// category.
    pub(crate) fn find<'a, C: Cell<'a>>(&self, value: C) -> Option<u32> {
        if value.is_nan_cell() {
            return self.missing;
        }
        match value.key() {
            Key::Bits(bits) => self.bits.get(&bits).copied(),
            Key::Text(text) => self.texts.get(text).copied(),
        }
    }

    /// The place of missing.
    pub(crate) const fn missing(&self) -> Option<u32> {
        self.missing
    }
}
