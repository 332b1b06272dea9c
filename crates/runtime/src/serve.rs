use std::{
    borrow::Cow,
    io::{Read, Write},
    path::Path,
};

use holdall_diag::{Code, Failure};
use holdall_exec::{Array, Keys, TensorValue};
use ort::{
    session::{Session, SessionInputValue},
    value::{
        DynMapValueType, DynValue, PrimitiveTensorElementType, Tensor, TensorElementType, ValueType,
    },
};
use serde_json::{Value, json};

use crate::{
    codes,
    wire::{decode, encode, receive, send},
};

/// Loads a library and a model, and answers messages until there are no more. What goes wrong is
/// answered as well; only a broken stream is a failure.
pub fn serve(
    library: &Path,
    model: &Path,
    mut from: impl Read,
    mut to: impl Write,
) -> Result<(), Failure> {
    let mut session = match open(library, model) {
        Ok(session) => session,
        Err(failure) => return refuse(&mut to, &failure),
    };
    send(&mut to, &json!({ "version": version(library) }), &[])?;
    loop {
        let Ok((header, payload)) = receive(&mut from) else { return Ok(()) };
        match answer(&mut session, &header, &payload) {
            Ok((outputs, payload)) => send(&mut to, &json!({ "outputs": outputs }), &payload)?,
            Err(failure) => refuse(&mut to, &failure)?,
        }
    }
}

fn refuse(to: impl Write, failure: &Failure) -> Result<(), Failure> {
    let message = &failure.diagnostic().message;
    send(to, &json!({ "error": message, "code": failure.code().to_string() }), &[])
}

fn failed(code: Code, error: &dyn std::fmt::Display) -> Failure {
    Failure::unsupported(code, error.to_string().trim().to_owned())
}

fn open(library: &Path, model: &Path) -> Result<Session, Failure> {
    let builder = ort::init_from(library).map_err(|error| failed(codes::LIBRARY, &error))?;
    let environment =
        builder.with_telemetry(false).build().map_err(|error| failed(codes::LIBRARY, &error))?;
    let mut builder =
        Session::builder(&environment).map_err(|error| failed(codes::LIBRARY, &error))?;
    // One thread: answers do not depend on the machine.
    builder = builder.with_intra_threads(1).map_err(|error| failed(codes::LIBRARY, &error))?;
    builder.commit_from_file(model).map_err(|error| failed(codes::MODEL, &error))
}

/// The release: of the branch that the library was built from, or in the name of its file.
fn version(library: &Path) -> String {
    let branch = ort::info().split("git-branch=rel-").nth(1);
    let release = branch.and_then(|rest| rest.split(',').next());
    let file =
        || library.file_name().map_or_else(String::new, |f| f.to_string_lossy().into_owned());
    release.map_or_else(file, str::to_owned)
}

fn answer(
    session: &mut Session,
    header: &Value,
    payload: &[u8],
) -> Result<(Vec<Value>, Vec<u8>), Failure> {
    let bad = || Failure::malformed(codes::ENDED, "a message without inputs");
    let mut rest = payload;
    let mut inputs: Vec<(Cow<'_, str>, SessionInputValue<'_>)> = Vec::new();
    for input in header.get("inputs").and_then(Value::as_array).ok_or_else(bad)? {
        let name = input.get("name").and_then(Value::as_str).ok_or_else(bad)?;
        let value = decode(input.get("value").ok_or_else(bad)?, &mut rest)?;
        inputs.push((name.to_owned().into(), hand_over(value)?.into()));
    }
    let names: Vec<String> = session.outputs().iter().map(|o| o.name().to_owned()).collect();
    let made = session.run(inputs).map_err(|error| failed(codes::RUN, &error))?;
    let mut out = Vec::new();
    let mut payload = Vec::new();
    for name in names {
        let value = made.get(&name).ok_or_else(|| {
            Failure::unsupported(codes::RUN, format!("the library gives no `{name}`"))
        })?;
        out.push(encode(&take_back(value)?, &mut payload)?);
    }
    Ok((out, payload))
}

