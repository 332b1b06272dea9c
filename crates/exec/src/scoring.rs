//! A session as something that scores rows: which columns go in, which come out.

use holdall_diag::Failure;
use holdall_graph::{Attribute, Dim, Graph, Node, Origin, ValueId, ValueType, Weight};
use holdall_table::{Column, Data, Kind, Port, Role, Scoring, Table};
use holdall_tensor::DType;

use crate::{Array, Session, TensorValue, codes};

/// How rows become inputs and outputs become columns.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    inputs: Vec<Input>,
    ports: Vec<Port>,
    named: bool,
    outputs: Vec<Port>,
}

/// One input of the graph, made of this many columns.
#[derive(Clone, Debug)]
struct Input {
    dtype: DType,
    width: usize,
    vector: bool,
}

fn refuse(message: String) -> Failure {
    Failure::unsupported(codes::GRAPH, message)
        .with_help("only graphs over rows of scalars can be scored with tables")
}

/// Works out the columns of a session; a failure is kept until somebody scores tables.
pub(crate) fn rows(session: &Session) -> Result<Rows, Failure> {
    let graph = session.graph();
    let fields = names(graph, "holdall.fields");
    let given: Vec<ValueId> = session.given().collect();
    let mut rows = Rows { inputs: Vec::new(), ports: Vec::new(), named: true, outputs: Vec::new() };
    let alone = given.len() == 1;
    for id in &given {
        let Some(value) = graph.values.get(*id) else { continue };
        let name = &value.name;
        let Some(ValueType::Tensor(tensor)) = &value.value_type else {
            return Err(refuse(format!("the input `{name}` is not declared as a tensor")));
        };
        let kind = kind(tensor.dtype)
            .ok_or_else(|| refuse(format!("the input `{name}` holds {}", tensor.dtype)))?;
        let (width, vector) = match tensor.dims.as_deref() {
            Some([_]) => (1, true),
            Some([_, Dim::Known(width)]) => (usize::try_from(*width).unwrap_or(0), false),
            Some([_, Dim::Symbol(_) | Dim::Unknown]) | None if alone => {
                let width = fields.as_ref().map(Vec::len).or_else(|| width_taken(graph, *id));
                let unknown = || refuse(format!("nothing says how many columns `{name}` has"));
                (width.ok_or_else(unknown)?, false)
            }
            _ => return Err(refuse(format!("the input `{name}` is not a matrix or vector"))),
        };
        let named = fields.as_ref().filter(|f| alone && f.len() == width);
        // One tensor that our writer gave no names is taken by position, whatever its width.
        let unnamed = alone && fields.is_none() && name == "X" && graph.stamp.producer == "holdall";
        rows.named &= (width == 1 && !unnamed) || named.is_some();
        for i in 0..width {
            let name = match named.and_then(|f| f.get(i)) {
                Some(field) => field.clone(),
                None if width == 1 => name.clone(),
                None => format!("{name}_{i}"),
            };
            rows.ports.push(Port { name, kind, role: None });
        }
        rows.inputs.push(Input { dtype: tensor.dtype, width, vector });
    }
    rows.outputs = outputs(session, &rows)?;
    Ok(rows)
}

/// A list of names in the metadata, as JSON.
fn names(graph: &Graph, key: &str) -> Option<Vec<String>> {
    let list: Vec<serde_json::Value> = serde_json::from_str(graph.metadata(key)?).ok()?;
    list.into_iter()
        .map(|name| match name {
            serde_json::Value::String(text) => Some(text),
            serde_json::Value::Number(number) => Some(number.to_string()),
            serde_json::Value::Bool(flag) => Some(flag.to_string()),
            serde_json::Value::Null
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => None,
        })
        .collect()
}

const fn kind(dtype: DType) -> Option<Kind> {
    Some(match dtype {
        DType::F32 => Kind::F32,
        DType::F64 => Kind::F64,
        DType::I64 | DType::I32 => Kind::I64,
        DType::Bool => Kind::Bool,
        DType::Text => Kind::Text,
        DType::U8
        | DType::U16
        | DType::U32
        | DType::U64
        | DType::I8
        | DType::I16
        | DType::F16
        | DType::BF16
        | DType::Narrow(_)
        | DType::C64
        | DType::C128 => return None,
    })
}

