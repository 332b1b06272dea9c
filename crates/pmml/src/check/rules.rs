//! The rules of the standard's schema, parsed from the table beside this file.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

/// Content may be nested this deep in the table.
const DEPTH: u32 = 16;

/// What an attribute may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AttributeType {
    Text,
    Boolean,
    Number,
    Integer,
    /// A whole number from 0.
    Count,
    /// A whole number from 1.
    Positive,
    /// From 0 to 1.
    Probability,
    /// From 0 to 100.
    Percentage,
    /// One of these words.
    Words(Vec<&'static str>),
}

/// The rules of one element.
#[derive(Debug, Default)]
pub(super) struct ElementRules {
    /// Name, type, and whether it is required.
    pub(super) attributes: BTreeMap<&'static str, (AttributeType, bool)>,
    /// What may stand inside; none where anything may.
    pub(super) content: Option<Automaton>,
}

/// The automaton of a content model: a state is a position in the model, and the positions that may
/// come after it are known (Glushkov's construction). State 0 is the start.
#[derive(Debug, Default)]
pub(super) struct Automaton {
    /// Names by position, the first of them empty.
    names: Vec<&'static str>,
    follow: Vec<BTreeSet<usize>>,
    last: BTreeSet<usize>,
}

impl Automaton {
    /// The states after a child of this name.
    pub(super) fn step(&self, states: &BTreeSet<usize>, name: &str) -> BTreeSet<usize> {
        let after = states.iter().filter_map(|&state| self.follow.get(state)).flatten().copied();
        after.filter(|&to| self.names.get(to).is_some_and(|found| *found == name)).collect()
    }

    /// The names that may come next.
    pub(super) fn expected(&self, states: &BTreeSet<usize>) -> BTreeSet<&'static str> {
        let after = states.iter().filter_map(|&state| self.follow.get(state)).flatten();
        let names = after.filter_map(|&to| self.names.get(to).copied());
        names.filter(|name| *name != "Extension").collect()
    }

    /// Whether the content may end here.
    pub(super) fn may_end(&self, states: &BTreeSet<usize>) -> bool {
        !states.is_disjoint(&self.last)
    }

    /// Whether children of this name exist at all.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.names.contains(&name)
    }
}

/// A part of a content model.
#[derive(Debug, Default)]
struct Fragment {
    first: BTreeSet<usize>,
    last: BTreeSet<usize>,
    nullable: bool,
}

struct Parser<'t> {
    tokens: std::iter::Peekable<std::vec::IntoIter<&'t str>>,
    automaton: Automaton,
}

impl Parser<'static> {
    fn automaton(text: &'static str) -> Option<Automaton> {
        if text == "ANY" {
            return None;
        }
        let mut parser =
            Self { tokens: tokens(text).into_iter().peekable(), automaton: Automaton::default() };
        parser.position("");
        let whole = if text == "EMPTY" {
            Fragment { nullable: true, ..Fragment::default() }
        } else {
            parser.alternatives(0)
        };
        parser.link(&BTreeSet::from([0]), &whole.first);
        parser.automaton.last = whole.last;
        if whole.nullable {
            parser.automaton.last.insert(0);
        }
        Some(parser.automaton)
    }

    fn position(&mut self, name: &'static str) -> usize {
        self.automaton.names.push(name);
        self.automaton.follow.push(BTreeSet::new());
        self.automaton.names.len() - 1
    }

    fn link(&mut self, from: &BTreeSet<usize>, to: &BTreeSet<usize>) {
        for &state in from {
            if let Some(follow) = self.automaton.follow.get_mut(state) {
                follow.extend(to);
            }
        }
    }

    fn alternatives(&mut self, depth: u32) -> Fragment {
        let mut all = self.sequence(depth);
        while self.tokens.next_if_eq(&"|").is_some() {
            let next = self.sequence(depth);
            all.first.extend(next.first);
            all.last.extend(next.last);
            all.nullable |= next.nullable;
        }
        all
    }

    fn sequence(&mut self, depth: u32) -> Fragment {
        let mut all = self.repeated(depth);
        while self.tokens.next_if_eq(&",").is_some() {
            let next = self.repeated(depth);
            self.link(&all.last, &next.first);
            if all.nullable {
                all.first.extend(&next.first);
            }
            if next.nullable {
                all.last.extend(next.last);
            } else {
                all.last = next.last;
            }
            all.nullable &= next.nullable;
        }
        all
    }

    fn repeated(&mut self, depth: u32) -> Fragment {
        let mut one = match self.tokens.next() {
            Some("(") if depth < DEPTH => {
                let inner = self.alternatives(depth + 1);
                let _closing = self.tokens.next_if_eq(&")");
                inner
            }
            Some(name) => {
                let at = BTreeSet::from([self.position(name)]);
                Fragment { first: at.clone(), last: at, nullable: false }
            }
            None => Fragment { nullable: true, ..Fragment::default() },
        };
        while let Some(mark) = self.tokens.next_if(|token| matches!(*token, "*" | "+" | "?")) {
            if mark != "?" {
                self.link(&one.last.clone(), &one.first);
            }
            one.nullable |= mark != "+";
        }
        one
    }
}

fn tokens(text: &'static str) -> Vec<&'static str> {
    let is_mark = |c: char| matches!(c, '(' | ')' | ',' | '|' | '*' | '+' | '?');
    let parts = text.split_inclusive(is_mark).flat_map(|part| {
        let (name, mark) = part.split_at(part.len() - usize::from(part.ends_with(is_mark)));
        [name, mark]
    });
    parts.filter(|part| !part.is_empty()).collect()
}

/// The rules by element.
pub(super) fn rules() -> &'static BTreeMap<&'static str, ElementRules> {
    static RULES: OnceLock<BTreeMap<&'static str, ElementRules>> = OnceLock::new();
    RULES.get_or_init(|| parse(include_str!("schema.txt")))
}

fn parse(table: &'static str) -> BTreeMap<&'static str, ElementRules> {
    let mut words = BTreeMap::new();
    let mut elements = BTreeMap::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, list)) = line.split_once(" = ") {
            words.insert(name, list.split(' ').collect::<Vec<_>>());
        } else if let Some((name, rest)) = line.split_once(" [")
            && let Some((attributes, content)) = rest.split_once("] ")
        {
            let attributes = attributes.split(' ').filter_map(|attribute| {
                let (name, kind) = attribute.split_once(':')?;
                let required = name.ends_with('!');
                Some((name.trim_end_matches('!'), (attribute_type(kind, &words), required)))
            });
            let attributes = attributes.collect();
            let content = Parser::automaton(content);
            elements.insert(name, ElementRules { attributes, content });
        }
    }
    elements
}

fn attribute_type(name: &str, words: &BTreeMap<&'static str, Vec<&'static str>>) -> AttributeType {
    match name {
        "boolean" => AttributeType::Boolean,
        "number" => AttributeType::Number,
        "integer" => AttributeType::Integer,
        "count" => AttributeType::Count,
        "positive" => AttributeType::Positive,
        "probability" => AttributeType::Probability,
        "percentage" => AttributeType::Percentage,
        _ => words.get(name).map_or(AttributeType::Text, |w| AttributeType::Words(w.clone())),
    }
}
