use std::{collections::BTreeMap, sync::LazyLock};

use crate::python3_module;

/// What the lists say about a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Listed; calls are compared with what picklers do.
    Listed,
    /// Not listed, and spelled like a class.
    UnknownClass,
    /// Not listed, and spelled like a function.
    UnknownFunction,
    /// Not listed, spelled like a function, in a package whose pickles were enumerated: they do not
    /// call it.
    UnlistedFunction,
    /// Not listed, in the standard library or in a package that runs code.
    Dangerous,
    /// Not listed, and reached through a dotted or private path.
    Dotted,
}

/// How a listed name may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Use {
    /// A class: made without its constructor, then filled.
    Class,
    /// A class or function that may be called with anything listed.
    Callable,
    /// A collection of literal values.
    Container,
    /// A function that may only be named.
    Function,
    /// A constant that may only be named.
    Value,
    /// An array class, an argument of the functions that make arrays.
    ArrayClass,
    /// A function of constants.
    Constants,
    Bytes,
    TypeOf,
    Encode,
    Reconstructor,
    NewObjectOf,
    DefaultDict,
    Partial,
    ArrayOf,
    Regex,
    Dtype,
    Reconstruct,
    MaskedReconstruct,
    Scalar,
    FromBuffer,
    Ufunc,
    BitGenerator,
    Generator,
    PyxUnpickle,
    NewObject,
    Block,
    NewIndex,
    Tensor,
}

impl Use {
    /// Whether calls may return what their arguments decide, text included.
    pub(super) fn makes_any(self) -> bool {
        matches!(self, Self::Reconstructor | Self::NewObjectOf | Self::Tensor | Self::Partial)
    }

    /// Whether what calls return cannot be called.
    pub(super) fn makes_no_callable(self) -> bool {
        matches!(
            self,
            Self::Container
                | Self::Bytes
                | Self::Encode
                | Self::DefaultDict
                | Self::ArrayOf
                | Self::Regex
                | Self::Dtype
                | Self::Reconstruct
                | Self::MaskedReconstruct
                | Self::Scalar
                | Self::FromBuffer
        )
    }

    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "class" => Self::Class,
            "callable" | "native" => Self::Callable,
            "container" => Self::Container,
            "function" => Self::Function,
            "value" => Self::Value,
            "array-class" => Self::ArrayClass,
            "constants" => Self::Constants,
            "bytes" => Self::Bytes,
            "type-of" => Self::TypeOf,
            "encode" => Self::Encode,
            "reconstructor" => Self::Reconstructor,
            "new-object-of" => Self::NewObjectOf,
            "default-dict" => Self::DefaultDict,
            "partial" => Self::Partial,
            "array-of" => Self::ArrayOf,
            "regex" => Self::Regex,
            "dtype" => Self::Dtype,
            "reconstruct" => Self::Reconstruct,
            "masked-reconstruct" => Self::MaskedReconstruct,
            "scalar" => Self::Scalar,
            "from-buffer" => Self::FromBuffer,
            "ufunc" => Self::Ufunc,
            "bit-generator" => Self::BitGenerator,
            "generator" => Self::Generator,
            "pyx-unpickle" => Self::PyxUnpickle,
            "new-object" => Self::NewObject,
            "block" => Self::Block,
            "new-index" => Self::NewIndex,
            "tensor" => Self::Tensor,
            _ => return None,
        })
    }
}

const LISTS: [&str; 4] = [
    include_str!("names/numpy.txt"),
    include_str!("names/scipy.txt"),
    include_str!("names/sklearn.txt"),
    include_str!("names/base.txt"),
];

static LISTED: LazyLock<BTreeMap<(&str, &str), Use>> = LazyLock::new(|| {
    let mut all = BTreeMap::new();
    for line in LISTS.iter().flat_map(|list| list.lines()) {
        let mut words = line.split_ascii_whitespace();
        let (Some(module), Some(word)) = (words.next(), words.next()) else { continue };
        // The first word of a comment is `#`, never a module.
        let Some(kind) = Use::from_word(word).filter(|_| module != "#") else { continue };
        all.extend(words.map(|name| ((module, name), kind)));
    }
    all
});

static STANDARD_LIBRARY: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let lines = include_str!("names/standard_library.txt").lines();
    let words = lines.filter(|line| !line.starts_with('#')).flat_map(str::split_ascii_whitespace);
    let mut all: Vec<_> = words.collect();
    all.sort_unstable();
    all
});

