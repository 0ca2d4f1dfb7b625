//! Reads a table of settings into a struct through serde.
//!
//! A value of the environment is text, and becomes what the struct asks for: `2525` is a number
//! where one is wanted and text where a password is. A value of a file has its own type already.

use serde::{
    Deserializer,
    de::{
        DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
        Visitor, value::StrDeserializer,
    },
};

use super::{Entry, Origin, Section, Value, error::ReadError, error::Step};

/// One value, or a whole table, to be read.
#[derive(Clone, Copy)]
pub(super) enum Reader<'a> {
    Table(&'a Section),
    Entry(&'a Entry),
    /// One piece of a list in an environment variable.
    Piece(&'a str),
}

impl<'a> Reader<'a> {
    pub(super) fn table(table: &'a Section) -> Self {
        Self::Table(table)
    }

    pub(super) fn entry(entry: &'a Entry) -> Self {
        match &entry.value {
            Value::Table(table) => Self::Table(table),
            _ => Self::Entry(entry),
        }
    }

    /// The text, if it stands for any type that is asked for.
    fn loose(self) -> Option<&'a str> {
        match self {
            Self::Piece(text) => Some(text),
            Self::Entry(Entry {
                value: Value::Text(text),
                origin: Origin::Environment { .. },
            }) => Some(text),
            _ => None,
        }
    }

    fn integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.loose() {
            Some(text) => match text.trim().parse::<i64>() {
                Ok(number) => visitor.visit_i64(number),
                Err(_) => visitor.visit_str(text),
            },
            None => self.deserialize_any(visitor),
        }
    }

    fn float<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.loose() {
            Some(text) => match text.trim().parse::<f64>() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => visitor.visit_str(text),
            },
            None => self.deserialize_any(visitor),
        }
    }
}

macro_rules! as_integer {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            self.integer(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            Self::Piece(text) => visitor.visit_str(text),
            Self::Table(table) => visitor.visit_map(Pairs::new(table)),
            Self::Entry(entry) => match &entry.value {
                Value::Text(text) => visitor.visit_str(text),
                Value::Integer(number) => visitor.visit_i64(*number),
                Value::Float(number) => visitor.visit_f64(*number),
                Value::Boolean(yes) => visitor.visit_bool(*yes),
                Value::List(items) => visitor.visit_seq(Items { items, at: 0 }),
                Value::Table(table) => visitor.visit_map(Pairs::new(table)),
            },
        }
    }

    as_integer! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.float(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.float(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.loose().map(|text| text.trim().parse::<bool>()) {
            Some(Ok(yes)) => visitor.visit_bool(yes),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            Self::Entry(entry) if self.loose().is_some() => visitor.visit_seq(Pieces {
                rest: self.loose(),
                origin: &entry.origin,
                at: 0,
            }),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        let text = match self {
            Self::Piece(text) => text,
            Self::Entry(Entry {
                value: Value::Text(text),
                ..
            }) => text,
            _ => return Err(ReadError::wrong("text in quotes")),
        };
        visitor.visit_enum(Variant(text))
    }

    serde::forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier
        ignored_any i128 u128
    }
}

/// A word that names one of several.
struct Variant<'a>(&'a str);

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = ReadError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), ReadError> {
        let name: StrDeserializer<'_, ReadError> = self.0.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, ReadError> {
        Err(ReadError::wrong("a table"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, ReadError> {
        Err(ReadError::wrong("a list"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, ReadError> {
        Err(ReadError::wrong("a table"))
    }
}

struct Pairs<'a> {
    rest: std::collections::btree_map::Iter<'a, String, Entry>,
    value: Option<(&'a str, &'a Entry)>,
}

impl<'a> Pairs<'a> {
    fn new(table: &'a Section) -> Self {
        Self {
            rest: table.entries.iter(),
            value: None,
        }
    }
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = ReadError;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, ReadError> {
        let Some((key, entry)) = self.rest.next() else {
            return Ok(None);
        };
        self.value = Some((key, entry));
        let name: StrDeserializer<'_, ReadError> = key.as_str().into_deserializer();
        seed.deserialize(name)
            .map(Some)
            .map_err(|error| error.at_key(key, &entry.origin))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ReadError> {
        let Some((key, entry)) = self.value.take() else {
            return Err(ReadError::wrong("a value"));
        };
        seed.deserialize(Reader::entry(entry))
            .map_err(|error| error.under(Step::Key(key.to_owned()), &entry.origin))
    }
}

struct Items<'a> {
    items: &'a [Entry],
    at: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = ReadError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, ReadError> {
        let Some(item) = self.items.get(self.at) else {
            return Ok(None);
        };
        let at = self.at;
        self.at += 1;
        seed.deserialize(Reader::entry(item))
            .map(Some)
            .map_err(|error| error.under(Step::Item(at), &item.origin))
    }
}

/// The values of a list in an environment variable, with commas between them.
struct Pieces<'a> {
    rest: Option<&'a str>,
    origin: &'a Origin,
    at: usize,
}

impl<'de> SeqAccess<'de> for Pieces<'_> {
    type Error = ReadError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, ReadError> {
        let Some(rest) = self.rest else {
            return Ok(None);
        };
        let (piece, rest) = match rest.split_once(',') {
            Some((piece, rest)) => (piece, Some(rest)),
            None => (rest, None),
        };
        self.rest = rest;
        let at = self.at;
        self.at += 1;
        seed.deserialize(Reader::Piece(piece.trim()))
            .map(Some)
            .map_err(|error| error.under(Step::Item(at), self.origin))
    }
}
