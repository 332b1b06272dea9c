use holdall_codec::{Confidence, Format, Head, Reader, Writer};
use holdall_diag::Failure;
use holdall_source::Source;

use crate::codes;

/// Readers of all enabled formats, by id.
pub fn readers() -> Vec<&'static dyn Reader> {
    let mut all: Vec<&'static dyn Reader> = vec![
        #[cfg(feature = "catboost")]
        holdall_catboost::READER_CBM,
        #[cfg(feature = "catboost")]
        holdall_catboost::READER_JSON,
        #[cfg(feature = "lightgbm")]
        holdall_lightgbm::READER,
        #[cfg(feature = "onnx")]
        &holdall_onnx::Onnx,
        #[cfg(feature = "pfa")]
        holdall_pfa::READER,
        #[cfg(feature = "pmml")]
        &holdall_pmml::PmmlReader,
        #[cfg(feature = "safetensors")]
        holdall_safetensors::READER,
        #[cfg(feature = "sklearn")]
        holdall_sklearn::READER,
        #[cfg(feature = "sklearn")]
        holdall_sklearn::READER_SKOPS,
        #[cfg(feature = "xgboost")]
        holdall_xgboost::READER_JSON,
        #[cfg(feature = "xgboost")]
        holdall_xgboost::READER_UBJ,
    ];
    all.sort_by_key(|reader| reader.format().id);
    all
}

/// Writers of all enabled formats, by id.
pub fn writers() -> Vec<&'static dyn Writer> {
    let mut all: Vec<&'static dyn Writer> = vec![
        #[cfg(feature = "onnx")]
        &holdall_onnx::Onnx,
        #[cfg(feature = "pfa")]
        holdall_pfa::WRITER,
        #[cfg(feature = "pmml")]
        &holdall_pmml::PmmlWriter,
        #[cfg(feature = "safetensors")]
        holdall_safetensors::WRITER,
    ];
    all.sort_by_key(|writer| writer.format().id);
    all
}

/// Every format that is read or written, by id, with whether it is read and whether it is written.
pub fn formats() -> Vec<(&'static Format, bool, bool)> {
    let mut all: Vec<(&'static Format, bool, bool)> = Vec::new();
    for reader in readers() {
        all.push((reader.format(), true, false));
    }
    for writer in writers() {
        match all.iter_mut().find(|(format, ..)| format.id == writer.format().id) {
            Some((_, _, written)) => *written = true,
            None => all.push((writer.format(), false, true)),
        }
    }
    all.sort_by_key(|(format, ..)| format.id);
    all
}

/// The reader of the format called `id`.
pub fn reader(id: &str) -> Result<&'static dyn Reader, Failure> {
    if let Some(reader) = readers().into_iter().find(|reader| reader.format().id == id) {
        return Ok(reader);
    }
    if writers().iter().any(|writer| writer.format().id == id) {
        let message = format!("`{id}` is written, not read");
        return Err(Failure::usage(codes::NOT_READ, message));
    }
    Err(unknown(id))
}

/// The writer of the format called `id`.
pub fn writer(id: &str) -> Result<&'static dyn Writer, Failure> {
    if let Some(writer) = writers().into_iter().find(|writer| writer.format().id == id) {
        return Ok(writer);
    }
    if readers().iter().any(|reader| reader.format().id == id) {
        return Err(Failure::usage(codes::NOT_WRITTEN, format!("`{id}` is read, not written"))
            .with_help(format!("formats that are written: {}", written())));
    }
    Err(unknown(id))
}

/// The writer whose format has the extension of `name`.
pub fn writer_for(name: &str) -> Result<&'static dyn Writer, Failure> {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    extension
        .as_deref()
        .and_then(|extension| {
            writers().into_iter().find(|w| w.format().extensions.contains(&extension))
        })
        .ok_or_else(|| {
            Failure::usage(
                codes::UNKNOWN_FORMAT,
                format!("the name `{name}` does not tell which format to write"),
            )
            .with_help(format!("name it with `--to`: {}", written()))
        })
}

fn written() -> String {
    writers().iter().map(|writer| writer.format().id).collect::<Vec<_>>().join(", ")
}

fn unknown(id: &str) -> Failure {
    let known: Vec<&str> = formats().iter().map(|(format, ..)| format.id).collect();
    Failure::usage(codes::UNKNOWN_FORMAT, format!("there is no format `{id}`"))
        .with_help(format!("formats: {}", known.join(", ")))
}

/// The reader whose format the content of a file is. Among equals the extension decides.
pub fn detect(source: &Source) -> Result<&'static dyn Reader, Failure> {
    if source.is_empty() {
        return Err(Failure::malformed(codes::EMPTY, "the file is empty").at(source.location()));
    }
    let head = Head::of(source)?;
    let by_extension = |reader: &dyn Reader| head.has_extension(reader.format().extensions);
    readers()
        .into_iter()
        .map(|reader| (reader.detect(&head), reader))
        .filter(|(confidence, _)| *confidence > Confidence::No)
        .max_by_key(|(confidence, reader)| (*confidence, by_extension(*reader)))
        .map(|(_, reader)| reader)
        .ok_or_else(|| {
            Failure::unsupported(
                codes::UNRECOGNISED,
                "the content is of no format that holdall reads",
            )
            .at(source.location())
            .with_help("`holdall formats` lists what is read; `--from FORMAT` insists on one")
        })
}
