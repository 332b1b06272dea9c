//! One estimator of the tree, and what its attributes hold.

use holdall_diag::{Code, Failure, Location};
use holdall_pickle::{Object, Pickle, Value, numpy::ElementKind};
use holdall_source::Budget;
use holdall_tabular::{Labels, Matrix};

use super::matrix::dense;
use crate::{codes, version::Version};

/// A fitted object and the version that saved it.
#[derive(Clone, Debug)]
pub(crate) struct Estimator<'p> {
    object: Object<'p>,
    version: Option<Version>,
}

impl<'p> Estimator<'p> {
    /// `outer` is the version of what holds this, for states that do not say.
    pub(crate) fn new(value: &Value<'p>, outer: Option<Version>) -> Result<Self, Failure> {
        let object = value.as_object().ok_or_else(|| {
            refuse(
                value,
                codes::NOT_AN_ESTIMATOR,
                format!("expected a scikit-learn estimator, found {}", value.describe()),
            )
            .with_help("save the fitted estimator itself, not a list or dictionary that holds it")
        })?;
        let own = object.get("_sklearn_version").and_then(|v| Version::parse(v.as_text()?));
        Ok(Self { version: own.or(outer), object })
    }

    pub(crate) fn object(&self) -> &Object<'p> {
        &self.object
    }

    pub(crate) fn value(&self) -> &Value<'p> {
        self.object.value()
    }

    pub(crate) fn pickle(&self) -> &'p Pickle {
        self.value().pickle()
    }

    pub(crate) fn version(&self) -> Option<Version> {
        self.version
    }

    /// Whether it was saved by this release or a later one. Without a version: before 0.18, so no.
    pub(crate) fn since(&self, major: u32, minor: u32) -> bool {
        self.version.is_some_and(|version| version >= Version::new(major, minor))
    }

    /// An attribute that is there and not `None`.
    pub(crate) fn get(&self, key: &str) -> Option<Value<'p>> {
        self.object.get(key).filter(|value| !value.is_none())
    }

    /// An attribute that fitting sets.
    pub(crate) fn fitted(&self, key: &str) -> Result<Value<'p>, Failure> {
        self.get(key).ok_or_else(|| {
            refuse(
                self.value(),
                codes::NOT_FITTED,
                format!("expected `{key}` in `{}`, found none", self.object.name()),
            )
            .with_help("fit the model before saving it")
        })
    }

    /// A setting that is a text; `None` where it is absent or something else.
    pub(crate) fn word(&self, key: &str) -> Option<&'p str> {
        self.get(key)?.as_text()
    }

    /// A setting that is a truth value.
    pub(crate) fn flag(&self, key: &str, default: bool) -> bool {
        self.get(key).and_then(|value| value.as_bool()).unwrap_or(default)
    }

    /// A number that fitting sets.
    pub(crate) fn number(&self, key: &str) -> Result<f64, Failure> {
        let value = self.fitted(key)?;
        match value.as_float() {
            Some(number) => Ok(number),
            None => match floats(&value)?.as_slice() {
                [only] => Ok(*only),
                _ => value.float(),
            },
        }
    }

    /// A list of numbers that fitting sets.
    pub(crate) fn numbers(&self, key: &str) -> Result<Vec<f64>, Failure> {
        floats(&self.fitted(key)?)
    }

    /// A matrix that fitting sets, dense or sparse.
    pub(crate) fn matrix(&self, key: &str, budget: &mut Budget) -> Result<Matrix, Failure> {
        dense(&self.fitted(key)?, budget)
    }

    /// The fitted estimators of a list.
    pub(crate) fn members(&self, key: &str) -> Result<Vec<Value<'p>>, Failure> {
        let list = self.fitted(key)?;
        if !list.is_array() {
            return Ok(list.items()?.collect());
        }
        let pickle = self.pickle();
        Ok(list.array()?.objects()?.into_iter().map(|id| pickle.value(id)).collect())
    }

    /// A setting with a value that is not carried.
    pub(crate) fn unknown(&self, key: &str) -> Failure {
        let found = self.get(key).map_or_else(|| "None".to_owned(), |value| value.describe());
        self.refuse(
            codes::PARAMETER,
            format!("`{key}` of `{}` given as {found} is not carried", self.object.name()),
        )
    }

    pub(crate) fn refuse(&self, code: Code, message: impl Into<String>) -> Failure {
        refuse(self.value(), code, message)
    }

    /// A failure when a list does not have as many elements as there are columns.
    pub(crate) fn expect_width(
        &self,
        key: &str,
        found: usize,
        given: usize,
    ) -> Result<(), Failure> {
        if found == given {
            return Ok(());
        }
        let message = format!(
            "`{key}` of `{}`: expected {given} elements, as columns come in, found {found}",
            self.object.name()
        );
        Err(self.value().failure(codes::SHAPE, message))
    }

    /// One number a column.
    pub(crate) fn per_column(&self, key: &str, width: usize) -> Result<Vec<f64>, Failure> {
        let list = floats(&self.fitted(key)?)?;
        self.expect_width(key, list.len(), width)?;
        Ok(list)
    }
}

