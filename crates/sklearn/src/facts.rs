//! What the bytes say of versions and libraries.

use std::collections::BTreeSet;

use holdall_codec::Library;
use holdall_diag::{Diagnostic, Report};
use holdall_pickle::{Node, Pickle};

use crate::{codes, version::Version};

/// Every version that an estimator in the stream was saved by, as text.
pub(crate) fn versions(pickle: &Pickle) -> BTreeSet<&str> {
    let dictionaries = pickle
        .nodes()
        .filter_map(|(_, node)| if let Node::Dict(entries) = node { Some(entries) } else { None });
    dictionaries
        .flatten()
        .filter(|(key, _)| pickle.text(*key) == Some("_sklearn_version"))
        .filter_map(|(_, value)| pickle.text(*value))
        .collect()
}

/// The version of the outermost estimator, or the only one there is.
pub(crate) fn version(pickle: &Pickle) -> Option<String> {
    let outermost = pickle.root().get("_sklearn_version").and_then(|v| v.to_text().ok());
    outermost.or_else(|| versions(pickle).last().map(|&v| v.to_owned()))
}

/// What is worth knowing about the versions.
pub(crate) fn report(pickle: &Pickle) -> Report {
    let mut report = Report::new();
    let all = versions(pickle);
    if all.len() > 1 {
        let list: Vec<String> = all.iter().map(|v| format!("`{v}`")).collect();
        report.push(
            Diagnostic::warning(
                codes::MIXED_VERSIONS,
                format!("parts of the model were saved by scikit-learn {}", list.join(", ")),
            )
            .with_help(
                "a model that was loaded by a newer version and saved again may answer differently",
            ),
        );
    }
    let newest = all.iter().filter_map(|text| Version::parse(text)).max();
    if let Some(newest) = newest.filter(|&newest| newest > Version::NEWEST) {
        report.push(Diagnostic::warning(
            codes::NEWER,
            format!(
                "saved by scikit-learn {newest}, newer than {}, the newest release known here",
                Version::NEWEST
            ),
        ));
    }
    report
}

/// The distributions whose names loading imports; `inside` is what the models of others say of theirs.
pub(crate) fn libraries(pickle: &Pickle, inside: &[Library]) -> Vec<Library> {
    let packages: BTreeSet<&str> = pickle
        .globals()
        .filter_map(|(_, global)| global)
        .filter_map(|(module, _)| module.split('.').next())
        .collect();
    let names = [
        ("sklearn", "scikit-learn"),
        ("numpy", "numpy"),
        ("scipy", "scipy"),
        ("joblib", "joblib"),
        ("pandas", "pandas"),
        ("xgboost", "xgboost"),
        ("lightgbm", "lightgbm"),
        ("catboost", "catboost"),
    ];
    let named = names.into_iter().filter(|(package, _)| packages.contains(package));
    named
        .map(|(package, name)| Library {
            name: name.to_owned(),
            version: if package == "sklearn" {
                version(pickle)
            } else {
                inside.iter().find(|library| library.name == name).and_then(|l| l.version.clone())
            },
            needed_to_load: true,
        })
        .collect()
}

/// `numpy>=2` or `numpy<2`, by the module that arrays are made with.
pub(crate) fn numpy_generation(pickle: &Pickle) -> Option<&'static str> {
    let modules = || pickle.globals().filter_map(|(_, global)| global).map(|(module, _)| module);
    let within = |module: &str, package: &str| {
        module.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if modules().any(|module| within(module, "numpy._core")) {
        Some("numpy>=2")
    } else if modules().any(|module| within(module, "numpy.core")) {
        Some("numpy<2")
    } else {
        None
    }
}
