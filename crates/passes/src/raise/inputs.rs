//! Inputs of graphs as fields. A tensor of numbers has NaN where a value is missing, one of texts the
//! empty text; nothing else can be missing.

use holdall_diag::{Failure, Location};
use holdall_graph::{Dim, ValueType};
use holdall_tabular::{Field, Kind, MissingPolicy, Op, Scalar};

use super::{
    Raise, kind_of,
    sym::{Block, Sym, Val},
};
use crate::{FIELDS_KEY, codes};

/// The most columns that are read. A graph claims widths without holding anything for them.
pub(super) const MAX_COLUMNS: usize = 1 << 20;

impl Raise<'_> {
    pub(super) fn read_inputs(&mut self) -> Result<(), Failure> {
        let graph = self.graph;
        let header = &mut self.model.header;
        let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        header.name = filled(&graph.name);
        header.description = filled(&graph.description);
        header.producer = filled(&graph.stamp.producer);
        header.producer_version = filled(&graph.stamp.producer_version);
        let names: Option<Vec<String>> =
            graph.metadata(FIELDS_KEY).and_then(|list| serde_json::from_str(list).ok());
        let single = graph.inputs.len() == 1;
        self.model.named_inputs = names.is_some() || !single;
        for &id in &graph.inputs {
            let Some(value) = graph.values.get(id) else { continue };
            let (kind, width) = rows(value.value_type.as_ref()).map_err(|what| {
                Failure::unsupported(codes::INPUT, format!("input `{}`: {what}", value.name))
                    .at(Location::model(format!("input `{}`", value.name)))
            })?;
            if self.model.fields.len() + width as usize > MAX_COLUMNS {
                let message = format!("inputs of more than {MAX_COLUMNS} columns");
                return Err(Failure::limit(codes::TOO_LARGE, message));
            }
            let listed = names.as_ref().filter(|names| single && names.len() == width as usize);
            let mut columns = Vec::new();
            for i in 0..width as usize {
                let name = match (listed.and_then(|names| names.get(i)), width) {
                    (Some(name), _) => name.clone(),
                    (None, 1) if !single => value.name.clone(),
                    (None, _) if single => format!("x{i}"),
                    (None, _) => format!("{}_{i}", value.name),
                };
                let id = self.model.push_field(field(name, kind))?;
                self.values.insert(id, Val { id, kind, width: 1, scalar: true });
                columns.push(id);
            }
            let made = if let [one] = *columns.as_slice() {
                Val { id: one, kind, width, scalar: true }
            } else {
                self.push(Op::Concat(columns), kind, width, false)?
            };
            let flat = matches!(&value.value_type, Some(ValueType::Tensor(tensor))
                if tensor.dims.as_ref().is_some_and(|dims| dims.len() == 1));
            let sym =
                if flat { Sym::Block(Block::new(made, Vec::new())) } else { Sym::Value(made) };
            self.meanings.insert(id, sym);
        }
        Ok(())
    }
}

fn field(name: String, kind: Kind) -> Field {
    match kind {
        Kind::F32 | Kind::F64 => Field::number(name, kind).with_missing(MissingPolicy::AsNan),
        Kind::I64 | Kind::Bool => Field::number(name, kind).with_missing(MissingPolicy::Reject),
        Kind::Text => {
            let empty = MissingPolicy::Replace(Scalar::Text(String::new()));
            Field::category(name, kind).with_missing(empty)
        }
    }
}

/// Kind and width of `[N, width]`.
fn rows(found: Option<&ValueType>) -> Result<(Kind, u32), String> {
    let Some(ValueType::Tensor(tensor)) = found else {
        return Err("expected a tensor of rows".to_owned());
    };
    let kind = kind_of(tensor.dtype).ok_or_else(|| format!("no table holds {}", tensor.dtype))?;
    match tensor.dims.as_deref() {
        Some([_, Dim::Known(width @ 1..=0xFFFF_FFFF)]) => {
            u32::try_from(*width).map(|width| (kind, width)).map_err(|error| error.to_string())
        }
        Some([_]) => Ok((kind, 1)),
        _ => Err(format!("expected rows of known width, found {tensor}")),
    }
}
