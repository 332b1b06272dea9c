use serde::{
    Deserializer,
    de::{
        DeserializeSeed, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
        value::{BorrowedStrDeserializer, StrDeserializer},
    },
    forward_to_deserialize_any,
};

use crate::{
    codes,
    fault::Fault,
    parser::{Layout, Parser, fixed_size},
};

/// One value: with its own marker, or of the type its container names.
pub(crate) struct Element<'p, 'de> {
    parser: &'p mut Parser<'de>,
    marker: Option<u8>,
}

impl<'p, 'de> Element<'p, 'de> {
    pub(crate) fn next(parser: &'p mut Parser<'de>) -> Self {
        Self { parser, marker: None }
    }

    fn marker(&mut self) -> Result<u8, Fault> {
        self.marker.map_or_else(|| self.parser.marker(), Ok)
    }

    fn visit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        let at = self.parser.position();
        let marker = self.marker()?;
        if let Some(size) = fixed_size(marker) {
            let bytes = self.parser.take(size as u64)?;
            return Scalar { marker, bytes }.visit(visitor, at);
        }
        match marker {
            b'S' => self.parser.text().and_then(|text| visitor.visit_borrowed_str(text)),
            b'H' => self.high_precision(visitor),
            b'[' => self.array(visitor),
            b'{' => self.object(visitor),
            other => {
                let message =
                    format!("expected the marker of a value, found `{}`", other.escape_ascii());
                Err(Fault::malformed(codes::MARKER, at, message))
            }
        }
    }

    /// A number as text: an integer where 64 bits hold it.
    fn high_precision<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let at = self.parser.position();
        let text = self.parser.text()?;
        if let Ok(value) = text.parse::<i64>() {
            return visitor.visit_i64(value);
        }
        if let Ok(value) = text.parse::<u64>() {
            return visitor.visit_u64(value);
        }
        let number = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
        match text.parse::<f64>() {
            Ok(value) if number && value.is_finite() => visitor.visit_f64(value),
            Ok(_) | Err(_) => {
                let shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
                Err(Fault::malformed(
                    codes::NUMBER,
                    at,
                    format!("expected a number that f64 holds, found `{shown}`"),
                ))
            }
        }
    }

    fn array<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let layout = self.parser.open(0)?;
        let value = if let Layout { element: Some(marker), count: Some(count) } = layout
            && let Some(size) = fixed_size(marker)
        {
            let at = self.parser.position();
            let bytes = self.parser.take(count.saturating_mul(size as u64))?;
            let mut run = Run { marker, size, bytes, left: count, taken: 0, at };
            let value = visitor.visit_seq(&mut run)?;
            finished(run.left == 0, at)?;
            value
        } else {
            let mut items = Items { parser: self.parser, layout, taken: 0, closed: false };
            let value = visitor.visit_seq(&mut items)?;
            items.finish()?;
            value
        };
        self.parser.close();
        Ok(value)
    }

    fn object<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        // A key takes at least the two bytes of its length.
        let layout = self.parser.open(2)?;
        let mut entries = Entries { parser: self.parser, layout, key: "", closed: false };
        let value = visitor.visit_map(&mut entries)?;
        entries.finish()?;
        self.parser.close();
        Ok(value)
    }
}

impl<'de> Deserializer<'de> for Element<'_, 'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let at = self.parser.position();
        self.visit(visitor).map_err(|fault| fault.at(at))
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        let marker = self.marker()?;
        if marker == b'Z' {
            return visitor.visit_none();
        }
        visitor.visit_some(Self { marker: Some(marker), ..self })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    /// A variant by name, or an object with the name as its only key.
    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let at = self.parser.position();
        match self.marker()? {
            b'S' => {
                let name = self.parser.text()?;
                visitor
                    .visit_enum(BorrowedStrDeserializer::new(name))
                    .map_err(|fault: Fault| fault.at(at))
            }
            b'{' => {
                let layout = self.parser.open(2)?;
                let mut entries = Entries { parser: self.parser, layout, key: "", closed: false };
                let value = visitor.visit_enum(&mut entries).map_err(|fault| fault.at(at))?;
                entries.finish()?;
                self.parser.close();
                Ok(value)
            }
            _ => Err(Fault::custom("expected the name of a variant").at(at)),
        }
    }

    /// `[$U#…` as the bytes it holds, without going through elements.
    fn deserialize_bytes<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        let at = self.parser.position();
        let marker = self.marker()?;
        if marker == b'[' && matches!(self.parser.rest(), [b'$', b'U' | b'i', b'#', ..]) {
            let layout = self.parser.open(0)?;
            let bytes = self.parser.take(layout.count.unwrap_or(0))?;
            self.parser.close();
            return visitor.visit_borrowed_bytes(bytes).map_err(|fault: Fault| fault.at(at));
        }
        Self { marker: Some(marker), ..self }.deserialize_any(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_bytes(visitor)
    }

    /// Typed arrays are skipped as a whole.
    fn deserialize_ignored_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Fault> {
        let marker = self.marker()?;
        if let (b'[', [b'$', element, b'#', ..]) = (marker, self.parser.rest())
            && let Some(size) = fixed_size(*element)
        {
            let layout = self.parser.open(0)?;
            self.parser.take(layout.count.unwrap_or(0).saturating_mul(size as u64))?;
            self.parser.close();
            return visitor.visit_unit();
        }
        Self { marker: Some(marker), ..self }.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string unit unit_struct seq
        tuple tuple_struct map struct identifier
    }
}

/// A number, boolean, character or null whose bytes were taken.
struct Scalar<'de> {
    marker: u8,
    bytes: &'de [u8],
}

