//! PHP's arguments, copied into a plain tree. What is in it is not looked at here.

use ext_php_rs::flags::DataType;
use ext_php_rs::types::{ZendHashTable, Zval};

use crate::options::given::{Cut, DEPTH, Given, Key, MOST_VALUES};

/// The argument, if there is one, through references. Nothing of PHP's is changed or kept.
#[inline(never)] // Its instructions are counted, by its name (tests/counts).
pub(super) fn given(value: Option<&Zval>) -> Option<Given> {
    value.map(|value| Copier { left: MOST_VALUES, is_cut: false }.value(value, DEPTH))
}

/// After the first array that is not copied whole it copies nothing more: arrays that hold themselves, or share their
/// parts, would have no end.
struct Copier {
    left: usize,
    is_cut: bool,
}

impl Copier {
    fn value(&mut self, value: &Zval, depth: usize) -> Given {
        let value = value.dereference().dereference();
        if let Some(text) = value.zend_str() {
            return Given::Text(text.as_bytes().to_vec());
        }
        if let Some(array) = value.array() {
            return self.array(array, depth);
        }
        match value.get_type() {
            DataType::Undef | DataType::Null => Given::Null,
            DataType::False => Given::Flag(false),
            DataType::True => Given::Flag(true),
            DataType::Long => value.long().map_or(Given::Other("int"), Given::Whole),
            DataType::Double => value.double().map_or(Given::Other("float"), Given::Fraction),
            DataType::Object(_) => {
                let class = value.object().and_then(|object| object.get_class_entry().name().map(str::to_owned));
                Given::Object(class.unwrap_or_else(|| "object".to_owned()))
            }
            DataType::Resource => Given::Other("resource"),
            _ => Given::Other("mixed"),
        }
    }

    fn array(&mut self, array: &ZendHashTable, depth: usize) -> Given {
        let cut = match (depth, array.len()) {
            (0, _) => Some(Cut::TooDeep),
            (_, size) if size > self.left => Some(Cut::TooMany),
            _ => None,
        };
        if let Some(cut) = cut {
            self.is_cut = true;
            return Given::Cut(cut);
        }
        self.left -= array.len();
        let mut copied = Vec::with_capacity(array.len());
        let mut entries = array.iter();
        while let Some((key, value)) = entries.next_zval() {
            let key = match key.zend_str() {
                Some(text) => Key::Text(text.as_bytes().to_vec()),
                None => Key::Number(key.long().unwrap_or_default()),
            };
            copied.push((key, self.value(value, depth - 1)));
            if self.is_cut {
                break;
            }
        }
        Given::Array(copied)
    }
}
