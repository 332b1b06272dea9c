/// One conversion of C's `printf` with the text around it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Format {
    before: String,
    after: String,
    flags: String,
    width: usize,
    precision: Option<usize>,
    conversion: char,
}

/// The widest field and finest precision that is written.
const LIMIT: usize = 512;

impl Format {
    /// Reads a format (ISO C 7.21.6.1) with one conversion of `d i f F e E g G s`; none when it has another
    /// or is not one.
    pub(super) fn new(format: &str) -> Option<Self> {
        let mut characters = format.chars().peekable();
        let mut found: Option<Self> = None;
        let mut text = String::new();
        while let Some(c) = characters.next() {
            if c != '%' {
                text.push(c);
                continue;
            }
            if characters.next_if_eq(&'%').is_some() {
                text.push('%');
                continue;
            }
            if found.is_some() {
                return None;
            }
            let mut flags = String::new();
            while let Some(flag) = characters.next_if(|c| "-+ 0#'".contains(*c)) {
                flags.push(flag);
            }
            let mut digits = || {
                let mut number = String::new();
                while let Some(digit) = characters.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                number
            };
            let width = digits();
            let precision = if characters.next_if_eq(&'.').is_some() {
                let mut number = String::new();
                while let Some(digit) = characters.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                Some(if number.is_empty() { 0 } else { number.parse().ok()? })
            } else {
                None
            };
            while characters.next_if(|c| "hlLqjzt".contains(*c)).is_some() {}
            found = Some(Self {
                before: std::mem::take(&mut text),
                after: String::new(),
                flags,
                width: if width.is_empty() { 0 } else { width.parse().ok()? },
                precision,
                conversion: characters.next().filter(|c| "difFeEgGs".contains(*c))?,
            });
        }
        let mut found = found?;
        found.after = text;
        let fits = found.width <= LIMIT && found.precision.is_none_or(|p| p <= LIMIT);
        fits.then_some(found)
    }

    /// A number as the format writes it. `d` truncates toward zero.
    pub(super) fn write(&self, value: f64) -> String {
        let negative = value.is_sign_negative() && !value.is_nan();
        let size = value.abs();
        let digits = match self.conversion {
            _ if !size.is_finite() => if size.is_nan() { "nan" } else { "inf" }.to_owned(),
            'd' | 'i' => {
                let whole = format!("{:.0}", size.trunc());
                match self.precision {
                    Some(least) => format!("{whole:0>least$}"),
                    None => whole,
                }
            }
            'e' | 'E' => exponent(size, self.precision.unwrap_or(6)),
            'g' | 'G' => shortest(size, self.precision.unwrap_or(6).max(1)),
            's' => size.to_string(),
            _ => format!("{size:.*}", self.precision.unwrap_or(6)),
        };
        let digits =
            if self.conversion.is_ascii_uppercase() { digits.to_uppercase() } else { digits };
        let zero_whole = "di".contains(self.conversion) && digits.chars().all(|c| c == '0');
        let has = |flag: char| self.flags.contains(flag);
        let sign = match (negative && !zero_whole, has('+'), has(' ')) {
            (true, _, _) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            (false, false, false) => "",
        };
        let fill = self.width.saturating_sub(digits.chars().count() + sign.len());
        let zeros = has('0')
            && !has('-')
            && size.is_finite()
            && !("di".contains(self.conversion) && self.precision.is_some());
        let body = if has('-') {
            format!("{sign}{digits}{}", " ".repeat(fill))
        } else if zeros {
            format!("{sign}{}{digits}", "0".repeat(fill))
        } else {
            format!("{}{sign}{digits}", " ".repeat(fill))
        };
        format!("{}{body}{}", self.before, self.after)
    }
}

/// As `%e`: at least two digits of exponent.
fn exponent(size: f64, precision: usize) -> String {
    let plain = format!("{size:.precision$e}");
    let Some((digits, power)) = plain.split_once('e') else { return plain };
    let (sign, power) = match power.strip_prefix('-') {
        Some(power) => ('-', power),
        None => ('+', power),
    };
    format!("{digits}e{sign}{power:0>2}")
}

/// As `%g`: whichever is shorter, trailing zeros cut.
fn shortest(size: f64, precision: usize) -> String {
    let scientific = exponent(size, precision - 1);
    let power: i32 = scientific.rsplit_once('e').and_then(|(_, p)| p.parse().ok()).unwrap_or(0);
    let cut = |digits: &str| {
        if digits.contains('.') {
            digits.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            digits.to_owned()
        }
    };
    match usize::try_from(power) {
        Ok(power) if power >= precision => {}
        Ok(power) => return cut(&format!("{size:.*}", precision - 1 - power)),
        Err(_) if power >= -4 => {
            let more = usize::try_from(-power).unwrap_or(0);
            return cut(&format!("{size:.*}", precision - 1 + more));
        }
        Err(_) => {}
    }
    match scientific.split_once('e') {
        Some((digits, power)) => format!("{}e{power}", cut(digits)),
        None => scientific,
    }
}
