use std::collections::BTreeSet;

use holdall_tabular::{Field, Kind, MissingPolicy};

use super::Expr;

/// Names a field of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NameId(usize);

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about a field")]
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
    /// Whether it may be missing.
    missing: bool,
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
    pub(super) fn root(&mut self, field: &Field) -> NameId {
        self.taken.insert(field.name.clone());
        let nan = field.missing == MissingPolicy::AsNan;
        let id = self.add(field.name.clone(), field.kind, None, false, nan);
        let missing = match field.missing {
            MissingPolicy::Keep | MissingPolicy::AsNan => true,
            MissingPolicy::Reject | MissingPolicy::Replace(_) => false,
        };
        self.set_missing(id, missing);
        id
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
    pub(super) fn derived(&mut self, base: &str, kind: Kind, expr: &Expr) -> NameId {
        let text = self.fresh(base);
        let mut roots = Vec::new();
        expr.fields(&mut |name| roots.extend_from_slice(self.roots(name)));
        roots.sort_unstable();
        roots.dedup();
        let after = roots.iter().any(|&root| self.depends_on_stage(root));
        let nan = roots.iter().any(|&root| self.may_be_nan(root));
        // A text that says no number is missing.
        let parsed = matches!(expr, Expr::Field(name) if kind != Kind::Text && self.kind(*name) == Kind::Text);
        let missing = parsed || self.expression_may_be_missing(expr);
        let id = self.add(text, kind, Some(roots), after, nan);
        self.set_missing(id, missing);
        id
    }

    /// Whether an expression may be missing; of tables and choices it is not worked out.
    fn expression_may_be_missing(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Field(name) => self.may_be_missing(*name),
            Expr::Constant(..) => false,
            Expr::Indicator(..) => false,
            Expr::Apply("isMissing" | "isNotMissing", _) => false,
            // `if(isNotMissing(x), f(x))` is missing where x is.
            Expr::Apply("if", args) => match args.as_slice() {
                [Expr::Apply("isNotMissing", test), value] => {
                    self.any_missing(test) || self.expression_may_be_missing(value)
                }
                [Expr::Apply("isMissing", _), yes, Expr::Field(_)] => {
                    self.expression_may_be_missing(yes)
                }
                _ => args.len() < 3 || self.any_missing(args),
            },
            Expr::Apply(
                "+" | "-" | "*" | "/" | "pow" | "exp" | "ln" | "ln1p" | "expm1" | "sqrt" | "abs"
                | "floor" | "ceil" | "tanh" | "equal" | "notEqual" | "lessThan" | "lessOrEqual"
                | "greaterThan" | "greaterOrEqual" | "and" | "or" | "not" | "max" | "min" | "sum"
                | "product" | "avg" | "isIn",
                args,
            ) => self.any_missing(args),
            Expr::Apply(..) => true,
            Expr::Map { field, other, missing, .. } => {
                other.is_none() || (missing.is_none() && self.may_be_missing(*field))
            }
            Expr::Norm(name, curve) => {
                curve.outside == holdall_tabular::Outside::Missing || self.may_be_missing(*name)
            }
            Expr::Table(_)
            | Expr::Discretize(..)
            | Expr::Hits(..)
            | Expr::Moment(..)
            | Expr::Lag(..) => true,
        }
    }

    fn any_missing(&self, args: &[Expr]) -> bool {
        args.iter().any(|arg| self.expression_may_be_missing(arg))
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
            missing: true,
            narrow: None,
        });
        id
    }

    /// Gives a field a name, unless something else has it.
    pub(super) fn rename(&mut self, id: NameId, name: &str) {
        let text = self.text(id).to_owned();
        if text != name && !self.taken.contains(name) {
            self.taken.remove(&text);
            self.taken.insert(name.to_owned());
            if let Some(entry) = self.entries.get_mut(id.0) {
                name.clone_into(&mut entry.text);
            }
        }
    }

    /// A name that nothing has, kept from then on.
    pub(super) fn free(&mut self, base: &str) -> String {
        self.fresh(base)
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

    /// Whether the field may be missing in a row that is answered.
    pub(super) fn may_be_missing(&self, id: NameId) -> bool {
        self.entry(id).is_none_or(|entry| entry.missing)
    }

    pub(super) fn set_missing(&mut self, id: NameId, missing: bool) {
        if let Some(entry) = self.entries.get_mut(id.0) {
            entry.missing = missing;
        }
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
