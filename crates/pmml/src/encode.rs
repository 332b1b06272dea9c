//! Document → bytes: two blanks a level, attributes in their order, the same bytes every time.

use std::io::Write;

use holdall_diag::Failure;

use crate::{
    codes,
    doc::{Document, Element},
};

/// Writes a document as UTF-8.
pub fn encode(document: &Document, out: &mut dyn Write) -> Result<(), Failure> {
    write_all(document, out)
        .map_err(|error| Failure::io(codes::WRITE, format!("cannot write: {error}"), error))
}

/// What is left to do, deepest last.
enum Step<'d> {
    Element(Element<'d>, Layout),
    Text(&'d str),
    Close(&'d str, Layout),
}

#[derive(Clone, Copy)]
struct Layout {
    depth: usize,
    /// Whether the element stands inside text, where blanks would be content.
    inline: bool,
}

fn write_all(document: &Document, out: &mut dyn Write) -> std::io::Result<()> {
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
    let mut steps: Vec<Step<'_>> = Vec::new();
    steps.extend(document.root().map(|r| Step::Element(r, Layout { depth: 0, inline: false })));
    while let Some(step) = steps.pop() {
        match step {
            Step::Text(text) => escape(text, false, out)?,
            Step::Close(name, layout) => {
                indent(layout, out)?;
                write!(out, "</{name}>")?;
                end_line(layout, out)?;
            }
            Step::Element(element, layout) => {
                indent(layout, out)?;
                write!(out, "<{}", element.name())?;
                for (name, value) in element.attributes() {
                    write!(out, " {name}=\"")?;
                    escape(value, true, out)?;
                    out.write_all(b"\"")?;
                }
                let first = steps.len();
                let mixed = element.content().any(|c| c.is_err());
                let inside = Layout { depth: layout.depth + 1, inline: layout.inline || mixed };
                steps.extend(element.content().map(|child| match child {
                    Ok(child) => Step::Element(child, inside),
                    Err(text) => Step::Text(text),
                }));
                if steps.len() == first {
                    out.write_all(b"/>")?;
                    end_line(layout, out)?;
                    continue;
                }
                out.write_all(b">")?;
                if mixed && !layout.inline {
                    // The end tag follows the text at once, and ends the line.
                    steps.insert(first, Step::Close(element.name(), Layout { depth: 0, ..layout }));
                } else {
                    steps.insert(first, Step::Close(element.name(), layout));
                }
                end_line(inside, out)?;
                if let Some(children) = steps.get_mut(first + 1..) {
                    children.reverse();
                }
            }
        }
    }
    Ok(())
}

fn indent(layout: Layout, out: &mut dyn Write) -> std::io::Result<()> {
    const BLANKS: &[u8; 64] = &[b' '; 64];
    if layout.inline {
        return Ok(());
    }
    let mut left = layout.depth * 2;
    while left > 0 {
        let now = left.min(BLANKS.len());
        out.write_all(BLANKS.get(..now).unwrap_or_default())?;
        left -= now;
    }
    Ok(())
}

fn end_line(layout: Layout, out: &mut dyn Write) -> std::io::Result<()> {
    if layout.inline { Ok(()) } else { out.write_all(b"\n") }
}

fn escape(text: &str, attribute: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let mut rest = text;
    while let Some(at) = rest.find(|c| {
        matches!(c, '&' | '<' | '>' | '\r') || (attribute && matches!(c, '"' | '\n' | '\t'))
    }) {
        let (before, from) = rest.split_at(at);
        out.write_all(before.as_bytes())?;
        let mut chars = from.chars();
        match chars.next() {
            Some('&') => out.write_all(b"&amp;")?,
            Some('<') => out.write_all(b"&lt;")?,
            Some('>') => out.write_all(b"&gt;")?,
            Some('"') => out.write_all(b"&quot;")?,
            Some(other) => write!(out, "&#{};", u32::from(other))?,
            None => {}
        }
        rest = chars.as_str();
    }
    out.write_all(rest.as_bytes())
}
