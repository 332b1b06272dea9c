/// An enumeration of the standard: variants with their spelling, `parse` and `as_str`.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// Every word.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As the standard spells it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// From the spelling of the standard.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|w| w.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::doc::words::Word for $name {
            fn word(text: &str) -> Option<Self> {
                Self::parse(text)
            }

            fn expected() -> String {
                let words: Vec<&str> = Self::ALL.iter().map(|w| w.as_str()).collect();
                words.join(", ")
            }
        }
    };
}

pub(super) use words;

/// What an attribute with a closed list of values has.
pub(crate) trait Word: Sized {
    /// From the spelling of the standard.
    fn word(text: &str) -> Option<Self>;

    /// All words, for messages.
    fn expected() -> String;
}