/// How many columns the operators that take a value can use: the length of their settings, or one more
/// than the last feature of their trees.
fn width_taken(graph: &Graph, id: ValueId) -> Option<usize> {
    graph
        .nodes
        .as_slice()
        .iter()
        .filter(|node| node.inputs.contains(&Some(id)))
        .filter_map(|node| {
            let floats = |name: &str| match node.attribute(name) {
                Some(Attribute::Floats(values)) if values.len() > 1 => Some(values.len()),
                _ => None,
            };
            let last = match node.attribute("nodes_featureids") {
                Some(Attribute::Ints(ids)) => {
                    ids.iter().max().and_then(|&i| usize::try_from(i).ok())
                }
                _ => None,
            };
            let taken = match node.inputs.get(1).copied().flatten().and_then(|w| graph.weight_of(w))
            {
                Some(Weight::Tensor(tensor)) if node.op_type == "MatMul" => {
                    tensor.shape().0.first().and_then(|&n| usize::try_from(n).ok())
                }
                _ => None,
            };
            floats("scale")
                .or_else(|| floats("offset"))
                .or_else(|| floats("imputed_value_floats"))
                .or(last.map(|i| i + 1))
                .or(taken)
        })
        .max()
}

/// What an output looks like: declared, or found by running one row.
struct Shape {
    name: String,
    dtype: DType,
    width: Option<usize>,
    keys: Option<Vec<String>>,
    producer: Option<String>,
}

fn outputs(session: &Session, rows: &Rows) -> Result<Vec<Port>, Failure> {
    let graph = session.graph();
    let known = classes(graph);
    let ours = graph.stamp.producer == "holdall";
    let shapes = shapes(session, rows)?;
    let mut ports = Vec::new();
    let label = shapes.iter().position(is_label).or_else(|| {
        let follows = |w: &[Shape]| matches!(w, [a, b] if a.width.is_none() && b.width.is_some());
        shapes.get(..2).filter(|two| follows(two)).map(|_| 0)
    });
    for (position, shape) in shapes.iter().enumerate() {
        let kind = kind(shape.dtype)
            .ok_or_else(|| refuse(format!("the output `{}` holds {}", shape.name, shape.dtype)))?;
        let name = shape.name.as_str();
        if label == Some(position) {
            ports.push(Port { name: name.to_owned(), kind, role: Some(Role::Label) });
            continue;
        }
        let width = shape.width.unwrap_or(1);
        let classes = shape
            .keys
            .as_ref()
            .or(known.as_ref())
            .filter(|keys| keys.len() == width && (label.is_some() || name == "probabilities"));
        let probabilities = shape.keys.is_some() || !(ours && name != "probabilities");
        let regressor = shape.producer.as_ref().is_some_and(|op| op.ends_with("Regressor"));
        let stem = match name {
            "margins" if ours => "margin",
            "probabilities" if ours => "probability",
            other => other,
        };
        for (i, index) in (0..width).zip(0_u32..) {
            let class = classes.filter(|_| probabilities).and_then(|c| c.get(i));
            let (suffix, role) = match (class, name) {
                (Some(class), _) => (Some(class.clone()), Role::Probability(class.clone())),
                (None, "margins") => (Some(i.to_string()), Role::Margin(index)),
                (None, "distances") if ours => (Some(i.to_string()), Role::Margin(index)),
                (None, "score") if ours && width == 1 => (None, Role::Value(index)),
                (None, "y") if ours => (Some(i.to_string()), Role::Transformed(index)),
                (None, _)
                    if label.is_none() && (width == 1 || regressor || name == "prediction") =>
                {
                    ((width > 1).then(|| i.to_string()), Role::Value(index))
                }
                (None, _) => {
                    ((shape.width.is_some()).then(|| i.to_string()), Role::Transformed(index))
                }
            };
            let name = suffix.map_or_else(|| stem.to_owned(), |s| format!("{stem}_{s}"));
            ports.push(Port { name, kind, role: Some(role) });
        }
    }
    Ok(ports)
}

