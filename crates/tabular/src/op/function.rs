use crate::{Labels, ValueId};

/// A function of scalars. Unless the function says otherwise, a missing argument gives missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Which function.
    pub function: Function,
    /// Scalars, of the kinds that the function takes.
    pub args: Vec<ValueId>,
}

/// The functions of [`Call`]. Positions in texts count code points.
#[derive(Clone, Debug, PartialEq)]
pub enum Function {
    /// Text: upper case (Unicode, without a locale).
    Uppercase,
    /// Text: lower case (Unicode, without a locale).
    Lowercase,
    /// Text: without white space at both ends.
    Trim,
    /// Text, start from 1, length: that part. A start below 1 or a negative length gives missing; what lies
    /// beyond the end is left out (PMML 4.4, `substring`).
    Substring,
    /// Texts, at least one: joined in order.
    Join,
    /// Text: number of code points; i64.
    Length,
    /// Text: every match of a regular expression replaced. `$1` in the replacement is the first group.
    Replace {
        /// Regular expression without look-around and back-references: time is linear in the text.
        pattern: String,
        /// What stands in its place.
        with: String,
    },
    /// Text: whether a regular expression matches anywhere in it; boolean.
    Matches {
        /// Regular expression, as in [`Function::Replace`].
        pattern: String,
    },
    /// Text: the low 32 bits of its `CityHash64`, version 1.0, of its UTF-8, as a signed number; i64. This is what
    /// CatBoost calls a category.
    CityHash,
    /// A number, boolean or text as text. Floats are written with the fewest digits that give them back.
    ToText,
    /// Text: the number it says, binary64; missing when it says none.
    ToNumber,
    /// A number: as C's `printf` writes it with this format, one conversion of `d i f F e E g G s`.
    FormatNumber(String),
    /// Text: days since 1970-01-01 of an ISO 8601 date (or the date of a date and time); i64. Missing when
    /// it is none.
    ParseDate,
    /// Text: seconds since midnight of an ISO 8601 time; i64. Missing when it is none.
    ParseTime,
    /// Text: seconds since 1970-01-01T00:00:00 of an ISO 8601 date and time, its zone applied where it has
    /// one; i64. Missing when it is none.
    ParseDateTime,
    /// Seconds since 1970-01-01T00:00:00, i64: as C's `strftime` writes them with this format.
    FormatDateTime(String),
    /// Scalars of one kind, at least one: the first that is not missing.
    Coalesce,
    /// A scalar: whether it equals one of these values; boolean.
    IsIn(Labels),
}

impl Function {
    /// Lower-case name.
    pub const fn name(&self) -> &'static str {
        self.kind().name()
    }

    /// Which function it is, whatever its parameters.
    pub const fn kind(&self) -> FunctionKind {
        match self {
            Self::Uppercase => FunctionKind::Uppercase,
            Self::Lowercase => FunctionKind::Lowercase,
            Self::Trim => FunctionKind::Trim,
            Self::Substring => FunctionKind::Substring,
            Self::Join => FunctionKind::Join,
            Self::Length => FunctionKind::Length,
            Self::Replace { pattern: _, with: _ } => FunctionKind::Replace,
            Self::Matches { pattern: _ } => FunctionKind::Matches,
            Self::CityHash => FunctionKind::CityHash,
            Self::ToText => FunctionKind::ToText,
            Self::ToNumber => FunctionKind::ToNumber,
            Self::FormatNumber(_) => FunctionKind::FormatNumber,
            Self::ParseDate => FunctionKind::ParseDate,
            Self::ParseTime => FunctionKind::ParseTime,
            Self::ParseDateTime => FunctionKind::ParseDateTime,
            Self::FormatDateTime(_) => FunctionKind::FormatDateTime,
            Self::Coalesce => FunctionKind::Coalesce,
            Self::IsIn(_) => FunctionKind::IsIn,
        }
    }
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`.")] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Lower-case name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}
pub(super) use named;

named! {
    /// A [`Function`] without its parameters: what writers decide about.
    FunctionKind {
        Uppercase = "uppercase",
        Lowercase = "lowercase",
        Trim = "trim",
        Substring = "substring",
        Join = "join",
        Length = "length",
        Replace = "replace",
        Matches = "matches",
        CityHash = "city-hash",
        ToText = "to-text",
        ToNumber = "to-number",
        FormatNumber = "format-number",
        ParseDate = "parse-date",
        ParseTime = "parse-time",
        ParseDateTime = "parse-date-time",
        FormatDateTime = "format-date-time",
        Coalesce = "coalesce",
        IsIn = "is-in",
    }
}