impl<'de> Scalar<'de> {
    #[inline]
    fn visit<V: Visitor<'de>>(self, visitor: V, at: usize) -> Result<V::Value, Fault> {
        let bytes = self.bytes;
        match self.marker {
            b'Z' => visitor.visit_unit(),
            b'T' => visitor.visit_bool(true),
            b'F' => visitor.visit_bool(false),
            b'i' => visitor.visit_i8(i8::from_be_bytes(array(bytes))),
            b'U' => visitor.visit_u8(u8::from_be_bytes(array(bytes))),
            b'I' => visitor.visit_i16(i16::from_be_bytes(array(bytes))),
            b'l' => visitor.visit_i32(i32::from_be_bytes(array(bytes))),
            b'L' => visitor.visit_i64(i64::from_be_bytes(array(bytes))),
            b'd' => visitor.visit_f32(f32::from_be_bytes(array(bytes))),
            b'D' => visitor.visit_f64(f64::from_be_bytes(array(bytes))),
            // `C`, the only other marker of a fixed size.
            _ => match array(bytes) {
                [byte] if byte.is_ascii() => visitor.visit_char(char::from(byte)),
                [_] => Err(Fault::malformed(codes::TEXT, at, "expected an ASCII character")),
            },
        }
        .map_err(|fault: Fault| fault.at(at))
    }
}

/// The bytes of a scalar; their number was checked.
#[inline]
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.first_chunk().copied().unwrap_or([0; N])
}

/// An element of a run.
struct RunElement<'de> {
    scalar: Scalar<'de>,
    at: usize,
}

impl<'de> Deserializer<'de> for RunElement<'de> {
    type Error = Fault;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.scalar.visit(visitor, self.at)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.scalar.marker == b'Z' { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Elements of one fixed size next to each other: all bytes are there before the first is read.
struct Run<'de> {
    marker: u8,
    size: usize,
    bytes: &'de [u8],
    left: u64,
    taken: usize,
    at: usize,
}

impl<'de> SeqAccess<'de> for &mut Run<'de> {
    type Error = Fault;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        if self.left == 0 {
            return Ok(None);
        }
        let (bytes, rest) = self.bytes.split_at_checked(self.size).unwrap_or_default();
        let at = self.at + self.taken * self.size;
        let scalar = Scalar { marker: self.marker, bytes };
        let value = seed
            .deserialize(RunElement { scalar, at })
            .map_err(|fault| fault.within(self.taken))?;
        self.bytes = rest;
        self.left -= 1;
        self.taken += 1;
        Ok(Some(value))
    }

    fn size_hint(&self) -> Option<usize> {
        usize::try_from(self.left).ok()
    }
}

/// Elements of an array that is not a run.
struct Items<'p, 'de> {
    parser: &'p mut Parser<'de>,
    layout: Layout,
    taken: u64,
    closed: bool,
}

impl Items<'_, '_> {
    /// Whether another element follows.
    fn more(&mut self) -> bool {
        if let Some(count) = self.layout.count {
            return self.taken < count;
        }
        self.closed = self.closed || self.parser.eat(b']');
        !self.closed
    }

    /// Tuples may leave elements behind.
    fn finish(mut self) -> Result<(), Fault> {
        let at = self.parser.position();
        finished(!self.more(), at)
    }
}

fn finished(done: bool, at: usize) -> Result<(), Fault> {
    if done {
        return Ok(());
    }
    Err(Fault::custom("expected fewer elements").at(at))
}

impl<'de> SeqAccess<'de> for &mut Items<'_, 'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        if !self.more() {
            return Ok(None);
        }
        let element = Element { parser: self.parser, marker: self.layout.element };
        let value = seed.deserialize(element).map_err(|fault| fault.within(self.taken))?;
        self.taken += 1;
        Ok(Some(value))
    }

    fn size_hint(&self) -> Option<usize> {
        // The count was compared with the bytes left.
        usize::try_from(self.layout.count?.saturating_sub(self.taken)).ok()
    }
}

/// Entries of an object.
struct Entries<'p, 'de> {
    parser: &'p mut Parser<'de>,
    layout: Layout,
    key: &'de str,
    closed: bool,
}

impl<'de> Entries<'_, 'de> {
    fn advance(&mut self) -> Result<Option<&'de str>, Fault> {
        match &mut self.layout.count {
            Some(0) => return Ok(None),
            Some(left) => *left -= 1,
            None => {
                self.closed = self.closed || self.parser.eat(b'}');
                if self.closed {
                    return Ok(None);
                }
            }
        }
        self.key = self.parser.text()?;
        Ok(Some(self.key))
    }

    fn value<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Fault> {
        let at = self.parser.position();
        let element = Element { parser: self.parser, marker: self.layout.element };
        seed.deserialize(element).map_err(|fault| fault.at(at).within(self.key))
    }

    fn finish(mut self) -> Result<(), Fault> {
        let at = self.parser.position();
        let done = self.advance()?.is_none();
        if done { Ok(()) } else { Err(Fault::custom("expected fewer entries").at(at)) }
    }
}

impl<'de> MapAccess<'de> for &mut Entries<'_, 'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let at = self.parser.position();
        let Some(key) = self.advance()? else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(key))
            .map(Some)
            .map_err(|fault: Fault| fault.at(at))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        self.value(seed)
    }
}

impl<'de> EnumAccess<'de> for &mut Entries<'_, 'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), Fault> {
        let key = self.advance()?.ok_or_else(|| Fault::custom("expected the name of a variant"))?;
        Ok((seed.deserialize(StrDeserializer::<Fault>::new(key))?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Entries<'_, 'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        self.value(std::marker::PhantomData::<()>)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        self.value(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Fault> {
        self.value(Visit(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.value(Visit(visitor))
    }
}

/// A visitor where a seed is asked for.
struct Visit<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Visit<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_any(self.0)
    }
}
