//! Bytes of one tree → columns, in one pass that knows the plain shape alone.
//!
//! What is accepted here is well-formed, and means in XML what it is taken for. Whatever else XML or the
//! standard allows (extensions, other elements or attributes, another order) is not: there is no
//! answer then, and the document is read by the decoder for everything, which also finds what is wrong.

use std::borrow::Cow;

use quick_xml::{XmlVersion, escape::unescape, events::attributes::Attribute, name::QName};

use super::encoding::{forbidden, noncharacter};
use crate::doc::{PlainBuilder, PlainOp, PlainTree, SimpleOperator};

/// Reads `<Node …>…</Node>` with blanks around it.
pub(super) fn plain_tree(bytes: &[u8], max_depth: usize) -> Option<PlainTree> {
    let text = std::str::from_utf8(bytes).ok()?;
    if noncharacter(bytes).is_some() {
        return None;
    }
    let mut parser = Parser { text, bytes, at: 0, elements: 0, deepest: 0 };
    let mut builder = PlainBuilder::new();
    parser.tree(&mut builder, max_depth)?;
    builder.finish(parser.elements, parser.deepest)
}

struct Parser<'a> {
    text: &'a str,
    /// The same.
    bytes: &'a [u8],
    at: usize,
    /// Number of elements and texts so far.
    elements: u64,
    deepest: usize,
}

/// Elements that others stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Node,
    Compound,
}

/// Values of the attributes asked for, in that order.
type Values<'a, const N: usize> = [Option<Cow<'a, str>>; N];

