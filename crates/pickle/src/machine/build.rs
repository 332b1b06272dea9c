use holdall_diag::Failure;

use super::Machine;
use crate::{Call, CallOp, Effect, Node, NodeId, codes};

/// What an opcode may act on.
enum Target {
    /// The value has what the opcode needs.
    Fits,
    /// No pickler does this, yet unpickling might succeed.
    Odd,
    /// Unpickling fails.
    Never,
}

impl Machine<'_> {
    pub(super) fn tuple<const N: usize>(&mut self) -> Result<(), Failure> {
        if self.open().len() < N {
            return Err(self.underflow());
        }
        let items = self.stream.stack.split_off(self.stream.stack.len() - N);
        self.charge(size_of_val(items.as_slice()))?;
        self.push_container(items, |items| Node::Tuple(items.into()))
    }

    pub(super) fn dict(&mut self) -> Result<(), Failure> {
        let items = self.pop_mark()?;
        let entries = self.pairs(&items)?;
        let id = self.push(Node::Dict(entries))?;
        self.hold(id, &items);
        Ok(())
    }

    fn pairs(&mut self, items: &[NodeId]) -> Result<Vec<(NodeId, NodeId)>, Failure> {
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(
                self.malformed(codes::STACK, "expected keys with values, found an odd number")
            );
        }
        Ok(pairs.iter().map(|&[key, value]| (key, value)).collect())
    }

    pub(super) fn append_one(&mut self) -> Result<(), Failure> {
        let item = self.pop()?;
        self.append("APPEND", &[item])
    }

    pub(super) fn append_all(&mut self) -> Result<(), Failure> {
        let items = self.pop_mark()?;
        self.append("APPENDS", &items)
    }

    fn append(&mut self, opcode: &'static str, items: &[NodeId]) -> Result<(), Failure> {
        let target = self.top()?;
        self.charge(size_of_val(items))?;
        match self.tree.nodes.get_mut(target) {
            Some(Node::List(list)) => list.extend_from_slice(items),
            Some(Node::Call(call)) => call.items.extend_from_slice(items),
            _ => return self.odd(target, opcode, items),
        }
        self.hold(target, items);
        Ok(())
    }

    pub(super) fn add_items(&mut self) -> Result<(), Failure> {
        let items = self.pop_mark()?;
        let target = self.top()?;
        self.charge(size_of_val(items.as_slice()))?;
        match self.tree.nodes.get_mut(target) {
            Some(Node::Set(set)) => set.extend_from_slice(&items),
            Some(Node::Call(call)) => call.items.extend_from_slice(&items),
            _ => return self.odd(target, "ADDITEMS", &items),
        }
        self.hold(target, &items);
        Ok(())
    }

    pub(super) fn set_one(&mut self) -> Result<(), Failure> {
        let value = self.pop()?;
        let key = self.pop()?;
        self.set("SETITEM", &[key, value])
    }

    pub(super) fn set_all(&mut self) -> Result<(), Failure> {
        let items = self.pop_mark()?;
        self.set("SETITEMS", &items)
    }

    fn set(&mut self, opcode: &'static str, items: &[NodeId]) -> Result<(), Failure> {
        let target = self.top()?;
        let pairs = self.pairs(items)?;
        self.charge(size_of_val(items))?;
        match self.tree.nodes.get_mut(target) {
            Some(Node::Dict(entries)) => entries.extend(pairs),
            Some(Node::Call(call)) => call.entries.extend(pairs),
            _ => return self.odd(target, opcode, items),
        }
        self.hold(target, items);
        Ok(())
    }

    /// Notes an opcode on a value that no pickler applies it to.
    fn odd(
        &mut self,
        target: NodeId,
        opcode: &'static str,
        operands: &[NodeId],
    ) -> Result<(), Failure> {
        match self.target(target, opcode) {
            Target::Fits | Target::Odd => {
                self.charge(size_of::<Effect>() + size_of_val(operands))?;
                let effect =
                    Effect { target, opcode, operands: operands.into(), offset: self.here };
                self.tree.effects.push(effect);
                Ok(())
            }
            Target::Never => Err(self.malformed(
                codes::TARGET,
                format!("`{opcode}` cannot be applied to {}", self.tree.describe(target)),
            )),
        }
    }

    fn target(&self, target: NodeId, opcode: &str) -> Target {
        match self.tree.node(target) {
            Node::Call(_) => Target::Fits,
            Node::Global { .. } | Node::PersistentId(_) | Node::Ext(_) | Node::Buffer { .. } => {
                Target::Odd
            }
            Node::List(_) | Node::ByteArray(_) if opcode != "BUILD" && opcode != "ADDITEMS" => {
                Target::Odd
            }
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
            | Node::FrozenSet(_) => Target::Never,
        }
    }

    pub(super) fn global_lines(&mut self) -> Result<Node, Failure> {
        let module = self.name_line()?;
        let name = self.name_line()?;
        let module = self.add(Node::Text(module))?;
        let name = self.add(Node::Text(name))?;
        Ok(Node::Global { module, name })
    }

    /// The operands must be text; those that may become text while unpickling are kept, and seen by
    /// the scanner.
    pub(super) fn stack_global(&mut self) -> Result<(), Failure> {
        let name = self.pop()?;
        let module = self.pop()?;
        for operand in [module, name] {
            let node = self.tree.node(operand);
            let computed = matches!(
                node,
                Node::Call(_) | Node::Global { .. } | Node::PersistentId(_) | Node::Ext(_)
            );
            if !computed && !matches!(node, Node::Text(_) | Node::ByteString(_)) {
                return Err(self.malformed(
                    codes::NAME,
                    format!(
                        "expected the text of a module and a name, found {}",
                        self.tree.describe(operand)
                    ),
                ));
            }
        }
        self.push(Node::Global { module, name }).map(drop)
    }

    pub(super) fn ext(&mut self, code: i64) -> Result<(), Failure> {
        let code = i32::try_from(code).ok().filter(|&code| code > 0).ok_or_else(|| {
            self.malformed(
                codes::NUMBER,
                format!("expected an extension code above 0, found {code}"),
            )
        })?;
        self.push(Node::Ext(code)).map(drop)
    }

    pub(super) fn persistent_line(&mut self) -> Result<(), Failure> {
        let key = self.name_line()?;
        let key = self.add(Node::Text(key))?;
        self.push(Node::PersistentId(key)).map(drop)
    }

    pub(super) fn next_buffer(&mut self) -> Result<(), Failure> {
        let index = self.next_buffer;
        self.next_buffer += 1;
        self.push(Node::Buffer { index, readonly: false }).map(drop)
    }

    pub(super) fn readonly_buffer(&mut self) -> Result<(), Failure> {
        let target = self.pop()?;
        let node = self.tree.node(target);
        if let &Node::Buffer { index, .. } = node {
            return self.push(Node::Buffer { index, readonly: true }).map(drop);
        }
        if !matches!(node, Node::Bytes(_) | Node::ByteArray(_)) {
            self.odd(target, "READONLY_BUFFER", &[])?;
        }
        self.push_again(target)
    }

    /// `REDUCE` and `NEWOBJ`: a callable and its arguments.
    pub(super) fn call(&mut self, op: CallOp) -> Result<(), Failure> {
        let args = self.pop()?;
        let callable = self.pop()?;
        self.push_call(op, callable, args, None)
    }

    pub(super) fn new_obj_ex(&mut self) -> Result<(), Failure> {
        let kwargs = self.pop()?;
        let args = self.pop()?;
        let callable = self.pop()?;
        self.push_call(CallOp::NewObjEx, callable, args, Some(kwargs))
    }

    pub(super) fn inst(&mut self) -> Result<(), Failure> {
        let global = self.global_lines()?;
        let callable = self.add(global)?;
        let args = self.pop_mark()?;
        let args = self.add(Node::Tuple(args.into()))?;
        self.push_call(CallOp::Inst, callable, args, None)
    }

    pub(super) fn obj(&mut self) -> Result<(), Failure> {
        let mut args = self.pop_mark()?;
        if args.is_empty() {
            return Err(self.underflow());
        }
        let callable = args.remove(0);
        let args = self.add(Node::Tuple(args.into()))?;
        self.push_call(CallOp::Obj, callable, args, None)
    }

    fn push_call(
        &mut self,
        op: CallOp,
        callable: NodeId,
        args: NodeId,
        kwargs: Option<NodeId>,
    ) -> Result<(), Failure> {
        self.charge(size_of::<Call>())?;
        let call = Call {
            op,
            callable,
            args,
            kwargs,
            state: None,
            items: Vec::new(),
            entries: Vec::new(),
            payload: None,
        };
        let id = self.push(Node::Call(Box::new(call)))?;
        self.hold(id, &[callable, args]);
        Ok(())
    }

    pub(super) fn build(&mut self) -> Result<(), Failure> {
        let state = self.pop()?;
        let target = self.top()?;
        match self.tree.nodes.get_mut(target) {
            Some(Node::Call(call)) if call.state.is_none() => call.state = Some(state),
            _ => return self.odd(target, "BUILD", &[state]),
        }
        self.hold(target, &[state]);
        if self.payloads && self.outer.is_none() { self.read_payload(target) } else { Ok(()) }
    }
}
