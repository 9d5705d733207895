//! What the engine returns, as a PHP array: any serialisable value, written straight into the engine's own arrays.
//!
//! Order is kept. Whole numbers are `int`; what does not fit becomes `float`, as with `json_decode()`, and there is no
//! such number in a report. `None` is `null`, a map's key that spells a whole number is an integer key, as in every
//! PHP array.

use std::fmt::{self, Display};

use ext_php_rs::boxed::ZBox;
use ext_php_rs::types::{ZendHashTable, ZendStr, Zval};
use serde::ser::{self, Serialize};

use super::zend::{memory_limit, memory_taken};

/// Makes a PHP value of anything that can be serialised.
///
/// # Errors
/// [`Unfit`] when it holds a map whose keys are neither text nor numbers, or one too large for PHP, and when it passes
/// `memory_limit`.
pub(super) fn to_zval<T: Serialize + ?Sized>(value: &T) -> Result<Zval, Unfit> {
    value.serialize(ToZval { most: memory_limit().max(memory_taken()) })
}

/// Why there is no PHP value.
#[derive(Debug)]
pub(super) enum Unfit {
    /// It has no counterpart in PHP: a bug of ours.
    Kind(String),
    /// It would need more memory than PHP may take. PHP ends the script with its own words when the function returns.
    Memory,
}

impl Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(what) => f.write_str(what),
            Self::Memory => f.write_str("memory_limit is reached"),
        }
    }
}

impl std::error::Error for Unfit {}

impl ser::Error for Unfit {
    fn custom<T: Display>(message: T) -> Self {
        Self::Kind(message.to_string())
    }
}

impl From<ext_php_rs::error::Error> for Unfit {
    fn from(error: ext_php_rs::error::Error) -> Self {
        Self::Kind(error.to_string())
    }
}

fn array_zval(array: ZBox<ZendHashTable>) -> Zval {
    let mut zval = Zval::new();
    zval.set_hashtable(array);
    zval
}

fn text(bytes: &[u8]) -> Zval {
    let mut zval = Zval::new();
    zval.set_zend_string(ZendStr::new(bytes, false));
    zval
}

fn number(number: i64) -> Zval {
    let mut zval = Zval::new();
    zval.set_long(number);
    zval
}

fn float(float: f64) -> Zval {
    let mut zval = Zval::new();
    zval.set_double(float);
    zval
}

#[derive(Clone, Copy)]
struct ToZval {
    /// How much memory PHP may have taken, in bytes: `memory_limit`, or what it had taken before where that is more, as
    /// it can be in what runs after the limit was reached.
    most: usize,
}

impl ToZval {
    /// An empty array.
    ///
    /// PHP notices within a function that it passes its limit, says so when the function returns, and ends the whole
    /// process at twice the limit (8.2.36; seen). So nothing more is made of a report that is too large already.
    fn array(self, length: Option<usize>) -> Result<ZBox<ZendHashTable>, Unfit> {
        if memory_taken() > self.most {
            return Err(Unfit::Memory);
        }
        let length = u32::try_from(length.unwrap_or(0))
            .map_err(|_| Unfit::Kind("more entries than an array can hold".into()))?;
        Ok(ZendHashTable::with_capacity(length))
    }

    /// `[name => content]`, as serde's other formats write an enum that holds something.
    fn named(self, name: &'static str, content: Zval) -> Result<Zval, Unfit> {
        let mut array = self.array(Some(1))?;
        array.insert(name, content)?;
        Ok(array_zval(array))
    }
}

macro_rules! whole_numbers {
    ($($method:ident $type:ty),+) => {
        $(fn $method(self, value: $type) -> Result<Zval, Unfit> {
            Ok(number(i64::from(value)))
        })+
    };
}

impl ser::Serializer for ToZval {
    type Ok = Zval;
    type Error = Unfit;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = Variant<List>;
    type SerializeMap = Map;
    type SerializeStruct = Map;
    type SerializeStructVariant = Variant<Map>;

