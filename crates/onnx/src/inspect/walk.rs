//! The walk over the wire format. Names, types and counts are read; payloads are gone past.

use std::collections::{BTreeMap, BTreeSet};

use holdall_codec::Endpoint;
use holdall_diag::{Failure, Location};
use holdall_graph::Elem;
use holdall_source::Budget;
use prost::Message;

use super::classical::Classical;
use crate::{
    codes,
    decode::value_type,
    dtypes, proto, view,
    wire::{Cursor, Wire},
};

/// Deeper than the protobuf readers go.
const DEPTH: usize = 33;
/// Names longer than this are cut.
const NAME: u64 = 1 << 12;
/// Longer nodes of classical models are not looked into.
const LIST: u64 = 256 << 20;
/// How many tensors are named.
const LARGEST: usize = 10;

/// A tensor and where it lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) dtype: i32,
    pub(super) shape: Vec<u64>,
    pub(super) bytes: u64,
    pub(super) offset: Option<u64>,
    pub(super) file: Option<String>,
    pub(super) checksum: Option<String>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) ir: u64,
    pub(super) producer: String,
    pub(super) producer_version: String,
    pub(super) domain: String,
    pub(super) model_version: u64,
    pub(super) graph_name: String,
    pub(super) has_graph: bool,
    pub(super) functions: Vec<FunctionFound>,
    pub(super) device_configurations: u64,
    pub(super) sparse: u64,
    pub(super) training: u64,
    pub(super) opsets: BTreeMap<String, i64>,
    pub(super) metadata: Vec<(String, String)>,
    pub(super) inputs: Vec<Endpoint>,
    pub(super) outputs: Vec<Endpoint>,
    pub(super) initialized: BTreeSet<String>,
    pub(super) nodes: u64,
    pub(super) operators: BTreeMap<(String, String), u64>,
    /// Tensors, elements and bytes by element type.
    pub(super) parameters: BTreeMap<i32, (u64, u64, u64)>,
    pub(super) largest: Vec<Tensor>,
    pub(super) external: BTreeSet<String>,
    /// SHA-1 of those files, where the model says it.
    pub(super) checksums: BTreeMap<String, String>,
    /// Statistics of classical models, in the order of their nodes.
    pub(super) classical: Vec<Classical>,
    /// Nodes of classical models that were too long to be looked into.
    pub(super) uncounted: u64,
    /// Parts that came with an IR version: the version, and what shows the first of them.
    pub(super) features: BTreeMap<&'static str, (i64, String)>,
}

/// A function of the model.
#[derive(Debug, Default)]
pub(super) struct FunctionFound {
    pub(super) domain: String,
    pub(super) name: String,
    pub(super) nodes: u64,
    pub(super) opsets: BTreeMap<String, i64>,
    pub(super) operators: BTreeMap<(String, String), u64>,
}

impl Found {
    /// Remembers the first of a kind of parts that came with an IR version.
    fn feature(&mut self, what: &'static str, since: i64, shown: impl FnOnce() -> String) {
        self.features.entry(what).or_insert_with(|| (since, shown()));
    }

    fn elem(&mut self, number: i32, of: &str) {
        let elem = Elem(number);
        let what = match elem.since_ir() {
            4 => "the element type bfloat16",
            9 => "element types of 8-bit floats",
            10 => "element types of 4-bit integers",
            11 => "element types of 4-bit floats",
            12 => "the element type float8e8m0",
            13 => "element types of 2-bit integers",
            14 => "element types of 6-bit floats",
            _ => return,
        };
        self.feature(what, elem.since_ir(), || format!("{elem} of `{of}`"));
    }
}

/// A field: a number, or the bytes up to a position.
enum Field {
    Number(u64),
    Until(u64),
    Fixed,
}

/// The walk.
pub(super) struct Walk<'s> {
    pub(super) cursor: Cursor<'s>,
    pub(super) budget: Budget,
    pub(super) found: Found,
}

