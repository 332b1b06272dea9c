use holdall_diag::Failure;

use super::{Value, path::Step};
use crate::{Call, Node, NodeId, codes, python3_module};

/// An object: its class, the arguments that make it, and the state that is put into it.
///
/// All the ways in which pickle says "a new one of this class" look the same: `NEWOBJ`, `REDUCE` with
/// the class, `copyreg.__newobj__` and `copyreg._reconstructor`. For a function that is called, the
/// class is that function.
#[derive(Clone, Debug)]
pub struct Object<'p> {
    value: Value<'p>,
    call: &'p Call,
    module: &'p str,
    name: &'p str,
}

impl<'p> Object<'p> {
    pub(super) fn new(value: &Value<'p>) -> Option<Self> {
        let pickle = value.pickle();
        let call = pickle.call(value.id())?;
        let (module, name) = pickle.class(value.id())?;
        Some(Self { value: value.clone(), call, module, name })
    }

    /// The value this is a view of.
    pub fn value(&self) -> &Value<'p> {
        &self.value
    }

    /// Module of the class, by its Python 3 name where that differs for `builtins` and `copyreg`.
    pub fn module(&self) -> &'p str {
        python3_module(self.module)
    }

    /// Qualified name of the class within its module.
    pub fn name(&self) -> &'p str {
        self.name
    }

    /// `module.name`.
    pub fn class(&self) -> String {
        format!("{}.{}", self.module(), self.name)
    }

    /// Arguments of the class; for `copyreg` spellings, those behind the class.
    pub fn arguments(&self) -> &'p [NodeId] {
        let pickle = self.value.pickle();
        let all = pickle.tuple(self.call.args).unwrap_or_default();
        if pickle.is_new_of_argument(self.call) { all.get(1..).unwrap_or_default() } else { all }
    }

    /// One argument, or `pickle/key`.
    pub fn argument(&self, index: usize) -> Result<Value<'p>, Failure> {
        let arguments = self.arguments();
        let found = arguments.get(index).map(|&id| self.value.to(Step::Argument(index), id));
        found.ok_or_else(|| {
            self.value.failure(
                codes::KEY,
                format!(
                    "expected at least {} arguments of `{}`, found {}",
                    index + 1,
                    self.class(),
                    arguments.len()
                ),
            )
        })
    }

    /// What `BUILD` sets, as it is.
    pub fn state(&self) -> Option<Value<'p>> {
        self.call.state.map(|id| self.value.beside(id))
    }

    /// The dictionaries the state consists of: one, or a pair of attributes and slots.
    fn state_parts(&self) -> impl Iterator<Item = Value<'p>> + use<'p> {
        let state = self.state();
        let pickle = self.value.pickle();
        let ids = match state.as_ref().map(Value::node) {
            Some(Node::Dict(_)) => [self.call.state, None],
            Some(Node::Tuple(pair)) => match **pair {
                [attributes, slots] => [Some(slots), Some(attributes)],
                _ => [None, None],
            },
            _ => [None, None],
        };
        let value = self.value.clone();
        ids.into_iter()
            .flatten()
            .filter(|&id| matches!(pickle.node(id), Node::Dict(_)))
            .map(move |id| value.beside(id))
    }

    /// An attribute, or the entry of an object that is a dictionary.
    pub fn get(&self, key: &str) -> Option<Value<'p>> {
        self.state_parts().find_map(|part| part.entry(key)).or_else(|| self.value.entry(key))
    }

    /// An attribute or entry, or `pickle/key`.
    pub fn require(&self, key: &str) -> Result<Value<'p>, Failure> {
        self.get(key).ok_or_else(|| {
            self.value.failure(
                codes::KEY,
                format!("expected the attribute `{key}` of `{}`, found none", self.class()),
            )
        })
    }

    /// Names of the attributes in order.
    pub fn keys(&self) -> impl Iterator<Item = &'p str> + use<'p> {
        self.state_parts()
            .filter_map(|part| part.entries().ok())
            .flatten()
            .filter_map(|(key, _)| key.as_text())
    }
}