/// Packages that exist to run code, load pickles or start programs, and such parts of the others.
const RUNS_CODE: [&str; 33] = [
    "IPython",
    "_pytest",
    "bdb",
    "billiard",
    "cffi",
    "cloudpickle",
    "dask",
    "dill",
    "django.core",
    "fabric",
    "invoke",
    "ipykernel",
    "jinja2",
    "joblib",
    "jsonpickle",
    "numba",
    "numexpr",
    "numpy.ctypeslib",
    "numpy.distutils",
    "numpy.f2py",
    "numpy.testing",
    "pandas.core.computation",
    "pandas.io",
    "paramiko",
    "pip",
    "pkg_resources",
    "py",
    "pytest",
    "setuptools",
    "skops",
    "torch.distributed",
    "torch.hub",
    "torch.utils",
];

/// Packages of which the lists hold what their pickles call.
const ENUMERATED: [&str; 9] = [
    "catboost",
    "lightgbm",
    "numpy",
    "pandas",
    "scipy",
    "sklearn",
    "torch",
    "xgboost",
    "_catboost",
];

/// Names that mean the same harm in whatever module they are found.
const HARMFUL_NAMES: [&str; 30] = [
    "Popen",
    "_load_from_bytes",
    "call",
    "check_call",
    "check_output",
    "compile",
    "delattr",
    "eval",
    "eval_input",
    "exec",
    "execfile",
    "fork",
    "getattr",
    "getoutput",
    "import_module",
    "load",
    "load_module",
    "load_source",
    "loads",
    "open",
    "os",
    "popen",
    "read_pickle",
    "resolve_name",
    "run",
    "runstring",
    "setattr",
    "subprocess",
    "sys",
    "system",
];

/// How the listed name may be used.
pub(super) fn listed(module: &str, name: &str) -> Option<Use> {
    LISTED.get(&(python3_module(module), name)).copied()
}

/// What the lists say about a name. No part of a name is trusted for another part's sake.
pub fn standing(module: &str, name: &str) -> Standing {
    let module = python3_module(module);
    if listed(module, name).is_some() {
        return Standing::Listed;
    }
    let within = |package: &str| {
        module.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let top = module.split('.').next().unwrap_or(module);
    // Classes of a training script, and of TorchScript archives, which no unpickler imports.
    let own_code = module == "__main__" || within("__torch__");
    let dunder = |path: &str| {
        path.split('.').any(|part| part.len() > 4 && part.starts_with("__") && part.ends_with("__"))
    };
    if name.contains('.') || dunder(name) || (dunder(module) && !own_code) {
        return Standing::Dotted;
    }
    if STANDARD_LIBRARY.binary_search(&top).is_ok()
        || RUNS_CODE.into_iter().any(within)
        || HARMFUL_NAMES.contains(&name)
    {
        return Standing::Dangerous;
    }
    let class_like = name.trim_start_matches('_').chars().next().is_some_and(char::is_uppercase);
    if class_like {
        Standing::UnknownClass
    } else if ENUMERATED.contains(&top) {
        Standing::UnlistedFunction
    } else {
        Standing::UnknownFunction
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_lists_has_a_known_kind() {
        for line in LISTS.iter().flat_map(|list| list.lines()) {
            let words: Vec<_> = line.split_ascii_whitespace().collect();
            if words.is_empty() || words[0].starts_with('#') {
                continue;
            }
            assert!(words.len() > 2, "{line}");
            assert!(Use::from_word(words[1]).is_some(), "{line}");
        }
        assert!(LISTED.len() > 2_000);
        assert!(STANDARD_LIBRARY.len() > 300);
    }

    #[test]
    fn nothing_that_runs_code_is_listed() {
        for (module, name) in LISTED.keys() {
            assert!(!HARMFUL_NAMES.contains(name), "{module}.{name}");
            let top = module.split('.').next().unwrap();
            let harmless = *module == "joblib.numpy_pickle" && *name == "NumpyArrayWrapper";
            assert!(!RUNS_CODE.contains(&top) || harmless, "{module}.{name}");
        }
    }

    #[test]
    fn a_name_stands_for_itself_alone() {
        assert_eq!(standing("numpy", "ndarray"), Standing::Listed);
        assert_eq!(standing("numpy", "ndarray.tofile"), Standing::Dotted);
        assert_eq!(standing("__builtins__", "size"), Standing::Dotted);
        assert_eq!(standing("numpy.f2py.crackfortran", "getlincoef"), Standing::Dangerous);
        assert_eq!(standing("uuid", "_get_command_stdout"), Standing::Dangerous);
        assert_eq!(standing("__builtin__", "set"), Standing::Listed);
        assert_eq!(standing("__main__", "Model"), Standing::UnknownClass);
        assert_eq!(standing("numpy.linalg", "svd"), Standing::UnlistedFunction);
        assert_eq!(standing("pipeline", "Step"), Standing::UnknownClass);
    }
}
