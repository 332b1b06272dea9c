//! `AttributeProto`: what it holds is said by `type`, since IR 2; before, by the field that is set.

use holdall_diag::Failure;
use holdall_graph::{Attribute, Weight};

use super::{
    graph::{Names, Reading},
    place,
};
use crate::{codes, proto::AttributeProto};

impl Reading<'_, '_> {
    /// Reads a setting of a node.
    pub(super) fn attribute(
        &mut self,
        found: AttributeProto,
        names: &Names<'_>,
        depth: usize,
        path: &str,
    ) -> Result<Attribute, Failure> {
        if !found.ref_attr_name.is_empty() {
            let message = format!(
                "`{}` refers to the attribute `{}` of a function, and this is not in one",
                found.name, found.ref_attr_name
            );
            return Err(Failure::malformed(codes::ATTRIBUTE, message).at(place(path)));
        }
        let kind = if found.r#type == 0 { guess(&found) } else { found.r#type };
        let absent = |what: &str| {
            let message = format!("`{}` is said to hold {what} and does not", found.name);
            Failure::malformed(codes::ATTRIBUTE, message).at(place(path))
        };
        Ok(match kind {
            // proto3 writers leave out zeros and empty texts.
            1 => Attribute::Float(found.f.unwrap_or(0.0)),
            2 => Attribute::Int(found.i.unwrap_or(0)),
            3 => Attribute::String(found.s.unwrap_or_default().into()),
            4 => {
                let tensor = found.t.ok_or_else(|| absent("a tensor"))?;
                let path = format!("{path}.t");
                match super::tensor::weight(tensor, &mut self.siblings, &mut self.budget, &path)? {
                    Weight::Tensor(tensor) => Attribute::Tensor(tensor),
                    Weight::Text { shape, values } => Attribute::TextTensor { shape, values },
                }
            }
            5 => {
                let graph = found.g.ok_or_else(|| absent("a graph"))?;
                let path = format!("{path}.g");
                Attribute::Graph(Box::new(self.graph(graph, Some(names), depth + 1, &path)?))
            }
            6 => Attribute::Floats(found.floats),
            7 => Attribute::Ints(found.ints),
            8 => Attribute::Strings(found.strings),
            13 => {
                let found = super::value_type(found.tp.as_ref(), &format!("{path}.tp"))?;
                Attribute::Type(found.ok_or_else(|| absent("a type"))?)
            }
            9..=12 | 14 => {
                let what = match kind {
                    9 => "lists of tensors",
                    10 => "lists of graphs",
                    11 => "sparse tensors",
                    12 => "lists of sparse tensors",
                    _ => "lists of types",
                };
                let message = format!("`{}`: {what} as attributes are not carried", found.name);
                return Err(Failure::unsupported(codes::ATTRIBUTE, message).at(place(path)));
            }
            other => {
                let message = format!("`{}`: there is no attribute type {other}", found.name);
                return Err(Failure::malformed(codes::ATTRIBUTE, message).at(place(path)));
            }
        })
    }
}

/// The type that the fields set imply; 0 when none is.
fn guess(found: &AttributeProto) -> i32 {
    [
        (found.f.is_some(), 1),
        (found.i.is_some(), 2),
        (found.s.is_some(), 3),
        (found.t.is_some(), 4),
        (found.g.is_some(), 5),
        (!found.floats.is_empty(), 6),
        (!found.ints.is_empty(), 7),
        (!found.strings.is_empty(), 8),
    ]
    .into_iter()
    .find_map(|(set, kind)| set.then_some(kind))
    .unwrap_or(0)
}
