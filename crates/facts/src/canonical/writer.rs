//! Writes JSON with sorted keys as it goes. Going through a tree of values does the same, for several times the text's size in memory.

use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple};
use serde::ser::{SerializeTupleStruct, SerializeTupleVariant, Serializer};
use serde_json::{Error, Value};

type Result<T> = std::result::Result<T, Error>;

/// The text so far, and how deep it is indented.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) text: Vec<u8>,
    depth: usize,
}

impl Writer {
    fn scalar(&mut self, value: &(impl Serialize + ?Sized)) -> Result<()> {
        serde_json::to_writer(&mut self.text, value)
    }

    fn line(&mut self) {
        self.text.push(b'\n');
        self.text.resize(self.text.len() + 2 * self.depth, b' ');
    }

    /// An object with one member, as enums with content are written.
    fn variant(&mut self, name: &str, content: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let mut object = Object::begin(self);
        object.member(name.to_owned(), content)?;
        object.finish()
    }
}

/// A list that is being written.
pub(super) struct List<'w> {
    writer: &'w mut Writer,
    is_empty: bool,
    /// The variant of an enum that it is the content of: then an object stands around it.
    variant: Option<&'static str>,
    start: usize,
}

impl<'w> List<'w> {
    fn begin(writer: &'w mut Writer, variant: Option<&'static str>) -> Self {
        let start = writer.text.len();
        writer.depth += usize::from(variant.is_some());
        writer.text.push(b'[');
        writer.depth += 1;
        Self { writer, is_empty: true, variant, start }
    }

    fn element(&mut self, value: &(impl Serialize + ?Sized)) -> Result<()> {
        if !self.is_empty {
            self.writer.text.push(b',');
        }
        self.is_empty = false;
        self.writer.line();
        value.serialize(&mut *self.writer)
    }

    fn finish(self) -> Result<()> {
        self.writer.depth -= 1;
        if !self.is_empty {
            self.writer.line();
        }
        self.writer.text.push(b']');
        let Some(name) = self.variant else { return Ok(()) };
        self.writer.depth -= 1;
        let list = self.writer.text.split_off(self.start);
        self.writer.variant(name, |writer| {
            writer.text.extend_from_slice(&list);
            Ok(())
        })
    }
}

/// An object that is being written. Its members are written as they come and put in order at the end.
pub(super) struct Object<'w> {
    writer: &'w mut Writer,
    start: usize,
    /// Keys with where their values stand.
    members: Vec<(String, std::ops::Range<usize>)>,
    key: Option<String>,
    /// The variant of an enum that it is the content of.
    variant: Option<&'static str>,
}

impl<'w> Object<'w> {
    fn begin(writer: &'w mut Writer) -> Self {
        Self::of_variant(writer, None)
    }

    fn of_variant(writer: &'w mut Writer, variant: Option<&'static str>) -> Self {
        let start = writer.text.len();
        writer.depth += 1 + usize::from(variant.is_some());
        Self { writer, start, members: Vec::new(), key: None, variant }
    }

    fn member(&mut self, key: String, value: impl FnOnce(&mut Writer) -> Result<()>) -> Result<()> {
        let from = self.writer.text.len();
        value(self.writer)?;
        self.members.push((key, from - self.start..self.writer.text.len() - self.start));
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        let values = self.writer.text.split_off(self.start);
        // The sort is stable and the last of equal keys counts, as it does in a map.
        self.members.sort_by(|(a, _), (b, _)| a.cmp(b));
        let last = |index: usize| self.members.get(index + 1).is_none_or(|(next, _)| *next != self.members[index].0);
        let members: Vec<_> = (0..self.members.len()).filter(|index| last(*index)).map(|index| &self.members[index]).collect();
        self.writer.text.push(b'{');
        for (index, (key, value)) in members.iter().enumerate() {
            if index > 0 {
                self.writer.text.push(b',');
            }
            self.writer.line();
            self.writer.scalar(key)?;
            self.writer.text.extend_from_slice(b": ");
            self.writer.text.extend_from_slice(&values[value.clone()]);
        }
        self.writer.depth -= 1;
        if !members.is_empty() {
            self.writer.line();
        }
        self.writer.text.push(b'}');
        let Some(name) = self.variant else { return Ok(()) };
        self.writer.depth -= 1;
        let object = self.writer.text.split_off(self.start);
        self.writer.variant(name, |writer| {
            writer.text.extend_from_slice(&object);
            Ok(())
        })
    }
}

/// A key as JSON has it: text, or what reads as text.
fn key_of(key: &(impl Serialize + ?Sized)) -> Result<String> {
    match serde_json::to_value(key)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        _ => Err(Error::custom("a key must be text")),
    }
}

macro_rules! scalars {
    ($($method:ident: $type:ty),+) => {
        $(fn $method(self, value: $type) -> Result<()> {
            self.scalar(&value)
        })+
    };
}

impl<'w> Serializer for &'w mut Writer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = List<'w>;
    type SerializeTuple = List<'w>;
    type SerializeTupleStruct = List<'w>;
    type SerializeTupleVariant = List<'w>;
    type SerializeMap = Object<'w>;
    type SerializeStruct = Object<'w>;
    type SerializeStructVariant = Object<'w>;

    scalars!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_f64: f64, serialize_char: char, serialize_str: &str
    );

    fn serialize_f32(self, value: f32) -> Result<()> {
        self.scalar(&f64::from(value))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.text.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.scalar(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(self, _: &'static str, _: u32, variant: &'static str, value: &T) -> Result<()> {
        self.variant(variant, |writer| value.serialize(writer))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'w>> {
        Ok(List::begin(self, None))
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'w>> {
        Ok(List::begin(self, None))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'w>> {
        Ok(List::begin(self, None))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<List<'w>> {
        Ok(List::begin(self, Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Object<'w>> {
        Ok(Object::begin(self))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Object<'w>> {
        Ok(Object::begin(self))
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Object<'w>> {
        Ok(Object::of_variant(self, Some(variant)))
    }
}

macro_rules! lists {
    ($($trait:ident $method:ident),+) => {
        $(impl $trait for List<'_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.element(value)
            }

            fn end(self) -> Result<()> {
                self.finish()
            }
        })+
    };
}

lists!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

impl SerializeMap for Object<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.key = Some(key_of(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let key = self.key.take().ok_or_else(|| Error::custom("a value without a key"))?;
        self.member(key, |writer| value.serialize(writer))
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

macro_rules! objects {
    ($($trait:ident),+) => {
        $(impl $trait for Object<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<()> {
                self.member(key.to_owned(), |writer| value.serialize(writer))
            }

            fn end(self) -> Result<()> {
                self.finish()
            }
        })+
    };
}

objects!(SerializeStruct, SerializeStructVariant);