/// The input is well-formed and cannot be carried.
pub(crate) fn refuse(value: &Value<'_>, code: Code, message: impl Into<String>) -> Failure {
    Failure::unsupported(code, message).at(place(value))
}

/// Offset and path; the root has no path.
pub(crate) fn place(value: &Value<'_>) -> Location {
    let location = value.location();
    let named = location.path.as_ref().is_some_and(|(_, path)| !path.is_empty());
    if named { location } else { Location { path: None, ..location } }
}

/// The numbers of an array, in C order.
pub(crate) fn floats(value: &Value<'_>) -> Result<Vec<f64>, Failure> {
    let array = value.array()?;
    if array.dtype().kind == ElementKind::Object {
        array.object_floats(value.pickle())
    } else {
        array.to_f64()
    }
}

/// A matrix of numbers; a list of numbers is one row. The flag says which it was.
pub(crate) fn matrix(value: &Value<'_>) -> Result<(Matrix, bool), Failure> {
    let array = value.array()?;
    let flat = array.ndim() < 2;
    let (rows, columns) = if flat { (1, array.len()) } else { (array.extent(0), array.extent(1)) };
    if array.ndim() > 2 {
        return Err(value.failure(codes::SHAPE, "expected a matrix, found more than two axes"));
    }
    let matrix =
        Matrix { rows: count(value, rows)?, columns: count(value, columns)?, data: floats(value)? };
    Ok((matrix, flat))
}

/// A count as the model keeps it.
pub(crate) fn count(value: &Value<'_>, count: usize) -> Result<u32, Failure> {
    u32::try_from(count).map_err(|error| {
        Failure::limit(codes::SHAPE, "the model has more than 2³² parts")
            .at(place(value))
            .caused_by(error)
    })
}

/// Values of one kind, and whether missing (`None` or NaN) stands behind them.
pub(crate) fn labels(value: &Value<'_>) -> Result<(Labels, bool), Failure> {
    let array = value.array()?;
    let pickle = value.pickle();
    match array.dtype().kind {
        ElementKind::Bool => Ok((Labels::Bool(array.to_bool()?), false)),
        ElementKind::Int | ElementKind::UInt => Ok((Labels::I64(array.to_i64()?), false)),
        ElementKind::Float => {
            let mut values = array.to_f64()?;
            let missing = values.pop_if(|last| last.is_nan()).is_some();
            if values.iter().any(|v| v.is_nan()) {
                return Err(value.failure(codes::SHAPE, "NaN is listed before other values"));
            }
            Ok((Labels::F64(values), missing))
        }
        ElementKind::Text => Ok((Labels::Text(array.strings(pickle)?), false)),
        ElementKind::Object => {
            let nodes = array.objects()?.into_iter().map(|id| pickle.value(id)).collect();
            object_labels(value, nodes)
        }
        ElementKind::Bytes
        | ElementKind::Complex
        | ElementKind::DateTime
        | ElementKind::TimeDelta
        | ElementKind::Void => Err(refuse(
            value,
            codes::KIND,
            format!("values of dtype `{}` are not carried", array.dtype().spell()),
        )
        .with_help("texts, numbers and booleans are carried; fit on one of them")),
    }
}

