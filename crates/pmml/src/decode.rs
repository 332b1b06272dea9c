//! Bytes → document. No recursion: nesting is a stack, bounded by the limits.

use std::borrow::Cow;

use bytes::Bytes;
use holdall_diag::{Code, Failure, Location, PathKind};
use holdall_source::{Budget, Source};
use quick_xml::{
    Reader, XmlVersion,
    escape::unescape,
    events::{BytesStart, Event},
};

use crate::{
    Version, codes,
    doc::{Builder, Document, line_of},
};

/// Memory that an element, an attribute or a text takes beside its characters.
const OVERHEAD: u64 = 24;
/// Attributes that one element may have; the standard's richest has 21.
const MAX_ATTRIBUTES: usize = 4096;
/// Different names of elements and attributes; the standard has about 800.
const MAX_NAMES: usize = 1 << 16;

/// Reads a file into a document.
///
/// Fails with a located `pmml/…` code when the file is not well-formed XML, has a document type
/// declaration or entities of its own, is not PMML, or is of a version that is not read.
pub fn decode(source: &Source, budget: &mut Budget) -> Result<Document, Failure> {
    decode_bytes(source.bytes()?, budget).map_err(|failure| failure.in_file(source.name()))
}

fn decode_bytes(bytes: Bytes, budget: &mut Budget) -> Result<Document, Failure> {
    let bytes = to_utf8(bytes, budget)?;
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => {
            let (line, column) = line_of(&bytes, error.valid_up_to() as u64);
            return Err(Failure::malformed(codes::ENCODING, "the text is not UTF-8")
                .at(Location::line(line, column))
                .with_help("declare the encoding in the XML declaration, or convert the file"));
        }
    };
    let mut decoder = Decoder {
        bytes: &bytes,
        budget,
        builder: Builder::new(),
        path: Vec::new(),
        pending: String::new(),
        prefix: None,
        seen_root: false,
        at: 0,
    };
    decoder.run(text)?;
    let builder = decoder.builder;
    builder.finish_from(bytes)
}

struct Decoder<'a> {
    bytes: &'a [u8],
    budget: &'a mut Budget,
    builder: Builder,
    /// Names of the open elements, and whether each has child elements.
    path: Vec<(&'a str, bool)>,
    /// Text since the last tag.
    pending: String,
    /// The prefix of the PMML namespace, with its colon.
    prefix: Option<String>,
    seen_root: bool,
    /// Where the event being read starts.
    at: u64,
}

impl<'a> Decoder<'a> {
    fn run(&mut self, text: &'a str) -> Result<(), Failure> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let skipped = (self.bytes.len() - text.len()) as u64;
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_comments = true;
        loop {
            self.at = reader.buffer_position() + skipped;
            self.budget.step(1)?;
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    self.at = reader.error_position() + skipped;
                    let message = format!("not well-formed: {error}");
                    return Err(self.fail(codes::XML, message).caused_by(error));
                }
            };
            match event {
                Event::Start(start) => self.start(&start)?,
                Event::Empty(start) => {
                    self.start(&start)?;
                    self.end();
                }
                Event::End(_) => {
                    self.flush()?;
                    self.end();
                }
                Event::Text(text) => self.text(&text.into_inner())?,
                Event::CData(data) => self.text(&data.into_inner())?,
                Event::GeneralRef(reference) => {
                    let name = reference.into_inner();
                    let whole = format!("&{name};");
                    let text = self.unescape(&whole)?.into_owned();
                    self.text(&text)?;
                }
                Event::DocType(_) => {
                    let message = "a document type declaration is not part of PMML";
                    return Err(self
                        .fail(codes::DOCTYPE, message)
                        .with_help("remove the `<!DOCTYPE …>` from the file"));
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
        }
        self.finished()
    }

    fn finished(&self) -> Result<(), Failure> {
        if let Some((name, _)) = self.path.last() {
            return Err(self.fail(codes::XML, format!("the file ends inside `<{name}>`")));
        }
        if !self.seen_root {
            return Err(self.fail(codes::ROOT, "expected the element `PMML`, found none"));
        }
        if self.builder.overflowed() {
            return Err(Failure::limit(codes::LIMIT, "the document is too large to be numbered"));
        }
        Ok(())
    }

