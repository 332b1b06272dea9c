//! Functions of one and two elements, links and decisions made at random, as `generated.rs` has the families.

use holdall_tabular::{
    BinaryOp, Classify, Decision, Link, Op, Output, Part, Regress, UnaryOp, ValueId, validate,
};
use proptest::prelude::{ProptestConfig, any, proptest};

use crate::generated::{Dice, Ground, check, scores, texts};

/// Operands of every kind.
fn operands(ground: &Ground) -> [ValueId; 7] {
    let Ground { x, n, text, flag, vector, gaps, bits, build: _ } = *ground;
    [x, n, text, flag, vector, gaps, bits]
}

/// Whether the model with this operation is valid.
fn takes(ground: &Ground, op: Op) -> bool {
    let mut model = ground.build.model.clone();
    let value = model.push(op).unwrap();
    model.outputs.push(Output::new(value, Part::Whole));
    validate(model).is_ok()
}

/// One of the operations that validation takes.
fn one_that_fits(dice: &mut Dice, ground: &Ground, ops: Vec<Op>) -> Option<Op> {
    let fitting: Vec<Op> = ops.into_iter().filter(|op| takes(ground, op.clone())).collect();
    (!fitting.is_empty()).then(|| dice.pick(&fitting))
}

const DECISIONS: [Decision; 5] = [
    Decision::LargestProbability,
    Decision::LargestMargin,
    Decision::MarginAbove(0.1),
    Decision::MarginAtLeast(-0.1),
    Decision::ProbabilityAbove(0.4),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn every_function_of_elements_scores_alike_in_any_batch(seed in any::<u64>(), gaps in any::<bool>()) {
        let mut dice = Dice(seed);
        for &op in &UnaryOp::ALL {
            let ground = Ground::new(&mut dice, gaps);
            let ops = operands(&ground).map(|arg| Op::Unary { op, arg }).to_vec();
            match one_that_fits(&mut dice, &ground, ops) {
                Some(op) => check(ground, op),
                None => panic!("{} takes no operand", op.name()),
            }
        }
        for &op in &BinaryOp::ALL {
            let ground = Ground::new(&mut dice, gaps);
            let all = operands(&ground);
            let pairs = all.iter().flat_map(|&left| all.map(|right| Op::Binary { op, left, right }));
            match one_that_fits(&mut dice, &ground, pairs.collect()) {
                Some(op) => check(ground, op),
                None => panic!("{} takes no operands", op.name()),
            }
        }
    }

    #[test]
    fn every_link_and_decision_scores_alike_in_any_batch(seed in any::<u64>(), gaps in any::<bool>()) {
        let mut dice = Dice(seed);
        for &link in &Link::ALL {
            let mut regressions = 0;
            for (count, classes) in [(1, &["a", "b"][..]), (2, &["a", "b"]), (3, &["a", "b", "c"])] {
                let mut ground = Ground::new(&mut dice, gaps);
                let margins = scores(&mut dice, &mut ground, count);
                let ops: Vec<Op> = DECISIONS
                    .iter()
                    .map(|&decision| Op::Classify(Classify {
                        margins,
                        classes: texts(classes),
                        link,
                        decision,
                        has_probabilities: true,
                    }))
                    .collect();
                let fits = |op: &Op| {
                    let mut model = ground.build.model.clone();
                    let value = model.push(op.clone()).unwrap();
                    model.outputs.push(Output::new(value, Part::Label));
                    validate(model).is_ok()
                };
                let fitting: Vec<Op> = ops.into_iter().filter(fits).collect();
                if fitting.is_empty() {
                    regressions += 1;
                } else {
                    let op = dice.pick(&fitting);
                    check(ground, op);
                }
            }
            let mut ground = Ground::new(&mut dice, gaps);
            let margins = scores(&mut dice, &mut ground, 2);
            let regress = Op::Regress(Regress { margins, link });
            let mut model = ground.build.model.clone();
            let value = model.push(regress.clone()).unwrap();
            model.outputs.push(Output::new(value, Part::Values));
            if validate(model).is_ok() {
                check(ground, regress);
            } else {
                assert!(regressions < 3, "{} is taken nowhere", link.name());
            }
        }
    }
}
