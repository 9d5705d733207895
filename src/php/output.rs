//! What the engine returns, as a PHP array: any serialisable value, written straight into the engine's own arrays.
//!
//! Order is kept. Whole numbers are `int`; what does not fit becomes `float`, as with `json_decode()`, and there is no
//! such number in a report. `None` is `null`, a map's key that spells a whole number is an integer key, as in every
//! PHP array.
//!
//! A report of 10,000 domains says the same few words over and over: the names of its fields, and what mostly stands in
//! them. Each is one PHP string, counted as often as it is used, so that such a report is small and soon made.

use std::cell::{OnceCell, RefCell};
use std::fmt::{self, Display};

use ext_php_rs::boxed::ZBox;
use ext_php_rs::types::{ArrayKey, ZendHashTable, ZendStr, Zval};
use ext_php_rs::zend::BailoutGuard;
use serde::ser::{self, Serialize};

use super::zend::{memory_limit, memory_taken};

/// Makes a PHP value of anything that can be serialised.
///
/// # Errors
/// [`Unfit`] when it holds a map whose keys are neither text nor numbers, or one too large for PHP, and when it passes
/// `memory_limit`.
#[inline(never)] // Its instructions are counted, by its name (tests/counts).
pub(super) fn to_zval<T: Serialize + ?Sized>(value: &T) -> Result<Zval, Unfit> {
    let words = BailoutGuard::new(Words::new());
    value.serialize(ToZval { most: memory_limit().max(memory_taken()), words: words.get(), field: None })
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

/// How many words [`Words`] can hold; the report has about half as many fields.
const MOST_WORDS: usize = 256;

/// The names of fields that came so far. Nothing in it is on Rust's heap: what PHP ends with a jump leaves nothing behind.
struct Words {
    slots: [OnceCell<Word>; MOST_WORDS],
}

/// The name of a field, and what stood there last.
struct Word {
    spelling: &'static str,
    key: ZBox<ZendStr>,
    last: RefCell<Zval>,
}

impl Words {
    fn new() -> Self {
        Self { slots: [const { OnceCell::new() }; MOST_WORDS] }
    }

    /// The word with this spelling; `None` where there is no room for another one.
    fn get(&self, spelling: &'static str) -> Option<&Word> {
        let end = |byte: Option<&u8>| byte.map_or(0, |byte| usize::from(*byte));
        let begin = 31 * spelling.len() + 7 * end(spelling.as_bytes().first()) + end(spelling.as_bytes().last());
        (begin..begin + MOST_WORDS).map(|slot| &self.slots[slot % MOST_WORDS]).find_map(|slot| {
            let word = slot.get_or_init(|| Word {
                spelling,
                key: ZendStr::new(spelling, false),
                last: RefCell::new(Zval::new()),
            });
            (std::ptr::eq(word.spelling, spelling) || word.spelling == spelling).then_some(word)
        })
    }
}

impl Word {
    /// The text as a PHP string: the one that stood in this field last, where it is the same.
    fn text(&self, bytes: &[u8]) -> Zval {
        let mut last = self.last.borrow_mut();
        if last.zend_str().is_none_or(|last| last.as_bytes() != bytes) {
            *last = text(bytes);
        }
        last.shallow_clone()
    }

    /// The array: the one that stood in this field last, where both hold the same one thing and no more.
    ///
    /// Others are not kept for comparison: PHP's collector of cycles looks at each array that is let go by one of its holders.
    fn array(&self, array: ZBox<ZendHashTable>) -> Zval {
        if array.len() != 1 {
            return array_zval(array);
        }
        let mut last = self.last.borrow_mut();
        if !last.array().is_some_and(|last| hold_the_same_text(last, &array)) {
            *last = array_zval(array);
        }
        last.shallow_clone()
    }
}

/// Whether both arrays have one entry, the same PHP string under the same one: that is quickly seen, and an array with one
/// entry takes as much memory as one with eight.
fn hold_the_same_text(one: &ZendHashTable, other: &ZendHashTable) -> bool {
    let entry = |array: &ZendHashTable| {
        let (key, value) = array.iter().next_zval()?;
        Some((std::ptr::from_ref(key.zend_str()?), std::ptr::from_ref(value.zend_str()?)))
    };
    one.len() == other.len() && entry(one).is_some_and(|entry_of_one| entry(other) == Some(entry_of_one))
}

#[derive(Clone, Copy)]
struct ToZval<'a> {
    /// How much memory PHP may have taken, in bytes: `memory_limit`, or what it had taken before where that is more, as
    /// it can be in what runs after the limit was reached.
    most: usize,
    words: &'a Words,
    /// The field that the value stands in.
    field: Option<&'a Word>,
}

impl<'a> ToZval<'a> {
    fn text(self, bytes: &[u8]) -> Zval {
        self.field.map_or_else(|| text(bytes), |field| field.text(bytes))
    }

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

