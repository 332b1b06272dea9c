//! The nodes of `schema.json`, said as a pickle.
//!
//! Recursion ends where that of the JSON parser does, at 128 levels.

use std::collections::BTreeMap;

use bytes::Bytes;
use holdall_diag::{Failure, Location, PathKind};
use holdall_pickle::{
    Pickle,
    scan::{Standing, standing},
};
use holdall_source::Budget;
use serde_json::Value as Json;

use super::{archive::Archive, stream::Stream};
use crate::codes;

/// The entry that holds the nodes.
pub(super) const SCHEMA: &str = "schema.json";

/// What a byte of JSON costs as a parsed value and as an opcode.
const BYTES_A_BYTE: usize = 16;

/// The objects of a file, and what it says of itself: `skops 0.16.0, protocol 2`.
pub(super) fn read(bytes: &Bytes, budget: &mut Budget) -> Result<(Pickle, String), Failure> {
    let mut archive = Archive::open(bytes.clone(), budget)?;
    let text = archive.read(SCHEMA, budget)?;
    budget.charge_elements(text.len() as u64, BYTES_A_BYTE)?;
    let root: Json = serde_json::from_slice(&text).map_err(|error| {
        let place = Location::line(error.line() as u64, error.column() as u64);
        Failure::malformed(codes::SCHEMA, "the schema is not JSON, or nested too deep")
            .at(place.in_entry(SCHEMA))
            .caused_by(error)
    })?;
    let version = root.get("_skops_version").and_then(Json::as_str).unwrap_or("of unknown version");
    let protocol = root.get("protocol").and_then(Json::as_u64).unwrap_or_default();
    let container = format!("skops {version}, protocol {protocol}");
    let (stream, memo, path) = (Stream::new(), BTreeMap::new(), Vec::new());
    let mut schema = Schema { archive, stream, memo, path, budget };
    schema.node(&root).map_err(|failure| {
        if failure.location().is_none() { failure.at(schema.place()) } else { failure }
    })?;
    let stream = schema.stream.finish();
    let pickle = Pickle::read(&stream, budget)?;
    Ok((pickle.without_offsets(), container))
}

pub(super) struct Schema<'b> {
    pub(super) archive: Archive,
    pub(super) stream: Stream,
    /// The number of what was made before, by its identity or the name of its file.
    pub(super) memo: BTreeMap<String, u32>,
    /// Where the node stands that is being said.
    path: Vec<String>,
    pub(super) budget: &'b mut Budget,
}