impl Walk<'_> {
    /// The next field of a message that ends at `end`.
    fn field(&mut self, end: u64) -> Result<Option<(u32, Field)>, Failure> {
        if self.cursor.position() >= end {
            return Ok(None);
        }
        self.budget.step(1)?;
        let (number, wire) = self.cursor.tag(end)?;
        let field = match wire {
            Wire::Varint => Field::Number(self.cursor.varint(end)?),
            Wire::Bytes => {
                let length = self.cursor.length(end)?;
                Field::Until(self.cursor.position() + length)
            }
            Wire::Four | Wire::Eight => {
                self.cursor.skip(wire, end)?;
                Field::Fixed
            }
        };
        Ok(Some((number, field)))
    }

    fn text(&mut self, until: u64) -> Result<String, Failure> {
        let length = until.saturating_sub(self.cursor.position());
        self.budget.charge(length.min(NAME) + 32)?;
        Ok(String::from_utf8_lossy(&self.cursor.take(length, NAME)?).into_owned())
    }

    /// The whole file.
    pub(super) fn model(&mut self, end: u64) -> Result<(), Failure> {
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (1, Field::Number(value)) => self.found.ir = value,
                (2, Field::Until(until)) => self.found.producer = self.text(until)?,
                (3, Field::Until(until)) => self.found.producer_version = self.text(until)?,
                (4, Field::Until(until)) => self.found.domain = self.text(until)?,
                (5, Field::Number(value)) => self.found.model_version = value,
                (7, Field::Until(until)) => {
                    self.found.has_graph = true;
                    self.graph(until, 0)?;
                }
                (8, Field::Until(until)) => {
                    let (domain, version) = self.opset(until)?;
                    self.found.opsets.insert(domain, version);
                }
                (14, Field::Until(until)) => {
                    let entry = self.entry(until)?;
                    self.found.metadata.push(entry);
                }
                (20, Field::Until(until)) => {
                    self.found.training += 1;
                    self.found.feature("training information", 7, String::new);
                    self.cursor.go(until);
                }
                (25, Field::Until(until)) => self.function(until)?,
                (26, Field::Until(until)) => {
                    self.found.device_configurations += 1;
                    self.found.feature("device configurations", 11, String::new);
                    self.cursor.go(until);
                }
                (_, Field::Until(until)) => self.cursor.go(until),
                (_, Field::Number(_) | Field::Fixed) => {}
            }
        }
        Ok(())
    }

    /// A function: its nodes are counted by themselves, under the operator sets that it imports.
    fn function(&mut self, end: u64) -> Result<(), Failure> {
        let mut function = FunctionFound::default();
        let outer = std::mem::take(&mut self.found.operators);
        let nodes = self.found.nodes;
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (1, Field::Until(until)) => function.name = self.text(until)?,
                (7, Field::Until(until)) => self.node(until, 0)?,
                (9, Field::Until(until)) => {
                    let (domain, version) = self.opset(until)?;
                    function.opsets.insert(domain, version);
                }
                (10, Field::Until(until)) => function.domain = self.text(until)?,
                (11, Field::Until(until)) => {
                    self.found.feature("default attributes of functions", 9, String::new);
                    self.cursor.go(until);
                }
                (12, Field::Until(until)) => {
                    self.found.feature("value types of functions", 10, String::new);
                    self.cursor.go(until);
                }
                (13, Field::Until(until)) => {
                    if !self.text(until)?.is_empty() {
                        self.found.feature("overloads", 10, String::new);
                    }
                }
                (14, Field::Until(until)) => {
                    self.found.feature("metadata of functions", 10, String::new);
                    self.cursor.go(until);
                }
                (_, Field::Until(until)) => self.cursor.go(until),
                (_, Field::Number(_) | Field::Fixed) => {}
            }
        }
        function.operators = std::mem::replace(&mut self.found.operators, outer);
        function.nodes = std::mem::replace(&mut self.found.nodes, nodes) - nodes;
        let name = function.name.clone();
        self.found.feature("functions of the model", 8, || format!("`{name}`"));
        self.budget.charge(256)?;
        self.found.functions.push(function);
        Ok(())
    }

    fn opset(&mut self, end: u64) -> Result<(String, i64), Failure> {
        let (mut domain, mut version) = (String::new(), 0);
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (1, Field::Until(until)) => domain = self.text(until)?,
                (2, Field::Number(value)) => version = value.cast_signed(),
                (_, Field::Until(until)) => self.cursor.go(until),
                (_, Field::Number(_) | Field::Fixed) => {}
            }
        }
        Ok((crate::decode::domain(domain), version))
    }

    fn entry(&mut self, end: u64) -> Result<(String, String), Failure> {
        let (mut key, mut value) = (String::new(), String::new());
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (1, Field::Until(until)) => key = self.text(until)?,
                (2, Field::Until(until)) => value = self.text(until)?,
                (_, Field::Until(until)) => self.cursor.go(until),
                (_, Field::Number(_) | Field::Fixed) => {}
            }
        }
        Ok((key, value))
    }

    /// A graph. It calls itself for subgraphs, to a fixed depth.
    fn graph(&mut self, end: u64, depth: usize) -> Result<(), Failure> {
        if depth > DEPTH {
            return Err(Failure::limit(codes::PROTOBUF, "subgraphs are nested too deeply")
                .at(Location::at(self.cursor.position())));
        }
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (1, Field::Until(until)) => self.node(until, depth)?,
                (2, Field::Until(until)) if depth == 0 => {
                    self.found.graph_name = self.text(until)?;
                }
                (5, Field::Until(until)) => {
                    let tensor = self.tensor(until)?;
                    if depth == 0 {
                        self.found.initialized.insert(tensor.name.clone());
                    }
                    self.count(tensor);
                }
                (11..=13, Field::Until(until)) => {
                    if depth > 0 || number == 13 {
                        // Types between nodes are not looked at; there may be very many.
                        self.cursor.go(until);
                        continue;
                    }
                    let endpoint = self.endpoint(until)?;
                    let list =
                        if number == 11 { &mut self.found.inputs } else { &mut self.found.outputs };
                    list.push(endpoint);
                }
                (14, Field::Until(until)) => {
                    self.found.feature("quantisation annotations", 5, String::new);
                    self.cursor.go(until);
                }
                (15, Field::Until(until)) => {
                    self.found.sparse += 1;
                    self.found.feature("sparse initializers", 6, String::new);
                    self.cursor.go(until);
                }
                (16, Field::Until(until)) => {
                    self.found.feature("metadata of graphs", 10, String::new);
                    self.cursor.go(until);
                }
                (_, Field::Until(until)) => self.cursor.go(until),
                (_, Field::Number(_) | Field::Fixed) => {}
            }
        }
        Ok(())
    }

    fn endpoint(&mut self, until: u64) -> Result<Endpoint, Failure> {
        let length = until.saturating_sub(self.cursor.position());
        self.budget.charge(length.saturating_mul(8))?;
        let bytes = self.cursor.take(length, length)?;
        let info = proto::ValueInfoProto::decode(bytes).map_err(|error| {
            Failure::malformed(codes::PROTOBUF, format!("an input or output: {error}"))
                .at(Location::at(until - length))
        })?;
        let found = view::declared(&info);
        let (dtype, shape) = match &found {
            Some(ty @ holdall_graph::infer::Type::Tensor(elem, dims)) => {
                self.found.elem(elem.0, &info.name);
                let dims = dims.as_deref().unwrap_or_default();
                let shape = dims.iter().map(ToString::to_string).collect();
                (if elem.0 == 0 { ty.to_string() } else { dtypes::name(elem.0).to_owned() }, shape)
            }
            Some(other) => {
                let text = other.to_string();
                if text.contains("optional(") {
                    self.found.feature("optional types", 8, || format!("`{}`", info.name));
                }
                if text.contains("sparse ") {
                    self.found.feature("sparse tensor types", 8, || format!("`{}`", info.name));
                }
                let usual = value_type(info.r#type.as_ref(), &info.name).ok().flatten();
                (usual.map_or(text, |ty| ty.to_string()), Vec::new())
            }
            None => ("unknown".to_owned(), Vec::new()),
        };
        if !info.metadata_props.is_empty() {
            self.found.feature("metadata of values", 10, || format!("`{}`", info.name));
        }
        Ok(Endpoint { name: info.name, dtype, shape, meaning: None })
    }

    fn node(&mut self, end: u64, depth: usize) -> Result<(), Failure> {
        self.found.nodes += 1;
        let start = self.cursor.position();
        let (mut op, mut domain) = (String::new(), String::new());
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (4, Field::Until(until)) => op = self.text(until)?,
                (7, Field::Until(until)) => domain = self.text(until)?,
                (5, Field::Until(until)) => self.attribute(until, depth)?,
                (8, Field::Until(until)) => {
                    if !self.text(until)?.is_empty() {
                        self.found.feature("overloads", 10, String::new);
                    }
                }
                (9, Field::Until(until)) => {
                    self.found.feature("metadata of nodes", 10, String::new);
                    self.cursor.go(until);
                }
                (10, Field::Until(until)) => {
                    self.found.feature("device configurations", 11, String::new);
                    self.cursor.go(until);
                }
                (_, Field::Until(until)) => self.cursor.go(until),
                (_, Field::Number(_) | Field::Fixed) => {}
            }
        }
        if domain == holdall_graph::AI_ONNX_ML && Classical::is(&op) {
            self.classical(start, end)?;
        }
        let key = (crate::decode::domain(domain), op);
        *self.found.operators.entry(key).or_default() += 1;
        Ok(())
    }

    /// Statistics of a node whose weights are its attributes.
    fn classical(&mut self, start: u64, end: u64) -> Result<(), Failure> {
        let length = end - start;
        if length > LIST {
            self.found.uncounted += 1;
            return Ok(());
        }
        // Lists of numbers take at most eight bytes for one in the file, and are given back below.
        self.budget.charge(length.saturating_mul(8))?;
        self.cursor.go(start);
        let bytes = self.cursor.take(length, length)?;
        let node = proto::NodeProto::decode(bytes).map_err(|error| {
            Failure::malformed(codes::PROTOBUF, format!("a node: {error}")).at(Location::at(start))
        })?;
        self.found.classical.push(Classical::of(&node));
        Ok(())
    }

    /// An attribute: constants and subgraphs in it.
    fn attribute(&mut self, end: u64, depth: usize) -> Result<(), Failure> {
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (5 | 10, Field::Until(until)) => {
                    let tensor = self.tensor(until)?;
                    self.count(tensor);
                }
                (6 | 11, Field::Until(until)) => self.graph(until, depth + 1)?,
                // A list has nothing else of interest beside it.
                (7..=9, _) => self.cursor.go(end),
                (22 | 23, Field::Until(until)) => {
                    self.found.feature("sparse tensors in attributes", 6, String::new);
                    self.cursor.go(until);
                }
                (_, Field::Until(until)) => self.cursor.go(until),
                (_, Field::Number(_) | Field::Fixed) => {}
            }
        }
        Ok(())
    }

    fn tensor(&mut self, end: u64) -> Result<Tensor, Failure> {
        let mut tensor = Tensor::default();
        let mut elsewhere = false;
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (1, Field::Number(extent)) => {
                    self.budget.charge(16)?;
                    tensor.shape.push(extent);
                }
                (1, Field::Until(until)) => {
                    while self.cursor.position() < until {
                        self.budget.charge(16)?;
                        let extent = self.cursor.varint(until)?;
                        tensor.shape.push(extent);
                    }
                }
                (2, Field::Number(dtype)) => tensor.dtype = i32::try_from(dtype).unwrap_or(-1),
                (8, Field::Until(until)) => tensor.name = self.text(until)?,
                (4 | 5 | 7 | 9 | 10 | 11, Field::Until(until)) => {
                    tensor.offset.get_or_insert(self.cursor.position());
                    self.cursor.go(until);
                }
                (13, Field::Until(until)) => {
                    let (key, value) = self.entry(until)?;
                    match key.as_str() {
                        "location" => {
                            self.found.external.insert(value.clone());
                            tensor.file = Some(value);
                        }
                        "offset" => {
                            tensor.offset = value.trim().parse().ok();
                            elsewhere = true;
                        }
                        "checksum" => {
                            tensor.checksum = Some(value);
                        }
                        _ => {}
                    }
                }
                (16, Field::Until(until)) => {
                    self.found.feature("metadata of tensors", 10, String::new);
                    self.cursor.go(until);
                }
                (_, Field::Until(until)) => self.cursor.go(until),
                (_, Field::Number(_) | Field::Fixed) => {}
            }
        }
        self.found.elem(tensor.dtype, &tensor.name);
        if let (Some(file), Some(checksum)) = (&tensor.file, &tensor.checksum) {
            self.found.checksums.insert(file.clone(), checksum.clone());
        }
        if tensor.file.is_some() && !elsewhere {
            tensor.offset = Some(0);
        }
        let elements = elements(&tensor.shape);
        tensor.bytes =
            dtypes::bits(tensor.dtype).map_or(0, |bits| elements.saturating_mul(bits).div_ceil(8));
        Ok(tensor)
    }

    fn count(&mut self, tensor: Tensor) {
        let entry = self.found.parameters.entry(tensor.dtype).or_default();
        entry.0 += 1;
        entry.1 = entry.1.saturating_add(elements(&tensor.shape));
        entry.2 = entry.2.saturating_add(tensor.bytes);
        let largest = &mut self.found.largest;
        // The first among equals stays in front.
        let position = largest.partition_point(|other| other.bytes >= tensor.bytes);
        if position < LARGEST {
            largest.insert(position, tensor);
            largest.truncate(LARGEST);
        }
    }
}

fn elements(shape: &[u64]) -> u64 {
    shape.iter().fold(1, |product, &extent| product.saturating_mul(extent))
}
