use holdall_diag::Failure;
use holdall_tabular::{Aggregate, Kind, MissingRule, Test, TreeEnsemble};
use serde_json::{Value, json};

use super::{Raise, impossible};
use crate::{
    library::{
        call, filled, reference,
        trees::{rule, test},
    },
    names::{Flag, Fun},
    number::{array, float, narrow},
};

impl Raise<'_> {
    /// The sum over the trees, then the division, then the base where it comes last.
    pub(super) fn trees(&mut self, symbol: &str, trees: &TreeEnsemble) -> Result<Value, Failure> {
        let kind = if trees.summation.is_f32() { Kind::F32 } else { Kind::F64 };
        let (features, null) = (self.kind(trees.arg), self.null(trees.arg));
        let mut x = self.value(trees.arg);
        if trees.round_features && features == Kind::F64 {
            let fun = Fun::new("cast", &[Kind::F64, Kind::F32]).null(null);
            x = self.apply(trees.arg, x, &fun);
        }
        let mut args = vec![x];
        args.extend(self.columns(symbol, trees)?);
        let list =
            |f: fn(&holdall_tabular::Tree) -> u32| trees.trees.iter().map(f).collect::<Vec<u32>>();
        args.push(self.ints(symbol, "root", &list(|tree| tree.root)));
        let weights: Vec<f64> = trees.trees.iter().map(|tree| tree.weight).collect();
        args.push(self.floats(&format!("{symbol}_weight"), kind, &weights));
        args.push(self.ints(symbol, "output", &list(|tree| tree.output)));
        args.push(json!(trees.leaf_width));
        args.push(self.floats(&format!("{symbol}_leaves"), kind, &trees.leaves));
        let zeros = vec![0.0; trees.outputs as usize];
        let has_base = !trees.base.is_empty();
        let first = if has_base && !trees.base_last { &trees.base } else { &zeros };
        args.push(self.floats(&format!("{symbol}_base"), kind, first));
        let may_end = trees.nodes.may_lose(null);
        let fun = Fun::new("trees", &[kind]).null(null).with(Flag::None, may_end);
        let mut value = call(&fun, args);
        if let Aggregate::DivideBy(by) = trees.aggregate {
            let by = if kind == Kind::F32 { narrow(by) } else { by };
            let fun = filled(&Fun::new("divby", &[kind]).null(may_end), &json!({ "b": float(by) }));
            value = json!({ "a.map": [value, fun] });
        }
        if has_base && trees.base_last {
            let last = self.floats(&format!("{symbol}_last"), kind, &trees.base);
            let fun = Fun::new("addby", &[kind]).null(may_end);
            value = json!({ "a.zipmap": [value, last, reference(&fun)] });
        }
        Ok(value)
    }

    fn ints(&mut self, symbol: &str, name: &str, values: &[u32]) -> Value {
        self.cell(&format!("{symbol}_{name}"), array(&json!("int")), json!(values))
    }

    fn columns(&mut self, symbol: &str, trees: &TreeEnsemble) -> Result<Vec<Value>, Failure> {
        let nodes = &trees.nodes;
        let (mut tests, mut thresholds, mut gaps, mut rules) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let rows = (nodes.test.iter().zip(&nodes.threshold))
            .zip(nodes.yes.iter().zip(&nodes.no))
            .zip(&nodes.missing);
        for (((&asked, &threshold), (&yes, &no)), &missing) in rows {
            let (code, number) = code(asked, threshold);
            tests.push(code);
            thresholds.push(number);
            let side = |yes_side: bool| if yes_side { yes } else { no };
            let zero_passes = || holds(trees, asked, threshold);
            let (gap, what) = match missing {
                MissingRule::Unanswered if asked == Test::Leaf => (0, rule::NONE),
                _ if asked == Test::Leaf => (0, rule::FAIL),
                MissingRule::Yes => (yes, rule::GAP),
                MissingRule::No => (no, rule::GAP),
                MissingRule::Compare => (side(asked == Test::Ne), rule::FAIL),
                MissingRule::Unanswered => (side(asked == Test::Ne), rule::NONE),
                MissingRule::AsZero => (side(zero_passes()), rule::GAP),
                MissingRule::YesWithZero => (yes, rule::GAP_AND_ZERO),
                MissingRule::NoWithZero => (no, rule::GAP_AND_ZERO),
            };
            gaps.push(gap);
            rules.push(what);
        }
        let mut starts = vec![0_usize];
        let mut members: Vec<u8> = Vec::new();
        for set in &trees.sets {
            let first = members.len();
            for member in set.members() {
                members.resize(first + member as usize, 0);
                members.push(1);
            }
            starts.push(members.len());
        }
        if members.len() > i32::MAX as usize {
            return Err(impossible("sets of more than 2³¹ numbers"));
        }
        let int = array(&json!("int"));
        Ok(vec![
            self.cell(&format!("{symbol}_test"), int.clone(), json!(tests)),
            self.ints(symbol, "feature", &nodes.feature),
            self.floats(&format!("{symbol}_threshold"), Kind::F64, &thresholds),
            self.ints(symbol, "yes", &nodes.yes),
            self.ints(symbol, "no", &nodes.no),
            self.ints(symbol, "gap", &gaps),
            self.cell(&format!("{symbol}_rule"), int.clone(), json!(rules)),
            self.cell(&format!("{symbol}_setstart"), int.clone(), json!(starts)),
            self.cell(&format!("{symbol}_members"), int, json!(members)),
        ])
    }
}

/// The code of a test, and the number it is compared with. A NaN threshold passes nothing (or all,
/// for ≠), as infinities do that cannot be reached.
fn code(asked: Test, threshold: f64) -> (i64, f64) {
    match asked {
        Test::Leaf => (test::LEAF, 0.0),
        Test::Lt => (test::LT, threshold),
        Test::Le => (test::LE, threshold),
        Test::Gt => (test::GT, threshold),
        Test::Ge => (test::GE, threshold),
        Test::Eq => (test::EQ, threshold),
        Test::Ne => (test::NE, threshold),
        Test::In(set) => (test::IN, f64::from(set)),
    }
}

/// Whether 0 passes.
fn holds(trees: &TreeEnsemble, asked: Test, threshold: f64) -> bool {
    match asked {
        Test::Leaf => true,
        Test::Lt => 0.0 < threshold,
        Test::Le => 0.0 <= threshold,
        Test::Gt => 0.0 > threshold,
        Test::Ge => 0.0 >= threshold,
        Test::Eq => 0.0 == threshold,
        Test::Ne => 0.0 != threshold,
        Test::In(set) => trees.sets.get(set as usize).is_some_and(|set| set.contains(0)),
    }
}
