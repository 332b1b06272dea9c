use std::collections::BTreeSet;

use holdall_tabular::Kind;

use super::Expr;

/// Names a field of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NameId(usize);

#[derive(Clone, Debug)]
struct Entry {
    text: String,
    kind: Kind,
    /// The inputs and stage outputs it is computed from, in order.
    roots: Vec<NameId>,
    /// Whether a stage must come before.
    after_stage: bool,
    /// Whether the model reads missing as NaN here.
    nan: bool,
    /// Whether the values are 0 and 1 only.
    indicator: bool,
    /// The binary32 field that this one widens.
    narrow: Option<NameId>,
}

/// All names of a document, each used once.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    entries: Vec<Entry>,
    taken: BTreeSet<String>,
}

impl Names {
    /// An input.
    pub(super) fn root(&mut self, name: &str, kind: Kind, nan: bool) -> NameId {
        self.taken.insert(name.to_owned());
        self.add(name.to_owned(), kind, None, false, nan)
    }

    /// Keeps a name from being used.
    pub(super) fn reserve(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// An output of a stage.
    pub(super) fn output(&mut self, base: &str, kind: Kind) -> NameId {
        let text = self.fresh(base);
        self.add(text, kind, None, true, false)
    }

    /// A derived field.
    pub(super) fn derived(&mut self, base: &str, kind: Kind, roots: Vec<NameId>) -> NameId {
        let text = self.fresh(base);
        let after = roots.iter().any(|&root| self.depends_on_stage(root));
        let nan = roots.iter().any(|&root| self.may_be_nan(root));
        self.add(text, kind, Some(roots), after, nan)
    }

    fn add(
        &mut self,
        text: String,
        kind: Kind,
        roots: Option<Vec<NameId>>,
        after_stage: bool,
        nan: bool,
    ) -> NameId {
        let id = NameId(self.entries.len());
        let roots = roots.unwrap_or_else(|| vec![id]);
        self.entries.push(Entry {
            text,
            kind,
            roots,
            after_stage,
            nan,
            indicator: false,
            narrow: None,
        });
        id
    }

    fn fresh(&mut self, base: &str) -> String {
        let mut name = base.to_owned();
        let mut count = 1;
        while !self.taken.insert(name.clone()) {
            count += 1;
            name = format!("{base}#{count}");
        }
        name
    }

    fn entry(&self, id: NameId) -> Option<&Entry> {
        self.entries.get(id.0)
    }

    pub(super) fn text(&self, id: NameId) -> &str {
        self.entry(id).map_or("", |entry| &entry.text)
    }

    pub(super) fn kind(&self, id: NameId) -> Kind {
        self.entry(id).map_or(Kind::F64, |entry| entry.kind)
    }

    pub(super) fn roots(&self, id: NameId) -> &[NameId] {
        self.entry(id).map_or(&[], |entry| &entry.roots)
    }

    pub(super) fn depends_on_stage(&self, id: NameId) -> bool {
        self.entry(id).is_some_and(|entry| entry.after_stage)
    }

    pub(super) fn may_be_nan(&self, id: NameId) -> bool {
        self.entry(id).is_some_and(|entry| entry.nan)
    }

    pub(super) fn is_indicator(&self, id: NameId) -> bool {
        self.entry(id).is_some_and(|entry| entry.indicator)
    }

    pub(super) fn narrow(&self, id: NameId) -> Option<NameId> {
        self.entry(id).and_then(|entry| entry.narrow)
    }

    pub(super) fn set_indicator(&mut self, id: NameId) {
        if let Some(entry) = self.entries.get_mut(id.0) {
            entry.indicator = true;
        }
    }

    pub(super) fn set_narrow(&mut self, id: NameId, narrow: NameId) {
        if let Some(entry) = self.entries.get_mut(id.0) {
            entry.narrow = Some(narrow);
        }
    }

    /// An input by its position.
    pub(super) fn input(index: usize) -> NameId {
        NameId(index)
    }
}

/// Collects what an expression is computed from.
pub(super) fn roots_of(expr: &Expr, names: &Names, roots: &mut Vec<NameId>) {
    match expr {
        Expr::Field(name) | Expr::Indicator(name, _) | Expr::Map { field: name, .. } => {
            roots.extend_from_slice(names.roots(*name));
        }
        Expr::Constant(..) => {}
        Expr::Apply(_, args) => args.iter().for_each(|arg| roots_of(arg, names, roots)),
    }
    roots.sort_unstable();
    roots.dedup();
}
