//! Pieces of a document: expressions, leaves, arrays.

use holdall_tabular::Kind;

use super::{
    Derived, Expr, Names,
    expression::{dtype, scalar_text},
};
use crate::{doc::Builder, number};

/// What a leaf answers: a score, and the probabilities of classes.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) score: String,
    pub(super) distribution: Vec<(String, f64)>,
}

impl Leaf {
    /// The count of a class is required; engines take the probability where there is one.
    pub(super) fn write_distribution(&self, out: &mut Builder, samples: Option<f64>) {
        for (class, probability) in &self.distribution {
            out.open("ScoreDistribution")
                .attribute("value", class)
                .attribute("recordCount", number::text(probability * samples.unwrap_or(1.0)))
                .attribute("probability", number::text(*probability))
                .close();
        }
    }
}

/// Whole numbers as an array.
pub(super) fn number_array(out: &mut Builder, members: &[u32]) {
    let texts: Vec<String> = members.iter().map(ToString::to_string).collect();
    out.open("Array").attribute("type", "int").attribute("n", members.len());
    out.text(&texts.join(" ")).close();
}

/// A derived field.
pub(super) fn derived_field(out: &mut Builder, names: &Names, derived: &Derived) {
    let optype =
        if derived.categorical || !derived.kind.is_number() { "categorical" } else { "continuous" };
    out.open("DerivedField")
        .attribute("name", names.text(derived.name))
        .attribute("optype", optype)
        .attribute("dataType", dtype(derived.kind));
    expression(out, names, &derived.expr);
    out.close();
}

fn expression(out: &mut Builder, names: &Names, expr: &Expr) {
    match expr {
        Expr::Field(name) => {
            out.open("FieldRef").attribute("field", names.text(*name));
        }
        Expr::Constant(value, kind) => {
            let text = scalar_text(value);
            out.open("Constant").attribute("dataType", dtype(*kind)).text(&text);
        }
        Expr::Apply(function, args) => {
            out.open("Apply").attribute("function", function);
            for arg in args {
                expression(out, names, arg);
            }
        }
        Expr::Indicator(name, value) => {
            // A missing category is no category.
            out.open("NormDiscrete")
                .attribute("field", names.text(*name))
                .attribute("value", value)
                .attribute("mapMissingTo", 0);
        }
        Expr::Map { field, pairs, other, missing } => {
            // NaN stands for missing, which is what comes of saying nothing.
            let number = |code: &Option<f64>| code.filter(|c| !c.is_nan()).map(number::text);
            out.open("MapValues")
                .attribute("outputColumn", "code")
                .optional("mapMissingTo", number(missing))
                .optional("defaultValue", number(other))
                .attribute("dataType", dtype(Kind::F64));
            out.open("FieldColumnPair")
                .attribute("field", names.text(*field))
                .attribute("column", "category")
                .close();
            out.open("InlineTable");
            for (category, code) in pairs {
                out.open("row");
                out.open("category").text(category).close();
                out.open("code").text(&number::text(*code)).close();
                out.close();
            }
            out.close();
        }
    }
    out.close();
}