fn is_missing(value: &Value<'_>) -> bool {
    value.is_none() || value.as_float().is_some_and(f64::is_nan)
}

fn object_labels(at: &Value<'_>, mut all: Vec<Value<'_>>) -> Result<(Labels, bool), Failure> {
    let missing = all.pop_if(|last| is_missing(last)).is_some();
    if all.last().is_some_and(is_missing) {
        let message = "both `None` and NaN are listed, which a table cannot tell apart";
        return Err(refuse(at, codes::KIND, message));
    }
    let texts: Option<Vec<String>> = all.iter().map(|v| v.to_text().ok()).collect();
    if let Some(texts) = texts {
        return Ok((Labels::Text(texts), missing));
    }
    let truths: Option<Vec<bool>> = all.iter().map(Value::as_bool).collect();
    if let Some(truths) = truths {
        return Ok((Labels::Bool(truths), missing));
    }
    let integers: Option<Vec<i64>> = all.iter().map(Value::as_int).collect();
    if let Some(integers) = integers {
        return Ok((Labels::I64(integers), missing));
    }
    let numbers: Option<Vec<f64>> = all.iter().map(Value::as_float).collect();
    match numbers {
        Some(numbers) if !numbers.iter().any(|v| v.is_nan()) => Ok((Labels::F64(numbers), missing)),
        Some(_) | None => Err(refuse(at, codes::KIND, "the values are not all of one kind")
            .with_help("fit on a column of texts only or numbers only")),
    }
}

/// The classes of a classifier with one target and at least two classes. Some ask their
/// `_label_binarizer` or `label_binarizer_`, some their `_label_encoder`.
pub(crate) fn classes(estimator: &Estimator<'_>) -> Result<Labels, Failure> {
    let places = ["_label_binarizer", "label_binarizer_", "_label_encoder", "le_"];
    let other = places.iter().find_map(|place| estimator.get(place));
    match other.filter(|_| estimator.get("classes_").is_none()) {
        Some(other) => {
            let other = Estimator::new(&other, estimator.version)?;
            if has_labels(&other) {
                let message = "a classifier with several labels is not carried";
                return Err(estimator.refuse(codes::OUTPUTS, message));
            }
            classes_of(&other)
        }
        None => classes_of(estimator),
    }
}

/// Whether a label binarizer saw rows with several labels each.
pub(crate) fn has_labels(binarizer: &Estimator<'_>) -> bool {
    binarizer.word("y_type_").is_some_and(|kind| kind.starts_with("multilabel"))
}

/// The classes of one of several labels: whether the row has it.
pub(crate) fn zero_and_one() -> Labels {
    Labels::I64(vec![0, 1])
}

/// The classes of each target; none of a classifier of one target.
pub(crate) fn target_classes(estimator: &Estimator<'_>) -> Result<Option<Vec<Labels>>, Failure> {
    let value = estimator.fitted("classes_")?;
    if value.is_array() {
        return Ok(None);
    }
    let mut targets = Vec::new();
    for item in value.items()? {
        let (labels, missing) = labels(&item)?;
        if missing || labels.len() < 2 {
            let message = format!("a target of {} classes is not carried", labels.len());
            return Err(refuse(&item, codes::OUTPUTS, message)
                .with_help("leave out targets that always have the same class"));
        }
        targets.push(labels);
    }
    Ok(Some(targets))
}

/// The classes that `classes_` lists.
pub(crate) fn classes_of(estimator: &Estimator<'_>) -> Result<Labels, Failure> {
    let value = estimator.fitted("classes_")?;
    let several = !value.is_array() || value.array()?.ndim() != 1;
    if several || estimator.get("n_outputs_").and_then(|n| n.as_int()).is_some_and(|n| n != 1) {
        return Err(estimator
            .refuse(codes::OUTPUTS, "a classifier with several targets is not carried")
            .with_help("fit one classifier a target and convert each"));
    }
    let (labels, missing) = labels(&value)?;
    if missing || labels.len() < 2 {
        return Err(estimator
            .refuse(
                codes::OUTPUTS,
                format!("expected at least two classes, found {}", labels.len()),
            )
            .with_help(
                "a classifier that knows one class always answers it; there is nothing to convert",
            ));
    }
    Ok(labels)
}
