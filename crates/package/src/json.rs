use holdall_diag::{Code, Failure, Location, PathKind};
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

/// Reads one JSON document; a failure names line, column and JSON pointer.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8], code: Code) -> Result<T, Failure> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().iter().fold(String::new(), |path, part| match part {
            Segment::Seq { index } => path + "/" + &index.to_string(),
            Segment::Map { key } => path + "/" + key,
            Segment::Enum { variant } => path + "/" + variant,
            Segment::Unknown => path,
        });
        located(code, error.into_inner(), &path)
    })?;
    reader.end().map_err(|error| located(code, error, ""))?;
    Ok(value)
}

fn located(code: Code, error: serde_json::Error, path: &str) -> Failure {
    let (line, column) = (error.line() as u64, error.column() as u64);
    let text = error.to_string();
    // serde_json repeats the place at the end of its message; ours is in the location.
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(head, _)| head);
    let place = Location::path(PathKind::JsonPointer, path).with_line(line, column);
    Failure::malformed(code, message).at(place).caused_by(error)
}
