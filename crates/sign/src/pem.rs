/// One block of a PEM file.
pub(crate) struct Block<'a> {
    /// What stands after `BEGIN`.
    pub(crate) label: &'a str,
    /// The block with LF line ends, including both boundaries.
    pub(crate) text: String,
    /// Whether it has the header of an encrypted key in the traditional form (RFC 1421).
    pub(crate) encrypted: bool,
}

/// The complete blocks of a PEM file, in order. Text between them is passed over (RFC 7468, 2).
pub(crate) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for line in text.lines().map(str::trim_end) {
        if let Some(label) = boundary(line, "-----BEGIN ") {
            open = Some(Block { label, text: String::new(), encrypted: false });
        }
        let Some(block) = &mut open else { continue };
        block.text.push_str(line);
        block.text.push('\n');
        block.encrypted |= line.starts_with("Proc-Type:") && line.contains("ENCRYPTED");
        if boundary(line, "-----END ") == Some(block.label) {
            found.extend(open.take());
        }
    }
    found
}

fn boundary<'a>(line: &'a str, start: &str) -> Option<&'a str> {
    line.strip_prefix(start)?.strip_suffix("-----")
}
