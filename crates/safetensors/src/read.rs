use std::collections::BTreeMap;

use bytes::Bytes;
use holdall_codec::{Body, Confidence, Format, Head, Outcome, ReadOptions, Reader, Summary};
use holdall_diag::{Failure, Location, Report};
use holdall_source::{Budget, Source};
use holdall_tensor::Tensor;
use holdall_weights::Weights;

use crate::{
    FORMAT, Safetensors, codes,
    header::{self, Header, LENGTH, MAX_HEADER, METADATA},
};

impl Reader for Safetensors {
    fn format(&self) -> &'static Format {
        &FORMAT
    }

    fn detect(&self, head: &Head) -> Confidence {
        let Some((first, rest)) = head.bytes.split_first_chunk::<8>() else {
            return Confidence::No;
        };
        let length = u64::from_le_bytes(*first);
        let starts = rest.trim_ascii_start();
        if length < 2
            || length > MAX_HEADER.min(head.len.saturating_sub(LENGTH))
            || !starts.starts_with(b"{")
        {
            return Confidence::No;
        }
        let shown = usize::try_from(length).map_or(rest, |n| rest.get(..n).unwrap_or(rest));
        let says = |word: &str| shown.windows(word.len()).any(|w| w == word.as_bytes());
        if says("\"data_offsets\"") || says(METADATA) {
            Confidence::Certain
        } else {
            Confidence::Likely
        }
    }

    fn read(&self, source: &Source, options: &ReadOptions) -> Result<Outcome, Failure> {
        let located = |failure: Failure| failure.in_file(source.name());
        let (header, start) = head(source, options).map_err(located)?;
        let bytes = source.bytes()?;
        let weights = weights(header, &bytes, start).map_err(located)?;
        Ok(Outcome { body: Body::Weights(weights), report: Report::new(), libraries: Vec::new() })
    }

    fn inspect(&self, source: &Source, options: &ReadOptions) -> Result<Summary, Failure> {
        let (header, start) =
            head(source, options).map_err(|failure| failure.in_file(source.name()))?;
        let mut summary = Summary::new(&FORMAT);
        summary.fact("tensors", header.tensors.len());
        let (mut elements, mut dtypes) = (0_u64, BTreeMap::<String, u64>::new());
        for entry in &header.tensors {
            // The shape was multiplied out when it was checked.
            elements += entry.shape.elements().unwrap_or_default();
            *dtypes.entry(entry.dtype.to_string()).or_default() += 1;
        }
        summary.fact("elements", elements);
        summary.fact("data_bytes", source.len() - start);
        summary.fact("dtypes", serde_json::json!(dtypes));
        summary.fact("metadata", serde_json::json!(header.metadata));
        Ok(summary)
    }
}

/// The header, and where the elements begin. Reads nothing else.
fn head(source: &Source, options: &ReadOptions) -> Result<(Header, u64), Failure> {
    let mut budget = Budget::new(options.limits);
    let first = source.head(size_of::<u64>())?;
    let Some((first, [])) = first.split_first_chunk::<8>() else {
        let message = format!("expected 8 bytes of length, the file has {}", source.len());
        return Err(Failure::malformed(codes::TRUNCATED, message).at(Location::at(0)));
    };
    let length = header::length(*first, source.len())?;
    budget.charge(length)?;
    let bytes = source.range(LENGTH, length)?;
    let start = LENGTH + length;
    let header = header::decode(&bytes, source.len() - start, &mut budget)?;
    Ok((header, start))
}

fn weights(header: Header, bytes: &Bytes, start: u64) -> Result<Weights, Failure> {
    let mut weights = Weights::new();
    for entry in header.tensors {
        let span = start + entry.begin..start + entry.end;
        // The header covers the rest of the file exactly, so the range is there.
        let range = usize::try_from(span.start).ok().zip(usize::try_from(span.end).ok());
        let Some(view) = range.filter(|&(_, end)| end <= bytes.len()) else {
            let message = format!("the bytes of `{}` are not there", entry.name);
            return Err(Failure::malformed(codes::TRUNCATED, message).at(Location::span(span)));
        };
        let tensor = Tensor::new(entry.dtype, entry.shape, bytes.slice(view.0..view.1))
            .map_err(|failure| failure.at(Location::span(span)))?;
        weights.insert(entry.name, tensor)?;
    }
    weights.metadata = header.metadata;
    Ok(weights)
}