impl<'a> Parser<'a> {
    fn tree(&mut self, builder: &mut PlainBuilder, max_depth: usize) -> Option<()> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            self.between()?;
            self.expect(b"<")?;
            if self.peek()? == b'/' {
                match open.pop()? {
                    Open::Node => {
                        self.expect(b"/Node")?;
                        builder.close_node()?;
                    }
                    Open::Compound => {
                        self.expect(b"/CompoundPredicate")?;
                        builder.close_compound()?;
                    }
                }
                self.blanks();
                self.expect(b">")?;
            } else {
                self.elements += 1;
                // A set has an array inside.
                self.deepest = self.deepest.max(open.len() + 2);
                if self.deepest > max_depth {
                    return None;
                }
                self.start(builder, &mut open)?;
            }
            if open.is_empty() {
                self.between()?;
                return (self.at == self.bytes.len()).then_some(());
            }
        }
    }

    fn start(&mut self, builder: &mut PlainBuilder, open: &mut Vec<Open>) -> Option<()> {
        match self.name() {
            b"Node" => {
                let names = ["id", "score", "recordCount", "defaultChild"];
                let ([id, score, _, wanted], empty) = self.attributes(names)?;
                builder.open_node(score.as_deref(), id.as_deref(), wanted.as_deref())?;
                if empty {
                    return None;
                }
                open.push(Open::Node);
            }
            b"SimplePredicate" => {
                let names = ["field", "operator", "value"];
                let ([field, operator, value], empty) = self.attributes(names)?;
                let op = PlainOp::Simple(SimpleOperator::parse(operator.as_deref()?)?);
                builder.test(op, Some(field.as_deref()?), value.as_deref())?;
                self.leaf(empty, b"SimplePredicate")?;
            }
            b"ScoreDistribution" => {
                let names = ["value", "recordCount", "probability", "confidence"];
                let ([class, records, probability, _], empty) = self.attributes(names)?;
                builder.share(class.as_deref(), records.as_deref(), probability.as_deref())?;
                self.leaf(empty, b"ScoreDistribution")?;
            }
            b"True" => {
                let ([], empty) = self.attributes([])?;
                builder.test(PlainOp::True, None, None)?;
                self.leaf(empty, b"True")?;
            }
            b"False" => {
                let ([], empty) = self.attributes([])?;
                builder.test(PlainOp::False, None, None)?;
                self.leaf(empty, b"False")?;
            }
            b"SimpleSetPredicate" => self.set(builder)?,
            b"CompoundPredicate" => {
                let ([operator], empty) = self.attributes(["booleanOperator"])?;
                builder.open_compound(operator.as_deref()?)?;
                if empty {
                    return None;
                }
                open.push(Open::Compound);
            }
            _ => return None,
        }
        Some(())
    }

    fn set(&mut self, builder: &mut PlainBuilder) -> Option<()> {
        let ([field, operator], empty) = self.attributes(["field", "booleanOperator"])?;
        let inverse = match operator.as_deref()? {
            "isIn" => false,
            "isNotIn" => true,
            _ => return None,
        };
        self.blanks();
        self.expect(b"<Array")?;
        let ([kind, n], childless) = self.attributes(["type", "n"])?;
        if empty || childless {
            return None;
        }
        let raw = self.text.get(self.at..)?.split_once('<')?.0;
        self.at += raw.len();
        if raw.bytes().any(|byte| byte < b' ' && !is_blank(byte)) {
            return None;
        }
        let items = unescape(raw).ok()?;
        if raw.contains('&') && forbidden(&items).is_some() {
            return None;
        }
        self.elements += 1 + u64::from(!raw.is_empty());
        let quoted = kind.as_deref() == Some("string");
        builder.set(field.as_deref()?, inverse, quoted, &items, n.as_deref())?;
        self.expect(b"</Array")?;
        self.blanks();
        self.expect(b">")?;
        self.blanks();
        self.expect(b"</SimpleSetPredicate")?;
        self.blanks();
        self.expect(b">")
    }

    /// The end of an element without content.
    fn leaf(&mut self, empty: bool, name: &[u8]) -> Option<()> {
        if empty {
            return Some(());
        }
        self.expect(b"</")?;
        self.expect(name)?;
        self.blanks();
        self.expect(b">")
    }

    /// The attributes of a start tag, and whether it ends its element. Each name comes once at most.
    fn attributes<const N: usize>(&mut self, names: [&str; N]) -> Option<(Values<'a, N>, bool)> {
        let mut values = [const { None }; N];
        loop {
            let before = self.at;
            self.blanks();
            match self.peek()? {
                b'>' => {
                    self.at += 1;
                    return Some((values, false));
                }
                b'/' => {
                    self.expect(b"/>")?;
                    return Some((values, true));
                }
                _ if self.at == before => return None,
                _ => {}
            }
            let name = self.name();
            let place = names.iter().position(|known| known.as_bytes() == name)?;
            self.blanks();
            self.expect(b"=")?;
            self.blanks();
            let value = self.value()?;
            let slot = values.get_mut(place)?;
            if slot.is_some() {
                return None;
            }
            *slot = Some(value);
        }
    }

    /// A value in quotes.
    fn value(&mut self) -> Option<Cow<'a, str>> {
        let quote = self.peek().filter(|byte| matches!(byte, b'"' | b'\''))?;
        let start = self.at + 1;
        let mut escaped = false;
        let rest = self.bytes.get(start..)?;
        let mut len = 0;
        loop {
            len += rest.get(len..)?.iter().position(|byte| is_special(*byte))?;
            match *rest.get(len)? {
                byte if byte == quote => break,
                b'"' | b'\'' => {}
                b'&' => escaped = true,
                _ => return None,
            }
            len += 1;
        }
        self.at = start + len + 1;
        let raw = Cow::Borrowed(self.text.get(start..start + len)?);
        if !escaped {
            return Some(raw);
        }
        let attribute = Attribute { key: QName("value"), value: raw };
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
        forbidden(&value).is_none().then_some(value)
    }

    /// The letters from here on.
    fn name(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let len = rest.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn expect(&mut self, wanted: &[u8]) -> Option<()> {
        self.bytes.get(self.at..)?.starts_with(wanted).then(|| self.at += wanted.len())
    }

    /// Goes past blanks and comments.
    fn between(&mut self) -> Option<()> {
        self.blanks();
        while self.bytes.get(self.at..)?.starts_with(b"<!--") {
            let inside = self.text.get(self.at + 4..)?;
            let (comment, _) = inside.split_once("--")?;
            if comment.bytes().any(|byte| byte < b' ' && !is_blank(byte)) {
                return None;
            }
            self.at += 4 + comment.len();
            self.expect(b"-->")?;
            self.blanks();
        }
        Some(())
    }

    /// Goes past blanks. An indent is long in a deep tree, so it is taken in steps of eight.
    fn blanks(&mut self) {
        let mut rest = self.bytes.get(self.at..).unwrap_or_default();
        while let [first, after @ ..] = rest
            && is_blank(*first)
        {
            rest = after;
            while let Some(after) = rest.strip_prefix(b"        ") {
                rest = after;
            }
        }
        self.at = self.bytes.len() - rest.len();
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// Whether a byte in quotes is more than itself.
const fn is_special(byte: u8) -> bool {
    byte < b' ' || matches!(byte, b'"' | b'\'' | b'&' | b'<')
}