    fn outside_fields(self) -> Self {
        Self { field: None, ..self }
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

impl<'a> ser::Serializer for ToZval<'a> {
    type Ok = Zval;
    type Error = Unfit;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeTupleStruct = List<'a>;
    type SerializeTupleVariant = Variant<List<'a>>;
    type SerializeMap = Map<'a>;
    type SerializeStruct = Map<'a>;
    type SerializeStructVariant = Variant<Map<'a>>;

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
        Ok(self.text(value.encode_utf8(&mut [0; 4]).as_bytes()))
    }

    fn serialize_str(self, value: &str) -> Result<Zval, Unfit> {
        Ok(self.text(value.as_bytes()))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Zval, Unfit> {
        Ok(self.text(value))
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
        Ok(self.text(variant.as_bytes()))
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

    fn serialize_seq(self, length: Option<usize>) -> Result<List<'a>, Unfit> {
        Ok(List { array: self.array(length)?, within: self.outside_fields() })
    }

    fn serialize_tuple(self, length: usize) -> Result<List<'a>, Unfit> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _name: &'static str, length: usize) -> Result<List<'a>, Unfit> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Variant<List<'a>>, Unfit> {
        Ok(Variant { name: variant, content: self.serialize_seq(Some(length))? })
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Map<'a>, Unfit> {
        Ok(Map { array: self.array(length)?, key: None, within: self.outside_fields(), field: self.field })
    }

    fn serialize_struct(self, _name: &'static str, length: usize) -> Result<Map<'a>, Unfit> {
        self.serialize_map(Some(length))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Variant<Map<'a>>, Unfit> {
        Ok(Variant { name: variant, content: self.serialize_map(Some(length))? })
    }
}

struct List<'a> {
    array: ZBox<ZendHashTable>,
    within: ToZval<'a>,
}

impl List<'_> {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        Ok(self.array.push(value.serialize(self.within)?)?)
    }
}

impl ser::SerializeSeq for List<'_> {
    type Ok = Zval;
    type Error = Unfit;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.push(value)
    }

    fn end(self) -> Result<Zval, Unfit> {
        Ok(array_zval(self.array))
    }
}

impl ser::SerializeTuple for List<'_> {
    type Ok = Zval;
    type Error = Unfit;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.push(value)
    }

    fn end(self) -> Result<Zval, Unfit> {
        Ok(array_zval(self.array))
    }
}

impl ser::SerializeTupleStruct for List<'_> {
    type Ok = Zval;
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.push(value)
    }

    fn end(self) -> Result<Zval, Unfit> {
        Ok(array_zval(self.array))
    }
}

struct Map<'a> {
    array: ZBox<ZendHashTable>,
    key: Option<Zval>,
    within: ToZval<'a>,
    /// The field that it stands in itself.
    field: Option<&'a Word>,
}

impl Map<'_> {
    fn into_zval(self) -> Zval {
        match self.field {
            Some(field) => field.array(self.array),
            None => array_zval(self.array),
        }
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Unfit> {
        let Some(word) = self.within.words.get(name) else {
            return Ok(self.array.insert(name, value.serialize(self.within)?)?);
        };
        let value = value.serialize(ToZval { field: Some(word), ..self.within })?;
        Ok(self.array.insert(ArrayKey::ZendString(&word.key), value)?)
    }
}

impl ser::SerializeMap for Map<'_> {
    type Ok = Zval;
    type Error = Unfit;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unfit> {
        let key = key.serialize(self.within)?;
        if key.zend_str().is_none() && key.long().is_none() {
            return Err(Unfit::Kind("a key that is neither text nor a number".into()));
        }
        self.key = Some(key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        let key = self.key.take().ok_or_else(|| Unfit::Kind("a value without a key".into()))?;
        let value = value.serialize(self.within)?;
        let Some(text) = key.zend_str() else {
            return Ok(self.array.insert(key.long().unwrap_or_default(), value)?);
        };
        match key.str().map(ArrayKey::from) {
            Some(number @ ArrayKey::Long(_)) => Ok(self.array.insert(number, value)?),
            _ => Ok(self.array.insert(ArrayKey::ZendString(text), value)?),
        }
    }

    fn end(self) -> Result<Zval, Unfit> {
        Ok(array_zval(self.array))
    }
}

impl ser::SerializeStruct for Map<'_> {
    type Ok = Zval;
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unfit> {
        self.field(key, value)
    }

    fn end(self) -> Result<Zval, Unfit> {
        Ok(self.into_zval())
    }
}

struct Variant<C> {
    name: &'static str,
    content: C,
}

impl ser::SerializeTupleVariant for Variant<List<'_>> {
    type Ok = Zval;
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.content.push(value)
    }

    fn end(self) -> Result<Zval, Unfit> {
        self.content.within.named(self.name, array_zval(self.content.array))
    }
}

impl ser::SerializeStructVariant for Variant<Map<'_>> {
    type Ok = Zval;
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unfit> {
        self.content.field(key, value)
    }

    fn end(self) -> Result<Zval, Unfit> {
        self.content.within.named(self.name, array_zval(self.content.array))
    }
}
