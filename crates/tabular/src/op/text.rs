use super::function::named;
use crate::ValueId;

/// A text as a vector of term weights: analysed, counted, weighted, normalised, in this order
/// (scikit-learn's text vectorisers).
#[derive(Clone, Debug, PartialEq)]
pub struct TextVector {
    /// A text scalar.
    pub arg: ValueId,
    /// From text to terms.
    pub analyzer: Analyzer,
    /// Which element a term belongs to.
    pub terms: Terms,
    /// From counts to weights.
    pub weight: TermWeight,
    /// Factor of each element after weighting, one an element; empty is 1 throughout.
    pub idf: Vec<f64>,
    /// What the weights are divided by.
    pub norm: Option<super::NormalizeBy>,
    /// Kind of the weights, a float.
    pub kind: holdall_table::Kind,
}

/// From text to terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Analyzer {
    /// Whether the text is made lower case first.
    pub lowercase: bool,
    /// What happens to accents after that.
    pub accents: Accents,
    /// What a token is.
    pub unit: TokenUnit,
    /// Tokens that are left out, sorted. Words only.
    pub stop_words: Vec<String>,
    /// Shortest and longest run of tokens that makes a term, from 1.
    pub ngrams: (u32, u32),
}

/// What happens to accents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Accents {
    /// They stay.
    Keep,
    /// Decomposed (NFKD), and combining marks left out.
    Unicode,
    /// Decomposed (NFKD), and everything beyond ASCII left out.
    Ascii,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenUnit {
    /// Each match of a regular expression, or of its only group. Terms join tokens with a space.
    Word {
        /// Regular expression with Unicode classes, without look-around and back-references.
        pattern: String,
    },
    /// Each character, runs of white space made one space first.
    Char,
    /// Each character of each word with a space before and after it; no term spans words.
    CharInWord,
}

/// Which element a term belongs to.
#[derive(Clone, Debug, PartialEq)]
pub enum Terms {
    /// A list; other terms do not count. The element is the position.
    Vocabulary(Vec<String>),
    /// The term's `MurmurHash3` (32 bits, seed 0, UTF-8) as a signed number h: element |h| modulo the size.
    Hashed {
        /// Number of elements.
        size: u32,
        /// Whether a negative h counts −1.
        alternate_sign: bool,
    },
}

named! {
    /// From the count n of a term to its weight.
    TermWeight {
        Count = "count",
        Binary = "binary",
        Sublinear = "sublinear",
    }
}

/// How often a term is in a text, weighted (PMML 4.4, `TextIndex`).
#[derive(Clone, Debug, PartialEq)]
pub struct TextIndex {
    /// The text.
    pub text: ValueId,
    /// The term, a text scalar.
    pub term: ValueId,
    /// From hits to the answer.
    pub weight: LocalWeight,
    /// Whether case matters.
    pub case_sensitive: bool,
    /// Edits that a term may differ by, summed over its words.
    pub max_levenshtein: u32,
    /// Whether every hit counts, or only those with the fewest edits.
    pub count_all: bool,
    /// Where the text and the term are cut into words: a regular expression.
    pub separator: String,
    /// Whether text and term are cut; if not, the term is one sequence of characters.
    pub tokenize: bool,
    /// Replacements before the text is cut, in order.
    pub normalizations: Vec<TextNormalization>,
}

/// A set of replacements on a text (PMML 4.4, `TextIndexNormalization`).
#[derive(Clone, Debug, PartialEq)]
pub struct TextNormalization {
    /// Pairs of what is replaced, a literal or a regular expression, and by what.
    pub rules: Vec<TextRule>,
    /// Whether the rules are applied until nothing changes, at most 1,000 times.
    pub recursive: bool,
    /// Whether case matters.
    pub case_sensitive: bool,
}

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRule {
    /// What is replaced.
    pub pattern: String,
    /// What stands in its place.
    pub with: String,
    /// Whether `pattern` is a regular expression.
    pub is_regex: bool,
}

named! {
    /// From the hits n of a term, of which the most frequent word of the text has m, to a weight.
    LocalWeight {
        TermFrequency = "term-frequency",
        Binary = "binary",
        Logarithmic = "logarithmic",
        AugmentedNormalized = "augmented-normalized-term-frequency",
    }
}
