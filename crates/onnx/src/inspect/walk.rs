//! The walk over the wire format. Names, types and counts are read; payloads are gone past.

use std::collections::{BTreeMap, BTreeSet};

use holdall_codec::Endpoint;
use holdall_diag::{Failure, Location};
use holdall_graph::ValueType;
use holdall_source::Budget;
use prost::Message;

use crate::{
    codes,
    decode::value_type,
    dtypes, proto,
    wire::{Cursor, Wire},
};

/// Deeper than the protobuf readers go.
const DEPTH: usize = 33;
/// Names longer than this are cut.
const NAME: u64 = 1 << 12;
/// Longer lists of tree ids are not counted.
const LIST: u64 = 16 << 20;
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
    pub(super) functions: u64,
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
    pub(super) ensembles: u64,
    pub(super) trees: u64,
    pub(super) tree_nodes: u64,
    /// Some list of tree ids was too long to be counted.
    pub(super) uncounted: bool,
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
                    self.cursor.go(until);
                }
                (25, Field::Until(until)) => {
                    self.found.functions += 1;
                    self.cursor.go(until);
                }
                (_, Field::Until(until)) => self.cursor.go(until),
                (_, Field::Number(_) | Field::Fixed) => {}
            }
        }
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
                (11 | 12, Field::Until(until)) if depth == 0 => {
                    let endpoint = self.endpoint(until)?;
                    let list =
                        if number == 11 { &mut self.found.inputs } else { &mut self.found.outputs };
                    list.push(endpoint);
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
        let found = value_type(info.r#type.as_ref(), &info.name).ok().flatten();
        let (dtype, shape) = match found {
            Some(ValueType::Tensor(tensor)) => {
                let dims = tensor.dims.unwrap_or_default();
                (tensor.dtype.to_string(), dims.iter().map(ToString::to_string).collect())
            }
            Some(
                other @ (ValueType::Sequence(_)
                | ValueType::Map(..)
                | ValueType::Optional(_)
                | ValueType::Sparse(_)),
            ) => (other.to_string(), Vec::new()),
            None => ("unknown".to_owned(), Vec::new()),
        };
        Ok(Endpoint { name: info.name, dtype, shape, meaning: None })
    }

    fn node(&mut self, end: u64, depth: usize) -> Result<(), Failure> {
        self.found.nodes += 1;
        let (mut op, mut domain) = (String::new(), String::new());
        let mut ids = None;
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (4, Field::Until(until)) => op = self.text(until)?,
                (7, Field::Until(until)) => domain = self.text(until)?,
                (5, Field::Until(until)) => ids = self.attribute(until, depth)?.or(ids),
                (_, Field::Until(until)) => self.cursor.go(until),
                (_, Field::Number(_) | Field::Fixed) => {}
            }
        }
        if op.starts_with("TreeEnsemble") {
            self.found.ensembles += 1;
            let (count, trees) = ids.unwrap_or_default();
            self.found.tree_nodes += count;
            self.found.trees += trees;
        }
        let key = (crate::decode::domain(domain), op);
        *self.found.operators.entry(key).or_default() += 1;
        Ok(())
    }

    /// An attribute; gives the number of tree ids and of trees where it is the list of them.
    fn attribute(&mut self, end: u64, depth: usize) -> Result<Option<(u64, u64)>, Failure> {
        let mut ids: Option<(u64, u64)> = None;
        let short = end - self.cursor.position() <= LIST;
        while let Some((number, field)) = self.field(end)? {
            match (number, field) {
                (1, Field::Until(until)) => {
                    let name = self.text(until)?;
                    if name == "nodes_treeids" {
                        self.found.uncounted |= !short;
                        ids = short.then_some((0, 0));
                    }
                }
                (5, Field::Until(until)) => {
                    let tensor = self.tensor(until)?;
                    self.count(tensor);
                }
                (6 | 11, Field::Until(until)) => self.graph(until, depth + 1)?,
                (8, Field::Number(id)) if ids.is_some() => ids = ids.map(|found| add(found, id)),
                (8, Field::Until(until)) if ids.is_some() => {
                    while self.cursor.position() < until {
                        let id = self.cursor.varint(until)?;
                        ids = ids.map(|found| add(found, id));
                    }
                }
                // A list has nothing else of interest beside it.
                (7..=9, _) if ids.is_none() => self.cursor.go(end),
                (_, Field::Until(until)) => self.cursor.go(until),
                (_, Field::Number(_) | Field::Fixed) => {}
            }
        }
        Ok(ids)
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
                        _ => {}
                    }
                }
                (_, Field::Until(until)) => self.cursor.go(until),
                (_, Field::Number(_) | Field::Fixed) => {}
            }
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

fn add((count, trees): (u64, u64), id: u64) -> (u64, u64) {
    (count + 1, trees.max(id.saturating_add(1)))
}
