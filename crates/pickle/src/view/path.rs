use std::{fmt, sync::Arc};

use crate::{NodeId, Pickle, describe::shorten};

/// How a value was reached from the root, shared among its neighbours.
#[derive(Clone, Default)]
pub(super) struct Path(Option<Arc<Link>>);

struct Link {
    parent: Path,
    step: Step,
}

#[derive(Clone, Copy)]
pub(super) enum Step {
    /// An element by position.
    Item(usize),
    /// An attribute or dictionary entry; its key.
    Key(NodeId),
    /// A positional argument of the call that makes the object.
    Argument(usize),
}

impl Path {
    pub(super) fn to(&self, step: Step) -> Self {
        Self(Some(Arc::new(Link { parent: self.clone(), step })))
    }

    /// `steps[1][1].coef_`; empty for the root.
    pub(super) fn spell(&self, pickle: &Pickle) -> String {
        let mut steps = Vec::new();
        let mut at = self;
        while let Some(link) = &at.0 {
            steps.push(link.step);
            at = &link.parent;
        }
        let mut text = String::new();
        for step in steps.into_iter().rev() {
            let spelled = match step {
                Step::Item(index) => format!("[{index}]"),
                Step::Argument(index) => format!("(argument {index})"),
                Step::Key(id) => spell_key(pickle, id, text.is_empty()),
            };
            text.push_str(&spelled);
        }
        text
    }
}

fn spell_key(pickle: &Pickle, id: NodeId, first: bool) -> String {
    match pickle.text(id) {
        Some(key) if is_identifier(key) => format!("{}{key}", if first { "" } else { "." }),
        Some(key) => format!("['{}']", shorten(key)),
        None => format!("[{}]", pickle.describe(id)),
    }
}

fn is_identifier(key: &str) -> bool {
    key.len() <= 80
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && key.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}

/// A long chain is taken apart in a loop, not by recursion.
impl Drop for Path {
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(mut link) = next.and_then(Arc::into_inner) {
            next = link.parent.0.take();
        }
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Path")
    }
}