fn is_label(shape: &Shape) -> bool {
    let whole = matches!(shape.dtype, DType::I64 | DType::Text | DType::I32 | DType::Bool);
    let named = matches!(shape.name.as_str(), "label" | "output_label");
    named && (whole || shape.width.is_none())
}

/// The declared shapes, or those of the answers to one row of zeros.
fn shapes(session: &Session, rows: &Rows) -> Result<Vec<Shape>, Failure> {
    let graph = session.graph();
    let mut shapes = Vec::with_capacity(graph.outputs.len());
    let mut probed: Option<Vec<TensorValue>> = None;
    for (position, id) in graph.outputs.iter().enumerate() {
        let Some(value) = graph.values.get(*id) else { continue };
        let producer = match value.origin {
            Origin::Node(node, _) => graph.nodes.get(node).map(|n| n.op_type.clone()),
            Origin::Input(_) | Origin::Weight(_) | Origin::Outer => None,
        };
        let declared = match &value.value_type {
            Some(ValueType::Tensor(tensor)) => match tensor.dims.as_deref() {
                Some([_]) => Some((tensor.dtype, None)),
                Some([_, Dim::Known(n)]) => {
                    usize::try_from(*n).ok().map(|width| (tensor.dtype, Some(width)))
                }
                _ => None,
            },
            _ => None,
        };
        let name = value.name.clone();
        if let Some((dtype, width)) = declared {
            shapes.push(Shape { name, dtype, width, keys: None, producer });
            continue;
        }
        if probed.is_none() {
            probed = Some(session.run(rows.blank()?)?);
        }
        let Some(found) = probed.as_ref().and_then(|p| p.get(position)) else { continue };
        let keys =
            if let TensorValue::Maps { keys, .. } = found { Some(keys.texts()) } else { None };
        let width = match *found.shape() {
            [_] => None,
            [_, width] => Some(width),
            _ => return Err(refuse(format!("the output `{name}` is not a matrix or vector"))),
        };
        let dtype = found.element_type().map(crate::ElementType::dtype);
        let dtype = dtype.ok_or_else(|| refuse(format!("the output `{name}` is not of rows")))?;
        shapes.push(Shape { name, dtype, width, keys, producer });
    }
    Ok(shapes)
}

/// The class labels that the file names: in its metadata, or at the operator that yields them.
fn classes(graph: &Graph) -> Option<Vec<String>> {
    if let Some(named) = names(graph, "holdall.classes") {
        return Some(named);
    }
    let at = |node: &Node| {
        let labels = ["classlabels_strings", "classlabels_int64s", "classlabels_ints"];
        labels.into_iter().find_map(|name| match node.attribute(name)? {
            Attribute::Strings(texts) if !texts.is_empty() => {
                Some(texts.iter().map(|t| String::from_utf8_lossy(t).into_owned()).collect())
            }
            Attribute::Ints(ints) if !ints.is_empty() => {
                Some(ints.iter().map(ToString::to_string).collect())
            }
            Attribute::Int(_)
            | Attribute::Float(_)
            | Attribute::String(_)
            | Attribute::Tensor(_)
            | Attribute::Ints(_)
            | Attribute::Floats(_)
            | Attribute::Strings(_)
            | Attribute::TextTensor { .. }
            | Attribute::Graph(_)
            | Attribute::Type(_) => None,
        })
    };
    let nodes = graph.nodes.as_slice();
    nodes.iter().rev().find_map(at).or_else(|| {
        nodes.iter().rev().find_map(|node| {
            if node.op_type != "ArrayFeatureExtractor" {
                return None;
            }
            match graph.weight_of(node.inputs.first().copied().flatten()?)? {
                Weight::Text { values, .. } => Some(values.clone()),
                Weight::Tensor(tensor) => {
                    Some(tensor.to_i64().ok()?.iter().map(ToString::to_string).collect())
                }
            }
        })
    })
}

