//! Linear models and support vector machines: counts of coefficients against classes and columns.

use super::At;
use crate::codes;

fn rows(at: &mut At<'_, '_, '_, '_, '_>, name: &str, count: usize, rows: usize, what: &str) {
    let width = at.width().and_then(|w| usize::try_from(w).ok());
    let message = match width {
        Some(width) if rows.checked_mul(width) != Some(count) => {
            Some(format!("{count} coefficients for {rows} {what} of {width} columns"))
        }
        None if rows == 0 || !count.is_multiple_of(rows.max(1)) => {
            Some(format!("{count} coefficients cannot be cut into {rows} {what}"))
        }
        Some(_) | None => None,
    };
    if let Some(message) = message {
        at.error(codes::COEFFICIENTS, name, message);
    }
}

fn doubles(list: &[f32]) -> Vec<f64> {
    list.iter().copied().map(f64::from).collect()
}

pub(super) fn classifier(at: &mut At<'_, '_, '_, '_, '_>) {
    let labels = at.labels("classlabels_strings", "classlabels_ints");
    let coefficients = at.floats("coefficients");
    let intercepts = at.floats("intercepts");
    at.finite("coefficients", &doubles(coefficients));
    at.finite("intercepts", &doubles(intercepts));
    at.post_transform();
    // Two classes may share one row.
    let given = if intercepts.is_empty() { labels } else { intercepts.len() };
    if labels > 0 && given != labels && !(labels == 2 && given == 1) {
        let message = format!("{given} intercepts for {labels} classes");
        at.error(codes::INTERCEPTS, "intercepts", message);
    }
    let width = at.width().and_then(|w| usize::try_from(w).ok());
    let one_row =
        labels == 2 && (given == 1 || (intercepts.is_empty() && width == Some(coefficients.len())));
    rows(at, "coefficients", coefficients.len(), if one_row { 1 } else { given }, "rows");
    if !matches!(at.int("multi_class", 0), 0 | 1) {
        at.error(codes::ML_VALUE, "multi_class", "`multi_class` is neither 0 nor 1");
    }
}

pub(super) fn regressor(at: &mut At<'_, '_, '_, '_, '_>) {
    let targets = usize::try_from(at.int("targets", 1)).unwrap_or(0);
    if targets == 0 {
        at.error(codes::ML_VALUE, "targets", "there must be at least one target");
        return;
    }
    let intercepts = at.floats("intercepts");
    at.finite("coefficients", &doubles(at.floats("coefficients")));
    at.finite("intercepts", &doubles(intercepts));
    if !intercepts.is_empty() && intercepts.len() != targets {
        let message = format!("{} intercepts for {targets} targets", intercepts.len());
        at.error(codes::INTERCEPTS, "intercepts", message);
    }
    rows(at, "coefficients", at.floats("coefficients").len(), targets, "targets");
    at.post_transform();
}

fn kernel(at: &mut At<'_, '_, '_, '_, '_>) {
    let words = ["LINEAR", "POLY", "RBF", "SIGMOID"];
    at.one_of("kernel_type", "LINEAR", &words, codes::SVM);
    let parameters = at.floats("kernel_params").len();
    if parameters != 3 {
        let message = format!("{parameters} kernel parameters, gamma, coef0 and degree are needed");
        at.error(codes::SVM, "kernel_params", message);
    }
    at.post_transform();
    at.finite("coefficients", &doubles(at.floats("coefficients")));
    at.finite("support_vectors", &doubles(at.floats("support_vectors")));
}

pub(super) fn svm_classifier(at: &mut At<'_, '_, '_, '_, '_>) {
    let labels = at.labels("classlabels_strings", "classlabels_ints");
    kernel(at);
    let coefficients = at.floats("coefficients").len();
    let per_class = at.ints("vectors_per_class");
    if per_class.is_empty() {
        // Without support vectors there is one row a class.
        rows(at, "coefficients", coefficients, labels, "rows");
        return;
    }
    if per_class.iter().any(|n| *n < 0) {
        at.error(codes::SVM, "vectors_per_class", "a class has less than no vectors");
        return;
    }
    let vectors = usize::try_from(per_class.iter().sum::<i64>()).unwrap_or(0);
    if per_class.len() != labels {
        let message = format!("{} counts of vectors for {labels} classes", per_class.len());
        at.error(codes::SVM, "vectors_per_class", message);
    }
    rows(at, "support_vectors", at.floats("support_vectors").len(), vectors, "vectors");
    let wanted = labels.saturating_sub(1).saturating_mul(vectors);
    if coefficients != wanted {
        let message = format!(
            "{coefficients} coefficients, {wanted} are needed: one for each vector and other class"
        );
        at.error(codes::COEFFICIENTS, "coefficients", message);
    }
    let pairs = labels.saturating_mul(labels.saturating_sub(1)) / 2;
    for name in ["rho", "prob_a", "prob_b"] {
        let found = at.floats(name).len();
        if found != pairs && (name == "rho" || found > 0) {
            let message = format!("`{name}` has {found} values for {pairs} pairs of classes");
            at.error(codes::SVM, name, message);
        }
    }
    if at.floats("prob_a").len() != at.floats("prob_b").len() {
        at.error(codes::SVM, "prob_b", "`prob_a` and `prob_b` go together");
    }
}

pub(super) fn svm_regressor(at: &mut At<'_, '_, '_, '_, '_>) {
    kernel(at);
    let supports = usize::try_from(at.int("n_supports", 0)).unwrap_or(0);
    let coefficients = at.floats("coefficients").len();
    if supports > 0 {
        rows(at, "support_vectors", at.floats("support_vectors").len(), supports, "vectors");
        if coefficients != supports {
            let message = format!("{coefficients} coefficients for {supports} vectors");
            at.error(codes::COEFFICIENTS, "coefficients", message);
        }
    } else {
        rows(at, "coefficients", coefficients, 1, "rows");
    }
    if at.floats("rho").len() != 1 {
        let message = format!("`rho` has {} values, one is needed", at.floats("rho").len());
        at.error(codes::SVM, "rho", message);
    }
    if !matches!(at.int("one_class", 0), 0 | 1) {
        at.error(codes::ML_VALUE, "one_class", "`one_class` is neither 0 nor 1");
    }
}
