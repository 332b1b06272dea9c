use crate::{Node, NodeId, Pickle, machine::small_int};

impl Pickle {
    /// What a node is, for messages: ``an object of `sklearn.svm._classes.SVC` ``, `a list`.
    pub fn describe(&self, id: NodeId) -> String {
        match self.node(id) {
            Node::None => "`None`".to_owned(),
            Node::Bool(true) => "`True`".to_owned(),
            Node::Bool(false) => "`False`".to_owned(),
            Node::Int(value) => format!("the integer {value}"),
            Node::BigInt(blob) => match small_int(self.blob(blob)) {
                Some(value) => format!("the integer {value}"),
                None => "an integer beyond 64 bits".to_owned(),
            },
            Node::Float(value) => format!("the number {value}"),
            Node::Bytes(_) => "bytes".to_owned(),
            Node::ByteArray(_) => "a bytearray".to_owned(),
            Node::ByteString(_) | Node::Text(_) => self
                .text(id)
                .map_or_else(|| "text".to_owned(), |text| format!("the text `{}`", shorten(text))),
            Node::Tuple(items) => format!("a tuple of {}", items.len()),
            Node::List(_) => "a list".to_owned(),
            Node::Dict(_) => "a dictionary".to_owned(),
            Node::Set(_) => "a set".to_owned(),
            Node::FrozenSet(_) => "a frozen set".to_owned(),
            Node::Global { .. } => format!("the name {}", self.quote_global(id)),
            Node::Call(_) => match self.class(id) {
                Some((module, name)) => {
                    format!("an object of `{}.{}`", shorten(module), shorten(name))
                }
                None => "a computed object".to_owned(),
            },
            Node::PersistentId(_) => "a persistent id".to_owned(),
            Node::Ext(code) => format!("the extension code {code}"),
            Node::Buffer { index, .. } => format!("the out-of-band buffer {index}"),
        }
    }

    /// `` `module.name` `` of a global, or words for a computed one.
    pub(crate) fn quote_global(&self, id: NodeId) -> String {
        match self.global(id) {
            Some((module, name)) => format!("`{}.{}`", shorten(module), shorten(name)),
            None => "that is computed while unpickling".to_owned(),
        }
    }
}

/// Text of a file made fit for a message: one line, not too long, nothing that moves the cursor.
pub(crate) fn shorten(text: &str) -> String {
    const SHOWN: usize = 80;
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
