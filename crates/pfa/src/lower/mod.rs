//! From a document to a tabular model: the writer's shapes, taken back.

mod ensemble;
mod estimate;
mod fields;
mod nodes;
mod outputs;
mod tables;
mod text;

use std::collections::BTreeMap;

use holdall_diag::{Failure, Location, PathKind};
use holdall_tabular::{Kind, Labels, Model, Op, Part, ValueId};
use serde_json::Value;

use crate::{
    codes,
    doc::{Document, Method, decode::escape},
    library,
    names::Fun,
    number::{read_literals, read_plain},
};

type Lowered<T> = Result<T, Failure>;

/// The model that a document holds.
pub(crate) fn lower(document: &Document) -> Lowered<Model> {
    let mut lower = Lower::new(document);
    lower.check_document()?;
    lower.check_functions()?;
    lower.header();
    let Some((last, statements)) = document.action.split_last() else {
        return Err(Failure::malformed(codes::DOCUMENT, "the action is empty")
            .at(Location::path(PathKind::JsonPointer, "/action")));
    };
    for (i, statement) in statements.iter().enumerate() {
        lower.path = format!("/action/{i}");
        lower.statement(statement)?;
    }
    lower.path = format!("/action/{}", statements.len());
    lower.finish(last)
}

/// What a symbol stands for.
#[derive(Clone, Copy, Debug)]
enum Binding {
    /// The value of a node.
    Value(ValueId),
    /// A part of an estimate.
    Part(ValueId, Part),
}

struct Lower<'d> {
    document: &'d Document,
    model: Model,
    symbols: BTreeMap<String, Binding>,
    /// Probabilities whose label has not been read: only then is the estimate whole.
    probabilities: BTreeMap<String, &'d Value>,
    /// Margins of the estimates.
    margins: BTreeMap<ValueId, ValueId>,
    /// Where we are, as a JSON pointer.
    path: String,
}

impl<'d> Lower<'d> {
    fn new(document: &'d Document) -> Self {
        Self {
            document,
            model: Model::new(),
            symbols: BTreeMap::new(),
            probabilities: BTreeMap::new(),
            margins: BTreeMap::new(),
            path: String::new(),
        }
    }

    fn location(&self) -> Location {
        Location::path(PathKind::JsonPointer, self.path.as_str())
    }

    /// The document goes beyond what is read.
    fn unsupported(&self, what: impl Into<String>) -> Failure {
        unsupported(what).at(self.location())
    }

    fn check_document(&self) -> Lowered<()> {
        let document = self.document;
        let at = |path: &str, what: &str| {
            Err(unsupported(what).at(Location::path(PathKind::JsonPointer, path)))
        };
        if document.method != Method::Map {
            return at(
                "/method",
                &format!("the method `{}` keeps state", document.method.as_str()),
            );
        }
        for (path, present) in [
            ("/begin", !document.begin.is_empty()),
            ("/end", !document.end.is_empty()),
            ("/zero", document.zero.is_some()),
            ("/merge", document.merge.is_some()),
            ("/pools", !document.pools.is_empty()),
        ] {
            if present {
                return at(path, "a part that the action of a stateless model does not have");
            }
        }
        Ok(())
    }

    /// A name is worth nothing: the text of each function is compared.
    fn check_functions(&self) -> Lowered<()> {
        for (name, function) in &self.document.fcns {
            if library::definition(name).as_ref() != Some(function) {
                let message = format!("the user function `{name}` is not one of those known");
                let path = format!("/fcns/{}", escape(name));
                return Err(unsupported(message).at(Location::path(PathKind::JsonPointer, path)));
            }
        }
        Ok(())
    }

    fn header(&mut self) {
        let meta = |key: &str| self.document.metadata.get(&format!("holdall.{key}")).cloned();
        let header = &mut self.model.header;
        header.name = meta("name").or_else(|| self.document.name.clone());
        if meta("fields").is_some() && meta("name").is_none() {
            header.name = None;
        }
        header.description.clone_from(&self.document.doc);
        header.producer = meta("producer");
        header.producer_version = meta("producer_version");
        header.class = meta("class");
        self.model.target = meta("target");
        self.model.named_inputs = meta("named_inputs").is_none_or(|text| text != "false");
    }

    /// One `let` of one symbol.
    fn statement(&mut self, statement: &'d Value) -> Lowered<()> {
        let pair = only_pair(statement)
            .filter(|(key, _)| *key == "let")
            .and_then(|(_, value)| only_pair(value));
        let Some((symbol, expression)) = pair else {
            return Err(self.unsupported("expected a `let` of one symbol"));
        };
        if self.symbols.contains_key(symbol) {
            let message = format!("the symbol `{symbol}` is assigned twice");
            return Err(Failure::malformed(codes::REFERENCE, message).at(self.location()));
        }
        let suffix = symbol.split_once('_').map_or("", |(_, suffix)| suffix);
        let binding = match suffix {
            "values" => self.regress(expression)?,
            "probabilities" => {
                self.probabilities.insert(symbol.to_owned(), expression);
                return Ok(());
            }
            "label" => return self.classify(symbol, expression),
            "margins" => Binding::Value(self.together(expression)?),
            _ if symbol.starts_with('f') => Binding::Value(self.field(expression)?),
            _ => Binding::Value(self.value(expression)?),
        };
        self.symbols.insert(symbol.to_owned(), binding);
        Ok(())
    }