impl Schema<'_> {
    fn place(&self) -> Location {
        let path: String = self.path.iter().flat_map(|step| ["/", step]).collect();
        Location::path(PathKind::JsonPointer, path).in_entry(SCHEMA)
    }

    pub(super) fn broken(&self, message: impl Into<String>) -> Failure {
        Failure::malformed(codes::SCHEMA, message).at(self.place())
    }

    /// A member of a node.
    pub(super) fn member<'j>(&self, node: &'j Json, key: &str) -> Result<&'j Json, Failure> {
        node.get(key).ok_or_else(|| self.broken(format!("expected a member `{key}`, found none")))
    }

    pub(super) fn text<'j>(&self, node: &'j Json, key: &str) -> Result<&'j str, Failure> {
        let found = self.member(node, key)?;
        found.as_str().ok_or_else(|| self.broken(format!("expected `{key}` to be a text")))
    }

    pub(super) fn class<'j>(&self, node: &'j Json) -> Result<(&'j str, &'j str), Failure> {
        Ok((self.text(node, "__module__")?, self.text(node, "__class__")?))
    }

    /// A node within the one before.
    fn inside(&mut self, step: impl Into<String>, node: &Json) -> Result<(), Failure> {
        self.path.push(step.into());
        self.node(node)?;
        self.path.pop();
        Ok(())
    }

    /// The node that is a member.
    fn within(&mut self, node: &Json, key: &str) -> Result<(), Failure> {
        let inner = self.member(node, key)?;
        self.inside(key, inner)
    }

    /// The nodes of `content`.
    fn items(&mut self, node: &Json) -> Result<(), Failure> {
        let content = self.member(node, "content")?;
        let items = content.as_array().ok_or_else(|| self.broken("expected a list of nodes"))?;
        self.path.push("content".to_owned());
        for (i, item) in items.iter().enumerate() {
            self.inside(i.to_string(), item)?;
        }
        self.path.pop();
        Ok(())
    }

    pub(super) fn node(&mut self, node: &Json) -> Result<(), Failure> {
        self.budget.step(1)?;
        let loader = self.text(node, "__loader__")?;
        match loader {
            "JsonNode" => return self.json(node),
            "CachedNode" => return self.cached(node),
            "DictNode" => self.dict(node)?,
            "DefaultDictNode" => {
                let content = self.member(node, "content")?;
                self.within(content, "main")?;
            }
            "ListNode" => {
                self.stream.begin_list();
                self.items(node)?;
                self.stream.end_list();
            }
            "TupleNode" => {
                self.stream.begin_tuple();
                self.items(node)?;
                self.stream.end_tuple();
            }
            "SetNode" => {
                self.stream.begin_set();
                self.items(node)?;
                self.stream.end_set();
            }
            "SliceNode" => self.slice(node)?,
            "TypeNode" | "FunctionNode" => self.name(node)?,
            "PartialNode" => self.partial(node)?,
            "ObjectNode" => self.object(node)?,
            "BytesNode" | "BytearrayNode" => {
                let bytes = self.archive.read(self.text(node, "file")?, self.budget)?;
                self.stream.bytes(&bytes);
            }
            "NdArrayNode" => self.array(node)?,
            // The mask is of no weight for what is read.
            "MaskedArrayNode" => {
                let content = self.member(node, "content")?;
                self.within(content, "data")?;
            }
            "SparseMatrixNode" => self.sparse(node)?,
            // Generators and dtypes matter for fitting only.
            "RandomStateNode" | "RandomGeneratorNode" | "DTypeNode" => {
                let (module, name) = self.class(node)?;
                self.stream.global(module, name);
                self.stream.new_object();
            }
            _ if node.get("__reduce__").is_some() => self.reduced(node)?,
            other => {
                let (module, name) = self.class(node)?;
                let class = format!("{module}.{name}");
                if matches!(standing(module, name), Standing::Dangerous | Standing::Dotted) {
                    let message = format!("loading names `{class}`");
                    return Err(Failure::unsupported(codes::DANGEROUS, message)
                        .at(self.place())
                        .with_help("do not load this file; ask where it comes from"));
                }
                let message = format!("`{class}`, stored as `{other}`, is not carried");
                return Err(Failure::unsupported(codes::CLASS, message).at(self.place()));
            }
        }
        self.keep(node);
        Ok(())
    }

    fn identity(node: &Json) -> Option<String> {
        node.get("__id__").map(|id| format!("#{id}"))
    }

    fn keep(&mut self, node: &Json) {
        if let Some(id) = Self::identity(node) {
            let number = self.stream.put();
            self.memo.insert(id, number);
        }
    }

    /// What was made before.
    fn cached(&mut self, node: &Json) -> Result<(), Failure> {
        let known = Self::identity(node).and_then(|id| self.memo.get(&id).copied());
        let known =
            known.ok_or_else(|| self.broken("a node names another one that is not there"))?;
        self.stream.get(known);
        Ok(())
    }

    /// A number, text, truth value or nothing, as a text of JSON.
    fn json(&mut self, node: &Json) -> Result<(), Failure> {
        let content = self.text(node, "content")?;
        if node.get("is_json").and_then(Json::as_bool) == Some(false) {
            self.stream.text(content);
            return Ok(());
        }
        // Python writes these, JSON has none of them.
        match content {
            "NaN" => self.stream.float(f64::NAN),
            "Infinity" => self.stream.float(f64::INFINITY),
            "-Infinity" => self.stream.float(f64::NEG_INFINITY),
            _ => {
                let value: Json = serde_json::from_str(content).map_err(|error| {
                    self.broken(format!("the value `{}` is not JSON", content.escape_debug()))
                        .caused_by(error)
                })?;
                self.plain(&value)?;
            }
        }
        Ok(())
    }

    /// A value of JSON itself.
    fn plain(&mut self, value: &Json) -> Result<(), Failure> {
        match value {
            Json::Null => self.stream.none(),
            Json::Bool(value) => self.stream.bool(*value),
            Json::String(text) => self.stream.text(text),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(value), _) => self.stream.int(value),
                (None, Some(value)) => self.stream.float(value),
                (None, None) => {
                    return Err(self.broken(format!("the number {number} is too large")));
                }
            },
            Json::Array(_) | Json::Object(_) => {
                return Err(self.broken("expected a number, a text, a truth value or nothing"));
            }
        }
        Ok(())
    }

    fn dict(&mut self, node: &Json) -> Result<(), Failure> {
        let content = self.member(node, "content")?;
        let entries = content.as_object().ok_or_else(|| self.broken("expected named nodes"))?;
        let kinds = node.get("key_types").and_then(|kinds| kinds.get("content"));
        self.stream.begin_dict();
        self.path.push("content".to_owned());
        for (i, (key, value)) in entries.iter().enumerate() {
            let kind = kinds.and_then(|kinds| kinds.get(i)?.get("__class__")?.as_str());
            self.key(key, kind.unwrap_or("str"));
            self.inside(key.replace('~', "~0").replace('/', "~1"), value)?;
        }
        self.path.pop();
        self.stream.end_dict();
        Ok(())
    }

    /// Keys are texts in JSON; their kind stands beside.
    fn key(&mut self, key: &str, kind: &str) {
        if kind.contains("int")
            && let Ok(number) = key.parse()
        {
            self.stream.int(number);
        } else if kind.starts_with("float")
            && let Ok(number) = key.parse()
        {
            self.stream.float(number);
        } else if kind.starts_with("bool") {
            self.stream.bool(key.eq_ignore_ascii_case("true"));
        } else {
            self.stream.text(key);
        }
    }

    fn slice(&mut self, node: &Json) -> Result<(), Failure> {
        let content = self.member(node, "content")?;
        self.stream.global("builtins", "slice");
        self.stream.begin_tuple();
        for key in ["start", "stop", "step"] {
            self.plain(self.member(content, key)?)?;
        }
        self.stream.end_tuple();
        self.stream.reduce();
        Ok(())
    }

    /// A class or function. Protocol 0 named functions within `content`.
    fn name(&mut self, node: &Json) -> Result<(), Failure> {
        let old = node.get("content").filter(|content| content.get("module_path").is_some());
        let (module, name) = match old {
            Some(old) => (self.text(old, "module_path")?, self.text(old, "function")?),
            None => self.class(node)?,
        };
        self.stream.global(module, name);
        Ok(())
    }

    fn partial(&mut self, node: &Json) -> Result<(), Failure> {
        let content = self.member(node, "content")?;
        self.stream.global("functools", "partial");
        self.stream.begin_tuple();
        self.within(content, "func")?;
        self.stream.end_tuple();
        self.stream.reduce();
        self.stream.begin_tuple();
        for key in ["func", "args", "kwds", "namespace"] {
            self.within(content, key)?;
        }
        self.stream.end_tuple();
        self.stream.build();
        Ok(())
    }

    fn object(&mut self, node: &Json) -> Result<(), Failure> {
        let (module, name) = self.class(node)?;
        self.stream.global(module, name);
        self.stream.new_object();
        if node.get("content").is_some_and(|content| !content.is_null()) {
            self.within(node, "content")?;
            self.stream.build();
        }
        Ok(())
    }

    /// An object with arguments, such as a tree.
    fn reduced(&mut self, node: &Json) -> Result<(), Failure> {
        let (module, name) = self.class(node)?;
        self.stream.global(module, name);
        let reduce = self.member(node, "__reduce__")?;
        self.within(reduce, "args")?;
        self.stream.reduce();
        if node.get("content").is_some_and(|content| !content.is_null()) {
            self.within(node, "content")?;
            self.stream.build();
        }
        Ok(())
    }
}
