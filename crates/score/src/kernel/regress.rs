use std::rc::Rc;

use holdall_diag::Failure;
use holdall_tabular::Link;

use super::link;
use crate::value::{Element, Elements, Estimate, Shared, wrong_kind};

/// Margins made into values.
pub(crate) fn run<'a>(link: Link, margins: &[Shared<'a>]) -> Result<Estimate<'a>, Failure> {
    let answers = margins.iter().map(|element| {
        if link == Link::Identity {
            return Ok(Rc::clone(element));
        }
        let data = match &element.data {
            Elements::F32(v) => Elements::F32(v.iter().map(|&m| link::single(link, m)).collect()),
            Elements::F64(v) => Elements::F64(v.iter().map(|&m| link::single(link, m)).collect()),
            Elements::I64(_) | Elements::Bool(_) | Elements::Text(_) => {
                return Err(wrong_kind(element.data.kind()));
            }
        };
        Ok(Rc::new(Element { data, missing: element.missing.clone() }))
    });
    Ok(Estimate {
        label: None,
        answers: answers.collect::<Result<_, _>>()?,
        margins: margins.to_vec(),
        ..Estimate::default()
    })
}
