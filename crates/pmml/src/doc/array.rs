//! Arrays: <https://dmg.org/pmml/v4-4-1/GeneralStructure.html>, "Array".

/// Items of an array: between blanks, or in quotes, in which `\"` is a quote.
pub(crate) fn array_items(text: &str, quoted: bool) -> Vec<String> {
    let mut items = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&first) = chars.peek() {
        if first.is_whitespace() {
            chars.next();
            continue;
        }
        let mut item = String::new();
        let in_quotes = quoted && first == '"';
        if in_quotes {
            chars.next();
        }
        while let Some(c) = chars.next() {
            match c {
                '"' if in_quotes => break,
                '\\' if chars.peek() == Some(&'"') => item.extend(chars.next()),
                c if !in_quotes && c.is_whitespace() => break,
                c => item.push(c),
            }
        }
        items.push(item);
    }
    items
}

/// Whether an array has as many items as it says, if it says a number.
pub(crate) fn array_counts(n: Option<&str>, items: usize) -> bool {
    n.and_then(|n| n.trim().parse::<u64>().ok()).is_none_or(|n| n == items as u64)
}
