use std::rc::Rc;

use holdall_table::Kind;
use holdall_tabular::{Constant, Labels};

use crate::{
    real::Real,
    value::{Element, Shared},
};

/// The elements of a constant for every row.
pub(crate) fn run(constant: &Constant, rows: usize) -> Vec<Shared<'_>> {
    let elements: Vec<Element<'_>> = match &constant.values {
        Labels::F64(v) if constant.kind == Kind::F32 => {
            v.iter().map(|&v| Element::full(vec![f32::narrow(v); rows])).collect()
        }
        Labels::F64(v) => v.iter().map(|&v| Element::full(vec![v; rows])).collect(),
        Labels::I64(v) => v.iter().map(|&v| Element::full(vec![v; rows])).collect(),
        Labels::Bool(v) => v.iter().map(|&v| Element::full(vec![v; rows])).collect(),
        Labels::Text(v) => v.iter().map(|v| Element::full(vec![v.as_str(); rows])).collect(),
    };
    elements.into_iter().map(Rc::new).collect()
}
