//! The document: PFA 0.8.1, "Document structure". Expressions and Avro schemas stay JSON, as the
//! specification spells them.

pub(crate) mod decode;
mod encode;

use indexmap::IndexMap;
use serde_json::{Map, Value};

pub use decode::decode;
pub use encode::encode;

/// A scoring engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Name of the engine; engines without one get a name of their own.
    pub name: Option<String>,
    /// How often the action runs and what becomes of its value.
    pub method: Method,
    /// Avro schema of the input.
    pub input: Value,
    /// Avro schema of the output.
    pub output: Value,
    /// Expressions run before the first input.
    pub begin: Vec<Value>,
    /// Expressions run for each input; the last one is the answer.
    pub action: Vec<Value>,
    /// Expressions run after the last input.
    pub end: Vec<Value>,
    /// User functions, called as `u.<name>`.
    pub fcns: IndexMap<String, Function>,
    /// Start value of a fold.
    pub zero: Option<Value>,
    /// Expressions that merge two folds.
    pub merge: Option<Vec<Value>>,
    /// Named values.
    pub cells: IndexMap<String, Cell>,
    /// Named sets of named values, as JSON.
    pub pools: Map<String, Value>,
    /// Seed of the random number generator.
    pub randseed: Option<i64>,
    /// Text for people.
    pub doc: Option<String>,
    /// Version of the document.
    pub version: Option<i64>,
    /// Texts by name.
    pub metadata: IndexMap<String, String>,
    /// Options of the engine.
    pub options: Map<String, Value>,
}

/// What an engine does with the values of its action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// One answer an input.
    #[default]
    Map,
    /// Any number of answers an input, by calls of `emit`.
    Emit,
    /// An answer that grows with each input.
    Fold,
}

impl Method {
    /// The word in the document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Emit => "emit",
            Self::Fold => "fold",
        }
    }
}

/// A user function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Names and Avro schemas of the parameters.
    pub params: Vec<(String, Value)>,
    /// Avro schema of the value.
    pub ret: Value,
    /// Expressions; the last one is the value.
    pub body: Vec<Value>,
}

/// A value that outlives the action.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Avro schema.
    pub schema: Value,
    /// Start value, in Avro's JSON encoding.
    pub init: Value,
    /// `shared`, `rollback` and `source`, where given.
    pub further: Map<String, Value>,
}

impl Document {
    /// A document that maps inputs and does nothing yet.
    pub fn new(input: Value, output: Value) -> Self {
        Self {
            name: None,
            method: Method::Map,
            input,
            output,
            begin: Vec::new(),
            action: Vec::new(),
            end: Vec::new(),
            fcns: IndexMap::new(),
            zero: None,
            merge: None,
            cells: IndexMap::new(),
            pools: Map::new(),
            randseed: None,
            doc: None,
            version: None,
            metadata: IndexMap::new(),
            options: Map::new(),
        }
    }
}
