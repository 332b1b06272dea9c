use holdall_diag::Failure;

use super::{
    Array, NumpyDtype,
    array::{Data, Order},
};
use crate::{NodeId, Object, Payload, Value, codes, machine::is_joblib_wrapper};

/// Axes NumPy allows.
pub(crate) const MAX_AXES: usize = 64;

/// The calls that make arrays.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Reconstruct,
    FromBuffer,
    Scalar,
    Masked,
    Joblib,
    SideFile,
}

impl Spelling {
    fn of(object: &Object<'_>) -> Option<Self> {
        Some(match (object.module(), object.name()) {
            ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => {
                Self::Reconstruct
            }
            ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Self::Scalar,
            ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Self::FromBuffer,
            ("numpy.ma.core", "_mareconstruct") => Self::Masked,
            class if is_joblib_wrapper(class) => Self::Joblib,
            (
                "joblib.numpy_pickle"
                | "joblib.numpy_pickle_compat"
                | "sklearn.externals.joblib.numpy_pickle"
                | "sklearn.externals.joblib.numpy_pickle_compat",
                "NDArrayWrapper" | "ZNDArrayWrapper",
            ) => Self::SideFile,
            _ => return None,
        })
    }
}

impl Array {
    /// Whether the value is an array or a NumPy scalar. It may still be a broken one.
    pub fn is_array(value: &Value<'_>) -> bool {
        value.as_object().is_some_and(|object| Spelling::of(&object).is_some())
    }

    /// Reads an array or a NumPy scalar, which is an array without axes.
    pub fn read(value: &Value<'_>) -> Result<Self, Failure> {
        let object = value.as_object().ok_or_else(|| value.expected("an array"))?;
        match Spelling::of(&object) {
            Some(Spelling::Reconstruct) => reconstruct(value, &object, false),
            Some(Spelling::Masked) => reconstruct(value, &object, true),
            Some(Spelling::FromBuffer) => from_buffer(value, &object),
            Some(Spelling::Scalar) => scalar(value, &object),
            Some(Spelling::Joblib) => joblib(value, &object),
            Some(Spelling::SideFile) => Err(Failure::unsupported(
                codes::SIDE_FILE,
                "the array lies in a file beside this one, as joblib wrote before 0.10",
            )
            .at(value.location())
            .with_help("load and save the model with a newer joblib")),
            None => Err(value.expected("an array")),
        }
    }
}

/// State `(1, shape, dtype, fortran, data)`, where data is bytes or a list of objects; a masked array
/// adds its mask and fill value.
fn reconstruct(value: &Value<'_>, object: &Object<'_>, masked: bool) -> Result<Array, Failure> {
    let state = object.state().ok_or_else(|| {
        value.failure(codes::ARRAY, "the array has no state, so it has neither shape nor elements")
    })?;
    let shape = state.item(1)?.extents()?;
    let dtype = NumpyDtype::read(&state.item(2)?)?;
    let fortran = state.item(3)?;
    let fortran = fortran.as_bool().map_or_else(|| fortran.int().map(|v| v != 0), Ok)?;
    let order = if fortran { Order::Fortran } else { Order::C };
    let data = data(&state.item(4)?, &dtype)?;
    // NumPy lists objects in C order whatever the flag says.
    let order = if matches!(data, Data::Objects(_)) { Order::C } else { order };
    let mut array = Array::new(dtype, shape, order, data, value.location())?;
    if masked {
        array.mask = Some(state.item(5)?.bytes()?);
    }
    Ok(array)
}

fn data(value: &Value<'_>, dtype: &NumpyDtype) -> Result<Data, Failure> {
    if !dtype.has_objects() {
        return Ok(Data::Bytes(value.bytes()?));
    }
    plain_objects(value, dtype)?;
    Ok(Data::Objects(value.item_ids()?.to_vec()))
}

fn plain_objects(value: &Value<'_>, dtype: &NumpyDtype) -> Result<(), Failure> {
    if dtype.fields.is_empty() && dtype.subarray.is_none() {
        return Ok(());
    }
    Err(Failure::unsupported(codes::DTYPE, "records with objects in them are not supported")
        .at(value.location())
        .with_help("save the records as one array per field"))
}