/// A value for the library.
fn hand_over(value: TensorValue) -> Result<DynValue, Failure> {
    fn tensor<T>(array: &Array<T>) -> Result<DynValue, Failure>
    where
        T: PrimitiveTensorElementType + Clone + std::fmt::Debug + 'static,
    {
        Tensor::from_array((array.shape().to_vec(), array.data().to_vec()))
            .map(Tensor::into_dyn)
            .map_err(|error| failed(codes::VALUE, &error))
    }
    match value {
        TensorValue::F32(a) => tensor(&a),
        TensorValue::F64(a) => tensor(&a),
        TensorValue::I64(a) => tensor(&a),
        TensorValue::I32(a) => tensor(&a),
        TensorValue::I16(a) => tensor(&a),
        TensorValue::I8(a) => tensor(&a),
        TensorValue::U8(a) => tensor(&a),
        TensorValue::U16(a) => tensor(&a),
        TensorValue::U32(a) => tensor(&a),
        TensorValue::U64(a) => tensor(&a),
        TensorValue::Bool(a) => tensor(&a),
        TensorValue::Text(a) => Tensor::from_string_array((a.shape().to_vec(), a.data()))
            .map(Tensor::into_dyn)
            .map_err(|error| failed(codes::VALUE, &error)),
        TensorValue::F16(_)
        | TensorValue::BF16(_)
        | TensorValue::C64(_)
        | TensorValue::C128(_)
        | TensorValue::Narrow(..)
        | TensorValue::Maps { .. }
        | TensorValue::Map(..)
        | TensorValue::Sequence(_)
        | TensorValue::Nothing => {
            let message = "an input of this type is not handed over";
            Err(Failure::unsupported(codes::VALUE, message))
        }
    }
}

/// A value from the library.
#[expect(clippy::wildcard_enum_match_arm, reason = "types that are added upstream are refused")]
fn take_back(value: &DynValue) -> Result<TensorValue, Failure> {
    fn tensor<T>(value: &DynValue) -> Result<Array<T>, Failure>
    where
        T: PrimitiveTensorElementType + Clone,
    {
        let (shape, data) =
            value.try_extract_tensor::<T>().map_err(|error| failed(codes::VALUE, &error))?;
        Array::new(&extents(shape)?, data.to_vec())
    }
    let other = || {
        let message = format!("an output of type {} is not taken back", value.dtype());
        Failure::unsupported(codes::VALUE, message)
    };
    let kind = match value.dtype() {
        ValueType::Tensor { ty, .. } => *ty,
        ValueType::Sequence(_) => return maps(value),
        ValueType::Map { .. } | ValueType::Optional(_) => return Err(other()),
    };
    Ok(match kind {
        TensorElementType::Float32 => TensorValue::F32(tensor(value)?),
        TensorElementType::Float64 => TensorValue::F64(tensor(value)?),
        TensorElementType::Int64 => TensorValue::I64(tensor(value)?),
        TensorElementType::Int32 => TensorValue::I32(tensor(value)?),
        TensorElementType::Int16 => TensorValue::I16(tensor(value)?),
        TensorElementType::Int8 => TensorValue::I8(tensor(value)?),
        TensorElementType::Uint8 => TensorValue::U8(tensor(value)?),
        TensorElementType::Uint16 => TensorValue::U16(tensor(value)?),
        TensorElementType::Uint32 => TensorValue::U32(tensor(value)?),
        TensorElementType::Uint64 => TensorValue::U64(tensor(value)?),
        TensorElementType::Bool => TensorValue::Bool(tensor(value)?),
        TensorElementType::String => {
            let (shape, texts) =
                value.try_extract_strings().map_err(|error| failed(codes::VALUE, &error))?;
            TensorValue::Text(Array::new(&extents(shape)?, texts)?)
        }
        _ => return Err(other()),
    })
}

fn extents(shape: &[i64]) -> Result<Vec<usize>, Failure> {
    shape
        .iter()
        .map(|&n| {
            usize::try_from(n).map_err(|error| {
                Failure::malformed(codes::RUN, "the library gives a negative extent")
                    .caused_by(error)
            })
        })
        .collect()
}

/// A list of maps of floats, which all have the same keys.
fn maps(value: &DynValue) -> Result<TensorValue, Failure> {
    let uneven = || Failure::unsupported(codes::VALUE, "the maps of an output have different keys");
    let list = value
        .try_extract_sequence::<DynMapValueType>()
        .map_err(|error| failed(codes::VALUE, &error))?;
    let mut keys: Option<Keys> = None;
    let mut data: Vec<f32> = Vec::new();
    for map in &list {
        let (own, values) = if let Ok(pairs) = map.try_extract_key_values::<i64, f32>() {
            let (own, values): (Vec<i64>, Vec<f32>) = pairs.into_iter().unzip();
            (Keys::Ints(own), values)
        } else {
            let pairs = map
                .try_extract_key_values::<String, f32>()
                .map_err(|error| failed(codes::VALUE, &error))?;
            let (own, values): (Vec<String>, Vec<f32>) = pairs.into_iter().unzip();
            (Keys::Texts(own), values)
        };
        if *keys.get_or_insert_with(|| own.clone()) != own {
            return Err(uneven());
        }
        data.extend(values);
    }
    let keys = keys.unwrap_or(Keys::Ints(Vec::new()));
    let values = Array::new(&[list.len(), keys.len()], data)?;
    Ok(TensorValue::Maps { keys, values })
}
