//! PEP 508 markers, as far as a server document decides them.

use crate::{Server, python};

/// Whether a marker is true on a server; `None` when it names something that the server document does
/// not say, or is not a marker.
pub(crate) fn evaluate(marker: &str, server: &Server) -> Option<bool> {
    let tokens = tokens(marker)?;
    let mut parser = Parser { tokens: &tokens, server };
    let value = parser.or(0)?;
    parser.tokens.is_empty().then_some(value)
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Operator(String),
    Open,
    Close,
}

fn tokens(marker: &str) -> Option<Vec<Token>> {
    let mut out = Vec::new();
    let mut rest = marker.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '"' | '\'' => {
                let body = rest.get(1..)?;
                let end = body.find(first)?;
                (Token::Text(body.get(..end)?.to_owned()), end + 2)
            }
            '<' | '>' | '=' | '!' | '~' => {
                let end = rest.find(|c| !"<>=!~".contains(c)).unwrap_or(rest.len());
                (Token::Operator(rest.get(..end)?.to_owned()), end)
            }
            _ => {
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
                    .unwrap_or(rest.len());
                if end == 0 {
                    return None;
                }
                (Token::Word(rest.get(..end)?.to_owned()), end)
            }
        };
        out.push(token);
        rest = rest.get(length..)?.trim_start();
    }
    Some(out)
}

struct Parser<'t> {
    tokens: &'t [Token],
    server: &'t Server,
}

/// Parentheses may nest this deep; requirements in use have one level.
const DEPTH: usize = 32;

impl Parser<'_> {
    fn word(&mut self, word: &str) -> bool {
        if let Some((Token::Word(first), rest)) = self.tokens.split_first()
            && first == word
        {
            self.tokens = rest;
            return true;
        }
        false
    }

    fn or(&mut self, depth: usize) -> Option<bool> {
        let mut value = self.and(depth)?;
        while self.word("or") {
            value |= self.and(depth)?;
        }
        Some(value)
    }

    fn and(&mut self, depth: usize) -> Option<bool> {
        let mut value = self.test(depth)?;
        while self.word("and") {
            value &= self.test(depth)?;
        }
        Some(value)
    }

    fn test(&mut self, depth: usize) -> Option<bool> {
        if let Some((Token::Open, rest)) = self.tokens.split_first() {
            if depth >= DEPTH {
                return None;
            }
            self.tokens = rest;
            let value = self.or(depth + 1)?;
            let (Token::Close, rest) = self.tokens.split_first()? else { return None };
            self.tokens = rest;
            return Some(value);
        }
        let (left, left_is_version) = self.operand()?;
        let operator = match self.tokens.split_first()? {
            (Token::Operator(operator), rest) => {
                self.tokens = rest;
                operator.clone()
            }
            (Token::Word(_), _) if self.word("in") => "in".to_owned(),
            (Token::Word(_), _) if self.word("not") && self.word("in") => "not in".to_owned(),
            (Token::Word(_) | Token::Text(_) | Token::Open | Token::Close, _) => return None,
        };
        let (right, right_is_version) = self.operand()?;
        match operator.as_str() {
            "in" => Some(right.contains(&left)),
            "not in" => Some(!right.contains(&left)),
            _ if left_is_version => python::contains(&format!("{operator}{right}"), &left),
            _ if right_is_version => {
                python::contains(&format!("{}{left}", mirrored(&operator)), &right)
            }
            "==" => Some(left == right),
            "!=" => Some(left != right),
            _ => None,
        }
    }

    /// The text of an operand, and whether it is a version of the environment.
    fn operand(&mut self) -> Option<(String, bool)> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        match first {
            Token::Text(text) => Some((text.clone(), false)),
            Token::Word(name) => self.variable(name),
            Token::Operator(_) | Token::Open | Token::Close => None,
        }
    }

    fn variable(&self, name: &str) -> Option<(String, bool)> {
        let python = self.server.python.as_ref();
        let platform = self.server.platform.as_ref();
        let text = match name {
            "python_full_version" | "implementation_version" => {
                return Some((python?.version.clone(), true));
            }
            "python_version" => {
                let (major, minor) = python::minor(&python?.version)?;
                return Some((format!("{major}.{minor}"), true));
            }
            "implementation_name" => python?.implementation.as_ref()?.to_lowercase(),
            "platform_python_implementation" => python?.implementation.clone()?,
            "platform_machine" => platform?.machine.clone(),
            "platform_system" => platform?.system.clone(),
            "sys_platform" => match platform?.system.as_str() {
                "Linux" => "linux".to_owned(),
                "Darwin" => "darwin".to_owned(),
                "Windows" => "win32".to_owned(),
                _ => return None,
            },
            "os_name" => match platform?.system.as_str() {
                "Linux" | "Darwin" => "posix".to_owned(),
                "Windows" => "nt".to_owned(),
                _ => return None,
            },
            // No extra is asked for when a package is installed by its requirements.
            "extra" => String::new(),
            _ => return None,
        };
        Some((text, false))
    }
}

fn mirrored(operator: &str) -> &str {
    match operator {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        other => other,
    }
}
