//! Environment markers (PEP 508): whether they are well formed. What they mean is decided where a server is
//! known.

/// The names that a marker may ask about.
const NAMES: [&str; 12] = [
    "python_version",
    "python_full_version",
    "os_name",
    "sys_platform",
    "platform_release",
    "platform_system",
    "platform_version",
    "platform_machine",
    "platform_python_implementation",
    "implementation_name",
    "implementation_version",
    "extra",
];

const OPERATORS: [&str; 8] = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"];

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The left side of a comparison, or a parenthesis that opens.
    Left,
    Operator,
    Right,
    /// `and`, `or`, the end, or a parenthesis that closes.
    Joint,
}

/// Says what is wrong with a marker; nothing when it is well formed.
pub(crate) fn fault(marker: &str) -> Option<String> {
    let mut rest = marker.trim_start();
    let mut next = Next::Left;
    let mut open = 0_u32;
    while let Some(first) = rest.chars().next() {
        let expected = |what: &str| Some(format!("expected {what}, found `{rest}`"));
        match (next, first) {
            (Next::Left, '(') => {
                open += 1;
                rest = rest.get(1..).unwrap_or_default();
            }
            (Next::Joint, ')') if open > 0 => {
                open -= 1;
                rest = rest.get(1..).unwrap_or_default();
            }
            (Next::Left | Next::Right, '\'' | '"') => {
                let inner = rest.get(1..).unwrap_or_default();
                let Some((_, after)) = inner.split_once(first) else {
                    return Some(format!("the text {rest} has no end"));
                };
                rest = after;
                next = if next == Next::Left { Next::Operator } else { Next::Joint };
            }
            (Next::Left | Next::Right, _) => {
                let (word, after) = word(rest);
                if !NAMES.contains(&word) {
                    return expected("the name of a property such as `python_version`, or a text");
                }
                rest = after;
                next = if next == Next::Left { Next::Operator } else { Next::Joint };
            }
            (Next::Operator, _) => {
                let sign = OPERATORS.iter().find_map(|sign| rest.strip_prefix(sign));
                let Some(after) = sign.or_else(|| membership(rest)) else {
                    return expected("a comparison such as `==` or `in`");
                };
                rest = after;
                next = Next::Right;
            }
            (Next::Joint, _) => {
                let (word, after) = word(rest);
                if !matches!(word, "and" | "or") {
                    return expected("`and` or `or`");
                }
                rest = after;
                next = Next::Left;
            }
        }
        rest = rest.trim_start();
    }
    if next != Next::Joint {
        return Some("the marker ends too early".to_owned());
    }
    (open > 0).then(|| "a parenthesis has no end".to_owned())
}

fn word(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "_.".contains(c)));
    text.split_at_checked(end.unwrap_or(text.len())).unwrap_or_default()
}

/// What follows `in` or `not in`.
fn membership(text: &str) -> Option<&str> {
    match word(text) {
        ("in", after) => Some(after),
        ("not", after) => {
            let (second, after) = word(after.trim_start());
            (second == "in").then_some(after)
        }
        _ => None,
    }
}
