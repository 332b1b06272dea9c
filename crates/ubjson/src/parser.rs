use crate::{codes, fault::Fault};

/// Elements without bytes that one container may claim: `[$T#…` could claim any number of them.
const MAX_EMPTY: u64 = 1 << 20;

/// The bytes and a position in them.
pub(crate) struct Parser<'de> {
    input: &'de [u8],
    position: usize,
    depth: u32,
    max_depth: u32,
}

/// How a container says where it ends.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    /// Marker that all elements share.
    pub(crate) element: Option<u8>,
    /// Number of elements; without one, a closing marker follows the last.
    pub(crate) count: Option<u64>,
}

impl<'de> Parser<'de> {
    pub(crate) fn new(input: &'de [u8], max_depth: u32) -> Self {
        Self { input, position: 0, depth: 0, max_depth }
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    pub(crate) fn rest(&self) -> &'de [u8] {
        self.input.get(self.position..).unwrap_or_default()
    }

    pub(crate) fn take(&mut self, len: u64) -> Result<&'de [u8], Fault> {
        let rest = self.rest();
        let taken = usize::try_from(len).ok().and_then(|len| rest.get(..len)).ok_or_else(|| {
            let left = rest.len();
            let message = format!("{len} bytes are needed here, the document has {left} left");
            Fault::malformed(codes::TRUNCATED, self.position, message)
                .help("the file is cut short or damaged; fetch or save it again")
        })?;
        self.position += taken.len();
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        // `take` returned exactly N bytes.
        self.take(N as u64).map(|bytes| bytes.first_chunk().copied().unwrap_or([0; N]))
    }

    /// The next marker, past any no-ops.
    pub(crate) fn marker(&mut self) -> Result<u8, Fault> {
        self.skip_no_ops();
        self.array::<1>().map(|[marker]| marker)
    }

    /// Takes the marker if it comes next.
    pub(crate) fn eat(&mut self, marker: u8) -> bool {
        self.skip_no_ops();
        let found = self.rest().first() == Some(&marker);
        self.position += usize::from(found);
        found
    }

    fn skip_no_ops(&mut self) {
        self.position += self.rest().iter().take_while(|&&byte| byte == b'N').count();
    }

    /// A length or count: an integer of any width.
    pub(crate) fn length(&mut self) -> Result<u64, Fault> {
        let at = self.position;
        let value = match self.marker()? {
            b'i' => i64::from(i8::from_be_bytes(self.array()?)),
            b'U' => i64::from(u8::from_be_bytes(self.array()?)),
            b'I' => i64::from(i16::from_be_bytes(self.array()?)),
            b'l' => i64::from(i32::from_be_bytes(self.array()?)),
            b'L' => i64::from_be_bytes(self.array()?),
            other => {
                let message =
                    format!("expected the marker of a length, found `{}`", other.escape_ascii());
                return Err(Fault::malformed(codes::LENGTH, at, message));
            }
        };
        u64::try_from(value).map_err(|_error| {
            Fault::malformed(codes::LENGTH, at, format!("expected a length, found {value}"))
        })
    }

    /// Text behind its length.
    pub(crate) fn text(&mut self) -> Result<&'de str, Fault> {
        let len = self.length()?;
        let at = self.position;
        let bytes = self.take(len)?;
        std::str::from_utf8(bytes).map_err(|error| {
            Fault::malformed(codes::TEXT, at + error.valid_up_to(), "expected text in UTF-8")
        })
    }

    /// Opens a container whose marker was read; elements of it take at least `least` bytes each
    /// beside what their marker asks for.
    pub(crate) fn open(&mut self, least: u64) -> Result<Layout, Fault> {
        let at = self.position;
        self.depth += 1;
        if self.depth > self.max_depth {
            let message = format!("nested deeper than the {} levels allowed", self.max_depth);
            return Err(Fault::limit(codes::DEPTH, at, message));
        }
        let element = if self.eat(b'$') { Some(self.element_marker()?) } else { None };
        let count = if self.eat(b'#') { Some(self.length()?) } else { None };
        if element.is_some() && count.is_none() {
            let message = "expected a count behind the type of the elements";
            return Err(Fault::malformed(codes::MARKER, self.position, message));
        }
        if let Some(count) = count {
            self.check_count(count, least + element.map_or(1, least_size), at)?;
        }
        Ok(Layout { element, count })
    }

    pub(crate) fn close(&mut self) {
        self.depth -= 1;
    }

    fn element_marker(&mut self) -> Result<u8, Fault> {
        let at = self.position;
        let marker = self.array::<1>().map(|[marker]| marker)?;
        if b"ZTFiUIlLdDCSH[{".contains(&marker) {
            return Ok(marker);
        }
        let message =
            format!("expected the type of the elements, found `{}`", marker.escape_ascii());
        Err(Fault::malformed(codes::MARKER, at, message))
    }

    /// A count must be filled by the bytes that are there.
    fn check_count(&self, count: u64, each: u64, at: usize) -> Result<(), Fault> {
        if each == 0 {
            if count > MAX_EMPTY {
                let message = format!("{count} elements without any byte");
                return Err(Fault::limit(codes::COUNT, at, message));
            }
            return Ok(());
        }
        let left = self.rest().len();
        if count.checked_mul(each).is_none_or(|bytes| bytes > left as u64) {
            let message =
                format!("{count} elements need more than the {left} bytes the document has left");
            return Err(Fault::malformed(codes::TRUNCATED, at, message)
                .help("the file is cut short or damaged; fetch or save it again"));
        }
        Ok(())
    }

    /// Nothing but no-ops may follow the document.
    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        self.skip_no_ops();
        if self.rest().is_empty() {
            return Ok(());
        }
        let message = format!("{} bytes follow the end of the document", self.rest().len());
        Err(Fault::malformed(codes::TRAILING, self.position, message))
    }
}

/// Bytes of an element without its marker, when all of that type have the same.
pub(crate) fn fixed_size(marker: u8) -> Option<usize> {
    match marker {
        b'Z' | b'T' | b'F' => Some(0),
        b'i' | b'U' | b'C' => Some(1),
        b'I' => Some(2),
        b'l' | b'd' => Some(4),
        b'L' | b'D' => Some(8),
        _ => None,
    }
}

/// Bytes an element takes at least: a length has two, a container closes with one.
fn least_size(marker: u8) -> u64 {
    match fixed_size(marker) {
        Some(size) => size as u64,
        None if matches!(marker, b'S' | b'H') => 2,
        None => 1,
    }
}
