/// Rows with the answers to them, for a file to carry: whoever loads it can check that it answers alike.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Examples {
    /// Inputs and answers, in the order of the model; all have as many cells.
    pub columns: Vec<ExampleColumn>,
}

/// An input or an answer of some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct ExampleColumn {
    /// The name that the written file has for it.
    pub name: String,
    /// How near an answer must come; none for an input.
    pub near: Option<Nearness>,
    /// The values as text, none where missing. Numbers read back to the same bits.
    pub cells: Vec<Option<String>>,
}

/// By how much an answer may differ from the one that is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearness {
    /// As a part of the number expected.
    pub relative: f64,
    /// Numbers up to here count as 0.
    pub zero: f64,
}

impl Examples {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.cells.len())
    }
}
