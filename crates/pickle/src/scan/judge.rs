use std::collections::{BTreeMap, BTreeSet};

use super::{
    Finding, NamedGlobal, Scan, ScanOptions, Standing, Verdict,
    arguments::{self, Judgement},
    names::{self, Use},
};
use crate::{Call, CallOp, Node, NodeId, Pickle, codes};

/// Walks the nodes of one stream once, in the order of their opcodes: cost is linear, and neither
/// sharing nor cycles matter.
pub(super) struct Judge<'a> {
    pickle: &'a Pickle,
    options: &'a ScanOptions,
    scan: &'a mut Scan,
    /// The first call of each global, for messages.
    calls: BTreeMap<NodeId, NodeId>,
    /// Names seen, with their place in `scan.globals`.
    seen: BTreeMap<(&'a str, &'a str), usize>,
    states: BTreeSet<NodeId>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(pickle: &'a Pickle, options: &'a ScanOptions, scan: &'a mut Scan) -> Self {
        Self {
            pickle,
            options,
            scan,
            calls: BTreeMap::new(),
            seen: BTreeMap::new(),
            states: BTreeSet::new(),
        }
    }

    pub(super) fn run(mut self) {
        self.scan.protocol = self.scan.protocol.max(self.pickle.protocol());
        self.scan.joblib |= self.pickle.payloads() > 0;
        for (id, node) in self.pickle.nodes() {
            if let Node::Call(call) = node {
                self.calls.entry(call.callable).or_insert(id);
            }
        }
        for (id, node) in self.pickle.nodes() {
            match node {
                Node::Global { .. } => self.global(id),
                Node::Call(call) => self.call(id, call),
                Node::PersistentId(key) => self.persistent_id(id, *key),
                Node::Ext(code) => self.find(
                    codes::EXTENSION,
                    Verdict::Dangerous,
                    id,
                    format!(
                        "loading resolves code {code} in the extension registry of the process"
                    ),
                ),
                Node::None
                | Node::Bool(_)
                | Node::Int(_)
                | Node::BigInt(_)
                | Node::Float(_)
                | Node::Bytes(_)
                | Node::ByteArray(_)
                | Node::ByteString(_)
                | Node::Text(_)
                | Node::Tuple(_)
                | Node::List(_)
                | Node::Dict(_)
                | Node::Set(_)
                | Node::FrozenSet(_) => {}
                Node::Buffer { .. } if self.pickle.bytes(id).is_some() => {}
                Node::Buffer { .. } => {
                    let message = "values lie in a buffer that is not part of the file";
                    self.find(codes::OUT_OF_BAND, Verdict::Review, id, message);
                }
            }
        }
        self.effects();
        if let Some(offset) = self.pickle.far_memo {
            let message = "the memo index makes the loader allocate memory without need";
            self.scan.find(codes::FAR_MEMO, Verdict::Review, offset, message);
        }
    }

    fn find(
        &mut self,
        code: holdall_diag::Code,
        verdict: Verdict,
        id: NodeId,
        message: impl Into<String>,
    ) {
        let location = self.pickle.location(id);
        self.scan.push(Finding { code, verdict, location, message: message.into() });
    }

    fn global(&mut self, id: NodeId) {
        let Some((module, name)) = self.pickle.global(id) else {
            return self.computed_global(id);
        };
        if let Some(named) =
            self.seen.get(&(module, name)).and_then(|&at| self.scan.globals.get_mut(at))
        {
            named.count += 1;
            // A second opcode of a name that is called may be the one that is called.
            if named.standing == Standing::Listed || !self.calls.contains_key(&id) {
                return;
            }
        } else {
            self.seen.insert((module, name), self.scan.globals.len());
            self.scan.globals.push(NamedGlobal {
                module: module.to_owned(),
                name: name.to_owned(),
                offset: self.pickle.offset(id),
                count: 1,
                standing: names::standing(module, name),
            });
        }
        self.judge_name(id, names::standing(module, name));
    }

    /// The unpickler takes exact text only, which few listed calls return.
    fn computed_global(&mut self, id: NodeId) {
        let Node::Global { module, name } = self.pickle.node(id) else { return };
        let never_text = [*module, *name].iter().any(|&operand| {
            self.made_by(operand).is_some_and(|kind| kind != Use::Callable && !kind.makes_any())
        });
        if never_text {
            let message = "the operands of a name are not text";
            return self.find(codes::NAME, Verdict::Malformed, id, message);
        }
        let message = "loading imports a name that is computed on the way";
        self.find(codes::COMPUTED_GLOBAL, Verdict::Dangerous, id, message);
    }

    /// How the listed name is used that makes an object.
    fn made_by(&self, object: NodeId) -> Option<Use> {
        let (module, name) = self.pickle.global(self.pickle.call(object)?.callable)?;
        names::listed(module, name)
    }

    fn computed_call(&mut self, id: NodeId, callable: NodeId) {
        let what = self.pickle.describe(callable);
        let never = match self.pickle.node(callable) {
            // A computed name has its finding already.
            Node::Global { .. } => return,
            Node::Call(call) => {
                call.payload.is_some() || self.made_by(callable).is_some_and(Use::makes_no_callable)
            }
            Node::PersistentId(_) | Node::Ext(_) => false,
            Node::None
            | Node::Bool(_)
            | Node::Int(_)
            | Node::BigInt(_)
            | Node::Float(_)
            | Node::Bytes(_)
            | Node::ByteArray(_)
            | Node::ByteString(_)
            | Node::Text(_)
            | Node::Tuple(_)
            | Node::List(_)
            | Node::Dict(_)
            | Node::Set(_)
            | Node::FrozenSet(_)
            | Node::Buffer { .. } => true,
        };
        if never {
            let message = format!("{what} is called, which fails");
            return self.find(codes::TARGET, Verdict::Malformed, id, message);
        }
        let message = format!("loading calls {what}, which is computed on the way");
        self.find(codes::COMPUTED_CALL, Verdict::Dangerous, id, message);
    }

    fn judge_name(&mut self, id: NodeId, standing: Standing) {
        let call = self.calls.get(&id).copied();
        let quoted = self.pickle.quote_global(id);
        let deed = match call.and_then(|call| self.pickle.call(call)) {
            Some(call) => format!("calls {quoted} with {}", self.show_arguments(call)),
            None => format!("imports {quoted}"),
        };
        match standing {
            Standing::Listed => {}
            Standing::UnknownClass => {
                self.find(codes::UNKNOWN_GLOBAL, Verdict::Review, id, format!("loading {deed}"));
            }
            Standing::UnlistedFunction if call.is_some() => {
                self.find(codes::UNLISTED_CALL, Verdict::Dangerous, id, format!("loading {deed}"));
            }
            Standing::UnknownFunction | Standing::UnlistedFunction => {
                self.find(codes::UNKNOWN_GLOBAL, Verdict::Review, id, format!("loading {deed}"));
            }
            Standing::Dangerous => {
                self.find(
                    codes::DANGEROUS_GLOBAL,
                    Verdict::Dangerous,
                    id,
                    format!("loading {deed}"),
                );
            }
            Standing::Dotted => {
                self.find(codes::DOTTED_GLOBAL, Verdict::Dangerous, id, format!("loading {deed}"));
            }
        }
    }

    /// The first few arguments of a call.
    fn show_arguments(&self, call: &Call) -> String {
        const SHOWN: usize = 3;
        let Some(args) = self.pickle.tuple(call.args) else {
            return "computed arguments".to_owned();
        };
        let mut shown: Vec<_> = args
            .iter()
            .take(SHOWN)
            .map(|&arg| match self.pickle.text(arg) {
                Some(text) => format!("`{}`", crate::describe::shorten(text)),
                None => self.pickle.describe(arg),
            })
            .collect();
        if args.len() > SHOWN {
            shown.push("…".to_owned());
        }
        format!("({})", shown.join(", "))
    }

    fn call(&mut self, id: NodeId, call: &Call) {
        self.state_keys(call);
        let Some((module, name)) = self.pickle.global(call.callable) else {
            return self.computed_call(id, call.callable);
        };
        // A name that is not listed has its finding already.
        let Some(kind) = names::listed(module, name) else { return };
        let judgement = match self.pickle.tuple(call.args) {
            Some(args) => self.judge_call(kind, call, args),
            None => Judgement::Unusual,
        };
        let verdict = match judgement {
            Judgement::Usual => return,
            Judgement::Unusual => Verdict::Review,
            Judgement::Harmful => Verdict::Dangerous,
        };
        let message = format!(
            "loading calls {} by `{}` with {}, as no pickler does",
            self.pickle.quote_global(call.callable),
            call.op.as_str(),
            self.show_arguments(call)
        );
        self.find(codes::ARGUMENTS, verdict, id, message);
    }

    fn judge_call(&self, kind: Use, call: &Call, args: &[NodeId]) -> Judgement {
        let bare = match call.op {
            // No constructor runs, whatever the arguments.
            CallOp::NewObj | CallOp::NewObjEx => true,
            CallOp::Inst | CallOp::Obj => args.is_empty(),
            CallOp::Reduce => false,
        };
        if bare && matches!(kind, Use::Class | Use::Callable | Use::Container) {
            return Judgement::Usual;
        }
        if call.kwargs.is_some_and(|kwargs| !matches!(self.pickle.node(kwargs), Node::Dict(_))) {
            return Judgement::Unusual;
        }
        arguments::judge(self.pickle, kind, args)
    }

    /// An instance finds `__setstate__` and the like among its attributes.
    fn state_keys(&mut self, call: &Call) {
        let Some(state) = call.state.filter(|&state| self.states.insert(state)) else { return };
        let parts = match self.pickle.tuple(state) {
            Some(pair) if pair.len() == 2 => pair,
            Some(_) => return,
            None => &[state],
        };
        for &part in parts {
            let Node::Dict(entries) = self.pickle.node(part) else { continue };
            let special = entries.iter().find_map(|&(key, _)| {
                let text = self.pickle.text(key)?;
                (text.starts_with("__") && text.ends_with("__")).then_some((key, text))
            });
            if let Some((key, text)) = special {
                let message = format!(
                    "loading sets the special attribute `{}` of an object",
                    crate::describe::shorten(text)
                );
                self.find(codes::STATE_KEY, Verdict::Dangerous, key, message);
            }
        }
    }

    fn persistent_id(&mut self, id: NodeId, key: NodeId) {
        if !self.options.persistent_ids {
            let message = format!(
                "loading asks the program to resolve the reference {}",
                self.pickle.describe(key)
            );
            self.find(codes::PERSISTENT_ID, Verdict::Review, id, message);
        }
    }

    fn effects(&mut self) {
        for effect in self.pickle.effects() {
            let harmless = matches!(
                self.pickle.node(effect.target),
                Node::List(_) | Node::ByteArray(_) | Node::Call(_)
            );
            let verdict = if harmless { Verdict::Review } else { Verdict::Dangerous };
            let message = format!(
                "loading applies `{}` to {}, as no pickler does",
                effect.opcode,
                self.pickle.describe(effect.target)
            );
            let location = holdall_diag::Location::at(effect.offset);
            self.scan.push(Finding { code: codes::EFFECT, verdict, location, message });
        }
    }
}
