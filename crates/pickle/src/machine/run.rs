use holdall_diag::{Failure, Location};

use super::{Machine, opcode as op};
use crate::{CallOp, Node, Pickle, codes};

/// Whether the machine goes on after an opcode.
#[derive(PartialEq, Eq)]
enum Flow {
    Next,
    Stop,
}

impl Machine<'_> {
    /// Runs to the `STOP` of the stream or to the first defect.
    pub(crate) fn run(mut self) -> (Pickle, Option<Failure>) {
        let failure = loop {
            self.here = self.cursor.position();
            match self.step() {
                Ok(Flow::Next) => {}
                Ok(Flow::Stop) => {
                    self.here = self.cursor.position();
                    break None;
                }
                Err(failure) => break Some(failure),
            }
        };
        self.tree.end = self.here;
        (self.tree, failure.or(self.passed))
    }

    fn step(&mut self) -> Result<Flow, Failure> {
        let here = self.here;
        self.budget.step(1).map_err(|failure| failure.at(Location::at(here)))?;
        match self.cursor.byte()? {
            op::STOP => return self.stop(),
            op::PROTO => self.proto()?,
            // Frames only help readers that buffer; joblib's arrays lie between them.
            op::FRAME => self.cursor.take(8).map(drop)?,
            byte => self.opcode(byte)?,
        }
        Ok(Flow::Next)
    }

    /// `STOP` ends the stream, or the nested one.
    fn stop(&mut self) -> Result<Flow, Failure> {
        let value = self.pop()?;
        let Some((outer, wrapper)) = self.outer.take() else {
            self.tree.root = Some(value);
            return Ok(Flow::Stop);
        };
        self.stream = outer;
        self.finish_nested(wrapper, value);
        Ok(Flow::Next)
    }

    fn proto(&mut self) -> Result<(), Failure> {
        let version = self.cursor.byte()?;
        if version > 5 {
            return Err(self
                .malformed(
                    codes::PROTOCOL,
                    format!("expected a pickle protocol up to 5, found {version}"),
                )
                .with_help("save the file with `protocol=5` or lower"));
        }
        self.tree.protocol = self.tree.protocol.max(version);
        Ok(())
    }

    fn opcode(&mut self, byte: u8) -> Result<(), Failure> {
        match byte {
            op::MARK => self.mark(),
            op::POP => self.pop_or_unmark(),
            op::POP_MARK => self.pop_mark().map(drop),
            op::DUP => self.top().and_then(|id| self.push_again(id)),

            op::NONE => self.push(Node::None).map(drop),
            op::NEWTRUE => self.push(Node::Bool(true)).map(drop),
            op::NEWFALSE => self.push(Node::Bool(false)).map(drop),
            op::INT => self.int_line(),
            op::LONG => self.long_line(),
            op::BININT => {
                let value = i32::from_le_bytes(self.cursor.array()?);
                self.push(Node::Int(i64::from(value))).map(drop)
            }
            op::BININT1 => {
                let value = self.cursor.byte()?;
                self.push(Node::Int(i64::from(value))).map(drop)
            }
            op::BININT2 => {
                let value = u16::from_le_bytes(self.cursor.array()?);
                self.push(Node::Int(i64::from(value))).map(drop)
            }
            op::LONG1 => self.len_u8().and_then(|len| self.long(len)),
            op::LONG4 => self.len_i32().and_then(|len| self.long(len)),
            op::FLOAT => self.float_line(),
            op::BINFLOAT => {
                let value = f64::from_be_bytes(self.cursor.array()?);
                self.push(Node::Float(value)).map(drop)
            }

            op::STRING => self.string_line(),
            op::BINSTRING => self.len_i32().and_then(|n| self.blob(n, Node::ByteString)),
            op::SHORT_BINSTRING => self.len_u8().and_then(|n| self.blob(n, Node::ByteString)),
            op::BINBYTES => self.len_u32().and_then(|n| self.blob(n, Node::Bytes)),
            op::SHORT_BINBYTES => self.len_u8().and_then(|n| self.blob(n, Node::Bytes)),
            op::BINBYTES8 => self.len_u64().and_then(|n| self.blob(n, Node::Bytes)),
            op::BYTEARRAY8 => self.len_u64().and_then(|n| self.blob(n, Node::ByteArray)),
            op::UNICODE => self.unicode_line(),
            op::BINUNICODE => self.len_u32().and_then(|len| self.unicode(len)),
            op::SHORT_BINUNICODE => self.len_u8().and_then(|len| self.unicode(len)),
            op::BINUNICODE8 => self.len_u64().and_then(|len| self.unicode(len)),
            op::NEXT_BUFFER => self.next_buffer(),
            op::READONLY_BUFFER => self.readonly_buffer(),

            op::EMPTY_TUPLE => self.push(Node::Tuple([].into())).map(drop),
            op::TUPLE1 => self.tuple::<1>(),
            op::TUPLE2 => self.tuple::<2>(),
            op::TUPLE3 => self.tuple::<3>(),
            op::TUPLE => self.push_marked(|items| Node::Tuple(items.into())),
            op::EMPTY_LIST => self.push(Node::List(Vec::new())).map(drop),
            op::LIST => self.push_marked(Node::List),
            op::APPEND => self.append_one(),
            op::APPENDS => self.append_all(),
            op::EMPTY_DICT => self.push(Node::Dict(Vec::new())).map(drop),
            op::DICT => self.dict(),
            op::SETITEM => self.set_one(),
            op::SETITEMS => self.set_all(),
            op::EMPTY_SET => self.push(Node::Set(Vec::new())).map(drop),
            op::ADDITEMS => self.add_items(),
            op::FROZENSET => self.push_marked(|items| Node::FrozenSet(items.into())),

            op::PUT => self.index_line().and_then(|index| self.put(index)),
            op::BINPUT => self.len_u8().and_then(|index| self.put(index)),
            op::LONG_BINPUT => self.len_u32().and_then(|index| self.put(index)),
            op::MEMOIZE => self.put(self.stream.memo.len()),
            op::GET => self.index_line().and_then(|index| self.get(index)),
            op::BINGET => self.len_u8().and_then(|index| self.get(index)),
            op::LONG_BINGET => self.len_u32().and_then(|index| self.get(index)),

            op::GLOBAL => self.global_lines().and_then(|node| self.push(node)).map(drop),
            op::STACK_GLOBAL => self.stack_global(),
            op::EXT1 => self.len_u8().and_then(|code| self.ext(code.cast_signed())),
            op::EXT2 => {
                let code = u16::from_le_bytes(self.cursor.array()?);
                self.ext(i64::from(code))
            }
            op::EXT4 => {
                let code = i32::from_le_bytes(self.cursor.array()?);
                self.ext(i64::from(code))
            }
            op::PERSID => self.persistent_line(),
            op::BINPERSID => {
                let key = self.pop()?;
                self.push(Node::PersistentId(key)).map(drop)
            }
            op::REDUCE => self.call(CallOp::Reduce),
            op::NEWOBJ => self.call(CallOp::NewObj),
            op::NEWOBJ_EX => self.new_obj_ex(),
            op::INST => self.inst(),
            op::OBJ => self.obj(),
            op::BUILD => self.build(),
            other => Err(self
                .malformed(
                    codes::OPCODE,
                    format!("expected a pickle opcode, found byte {other:#04x}"),
                )
                .with_help("the file is damaged, or is not a pickle")),
        }
    }

    fn mark(&mut self) -> Result<(), Failure> {
        self.charge(size_of::<usize>())?;
        self.stream.marks.push(self.stream.stack.len());
        Ok(())
    }

    /// Without a value above the mark, `POP` takes the mark.
    fn pop_or_unmark(&mut self) -> Result<(), Failure> {
        if self.open().is_empty() && self.stream.marks.pop().is_some() {
            return Ok(());
        }
        self.pop().map(drop)
    }

    /// Starts the stream that joblib nests for an object array.
    pub(super) fn nest(&mut self, wrapper: crate::NodeId) {
        let outer = std::mem::take(&mut self.stream);
        self.outer = Some((outer, wrapper));
    }

    pub(super) fn push_again(&mut self, id: crate::NodeId) -> Result<(), Failure> {
        self.charge(size_of::<crate::NodeId>())?;
        self.stream.stack.push(id);
        Ok(())
    }

    fn put(&mut self, index: u64) -> Result<(), Failure> {
        let id = self.top()?;
        // One tree entry with its share of the tree's nodes, the dearest case.
        self.charge(32)?;
        if index > self.tree.input.len() as u64 {
            self.tree.far_memo.get_or_insert(self.here);
        }
        self.stream.memo.put(index, id);
        Ok(())
    }

    fn get(&mut self, index: u64) -> Result<(), Failure> {
        let id = self.stream.memo.get(index).ok_or_else(|| {
            self.malformed(codes::MEMO, format!("nothing was stored in the memo under {index}"))
        })?;
        self.push_again(id)
    }

    fn len_u8(&mut self) -> Result<u64, Failure> {
        self.cursor.byte().map(u64::from)
    }

    fn len_u32(&mut self) -> Result<u64, Failure> {
        self.cursor.array().map(|bytes| u64::from(u32::from_le_bytes(bytes)))
    }

    fn len_u64(&mut self) -> Result<u64, Failure> {
        self.cursor.array().map(u64::from_le_bytes)
    }

    fn len_i32(&mut self) -> Result<u64, Failure> {
        let len = i32::from_le_bytes(self.cursor.array()?);
        u64::try_from(len).map_err(|error| {
            self.malformed(codes::LENGTH, format!("expected a length, found {len}"))
                .caused_by(error)
        })
    }
}