impl Rows {
    fn blank(&self) -> Result<Vec<TensorValue>, Failure> {
        self.inputs
            .iter()
            .map(|input| {
                let shape: &[usize] = if input.vector { &[1] } else { &[1, input.width] };
                let n = input.width;
                Ok(match input.dtype {
                    DType::F32 => TensorValue::F32(Array::new(shape, vec![0.0; n])?),
                    DType::F64 => TensorValue::F64(Array::new(shape, vec![0.0; n])?),
                    DType::I32 => TensorValue::I32(Array::new(shape, vec![0; n])?),
                    DType::Bool => TensorValue::Bool(Array::new(shape, vec![false; n])?),
                    DType::Text => TensorValue::Text(Array::new(shape, vec![String::new(); n])?),
                    DType::U8
                    | DType::U16
                    | DType::U32
                    | DType::U64
                    | DType::I8
                    | DType::I16
                    | DType::I64
                    | DType::F16
                    | DType::BF16
                    | DType::Narrow(_)
                    | DType::C64
                    | DType::C128 => TensorValue::I64(Array::new(shape, vec![0; n])?),
                })
            })
            .collect()
    }

    fn gather(&self, table: &Table) -> Result<Vec<TensorValue>, Failure> {
        let mut columns = table.columns.iter();
        self.inputs
            .iter()
            .map(|input| {
                let own: Vec<&Column> = columns.by_ref().take(input.width).collect();
                input.gather(&own, table)
            })
            .collect()
    }
}

impl Input {
    fn gather(&self, columns: &[&Column], table: &Table) -> Result<TensorValue, Failure> {
        let rows = table.rows;
        let matrix = [rows, self.width];
        let shape: &[usize] = if self.vector { &matrix[..1] } else { &matrix };
        // An empty cell is NaN among floats, and the empty text among texts.
        Ok(match self.dtype {
            DType::F32 => TensorValue::F32(Array::new(
                shape,
                interleave(
                    columns,
                    rows,
                    |data, row| if let Data::F32(v) = data { v.get(row).copied() } else { None },
                    |_, _| Ok(f32::NAN),
                )?,
            )?),
            DType::F64 => TensorValue::F64(Array::new(
                shape,
                interleave(
                    columns,
                    rows,
                    |data, row| if let Data::F64(v) = data { v.get(row).copied() } else { None },
                    |_, _| Ok(f64::NAN),
                )?,
            )?),
            DType::Text => TensorValue::Text(Array::new(
                shape,
                interleave(
                    columns,
                    rows,
                    |data, row| if let Data::Text(v) = data { v.get(row).cloned() } else { None },
                    |_, _| Ok(String::new()),
                )?,
            )?),
            DType::Bool => TensorValue::Bool(Array::new(
                shape,
                interleave(
                    columns,
                    rows,
                    |data, row| if let Data::Bool(v) = data { v.get(row).copied() } else { None },
                    |column, row| Err(empty(column, row, table)),
                )?,
            )?),
            DType::I32
            | DType::U8
            | DType::U16
            | DType::U32
            | DType::U64
            | DType::I8
            | DType::I16
            | DType::I64
            | DType::F16
            | DType::BF16
            | DType::Narrow(_)
            | DType::C64
            | DType::C128 => {
                let integers = interleave(
                    columns,
                    rows,
                    |data, row| if let Data::I64(v) = data { v.get(row).copied() } else { None },
                    |column, row| Err(empty(column, row, table)),
                )?;
                if self.dtype == DType::I32 {
                    let narrow = integers.iter().map(|&v| i32::try_from(v));
                    let narrow = narrow.collect::<Result<Vec<i32>, _>>().map_err(|error| {
                        Failure::usage(codes::INPUT, "a value is not within i32").caused_by(error)
                    })?;
                    return Ok(TensorValue::I32(Array::new(shape, narrow)?));
                }
                TensorValue::I64(Array::new(shape, integers)?)
            }
        })
    }
}

fn empty(column: &Column, row: usize, table: &Table) -> Failure {
    Failure::usage(
        codes::MISSING,
        format!(
            "row {}, column `{}`: expected {}, found an empty cell",
            table.first_row + row as u64 + 1,
            column.name,
            column.data.kind()
        ),
    )
}

