//! What a caller gave, as a plain tree: PHP's values without PHP, so that reading them needs none.

/// A value as PHP has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// `null`.
    Null,
    /// `bool`.
    Flag(bool),
    /// `int`.
    Whole(i64),
    /// `float`.
    Fraction(f64),
    /// `string`: bytes of any kind.
    Text(Vec<u8>),
    /// `array`, in its order.
    Array(Vec<(Key, Given)>),
    /// An array of which no more was copied; everything that would come after it in the whole tree is missing.
    Cut(Cut),
    /// An object, of this class.
    Object(String),
    /// Anything else, by PHP's name for its type.
    Other(&'static str),
}

/// Why an array was not copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// It lies deeper than [`DEPTH`], as an array does that holds itself.
    TooDeep,
    /// There were [`MOST_VALUES`] values before it.
    TooMany,
}

/// The key of an array's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// An integer.
    Number(i64),
    /// A string: bytes of any kind.
    Text(Vec<u8>),
}

/// So many arrays are copied one within the other. It is more than any reader goes into.
pub const DEPTH: usize = 72;

/// So many values are copied. Arrays that share their parts can be of any size and take PHP no memory, but us.
pub const MOST_VALUES: usize = 1_000_000;

impl Given {
    /// The type in PHP's own words.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match self {
            Self::Null => "null",
            Self::Flag(_) => "bool",
            Self::Whole(_) => "int",
            Self::Fraction(_) => "float",
            Self::Text(_) => "string",
            Self::Array(_) | Self::Cut(_) => "array",
            Self::Object(class) => class,
            Self::Other(name) => name,
        }
    }
}
