use std::io::Write;

use holdall_codec::{Format, Options, Support, Writer};
use holdall_diag::Failure;
use holdall_tabular::Construct;
use holdall_tensor::Tensor;
use holdall_weights::Weights;
use serde_json::{Map, Value, json};

use crate::{
    FORMAT, Safetensors, codes, dtype,
    header::{MAX_HEADER, METADATA},
};

impl Writer for Safetensors {
    fn format(&self) -> &'static Format {
        &FORMAT
    }

    fn support(&self, _: Construct, _: &Options) -> Support {
        Support::refuse("safetensors holds bare tensors, not what is computed with them")
    }

    fn write_weights(
        &self,
        weights: &Weights,
        _: &Options,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        let mut tensors = Vec::with_capacity(weights.len());
        for (name, tensor) in weights.iter() {
            if name == METADATA {
                let message = format!("a tensor cannot be called `{METADATA}`: the name is taken");
                return Err(Failure::unsupported(codes::HEADER, message));
            }
            let (rank, dtype) = dtype::name_of(tensor.dtype())?;
            tensors.push((rank, name, dtype, tensor));
        }
        // As the reference implementation: widest types first, then by name, so that elements of
        // every type are aligned without padding.
        tensors.sort_by(|(a, x, ..), (b, y, ..)| b.cmp(a).then(x.cmp(y)));
        let mut header = Map::new();
        if !weights.metadata.is_empty() {
            header.insert(METADATA.to_owned(), json!(weights.metadata));
        }
        let mut offset = 0;
        for (_, name, dtype, tensor) in &tensors {
            let end = offset + tensor.bytes().len() as u64;
            let entry =
                json!({"dtype": dtype, "shape": tensor.shape().0, "data_offsets": [offset, end]});
            header.insert((*name).to_owned(), entry);
            offset = end;
        }
        let data = tensors.iter().map(|(.., tensor)| *tensor);
        write(&Value::Object(header), data, out)
    }
}

fn write<'t>(
    header: &Value,
    tensors: impl Iterator<Item = &'t Tensor>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut text = header.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(size_of::<u64>()), b' ');
    let length = text.len() as u64;
    if length > MAX_HEADER {
        let message = format!("the header would have {length} bytes, more than {MAX_HEADER}");
        return Err(Failure::unsupported(codes::HEADER_LENGTH, message));
    }
    let mut put = |bytes: &[u8]| {
        out.write_all(bytes)
            .map_err(|error| Failure::io(codes::WRITE, format!("cannot write: {error}"), error))
    };
    put(&length.to_le_bytes())?;
    put(&text)?;
    for tensor in tensors {
        put(tensor.bytes())?;
    }
    Ok(())
}
