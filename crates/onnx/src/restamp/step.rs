//! A node on its way from one version to the next.

use holdall_graph::{
    Dim,
    infer::{Content, Known, Num, Type},
    ops::Schema,
};
use serde_json::Value;

use super::{
    Names,
    change::{Change, Constant},
};
use crate::{
    check::Site,
    proto::{AttributeProto, NodeProto, TensorProto},
    view,
};

/// A node being rewritten.
pub(super) struct Working<'s, 'n> {
    site: &'s Site<'s>,
    names: &'n mut Names,
    pub(super) node: NodeProto,
    constants: Vec<Constant>,
}

impl<'s, 'n> Working<'s, 'n> {
    pub(super) fn new(site: &'s Site<'s>, names: &'n mut Names) -> Self {
        Self { site, names, node: site.node.clone(), constants: Vec::new() }
    }

    pub(super) fn op(&self) -> &'s str {
        &self.site.node.op_type
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&AttributeProto> {
        self.node.attribute.iter().find(|a| a.name == name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    pub(super) fn int(&self, name: &str) -> Option<i64> {
        self.attribute(name).map(|a| a.i.unwrap_or(0))
    }

    pub(super) fn ints(&self, name: &str) -> Option<Vec<i64>> {
        self.attribute(name).map(|a| a.ints.clone())
    }

    pub(super) fn float(&self, name: &str) -> Option<f32> {
        self.attribute(name).map(|a| a.f.unwrap_or(0.0))
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        let text = self.attribute(name)?.s.as_deref()?;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.node.attribute.retain(|a| a.name != name);
    }

    pub(super) fn set(&mut self, attribute: AttributeProto) {
        self.remove(&attribute.name);
        self.node.attribute.push(attribute);
    }

    pub(super) fn set_int(&mut self, name: &str, value: i64) {
        self.set(AttributeProto {
            name: name.to_owned(),
            r#type: 2,
            i: Some(value),
            ..AttributeProto::default()
        });
    }

    pub(super) fn set_ints(&mut self, name: &str, values: Vec<i64>) {
        self.set(AttributeProto {
            name: name.to_owned(),
            r#type: 7,
            ints: values,
            ..AttributeProto::default()
        });
    }

    pub(super) fn set_float(&mut self, name: &str, value: f32) {
        self.set(AttributeProto {
            name: name.to_owned(),
            r#type: 1,
            f: Some(value),
            ..AttributeProto::default()
        });
    }

    pub(super) fn set_floats(&mut self, name: &str, values: Vec<f32>) {
        self.set(AttributeProto {
            name: name.to_owned(),
            r#type: 6,
            floats: values,
            ..AttributeProto::default()
        });
    }

    pub(super) fn set_text(&mut self, name: &str, value: &str) {
        self.set(AttributeProto {
            name: name.to_owned(),
            r#type: 3,
            s: Some(value.as_bytes().to_vec().into()),
            ..AttributeProto::default()
        });
    }

    /// Whether an input is given.
    pub(super) fn given(&self, position: usize) -> bool {
        self.node.input.get(position).is_some_and(|name| !name.is_empty())
    }

    /// What is known of an input. Inputs that were added on the way are constants of the node's own.
    pub(super) fn known(&self, position: usize) -> Option<Known> {
        let name = self.node.input.get(position)?;
        if let Some(constant) = self.constants.iter().find(|c| c.name == *name) {
            return Some(view::constant(&constant.value));
        }
        self.site.inputs.get(position)?.clone()
    }

    /// The rank of an input.
    pub(super) fn rank(&self, position: usize) -> Option<usize> {
        self.known(position)?.ty.as_ref().and_then(Type::dims).map(<[Dim]>::len)
    }

    /// The integers of an input, when nothing can replace them.
    pub(super) fn constant_ints(&self, position: usize) -> Option<Vec<i64>> {
        let name = self.node.input.get(position)?;
        let own = self.constants.iter().any(|c| c.name == *name);
        if !own && self.site.constants.get(position).copied().flatten().is_none() {
            return None;
        }
        match self.known(position)?.content? {
            Content::Ints(nums) => nums
                .iter()
                .map(|num| match num {
                    Num::Int(value) => Some(*value),
                    Num::Symbol(_) | Num::Unknown => None,
                })
                .collect(),
            Content::Floats(_) => None,
        }
    }

    /// The only float of an input, when nothing can replace it.
    pub(super) fn constant_float(&self, position: usize) -> Option<f32> {
        self.site.constants.get(position).copied().flatten()?;
        let known = self.known(position)?;
        // Only a float can go into an attribute without losing digits.
        known.ty.as_ref().and_then(Type::elem).filter(|e| *e == holdall_graph::Elem::FLOAT)?;
        match known.content? {
            #[expect(clippy::cast_possible_truncation, reason = "it was a float")]
            Content::Floats(values) => match values.as_slice() {
                [only] => Some(*only as f32),
                _ => None,
            },
            Content::Ints(_) => None,
        }
    }

    /// Whether an output is used.
    pub(super) fn gives(&self, position: usize) -> bool {
        self.node.output.get(position).is_some_and(|name| !name.is_empty())
    }

    /// Leaves an input out.
    pub(super) fn drop_input(&mut self, position: usize) {
        if let Some(slot) = self.node.input.get_mut(position) {
            slot.clear();
        }
        while self.node.input.last().is_some_and(String::is_empty) {
            self.node.input.pop();
        }
    }

    fn put(&mut self, position: usize, what: &str, value: TensorProto) {
        let name = self.names.fresh(what);
        while self.node.input.len() <= position {
            self.node.input.push(String::new());
        }
        if let Some(slot) = self.node.input.get_mut(position) {
            slot.clone_from(&name);
        }
        self.constants.push(Constant { name, value });
    }

    /// Makes an input of integers.
    pub(super) fn put_ints(&mut self, position: usize, what: &str, values: &[i64]) {
        let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let dims = vec![i64::try_from(values.len()).unwrap_or(0)];
        let value = TensorProto {
            dims,
            data_type: 7,
            raw_data: Some(raw.into()),
            ..TensorProto::default()
        };
        self.put(position, what, value);
    }

    /// Makes an input of floats that has none.
    pub(super) fn put_no_floats(&mut self, position: usize, what: &str) {
        let value = TensorProto { dims: vec![0], data_type: 1, ..TensorProto::default() };
        self.put(position, what, value);
    }

    /// Makes an input of one float, in the element type of the first input where that is a wider one.
    pub(super) fn put_float(
        &mut self,
        position: usize,
        what: &str,
        value: f32,
    ) -> Result<(), String> {
        let elem = self.known(0).and_then(|k| k.ty.as_ref().and_then(Type::elem));
        let raw: Vec<u8> = match elem.map(|e| e.0) {
            Some(1) => value.to_le_bytes().to_vec(),
            Some(11) => f64::from(value).to_le_bytes().to_vec(),
            _ => return Err(format!("`{what}` would have to be of a type that is not known")),
        };
        let value = TensorProto {
            data_type: elem.map_or(1, |e| e.0),
            raw_data: Some(raw.into()),
            ..TensorProto::default()
        };
        self.put(position, what, value);
        Ok(())
    }

    /// Attributes that hold by default in one version, said in the other where they would not.
    pub(super) fn defaults(&mut self, from: &Schema, to: &Schema) -> Result<(), String> {
        for (name, rule) in &to.attributes {
            if self.has(name) {
                continue;
            }
            let before = from.attributes.get(name).and_then(|rule| rule.default.as_ref());
            match (before, &rule.default) {
                (Some(before), after) if after.as_ref() != Some(before) => {
                    self.set_default(name, before)?;
                }
                (None, _) if rule.required => {
                    return Err(format!("the attribute `{name}` is needed there"));
                }
                (_, _) => {}
            }
        }
        Ok(())
    }

    fn set_default(&mut self, name: &str, value: &Value) -> Result<(), String> {
        match value {
            Value::String(text) => self.set_text(name, text),
            Value::Number(number) if number.is_i64() => {
                self.set_int(name, number.as_i64().unwrap_or(0));
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => return Err(format!("the default of `{name}` differs")),
        }
        Ok(())
    }

    /// Leaves out attributes that the other version does not have and that say what holds there anyway.
    pub(super) fn drop_defaults(&mut self, from: &Schema, to: &Schema) -> Result<(), String> {
        let names: Vec<String> = self.node.attribute.iter().map(|a| a.name.clone()).collect();
        for name in names {
            if to.attributes.contains_key(&name) || name.starts_with("__") {
                continue;
            }
            let default = from.attributes.get(&name).and_then(|rule| rule.default.as_ref());
            let same = match default {
                Some(Value::String(text)) => self.text(&name).as_ref() == Some(text),
                Some(Value::Number(number)) => {
                    number.as_i64().is_some() && self.int(&name) == number.as_i64()
                }
                Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => {
                    false
                }
            };
            if !same {
                return Err(format!("there is no attribute `{name}` there"));
            }
            self.remove(&name);
        }
        Ok(())
    }

    /// Whether what came out is a node of the other version.
    pub(super) fn fits(&self, to: &Schema) -> Result<(), String> {
        let strange = self
            .node
            .attribute
            .iter()
            .find(|a| !to.attributes.contains_key(&a.name) && !a.name.starts_with("__"));
        if let Some(strange) = strange {
            return Err(format!("there is no attribute `{}` there", strange.name));
        }
        let (least, most) = to.input_count;
        let count = self.node.input.len();
        if count < least || most.is_some_and(|most| count > most) {
            return Err(format!("it does not take {count} inputs there"));
        }
        let (least, most) = to.output_count;
        let count = self.node.output.len();
        if count < least || most.is_some_and(|most| count > most) {
            return Err(format!("it does not give {count} outputs there"));
        }
        Ok(())
    }

    /// The change that was made.
    pub(super) fn change(self) -> Option<Change> {
        let before = self.site.node;
        let mut change = Change { constants: self.constants, ..Change::default() };
        if self.node.op_type != before.op_type {
            change.op_type = Some(self.node.op_type);
        }
        if self.node.input != before.input {
            change.inputs = Some(self.node.input);
        }
        for attribute in &before.attribute {
            if !self.node.attribute.contains(attribute) {
                change.removed.push(attribute.name.clone());
            }
        }
        for attribute in self.node.attribute {
            if !before.attribute.contains(&attribute) {
                change.attributes.push(attribute);
            }
        }
        (change != Change::default()).then_some(change)
    }
}