/// The values of columns row by row.
fn interleave<T>(
    columns: &[&Column],
    rows: usize,
    value: impl Fn(&Data, usize) -> Option<T>,
    missing: impl Fn(&Column, usize) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let mut out = Vec::with_capacity(rows * columns.len());
    for row in 0..rows {
        for column in columns {
            out.push(if column.is_missing(row) {
                missing(column, row)?
            } else {
                value(&column.data, row).ok_or_else(|| {
                    let message = format!("column `{}` is not of the declared kind", column.name);
                    Failure::usage(codes::INPUT, message)
                })?
            });
        }
    }
    Ok(out)
}

/// The columns of an output: one for a vector, one for each column of a matrix.
fn spread(value: &TensorValue, rows: usize) -> Result<Vec<Data>, Failure> {
    fn columns<T: Clone>(array: &Array<T>, rows: usize) -> Result<Vec<Vec<T>>, Failure> {
        let width = match *array.shape() {
            [count] if count == rows => 1,
            [count, width] if count == rows => width,
            _ => {
                return Err(refuse(format!(
                    "an output has shape {:?} for {rows} rows",
                    array.shape()
                )));
            }
        };
        let pick = |i| array.data().iter().skip(i).step_by(width.max(1)).cloned().collect();
        Ok((0..width).map(pick).collect())
    }
    Ok(match value {
        TensorValue::F32(a) | TensorValue::Maps { values: a, .. } => {
            columns(a, rows)?.into_iter().map(Data::F32).collect()
        }
        TensorValue::F64(a) => columns(a, rows)?.into_iter().map(Data::F64).collect(),
        TensorValue::I64(a) => columns(a, rows)?.into_iter().map(Data::I64).collect(),
        TensorValue::I32(a) => {
            columns(&a.map(|&v| i64::from(v)), rows)?.into_iter().map(Data::I64).collect()
        }
        TensorValue::Bool(a) => columns(a, rows)?.into_iter().map(Data::Bool).collect(),
        TensorValue::Text(a) => columns(a, rows)?.into_iter().map(Data::Text).collect(),
        TensorValue::F16(_)
        | TensorValue::BF16(_)
        | TensorValue::I8(_)
        | TensorValue::I16(_)
        | TensorValue::U8(_)
        | TensorValue::U16(_)
        | TensorValue::U32(_)
        | TensorValue::U64(_)
        | TensorValue::C64(_)
        | TensorValue::C128(_)
        | TensorValue::Narrow(..)
        | TensorValue::Map(..)
        | TensorValue::Sequence(_)
        | TensorValue::Nothing => {
            return Err(refuse(format!("an output is {}", value.type_name())));
        }
    })
}

impl Session {
    /// Why tables cannot be scored, where they cannot: an input or output is not made of columns.
    pub fn check_rows(&self) -> Result<(), Failure> {
        self.rows.as_ref().map(|_| ()).map_err(Clone::clone)
    }
}

impl Scoring for Session {
    fn inputs(&self) -> &[Port] {
        self.rows.as_ref().map_or(&[], |rows| &rows.ports)
    }

    fn has_named_inputs(&self) -> bool {
        self.rows.as_ref().is_ok_and(|rows| rows.named)
    }

    fn outputs(&self) -> &[Port] {
        self.rows.as_ref().map_or(&[], |rows| &rows.outputs)
    }

    fn score(&self, table: &Table) -> Result<Table, Failure> {
        let rows = self.rows.as_ref().map_err(Clone::clone)?;
        let made = self.run(rows.gather(table)?)?;
        let mut data = Vec::with_capacity(rows.outputs.len());
        for value in &made {
            data.extend(spread(value, table.rows)?);
        }
        if data.len() != rows.outputs.len() {
            return Err(refuse(format!(
                "{} output columns were computed, {} are declared",
                data.len(),
                rows.outputs.len()
            )));
        }
        let columns = rows
            .outputs
            .iter()
            .zip(data)
            .map(|(port, data)| Column {
                name: port.name.clone(),
                role: port.role.clone(),
                data,
                missing: Vec::new(),
            })
            .collect();
        Ok(Table { columns, rows: table.rows, first_row: table.first_row })
    }
}
