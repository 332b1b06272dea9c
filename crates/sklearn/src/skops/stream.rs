use bytes::Bytes;

/// A pickle of protocol 4 in the making: the opcodes that the schema needs.
pub(super) struct Stream {
    bytes: Vec<u8>,
    memo: u32,
}

impl Stream {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0x80, 4], memo: 0 }
    }

    pub(super) fn finish(mut self) -> Bytes {
        self.bytes.push(b'.');
        self.bytes.into()
    }

    pub(super) fn none(&mut self) {
        self.bytes.push(b'N');
    }

    pub(super) fn bool(&mut self, value: bool) {
        self.bytes.push(if value { 0x88 } else { 0x89 });
    }

    pub(super) fn int(&mut self, value: i64) {
        self.bytes.extend([0x8a, 8]);
        self.bytes.extend(value.to_le_bytes());
    }

    pub(super) fn float(&mut self, value: f64) {
        self.bytes.push(b'G');
        self.bytes.extend(value.to_be_bytes());
    }

    pub(super) fn text(&mut self, value: &str) {
        self.counted(0x8d, value.as_bytes());
    }

    pub(super) fn bytes(&mut self, value: &[u8]) {
        self.counted(0x8e, value);
    }

    fn counted(&mut self, opcode: u8, value: &[u8]) {
        self.bytes.push(opcode);
        self.bytes.extend((value.len() as u64).to_le_bytes());
        self.bytes.extend(value);
    }

    /// What follows, up to [`Self::end_tuple`], is a tuple.
    pub(super) fn begin_tuple(&mut self) {
        self.bytes.push(b'(');
    }

    pub(super) fn end_tuple(&mut self) {
        self.bytes.push(b't');
    }

    pub(super) fn begin_list(&mut self) {
        self.bytes.extend(b"](");
    }

    pub(super) fn end_list(&mut self) {
        self.bytes.push(b'e');
    }

    pub(super) fn begin_dict(&mut self) {
        self.bytes.extend(b"}(");
    }

    pub(super) fn end_dict(&mut self) {
        self.bytes.push(b'u');
    }

    pub(super) fn begin_set(&mut self) {
        self.bytes.extend([0x8f, b'(']);
    }

    pub(super) fn end_set(&mut self) {
        self.bytes.push(0x90);
    }

    pub(super) fn global(&mut self, module: &str, name: &str) {
        self.text(module);
        self.text(name);
        self.bytes.push(0x93);
    }

    /// An object of the class before, without arguments.
    pub(super) fn new_object(&mut self) {
        self.bytes.extend(b")\x81");
    }

    /// The call of what stands before the tuple before.
    pub(super) fn reduce(&mut self) {
        self.bytes.push(b'R');
    }

    /// The state of the object before.
    pub(super) fn build(&mut self) {
        self.bytes.push(b'b');
    }

    /// Keeps what was made last, and gives its number.
    pub(super) fn put(&mut self) -> u32 {
        let number = self.memo;
        self.memo = self.memo.saturating_add(1);
        self.bytes.push(b'r');
        self.bytes.extend(number.to_le_bytes());
        number
    }

    pub(super) fn get(&mut self, number: u32) {
        self.bytes.push(b'j');
        self.bytes.extend(number.to_le_bytes());
    }
}