    fn start(&mut self, start: &BytesStart<'a>) -> Result<(), Failure> {
        if !self.pending.is_empty() {
            // Blanks before a child element are layout.
            if self.pending.trim().is_empty() {
                self.pending.clear();
            } else {
                self.flush()?;
            }
        }
        let depth = self.path.len() + 1;
        let (bytes, at) = (self.bytes, self.at);
        self.budget.depth(depth, || {
            let (line, column) = line_of(bytes, at);
            Location::line(line, column)
        })?;
        self.budget.charge(OVERHEAD)?;
        let name = start.name().into_inner();
        if self.path.is_empty() {
            let attributes = self.attributes(start)?;
            self.root(name, &attributes)?;
        }
        if let Some((_, has_children)) = self.path.last_mut() {
            *has_children = true;
        }
        // The name is kept from the text itself, which outlives the event.
        let offset = usize::try_from(self.at).unwrap_or(usize::MAX).saturating_add(1);
        let raw = self.bytes.get(offset..offset.saturating_add(name.len())).unwrap_or_default();
        self.path.push((std::str::from_utf8(raw).unwrap_or_default(), false));
        let prefix = self.prefix.as_deref();
        let local = prefix.and_then(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
        self.builder.open_at(local, self.at);
        self.keep_attributes(start)?;
        if self.builder.name_count() > MAX_NAMES {
            let message = format!("more than {MAX_NAMES} different names of elements");
            return Err(self.fail_as(Failure::limit(codes::LIMIT, message)));
        }
        Ok(())
    }

    /// Adds the attributes of an element to it.
    fn keep_attributes(&mut self, start: &BytesStart<'a>) -> Result<(), Failure> {
        let own = self.prefix.as_deref().and_then(|prefix| prefix.strip_suffix(':'));
        let own = own.map(|prefix| format!("xmlns:{prefix}"));
        let mut count = 0;
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| {
                self.fail(codes::XML, format!("not well-formed: {error}")).caused_by(error)
            })?;
            if count == MAX_ATTRIBUTES {
                let message = format!("an element with more than {MAX_ATTRIBUTES} attributes");
                return Err(self.fail_as(Failure::limit(codes::LIMIT, message)));
            }
            count += 1;
            let key = attribute.key.into_inner();
            let value = match attribute.normalized_value(XmlVersion::Implicit1_0) {
                Ok(value) => value,
                Err(error) => {
                    let message = format!("attribute `{key}`: {error}");
                    return Err(self.fail(codes::ENTITY, message).caused_by(error));
                }
            };
            self.budget.charge(OVERHEAD + value.len() as u64)?;
            let key = if own.as_deref() == Some(key) { "xmlns" } else { key };
            self.builder.attribute_text(key, &value);
        }
        if count > 1
            && let Some(twice) = self.builder.repeated()
        {
            return Err(self.fail(codes::XML, format!("attribute `{twice}` is given twice")));
        }
        Ok(())
    }

    /// The attributes of the root, before it is kept.
    fn attributes<'s>(
        &mut self,
        start: &'s BytesStart<'a>,
    ) -> Result<Vec<(&'s str, Cow<'s, str>)>, Failure> {
        let mut all: Vec<(&str, Cow<'_, str>)> = Vec::new();
        for attribute in start.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| {
                self.fail(codes::XML, format!("not well-formed: {error}")).caused_by(error)
            })?;
            if all.len() == MAX_ATTRIBUTES {
                let message = format!("an element with more than {MAX_ATTRIBUTES} attributes");
                return Err(self.fail_as(Failure::limit(codes::LIMIT, message)));
            }
            let key = attribute.key.into_inner();
            let value = match attribute.normalized_value(XmlVersion::Implicit1_0) {
                Ok(value) => Cow::<str>::Owned(value.into_owned()),
                Err(error) => {
                    let message = format!("attribute `{key}`: {error}");
                    return Err(self.fail(codes::ENTITY, message).caused_by(error));
                }
            };
            all.push((key, value));
        }
        Ok(all)
    }

    /// Finds the version and, where the namespace has a prefix, the prefix.
    fn root(&mut self, name: &str, attributes: &[(&str, Cow<'_, str>)]) -> Result<(), Failure> {
        if self.seen_root {
            return Err(self.fail(codes::XML, "expected one root element, found another"));
        }
        self.seen_root = true;
        let (prefix, local) = name.split_once(':').map_or(("", name), |(p, l)| (p, l));
        if local != "PMML" {
            return Err(
                self.fail(codes::ROOT, format!("expected the element `PMML`, found `{name}`"))
            );
        }
        if !prefix.is_empty() {
            self.prefix = Some(format!("{prefix}:"));
        }
        let get = |key: &str| attributes.iter().find(|(k, _)| *k == key).map(|(_, v)| v.as_ref());
        let namespace =
            if prefix.is_empty() { get("xmlns") } else { get(&format!("xmlns:{prefix}")) };
        let version = namespace
            .and_then(Version::of_namespace)
            .or_else(|| get("version").and_then(Version::of_attribute));
        match version {
            Some(version) if version.is_read() => Ok(()),
            Some(version) => {
                let message = format!("expected PMML 3.0 to 4.4, found {version}");
                Err(self.fail_as(Failure::unsupported(codes::VERSION, message)))
            }
            None => Err(self.fail(
                codes::VERSION,
                "expected a PMML namespace or the attribute `version`, found neither",
            )),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Failure> {
        if self.path.is_empty() {
            if text.trim().is_empty() {
                return Ok(());
            }
            return Err(self.fail(codes::XML, "text outside the root element"));
        }
        self.budget.charge(text.len() as u64)?;
        self.pending.push_str(text);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let layout = self.path.last().is_some_and(|(_, children)| *children)
            && self.pending.trim().is_empty();
        if !layout && !self.pending.is_empty() {
            self.budget.charge(OVERHEAD)?;
            self.builder.text(&self.pending);
        }
        self.pending.clear();
        Ok(())
    }

    fn end(&mut self) {
        self.path.pop();
        self.builder.close();
    }

    fn unescape<'s>(&self, text: &'s str) -> Result<Cow<'s, str>, Failure> {
        unescape(text).map_err(|error| {
            self.fail(codes::ENTITY, format!("`{text}` stands for nothing")).caused_by(error)
        })
    }

    fn fail(&self, code: Code, message: impl Into<String>) -> Failure {
        self.fail_as(Failure::malformed(code, message))
    }

    fn fail_as(&self, failure: Failure) -> Failure {
        let (line, column) = line_of(self.bytes, self.at);
        let mut path = String::new();
        // A path deeper than this is cut: it would say nothing more.
        for (name, _) in self.path.iter().take(32) {
            path.push('/');
            path.push_str(name);
        }
        if self.path.len() > 32 {
            path.push_str("/…");
        }
        failure.at(Location::line(line, column).with_path(PathKind::Xml, path))
    }
}

/// The file as UTF-8. UTF-16 is told by its byte order mark, the others by the XML declaration.
fn to_utf8(bytes: Bytes, budget: &mut Budget) -> Result<Bytes, Failure> {
    let utf16 = match bytes.get(..2) {
        Some([0xFE, 0xFF]) => Some(u16::from_be_bytes as fn([u8; 2]) -> u16),
        Some([0xFF, 0xFE]) => Some(u16::from_le_bytes as fn([u8; 2]) -> u16),
        _ => None,
    };
    if let Some(unit) = utf16 {
        budget.charge(bytes.len() as u64 * 3)?;
        let (pairs, rest) = bytes.as_chunks::<2>();
        let text: Result<String, _> =
            char::decode_utf16(pairs.iter().skip(1).map(|pair| unit(*pair))).collect();
        return match text {
            Ok(text) if rest.is_empty() => Ok(text.into()),
            Ok(_) | Err(_) => Err(Failure::malformed(codes::ENCODING, "the text is not UTF-16")
                .at(Location::line(1, 1))),
        };
    }
    let encoding = declared_encoding(&bytes);
    match encoding.as_deref().unwrap_or("utf-8") {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => Ok(bytes),
        // Bytes 0x80 to 0x9F differ; windows-1252 has letters where ISO 8859-1 has controls.
        "iso-8859-1" | "latin1" | "windows-1252" | "cp1252" => {
            budget.charge(bytes.len() as u64 * 2)?;
            let text: String = bytes.iter().map(|&byte| latin(byte)).collect();
            Ok(text.into())
        }
        other => Err(Failure::unsupported(
            codes::ENCODING,
            format!("expected UTF-8, UTF-16, ISO-8859-1 or windows-1252, found `{other}`"),
        )
        .at(Location::line(1, 1))),
    }
}

fn declared_encoding(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..bytes.len().min(256))?;
    let head = String::from_utf8_lossy(head);
    let head = head.trim_start_matches('\u{feff}').strip_prefix("<?xml")?;
    let (declaration, _) = head.split_once("?>")?;
    let (_, rest) = declaration.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest.split(quote).nth(1).map(str::to_ascii_lowercase)
}

/// windows-1252; 0x80 to 0x9F as the WHATWG index has them.
fn latin(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    let high = byte.checked_sub(0x80).and_then(|i| HIGH.get(usize::from(i)));
    high.copied().unwrap_or(char::from(byte))
}
