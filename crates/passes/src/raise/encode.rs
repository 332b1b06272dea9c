//! The classical operators that look up, compare and join: `LabelEncoder`, `CategoryMapper`, `OneHotEncoder`,
//! `Binarizer`, `FeatureVectorizer`, `Normalizer`, `ArrayFeatureExtractor`.

use holdall_diag::Failure;
use holdall_graph::{Attribute, Node};
use holdall_tabular::{
    BinaryOp, Categories, Kind, Labels, NormalizeBy, OneHot, Op, Scalar, Unknown,
};

use super::{
    Raise, attributes,
    attributes::refuse,
    general::Operand,
    sym::{Block, Sym, Val},
};

impl Raise<'_> {
    /// Elements through a table.
    fn mapped(
        &mut self,
        node: &Node,
        keys: &Labels,
        values: &Labels,
        default: &Scalar,
        kind: Kind,
    ) -> Result<Sym, Failure> {
        let Operand::Block(block) = self.operand(node, 0)? else {
            return Err(refuse(node, "a constant looked up"));
        };
        let fits = keys.kind() == block.value.kind
            || (keys.kind() == Kind::F64 && block.value.kind == Kind::F32);
        let nan = matches!(keys, Labels::F64(keys) if keys.iter().any(|key| key.is_nan()));
        if !fits || nan || keys.len() != values.len() || block.value.width > 1 << 10 {
            return Err(refuse(node, format!("keys of {} for {}", keys.kind(), block.value.kind)));
        }
        let mut made = Vec::new();
        for at in 0..block.value.width {
            let one = self.element(node, block.value, at)?;
            let found = self.looked(one, keys, values, Some(default.clone()))?;
            made.push(self.cast_to(found, kind)?);
        }
        let value = if let [one] = *made.as_slice() {
            one
        } else {
            let ids = made.iter().map(|value| value.id).collect();
            self.push(Op::Concat(ids), kind, block.value.width, false)?
        };
        Ok(like(&block, value))
    }

    pub(super) fn any_label_encoder(&mut self, node: &Node) -> Result<Sym, Failure> {
        let list = |stem: &str| -> Result<Option<(Labels, Kind)>, Failure> {
            let texts = attributes::texts(node, &format!("{stem}_strings"))?;
            if !texts.is_empty() {
                return Ok(Some((Labels::Text(texts), Kind::Text)));
            }
            let ints = attributes::ints(node, &format!("{stem}_int64s"))?;
            if !ints.is_empty() {
                return Ok(Some((Labels::I64(ints.to_vec()), Kind::I64)));
            }
            let floats = attributes::floats(node, &format!("{stem}_floats"))?;
            if !floats.is_empty() {
                return Ok(Some((Labels::F64(floats), Kind::F32)));
            }
            match node.attribute(&format!("{stem}_tensor")) {
                Some(Attribute::Tensor(tensor)) => {
                    let weight = holdall_graph::Weight::Tensor(tensor.clone());
                    let read = super::read_weight(&weight)?;
                    Ok(Some((read.values, read.kind)))
                }
                Some(Attribute::TextTensor { values, shape: _ }) => {
                    Ok(Some((Labels::Text(values.clone()), Kind::Text)))
                }
                _ => Ok(None),
            }
        };
        let (Some((keys, _)), Some((values, kind))) = (list("keys")?, list("values")?) else {
            return Err(refuse(node, "keys or values are left out"));
        };
        let float = |name: &str| match node.attribute(name) {
            Some(Attribute::Float(value)) => f64::from(*value),
            _ => -0.0,
        };
        let default = match (kind, node.attribute("default_tensor")) {
            (_, Some(Attribute::Tensor(tensor))) => {
                let weight = holdall_graph::Weight::Tensor(tensor.clone());
                super::read_weight(&weight)?.values.get(0)
            }
            (Kind::Text, _) => {
                Some(Scalar::Text(attributes::text(node, "default_string", "_Unused")?))
            }
            (Kind::I64, _) => Some(Scalar::I64(attributes::int(node, "default_int64", -1)?)),
            _ => Some(Scalar::F64(float("default_float"))),
        };
        let default = default.ok_or_else(|| refuse(node, "an empty default"))?;
        self.mapped(node, &keys, &values, &default, kind)
    }

    pub(super) fn category_mapper(&mut self, node: &Node) -> Result<Sym, Failure> {
        let texts = Labels::Text(attributes::texts(node, "cats_strings")?);
        let numbers = Labels::I64(attributes::ints(node, "cats_int64s")?.to_vec());
        let Operand::Block(block) = self.operand(node, 0)? else {
            return Err(refuse(node, "a constant looked up"));
        };
        if block.value.kind == Kind::Text {
            let default = Scalar::I64(attributes::int(node, "default_int64", -1)?);
            return self.mapped(node, &texts, &numbers, &default, Kind::I64);
        }
        let default = Scalar::Text(attributes::text(node, "default_string", "_Unused")?);
        self.mapped(node, &numbers, &texts, &default, Kind::Text)
    }

    /// Indicators of each element, along a new last axis.
    pub(super) fn one_hot_encoder(&mut self, node: &Node) -> Result<Sym, Failure> {
        let Operand::Block(block) = self.operand(node, 0)? else {
            return Err(refuse(node, "indicators of a constant"));
        };
        let texts = attributes::texts(node, "cats_strings")?;
        let numbers = attributes::ints(node, "cats_int64s")?.to_vec();
        let from = block.value;
        let (value, categories) = match from.kind {
            Kind::Text if !texts.is_empty() => (from, Labels::Text(texts)),
            // Floats are truncated toward zero.
            Kind::I64 | Kind::F32 | Kind::F64 if !numbers.is_empty() => {
                (self.cast_to(from, Kind::I64)?, Labels::I64(numbers))
            }
            _ => return Err(refuse(node, format!("no categories for {}", from.kind))),
        };
        let zeros = attributes::int(node, "zeros", 1)? != 0;
        let unknown = if zeros { Unknown::None } else { Unknown::Reject };
        let count = u32::try_from(categories.len()).unwrap_or(u32::MAX);
        let mut ids = Vec::new();
        for at in 0..value.width {
            let arg = self.element(node, value, at)?;
            let op = Op::OneHot(OneHot {
                arg: arg.id,
                categories: Categories::new(categories.clone()),
                drop: None,
                unknown,
                kind: Kind::F32,
            });
            ids.push(self.push(op, Kind::F32, count, false)?);
        }
        let made = if let [one] = *ids.as_slice() {
            one
        } else {
            let width = count.saturating_mul(value.width);
            let all = ids.iter().map(|value| value.id).collect();
            self.push(Op::Concat(all), Kind::F32, width, false)?
        };
        let mut dims = block.dims.clone();
        dims.push(u64::from(count));
        Ok(like(&Block { value: made, dims, rows: block.rows }, made))
    }

    pub(super) fn binarizer(&mut self, node: &Node) -> Result<Sym, Failure> {
        let than = match node.attribute("threshold") {
            Some(Attribute::Float(than)) => f64::from(*than),
            _ => 0.0,
        };
        let value = self.arg_value(node, 0)?;
        if !value.kind.is_float() {
            return Err(refuse(node, format!("of {}", value.kind)));
        }
        let than = self.number(value.kind, than)?;
        let op = Op::Binary { op: BinaryOp::Gt, left: value.id, right: than.id };
        let above = self.push(op, Kind::Bool, value.width, value.scalar)?;
        self.cast_to(above, value.kind).map(Sym::Value)
    }

    /// Inputs side by side in binary32, cut or filled with 0 to the lengths that are said.
    pub(super) fn feature_vectorizer(&mut self, node: &Node) -> Result<Sym, Failure> {
        let lengths = attributes::ints(node, "inputdimensions")?;
        let (mut ids, mut total) = (Vec::new(), 0);
        for position in 0..node.inputs.len() {
            let value = self.arg_value(node, position)?;
            if matches!(value.kind, Kind::Bool | Kind::Text) {
                return Err(refuse(node, format!("of {}", value.kind)));
            }
            let value = self.cast_to(value, Kind::F32)?;
            if lengths.get(position).is_some_and(|&length| length != i64::from(value.width)) {
                return Err(refuse(node, "inputs of another length than is said"));
            }
            total += value.width;
            ids.push(value.id);
        }
        self.push(Op::Concat(ids), Kind::F32, total, false).map(Sym::Value)
    }

    /// Rows in proportion to their whole.
    pub(super) fn any_normalizer(&mut self, node: &Node, norm: &str) -> Result<Sym, Failure> {
        let Operand::Block(block) = self.operand(node, 0)? else {
            return Err(refuse(node, "of a constant"));
        };
        let by = match norm {
            "L1" => NormalizeBy::L1,
            "L2" => NormalizeBy::L2,
            "MAX" => NormalizeBy::Max,
            other => return Err(refuse(node, format!("norm `{other}`"))),
        };
        if !matches!(block.value.kind, Kind::F32 | Kind::F64 | Kind::I64) || block.dims.len() != 1 {
            return Err(refuse(node, format!("rows of {}", block.value.kind)));
        }
        let value = self.cast_to(block.value, Kind::F32)?;
        let made = self.shares_of(value, by)?;
        Ok(like(&block, made))
    }
}

/// A tensor of the same axes.
fn like(block: &Block, value: Val) -> Sym {
    if block.rows == 0 && block.dims.len() == 1 {
        Sym::Value(value)
    } else {
        Sym::Block(Block { value, ..block.clone() })
    }
}
