/// A version of the standard, as its namespace or the attribute `version` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Before the point.
    pub major: u8,
    /// After the point.
    pub minor: u8,
}

/// The versions that are read. 4.4.1 shares the namespace of 4.4.
const READ: [Version; 8] = [
    Version { major: 3, minor: 0 },
    Version { major: 3, minor: 1 },
    Version { major: 3, minor: 2 },
    Version { major: 4, minor: 0 },
    Version { major: 4, minor: 1 },
    Version { major: 4, minor: 2 },
    Version { major: 4, minor: 3 },
    Version { major: 4, minor: 4 },
];

impl Version {
    /// The version that is written.
    pub const WRITTEN: Self = Self { major: 4, minor: 4 };

    /// From a namespace such as `http://www.dmg.org/PMML-4_4`; `https` and a version with a point are
    /// taken too, since such files exist.
    pub fn of_namespace(namespace: &str) -> Option<Self> {
        let (_, tail) = namespace.rsplit_once("PMML-")?;
        Self::parse(tail, '_').or_else(|| Self::parse(tail, '.'))
    }

    /// From the attribute `version`: `4.4`, `4.4.1`.
    pub fn of_attribute(text: &str) -> Option<Self> {
        Self::parse(text.trim(), '.')
    }

    fn parse(text: &str, separator: char) -> Option<Self> {
        let mut parts = text.split(separator);
        let version =
            Self { major: parts.next()?.parse().ok()?, minor: parts.next()?.parse().ok()? };
        Some(version)
    }

    /// Whether documents of this version are read.
    pub fn is_read(self) -> bool {
        READ.contains(&self)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