    fn push(&mut self, op: Op) -> Lowered<ValueId> {
        let location = self.location();
        self.model.push_at(op, location)
    }

    fn binding(&self, symbol: &str) -> Lowered<Binding> {
        self.symbols.get(symbol).copied().ok_or_else(|| {
            let message = format!("there is no symbol `{symbol}`");
            Failure::malformed(codes::REFERENCE, message).at(self.location())
        })
    }

    /// The value of a symbol.
    fn symbol(&mut self, symbol: &str) -> Lowered<ValueId> {
        match self.binding(symbol)? {
            Binding::Value(id) => Ok(id),
            Binding::Part(estimate, part) => self.push(Op::Part { estimate, part }),
        }
    }

    /// A list: a cell, or literals written out.
    fn list(&self, expression: &Value, kind: Kind) -> Lowered<Labels> {
        let labels = match cell_name(expression) {
            Some(name) => read_plain(self.cell(name)?, kind),
            None => expression
                .get("new")
                .and_then(Value::as_array)
                .and_then(|list| read_literals(list, kind)),
        };
        labels.ok_or_else(|| {
            Failure::malformed(codes::VALUE, format!("expected a list of {kind}"))
                .at(self.location())
        })
    }

    fn cell(&self, name: &str) -> Lowered<&'d Value> {
        match self.document.cells.get(name) {
            Some(cell) if cell.further.is_empty() => Ok(&cell.init),
            Some(_) => {
                let path = format!("/cells/{}", escape(name));
                Err(unsupported("a cell that is shared or comes from elsewhere")
                    .at(Location::path(PathKind::JsonPointer, path)))
            }
            None => {
                let message = format!("there is no cell `{name}`");
                Err(Failure::malformed(codes::REFERENCE, message).at(self.location()))
            }
        }
    }

    fn floats(&self, expression: &Value) -> Lowered<Vec<f64>> {
        match self.list(expression, Kind::F64)? {
            Labels::F64(values) => Ok(values),
            Labels::I64(_) | Labels::Bool(_) | Labels::Text(_) => Ok(Vec::new()),
        }
    }

    /// A call of a user function that the document defines.
    fn call(&self, expression: &'d Value) -> Option<(Fun, &'d [Value])> {
        let (name, args) = only_pair(expression)?;
        Some((self.known(name)?, args.as_array()?))
    }

    fn known(&self, name: &str) -> Option<Fun> {
        let name = name.strip_prefix("u.")?;
        self.document.fcns.contains_key(name).then(|| Fun::parse(name)).flatten()
    }

    /// A function reference: its name and what is filled in.
    fn reference(&self, expression: &'d Value) -> Option<(Fun, Option<(&'d str, &'d Value)>)> {
        let map = expression.as_object()?;
        let fun = self.known(map.get("fcn")?.as_str()?)?;
        match map.get("fill") {
            None if map.len() == 1 => Some((fun, None)),
            Some(fill) if map.len() == 2 => Some((fun, Some(only_pair(fill)?))),
            _ => None,
        }
    }

    /// A function reference whose parameters of these names are filled in.
    fn reference_with<const N: usize>(
        &self,
        expression: &'d Value,
        names: [&str; N],
    ) -> Option<(Fun, [&'d Value; N])> {
        let map = expression.as_object().filter(|map| map.len() == 2)?;
        let fun = self.known(map.get("fcn")?.as_str()?)?;
        let fill = map.get("fill")?.as_object().filter(|fill| fill.len() == N)?;
        let mut found = [expression; N];
        for (slot, name) in found.iter_mut().zip(names) {
            *slot = fill.get(name)?;
        }
        Some((fun, found))
    }
}

fn unsupported(what: impl Into<String>) -> Failure {
    Failure::unsupported(codes::UNSUPPORTED, what).with_help(
        "only documents of the shape that holdall writes are read; general PFA programs are not yet",
    )
}

/// The key and value of an object of one pair.
fn only_pair(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object()?;
    let mut pairs = map.iter();
    match (pairs.next(), pairs.next()) {
        (Some((key, value)), None) => Some((key, value)),
        (_, _) => None,
    }
}

fn cell_name(expression: &Value) -> Option<&str> {
    only_pair(expression).filter(|(key, _)| *key == "cell").and_then(|(_, name)| name.as_str())
}

/// A symbol and the element taken of it.
fn element(expression: &Value) -> Option<(&str, u32)> {
    let map = expression.as_object().filter(|map| map.len() == 2)?;
    let [index] = map.get("path")?.as_array()?.as_slice() else { return None };
    Some((map.get("attr")?.as_str()?, u32::try_from(index.as_u64()?).ok()?))
}
