//! Bytes → document. No recursion: nesting is a stack, bounded by the limits.

mod encoding;
mod frame;
mod tree;

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
    doc::{Builder, Cut, Document, PlainTree, line_of},
};
use encoding::{allowed, forbidden, to_utf8};
pub(crate) use frame::decode_apart;
#[cfg(test)]
pub(crate) use frame::decode_with;

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
    let bytes = to_utf8(&bytes, budget)?.unwrap_or(bytes);
    let (builder, _) = decode_utf8(&bytes, budget)?;
    builder.finish_from(bytes)
}

/// A document out of which trees were cut, nested this deep.
fn decode_frame(
    frame: Bytes,
    cuts: Vec<Cut>,
    trees: Vec<PlainTree>,
    depth: usize,
    budget: &mut Budget,
) -> Option<Document> {
    if to_utf8(&frame, budget).ok()?.is_some() {
        // Trees are read as UTF-8.
        return None;
    }
    let (builder, deepest) = decode_utf8(&frame, budget).ok()?;
    budget.depth(deepest + depth, Location::default).ok()?;
    builder.finish_apart(frame, cuts, trees)
}

/// What stands in a text, and how deep it is nested.
fn decode_utf8(bytes: &[u8], budget: &mut Budget) -> Result<(Builder, usize), Failure> {
    let mut decoder = Decoder {
        bytes,
        budget,
        builder: Builder::new(),
        path: Vec::new(),
        deepest: 0,
        pending: String::new(),
        prefix: None,
        seen_root: false,
        at: 0,
    };
    decoder.run(allowed(bytes)?)?;
    Ok((decoder.builder, decoder.deepest))
}

struct Decoder<'a> {
    bytes: &'a [u8],
    budget: &'a mut Budget,
    builder: Builder,
    /// Names of the open elements, and whether each has child elements.
    path: Vec<(&'a str, bool)>,
    deepest: usize,
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
                    if let Some(message) = forbidden(&text) {
                        return Err(self.fail(codes::XML, message));
                    }
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
        self.deepest = self.deepest.max(depth);
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
            if attribute.value.contains('&')
                && let Some(message) = forbidden(&value)
            {
                return Err(self.fail(codes::XML, format!("attribute `{key}`: {message}")));
            }
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
