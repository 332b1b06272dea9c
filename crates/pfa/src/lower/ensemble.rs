use holdall_tabular::{
    Aggregate, CategorySet, Kind, Labels, MissingRule, Op, Summation, Test, Tree, TreeEnsemble,
    TreeNodes, ValueId,
};
use serde_json::Value;

use super::{Lower, Lowered, only_pair};
use crate::{
    library::trees::{rule, test},
    names::Fun,
    number::read_float,
};

/// An ensemble's expression, taken apart from the outside in.
struct Layers<'d> {
    fun: Fun,
    args: &'d [Value],
    divide_by: Option<f64>,
    last: Option<&'d Value>,
}

impl<'d> Lower<'d> {
    pub(super) fn is_trees(&self, expression: &'d Value) -> bool {
        self.layers(expression).is_some()
    }

    fn layers(&self, mut expression: &'d Value) -> Option<Layers<'d>> {
        let (mut divide_by, mut last) = (None, None);
        if let Some(("a.zipmap", args)) = only_pair(expression)
            && let [inner, list, function] = args.as_array()?.as_slice()
            && self.reference(function)?.0.op == "addby"
        {
            (expression, last) = (inner, Some(list));
        }
        if let Some(("a.map", args)) = only_pair(expression)
            && let [inner, function] = args.as_array()?.as_slice()
            && let (fun, Some(("b", by))) = self.reference(function)?
            && fun.op == "divby"
        {
            (expression, divide_by) = (inner, Some(read_float(by)?));
        }
        let (fun, args) = self.call(expression)?;
        (fun.op == "trees").then_some(Layers { fun, args, divide_by, last })
    }

    pub(super) fn ints(&self, list: &Value) -> Lowered<Vec<u32>> {
        let Labels::I64(list) = self.list(list, Kind::I64)? else { return Ok(Vec::new()) };
        list.into_iter()
            .map(|v| u32::try_from(v).map_err(|_error| self.unsupported("a number below 0")))
            .collect()
    }

    /// The ensemble that a call of `trees` sums up.
    pub(super) fn trees(&mut self, expression: &'d Value) -> Lowered<ValueId> {
        let Some(Layers { fun, args, divide_by, last }) = self.layers(expression) else {
            return Err(self.unsupported("trees of another shape"));
        };
        let [
            x,
            tests,
            feature,
            threshold,
            yes,
            no,
            gap,
            rules,
            starts,
            members,
            root,
            weight,
            output,
            width,
            leaves,
            base,
        ] = args
        else {
            return Err(self.unsupported("trees with other parameters"));
        };
        let (arg, round_features) = self.features(x)?;
        let columns = [tests, feature, yes, no, gap, rules].map(|list| self.ints(list));
        let [tests, feature, yes, no, gap, rules] = columns;
        let nodes = self
            .nodes([&tests?, &feature?, &yes?, &no?, &gap?, &rules?], &self.floats(threshold)?)?;
        let trees = (self.ints(root)?.into_iter().zip(self.floats(weight)?))
            .zip(self.ints(output)?)
            .map(|((root, weight), output)| Tree { root, weight, output })
            .collect();
        let Some(leaf_width) = width.as_u64().and_then(|width| u32::try_from(width).ok()) else {
            return Err(self.unsupported("leaves of a width that is computed"));
        };
        let first = self.floats(base)?;
        let zeros = first.iter().all(|v| v.to_bits() == 0);
        if last.is_some() && !zeros {
            return Err(self.unsupported("trees with a base before and one after"));
        }
        let outputs = u32::try_from(first.len()).unwrap_or(u32::MAX);
        let base = match last {
            Some(last) => self.floats(last)?,
            None if zeros => Vec::new(),
            None => first,
        };
        let f32 = fun.kinds.as_slice() == [Kind::F32];
        self.push(Op::Trees(Box::new(TreeEnsemble {
            arg,
            round_features,
            nodes,
            trees,
            outputs,
            leaf_width,
            leaves: self.floats(leaves)?,
            sets: self.sets(&self.ints(starts)?, &self.ints(members)?)?,
            base,
            base_last: last.is_some(),
            summation: if f32 { Summation::SequentialF32 } else { Summation::SequentialF64 },
            aggregate: divide_by.map_or(Aggregate::Sum, Aggregate::DivideBy),
        })))
    }

    /// The features, and whether they are rounded for the trees alone.
    fn features(&mut self, x: &'d Value) -> Lowered<(ValueId, bool)> {
        if let Some(("a.map", args)) = only_pair(x)
            && let Some([inner, function]) = args.as_array().map(Vec::as_slice)
            && let Some((fun, None)) = self.reference(function)
            && fun.op == "cast"
            && fun.kinds == [Kind::F64, Kind::F32]
        {
            return Ok((self.value(inner)?, true));
        }
        Ok((self.value(x)?, false))
    }

    fn nodes(
        &self,
        [tests, feature, yes, no, gap, rules]: [&[u32]; 6],
        threshold: &[f64],
    ) -> Lowered<TreeNodes> {
        let same = [feature, yes, no, gap, rules].iter().all(|list| list.len() == tests.len());
        if !same || threshold.len() != tests.len() {
            return Err(self.unsupported("columns of trees of different lengths"));
        }
        let mut nodes = TreeNodes::default();
        let rows = tests.iter().zip(feature).zip(threshold).zip(yes.iter().zip(no));
        for ((((&code, &feature), &threshold), (&yes, &no)), (&gap, &what)) in
            rows.zip(gap.iter().zip(rules))
        {
            let asked = self.asked(code, threshold)?;
            if asked == Test::Leaf {
                if i64::from(what) == rule::NONE {
                    nodes.push_unanswered();
                } else {
                    nodes.push_leaf(yes);
                }
                continue;
            }
            let to_yes = gap == yes;
            if !to_yes && gap != no {
                return Err(self.unsupported("a split whose gaps go to a third node"));
            }
            let missing = match (i64::from(what), to_yes) {
                (rule::FAIL, _) if yes == no || to_yes == (asked == Test::Ne) => {
                    MissingRule::Compare
                }
                (rule::NONE, _) if yes == no || to_yes == (asked == Test::Ne) => {
                    MissingRule::Unanswered
                }
                (rule::GAP, true) => MissingRule::Yes,
                (rule::GAP, false) => MissingRule::No,
                (rule::GAP_AND_ZERO, true) => MissingRule::YesWithZero,
                (rule::GAP_AND_ZERO, false) => MissingRule::NoWithZero,
                (_, _) => return Err(self.unsupported("a split with another rule for gaps")),
            };
            let threshold = if let Test::In(_) = asked { 0.0 } else { threshold };
            nodes.push_split(asked, feature, threshold, yes, no, missing);
        }
        Ok(nodes)
    }

    fn asked(&self, code: u32, threshold: f64) -> Lowered<Test> {
        Ok(match i64::from(code) {
            test::LEAF => Test::Leaf,
            test::LT => Test::Lt,
            test::LE => Test::Le,
            test::GT => Test::Gt,
            test::GE => Test::Ge,
            test::EQ => Test::Eq,
            test::NE => Test::Ne,
            test::IN if (0.0..=f64::from(u32::MAX)).contains(&threshold) =>
            {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "checked"
                )]
                Test::In(threshold as u32)
            }
            _ => return Err(self.unsupported(format!("a split by test {code}"))),
        })
    }

    fn sets(&self, starts: &[u32], members: &[u32]) -> Lowered<Vec<CategorySet>> {
        let set = |[start, end]: &[u32; 2]| {
            let flags = members.get(*start as usize..*end as usize)?;
            let listed = (0_u32..).zip(flags).filter(|(_, flag)| **flag == 1);
            CategorySet::new(listed.map(|(member, _)| member))
        };
        starts
            .array_windows()
            .map(|range| set(range).ok_or_else(|| self.unsupported("a set beyond the flags")))
            .collect()
    }
}
