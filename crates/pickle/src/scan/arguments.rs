//! What picklers pass to the functions that are listed.
//!
//! Every argument that is itself a name or a call is judged on its own; here only the roles count.
//! Patterns have a fixed length, so that arguments shared by many calls cost nothing more.

use super::names::{self, Use};
use crate::{Node, NodeId, Pickle, python3_module, tree::is_latin1};

/// What a call looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Picklers make such calls.
    Usual,
    /// No pickler does, though nothing harmful is known to follow.
    Unusual,
    /// The function would import or call what its arguments say.
    Harmful,
}

/// Compares a call by `REDUCE` or a class instance opcode with what picklers do.
pub(super) fn judge(pickle: &Pickle, kind: Use, args: &[NodeId]) -> Judgement {
    let p = Arguments { pickle };
    let usual = match kind {
        Use::Callable | Use::Tensor | Use::Dtype | Use::Block => true,
        Use::Class => args.is_empty(),
        Use::Container => args.len() <= 2 && args.iter().all(|&arg| !p.is_call(arg)),
        Use::Function | Use::Value | Use::ArrayClass => false,
        Use::Constants => {
            args.len() <= 8 && args.iter().all(|&arg| !p.is_call(arg) && !p.is_global(arg))
        }
        Use::Bytes => match *args {
            [] => true,
            [only] => p.is_bytes(only) || matches!(pickle.node(only), Node::List(_)),
            [text, encoding] => p.is_text(text) && pickle.text(encoding).is_some_and(is_latin1),
            _ => false,
        },
        Use::TypeOf => matches!(*args, [only] if matches!(pickle.node(only), Node::None)),
        Use::Encode => match *args {
            [text, encoding] => p.is_text(text) && pickle.text(encoding).is_some_and(is_latin1),
            _ => false,
        },
        Use::Reconstructor => match *args {
            [class, base, _] => {
                p.is_class(class)
                    && pickle.global(base).is_some_and(|(module, name)| {
                        python3_module(module) == "builtins" && PLAIN_BASES.contains(&name)
                    })
            }
            _ => false,
        },
        Use::NewObjectOf | Use::NewObject => {
            matches!(*args, [class, ..] if p.is_class(class))
        }
        Use::DefaultDict => match *args {
            [] => true,
            [factory] => matches!(pickle.node(factory), Node::None) || p.is_global(factory),
            _ => false,
        },
        // Nobody calls a partial while unpickling: a call of a computed thing is dangerous anyway.
        Use::Partial => matches!(*args, [function] if p.is_global(function) || p.is_call(function)),
        Use::ArrayOf => match *args {
            [class, code, format, content] => {
                p.is_class(class) && p.is_text(code) && p.is_int(format) && p.is_bytes(content)
            }
            _ => false,
        },
        Use::Regex => matches!(*args, [pattern, flags] if p.is_text(pattern) && p.is_int(flags)),
        Use::Reconstruct => match *args {
            [class, shape, code] => p.is_array_class(class) && p.is_zero(shape) && p.is_bytes(code),
            _ => false,
        },
        Use::MaskedReconstruct => match *args {
            [class, base, shape, code] => {
                p.is_array_class(class)
                    && p.is_array_class(base)
                    && p.is_zero(shape)
                    && (p.is_bytes(code) || p.is_text(code))
            }
            _ => false,
        },
        Use::Scalar => args.len() <= 2 && args.first().is_some_and(|&dtype| p.is_call(dtype)),
        Use::FromBuffer => (4..=5).contains(&args.len()),
        Use::Ufunc => return p.ufunc(args),
        Use::BitGenerator => match *args {
            [] => true,
            [only] => p.is_text(only) || p.is_class(only),
            _ => false,
        },
        Use::Generator => return p.generator(args),
        Use::PyxUnpickle => match *args {
            [class, checksum, ..] => p.is_class(class) && p.is_int(checksum),
            _ => false,
        },
        Use::NewIndex => match *args {
            [class, facts] => p.is_class(class) && matches!(pickle.node(facts), Node::Dict(_)),
            _ => false,
        },
    };
    if usual { Judgement::Usual } else { Judgement::Unusual }
}

/// Base classes that `copyreg._reconstructor` calls.
const PLAIN_BASES: [&str; 10] =
    ["object", "dict", "list", "tuple", "int", "float", "str", "set", "frozenset", "bytes"];

struct Arguments<'p> {
    pickle: &'p Pickle,
}

impl Arguments<'_> {
    fn listed(&self, id: NodeId) -> Option<Use> {
        let (module, name) = self.pickle.global(id)?;
        names::listed(module, name)
    }

    /// A listed class; one that is not listed has its own finding, so it passes here.
    fn is_class(&self, id: NodeId) -> bool {
        self.is_global(id)
            && self.listed(id).is_none_or(|kind| {
                matches!(kind, Use::Class | Use::Callable | Use::Container | Use::ArrayClass)
            })
    }

    fn is_array_class(&self, id: NodeId) -> bool {
        self.is_global(id) && self.listed(id).is_none_or(|kind| kind == Use::ArrayClass)
    }

    fn is_global(&self, id: NodeId) -> bool {
        matches!(self.pickle.node(id), Node::Global { .. })
    }

    fn is_call(&self, id: NodeId) -> bool {
        matches!(self.pickle.node(id), Node::Call(_))
    }

    fn is_int(&self, id: NodeId) -> bool {
        matches!(self.pickle.node(id), Node::Int(_))
    }

    fn is_text(&self, id: NodeId) -> bool {
        matches!(self.pickle.node(id), Node::Text(_) | Node::ByteString(_))
    }

    fn is_bytes(&self, id: NodeId) -> bool {
        self.is_encoded(id)
            || matches!(
                self.pickle.node(id),
                Node::Bytes(_) | Node::ByteArray(_) | Node::ByteString(_) | Node::Buffer { .. }
            )
    }

    /// Bytes as protocols 0 to 2 spell them; the call is judged on its own.
    fn is_encoded(&self, id: NodeId) -> bool {
        let Some(call) = self.pickle.call(id) else { return false };
        matches!(self.listed(call.callable), Some(Use::Encode | Use::Bytes))
    }

    /// The shape `(0,)` of an array that waits for its state.
    fn is_zero(&self, id: NodeId) -> bool {
        self.pickle
            .tuple(id)
            .is_some_and(|shape| matches!(shape, [n] if *self.pickle.node(*n) == Node::Int(0)))
    }

    /// `_ufunc_reconstruct(module, name)` imports what it is told.
    fn ufunc(&self, args: &[NodeId]) -> Judgement {
        let known = match *args {
            [module, name] => self.pickle.text(module).zip(self.pickle.text(name)).is_some_and(
                |(module, name)| matches!(names::listed(module, name), Some(Use::Function)),
            ),
            _ => false,
        };
        if known { Judgement::Usual } else { Judgement::Harmful }
    }

    /// `__generator_ctor(name or bit generator, constructor)` calls the constructor.
    fn generator(&self, args: &[NodeId]) -> Judgement {
        let constructor =
            args.get(1).is_none_or(|&ctor| self.listed(ctor) == Some(Use::BitGenerator));
        if !constructor {
            return Judgement::Harmful;
        }
        let named = args.first().is_none_or(|&first| self.is_text(first) || self.is_call(first));
        if named && args.len() <= 2 { Judgement::Usual } else { Judgement::Unusual }
    }
}
