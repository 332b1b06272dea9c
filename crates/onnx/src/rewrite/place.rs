//! Where tensors lie: in the model, or in one file beside it.

use bytes::Bytes;
use holdall_diag::Failure;
use holdall_source::{Limits, Source};
use prost::Message;
use sha1::{Digest, Sha1};

use crate::{
    decode::{self, Siblings},
    dtypes,
    fields::fields,
    proto::TensorProto,
    wire::Rope,
};

/// Tensors below this many bytes stay in the model; the same bound that onnx has.
pub(crate) const LEAST: usize = 1024;
/// Larger tensors start at a multiple of this, so that runtimes can map them on every system.
const PAGE: u64 = 1 << 16;
/// Tensors from this size on start at a page.
const LARGE: usize = 1 << 16;
/// The others start at a multiple of this.
const ALIGN: u64 = 64;

/// Where tensors go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Placement {
    /// They stay where they are.
    #[default]
    Keep,
    /// All of them in the model.
    Inline,
    /// Those of weight in one file of this name beside the model.
    Split(String),
}

/// What goes into the file beside the model.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aside {
    /// Offsets and bytes, ascending.
    pub(crate) parts: Vec<(u64, Bytes)>,
}

impl Aside {
    fn end(&self) -> u64 {
        self.parts.last().map_or(0, |(offset, bytes)| offset + bytes.len() as u64)
    }

    /// Takes the elements of a tensor, and writes into its message where they are.
    pub(crate) fn put(
        &mut self,
        payload: &Bytes,
        name: &str,
        checksum: Option<&str>,
        out: &mut Rope,
    ) {
        let align = if payload.len() < LARGE { ALIGN } else { PAGE };
        let offset = self.end().next_multiple_of(align);
        self.parts.push((offset, payload.clone()));
        let length = payload.len().to_string();
        let offset = offset.to_string();
        let mut entries = vec![("location", name), ("offset", &offset), ("length", &length)];
        if let Some(checksum) = checksum {
            entries.push(("checksum", checksum));
        }
        for (key, value) in entries {
            let mut entry = Rope::default();
            entry.text(1, key);
            entry.text(2, value);
            out.message(13, entry);
        }
        out.varint(14, 1);
    }

    /// SHA-1 of the file, when there is one.
    pub(crate) fn checksum(&self) -> Option<String> {
        if self.parts.is_empty() {
            return None;
        }
        let mut hash = Sha1::new();
        for block in self.blocks() {
            hash.update(&block);
        }
        Some(crate::hex(&hash.finalize()))
    }

    /// The bytes in order, gaps as zeros.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Bytes> {
        let mut at = 0;
        self.parts.iter().flat_map(move |(offset, bytes)| {
            let gap = usize::try_from(offset - at).unwrap_or(0);
            at = offset + bytes.len() as u64;
            [Bytes::from(vec![0; gap]), bytes.clone()]
        })
    }
}

/// Whether a model has weights in other files, found without decoding them.
pub(super) fn is_split(source: &Source, limits: Limits) -> Result<bool, Failure> {
    crate::inspect::external(source, limits).map(|files| !files.is_empty())
}

/// Gathers tensors for the file beside the model.
pub(super) struct Places<'s> {
    siblings: Siblings<'s>,
    aside: Aside,
    checksum: Option<String>,
}

impl<'s> Places<'s> {
    pub(super) fn new(source: &'s Source) -> Self {
        Self { siblings: Siblings::of(source), aside: Aside::default(), checksum: None }
    }

    /// SHA-1 of the file beside the model, when there is one.
    pub(super) fn checksum(&self) -> Option<String> {
        self.aside.checksum()
    }

    /// Starts over, with the digest known.
    pub(super) fn again(&mut self, checksum: String) {
        self.aside = Aside::default();
        self.checksum = Some(checksum);
    }

    pub(super) fn finish(self) -> Aside {
        self.aside
    }

    /// A tensor in its place.
    pub(super) fn tensor(&mut self, bytes: &Bytes, placement: &Placement) -> Result<Rope, Failure> {
        let keep = || {
            let mut out = Rope::default();
            out.splice(bytes);
            out
        };
        let outside = |typed: &TensorProto| typed.data_location == 1;
        match placement {
            Placement::Keep => Ok(keep()),
            Placement::Inline => {
                let typed = TensorProto::decode(bytes.clone()).map_err(decode::not_a_model)?;
                if !outside(&typed) {
                    return Ok(keep());
                }
                let payload = decode::payload(&typed, &mut self.siblings, "a tensor")?;
                let mut out = without_data(bytes)?;
                out.payload(9, &payload);
                Ok(out)
            }
            Placement::Split(name) => {
                if bytes.len() < LEAST && !has_location(bytes)? {
                    return Ok(keep());
                }
                let typed = TensorProto::decode(bytes.clone()).map_err(decode::not_a_model)?;
                if typed.data_type == i32::from(dtypes::number(holdall_tensor::DType::Text)) {
                    return Ok(keep());
                }
                let payload = decode::payload(&typed, &mut self.siblings, "a tensor")?;
                if payload.len() < LEAST {
                    let mut out = without_data(bytes)?;
                    out.payload(9, &payload);
                    return Ok(out);
                }
                let mut out = without_data(bytes)?;
                self.aside.put(&payload, name, self.checksum.as_deref(), &mut out);
                Ok(out)
            }
        }
    }
}

/// A tensor without its elements and without the place of them.
fn without_data(bytes: &Bytes) -> Result<Rope, Failure> {
    let mut out = Rope::default();
    for field in fields(bytes)? {
        if !matches!(field.number, 4..=7 | 9..=11 | 13 | 14) {
            out.splice(&field.whole);
        }
    }
    Ok(out)
}

fn has_location(bytes: &Bytes) -> Result<bool, Failure> {
    Ok(fields(bytes)?.iter().any(|field| field.number == 14))
}
