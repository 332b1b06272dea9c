use std::{fmt, ops::Range, sync::Arc};

/// The syntax in which a [`Location::path`] is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PathKind {
    /// RFC 6901 JSON pointer: `/learner/gradient_booster`.
    JsonPointer,
    /// Element path with positions: `/PMML/TreeModel[1]/Node`.
    Xml,
    /// Protobuf field path: `graph.node[3].attribute[0].ints`.
    Protobuf,
    /// Place in a model held in memory: `node #4, tree 2`.
    Model,
    /// Place in an object tree read from a pickle: `steps[1][1].coef_`.
    Object,
}

/// Where something was found: one shape for every syntax, each part optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Location {
    /// The file as the user named it.
    pub file: Option<Arc<str>>,
    /// Archive entries from the outermost archive inwards.
    pub entries: Vec<Arc<str>>,
    /// Byte range in the innermost file.
    pub bytes: Option<Range<u64>>,
    /// Line and column, both from 1; the column counts bytes.
    pub line: Option<(u64, u64)>,
    /// Path in the document or the model.
    pub path: Option<(PathKind, Arc<str>)>,
}

impl Location {
    /// A location that names nothing yet.
    pub fn none() -> Self {
        Self::default()
    }

    /// A whole file.
    pub fn file(name: impl Into<Arc<str>>) -> Self {
        Self { file: Some(name.into()), ..Self::default() }
    }

    /// A byte offset.
    pub fn at(offset: u64) -> Self {
        Self { bytes: Some(offset..offset), ..Self::default() }
    }

    /// A range of bytes.
    pub fn span(bytes: Range<u64>) -> Self {
        Self { bytes: Some(bytes), ..Self::default() }
    }

    /// A line and column, both from 1.
    pub fn line(line: u64, column: u64) -> Self {
        Self { line: Some((line, column)), ..Self::default() }
    }

    /// A path in some syntax.
    pub fn path(kind: PathKind, path: impl Into<Arc<str>>) -> Self {
        Self { path: Some((kind, path.into())), ..Self::default() }
    }

    /// A place in a model held in memory.
    pub fn model(path: impl Into<Arc<str>>) -> Self {
        Self::path(PathKind::Model, path)
    }

    /// The same place, in this file, unless a file is named already.
    #[must_use]
    pub fn in_file(mut self, name: impl Into<Arc<str>>) -> Self {
        self.file.get_or_insert_with(|| name.into());
        self
    }

    /// The same place, inside this archive entry (becomes the outermost entry).
    #[must_use]
    pub fn in_entry(mut self, name: impl Into<Arc<str>>) -> Self {
        self.entries.insert(0, name.into());
        self
    }

    /// The same place with a line and column added.
    #[must_use]
    pub fn with_line(mut self, line: u64, column: u64) -> Self {
        self.line = Some((line, column));
        self
    }

    /// The same place with a path added.
    #[must_use]
    pub fn with_path(mut self, kind: PathKind, path: impl Into<Arc<str>>) -> Self {
        self.path = Some((kind, path.into()));
        self
    }

    /// Whether nothing is named.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if let Some(file) = &self.file {
            write!(f, "{file}")?;
            separator = ":";
        }
        for entry in &self.entries {
            write!(f, "{}{entry}", if separator.is_empty() { "" } else { "!" })?;
            separator = ":";
        }
        if let Some((line, column)) = self.line {
            write!(f, "{separator}{line}:{column}")?;
            separator = ": ";
        } else if separator == ":" {
            separator = ": ";
        }
        if let Some((_, path)) = &self.path {
            write!(f, "{separator}{}", if path.is_empty() { "/" } else { path })?;
            separator = ": ";
        }
        if let Some(bytes) = &self.bytes {
            if bytes.start == bytes.end {
                write!(f, "{separator}byte {}", bytes.start)?;
            } else {
                write!(f, "{separator}bytes {}..{}", bytes.start, bytes.end)?;
            }
        }
        Ok(())
    }
}
