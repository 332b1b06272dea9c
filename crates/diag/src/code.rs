use std::fmt;

/// A stable name for a kind of finding, such as `pmml/unknown-element`.
///
/// Codes are declared per crate with [`codes!`](crate::codes), which also keeps their descriptions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    /// A code from its text. Use [`codes!`](crate::codes) so that it is listed and described.
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }

    /// The text, `<crate>/<finding>`.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// One row of the generated list of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeInfo {
    /// The code.
    pub code: Code,
    /// What it means, one sentence without a full stop.
    pub description: &'static str,
}

/// Declares the codes of a crate: a module of constants, and `ALL` with the descriptions.
///
/// ```
/// holdall_diag::codes! {
///     /// The codes of this crate.
///     pub mod codes {
///         TRUNCATED = "demo/truncated": "the file ends inside a value";
///     }
/// }
/// assert_eq!(codes::TRUNCATED.as_str(), "demo/truncated");
/// assert_eq!(codes::ALL.len(), 1);
/// ```
#[macro_export]
macro_rules! codes {
    ($(#[$meta:meta])* $vis:vis mod $module:ident {
        $($name:ident = $text:literal : $description:literal;)*
    }) => {
        $(#[$meta])*
        $vis mod $module {
            $(
                #[doc = $description]
                pub const $name: $crate::Code = $crate::Code::new($text);
            )*
            /// Every code of this crate with its description.
            pub const ALL: &[$crate::CodeInfo] = &[
                $($crate::CodeInfo { code: $name, description: $description },)*
            ];
        }
    };
}