    whole_numbers!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32
    );

    fn serialize_u64(self, value: u64) -> Result<Zval, Unfit> {
        #[expect(clippy::cast_precision_loss, reason = "what json_decode() does with such a number")]
        Ok(i64::try_from(value).map_or_else(|_| float(value as f64), number))
    }

    fn serialize_bool(self, value: bool) -> Result<Zval, Unfit> {
        let mut zval = Zval::new();
        zval.set_bool(value);
        Ok(zval)
    }

    fn serialize_f32(self, value: f32) -> Result<Zval, Unfit> {
        Ok(float(f64::from(value)))
    }

    fn serialize_f64(self, value: f64) -> Result<Zval, Unfit> {
        Ok(float(value))
    }

    fn serialize_char(self, value: char) -> Result<Zval, Unfit> {
        Ok(text(value.encode_utf8(&mut [0; 4]).as_bytes()))
    }

    fn serialize_str(self, value: &str) -> Result<Zval, Unfit> {
        Ok(text(value.as_bytes()))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Zval, Unfit> {
        Ok(text(value))
    }

    fn serialize_none(self) -> Result<Zval, Unfit> {
        Ok(Zval::null())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Zval, Unfit> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Zval, Unfit> {
        Ok(Zval::null())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<Zval, Unfit> {
        Ok(Zval::null())
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<Zval, Unfit> {
        Ok(text(variant.as_bytes()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<Zval, Unfit> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Zval, Unfit> {
        self.named(variant, value.serialize(self)?)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<List, Unfit> {
        Ok(List { array: self.array(length)?, within: self })
    }

    fn serialize_tuple(self, length: usize) -> Result<List, Unfit> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _name: &'static str, length: usize) -> Result<List, Unfit> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Variant<List>, Unfit> {
        Ok(Variant { name: variant, content: self.serialize_seq(Some(length))? })
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Map, Unfit> {
        Ok(Map { array: self.array(length)?, key: None, within: self })
    }

    fn serialize_struct(self, _name: &'static str, length: usize) -> Result<Map, Unfit> {
        self.serialize_map(Some(length))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Variant<Map>, Unfit> {
        Ok(Variant { name: variant, content: self.serialize_map(Some(length))? })
    }
}

struct List {
    array: ZBox<ZendHashTable>,
    within: ToZval,
}

impl List {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        Ok(self.array.push(value.serialize(self.within)?)?)
    }
}

impl ser::SerializeSeq for List {
    type Ok = Zval;
    type Error = Unfit;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.push(value)
    }

    fn end(self) -> Result<Zval, Unfit> {
        Ok(array_zval(self.array))
    }
}

impl ser::SerializeTuple for List {
    type Ok = Zval;
    type Error = Unfit;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.push(value)
    }

    fn end(self) -> Result<Zval, Unfit> {
        Ok(array_zval(self.array))
    }
}

impl ser::SerializeTupleStruct for List {
    type Ok = Zval;
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.push(value)
    }

    fn end(self) -> Result<Zval, Unfit> {
        Ok(array_zval(self.array))
    }
}

struct Map {
    array: ZBox<ZendHashTable>,
    key: Option<String>,
    within: ToZval,
}

impl Map {
    fn insert<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Unfit> {
        Ok(self.array.insert(key, value.serialize(self.within)?)?)
    }
}

impl ser::SerializeMap for Map {
    type Ok = Zval;
    type Error = Unfit;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unfit> {
        let key = key.serialize(self.within)?;
        let spelled = key.str().map(str::to_owned).or_else(|| key.long().map(|number| number.to_string()));
        self.key = Some(spelled.ok_or_else(|| Unfit::Kind("a key that is neither text nor a number".into()))?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        let key = self.key.take().ok_or_else(|| Unfit::Kind("a value without a key".into()))?;
        self.insert(&key, value)
    }

    fn end(self) -> Result<Zval, Unfit> {
        Ok(array_zval(self.array))
    }
}

impl ser::SerializeStruct for Map {
    type Ok = Zval;
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unfit> {
        self.insert(key, value)
    }

    fn end(self) -> Result<Zval, Unfit> {
        Ok(array_zval(self.array))
    }
}

struct Variant<C> {
    name: &'static str,
    content: C,
}

impl ser::SerializeTupleVariant for Variant<List> {
    type Ok = Zval;
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.content.push(value)
    }

    fn end(self) -> Result<Zval, Unfit> {
        self.content.within.named(self.name, array_zval(self.content.array))
    }
}

impl ser::SerializeStructVariant for Variant<Map> {
    type Ok = Zval;
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unfit> {
        self.content.insert(key, value)
    }

    fn end(self) -> Result<Zval, Unfit> {
        self.content.within.named(self.name, array_zval(self.content.array))
    }
}