/// `_frombuffer(buffer, dtype, shape, order[, axis order])`; with `K`, the buffer holds the array with
/// its axes permuted.
fn from_buffer(value: &Value<'_>, object: &Object<'_>) -> Result<Array, Failure> {
    let buffer = object.argument(0)?.bytes()?;
    let dtype = NumpyDtype::read(&object.argument(1)?)?;
    if dtype.has_objects() {
        return Err(value.failure(codes::ARRAY, "objects cannot lie in a buffer"));
    }
    let shape = object.argument(2)?.extents()?;
    let order = object.argument(3)?;
    let data = Data::Bytes(buffer);
    match order.text()? {
        "C" => Array::new(dtype, shape, Order::C, data, value.location()),
        "F" => Array::new(dtype, shape, Order::Fortran, data, value.location()),
        "K" => {
            let axes = object.argument(4)?;
            let array = Array::new(dtype, shape, Order::C, data, value.location())?;
            transpose(array, &axes)
        }
        other => Err(order.failure(
            codes::ARRAY,
            format!("expected the order `C`, `F` or `K`, found `{}`", other.escape_debug()),
        )),
    }
}

fn transpose(mut array: Array, axes: &Value<'_>) -> Result<Array, Failure> {
    let from = axes.extents()?;
    let mut seen = vec![false; array.ndim()];
    let mut shape = Vec::with_capacity(from.len());
    let mut strides = Vec::with_capacity(from.len());
    for &axis in &from {
        let axis = usize::try_from(axis).unwrap_or(usize::MAX);
        let fresh = seen.get_mut(axis).filter(|seen| !**seen);
        let place = (array.shape.get(axis), array.strides.get(axis));
        let (Some(fresh), (Some(&extent), Some(&stride))) = (fresh, place) else {
            return Err(axes.failure(codes::ARRAY, "expected each axis once"));
        };
        *fresh = true;
        shape.push(extent);
        strides.push(stride);
    }
    if seen.contains(&false) {
        return Err(axes.failure(codes::ARRAY, "expected each axis once"));
    }
    (array.shape, array.strides) = (shape, strides);
    Ok(array)
}

/// `scalar(dtype, bytes)`; an object scalar holds the object itself.
fn scalar(value: &Value<'_>, object: &Object<'_>) -> Result<Array, Failure> {
    let dtype = NumpyDtype::read(&object.argument(0)?)?;
    let content = object.argument(1)?;
    let data = if dtype.has_objects() {
        plain_objects(&content, &dtype)?;
        Data::Objects(vec![content.id()])
    } else {
        Data::Bytes(content.bytes()?)
    };
    Array::new(dtype, Vec::new(), Order::C, data, value.location())
}

/// The wrapper's state, and what lies behind it in the stream.
fn joblib(value: &Value<'_>, object: &Object<'_>) -> Result<Array, Failure> {
    let dtype = NumpyDtype::read(&object.require("dtype")?)?;
    let shape = object.require("shape")?.extents()?;
    let order = object.require("order")?;
    let order = match order.text()? {
        "F" => Order::Fortran,
        "C" | "K" => Order::C,
        other => {
            return Err(order.failure(
                codes::ARRAY,
                format!("expected the order `C` or `F`, found `{}`", other.escape_debug()),
            ));
        }
    };
    let pickle = value.pickle();
    let payload = pickle.call(value.id()).and_then(|call| call.payload.as_ref());
    match payload {
        Some(Payload::Raw(blob)) => {
            let data = Data::Bytes(pickle.share(blob));
            Array::new(dtype, shape, order, data, value.location())
        }
        Some(&Payload::Nested(root)) => nested(value, root, &shape),
        None => Err(value.failure(codes::ARRAY, "no elements lie behind the array wrapper")),
    }
}

/// An object array pickled on its own, with its own shape and order.
fn nested(value: &Value<'_>, root: NodeId, shape: &[u64]) -> Result<Array, Failure> {
    let inner = value.pickle().value(root);
    let object = inner.object()?;
    if Spelling::of(&object) != Some(Spelling::Reconstruct) {
        return Err(value.failure(
            codes::ARRAY,
            format!("expected an object array behind the wrapper, found {}", inner.describe()),
        ));
    }
    let mut array = reconstruct(&inner, &object, false)?;
    if array.shape != shape {
        return Err(value.failure(codes::ARRAY, "the wrapper and its array differ in shape"));
    }
    array.location = value.location();
    Ok(array)
}

impl Value<'_> {
    /// A tuple or list of extents, as shapes are spelled.
    pub(crate) fn extents(&self) -> Result<Vec<u64>, Failure> {
        if let Some(single) = self.as_int() {
            return Ok(vec![self.extent(single)?]);
        }
        if self.item_ids()?.len() > MAX_AXES {
            return Err(self.failure(codes::ARRAY, format!("more than {MAX_AXES} axes")));
        }
        self.items()?.map(|item| item.int().and_then(|extent| item.extent(extent))).collect()
    }

    fn extent(&self, value: i64) -> Result<u64, Failure> {
        u64::try_from(value).map_err(|error| {
            self.failure(codes::ARRAY, format!("expected an extent, found {value}"))
                .caused_by(error)
        })
    }
}
