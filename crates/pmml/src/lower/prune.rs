//! Leaving out what no answer needs, and kinds of values.

use holdall_arena::Arena;
use holdall_tabular::{Kind, Model, Op, Test, UnaryOp, ValueId};

/// The model without nodes that nothing uses; inputs stay.
pub(super) fn prune(mut model: Model) -> Model {
    let mut used = vec![false; model.nodes.len()];
    let mark = |used: &mut Vec<bool>, id: ValueId| {
        if let Some(flag) = used.get_mut(id.index()) {
            *flag = true;
        }
    };
    model.outputs.iter().for_each(|output| mark(&mut used, output.value));
    for (id, node) in model.nodes.iter().rev() {
        if matches!(node.op, Op::Input(_)) {
            mark(&mut used, id);
        } else if used.get(id.index()) == Some(&true) {
            node.op.each_arg(&mut |arg| mark(&mut used, arg));
        }
    }
    let mut places: Vec<ValueId> = Vec::with_capacity(used.len());
    let mut kept = Arena::new();
    let old = std::mem::take(&mut model.nodes);
    for (id, node) in old.iter() {
        let place = ValueId::new(u32::try_from(kept.len()).unwrap_or(u32::MAX));
        places.push(place);
        if used.get(id.index()) == Some(&true) {
            let mut node = node.clone();
            node.op
                .each_arg_mut(&mut |arg| *arg = places.get(arg.index()).copied().unwrap_or(*arg));
            // There are no more nodes than there were.
            let _place = kept.push(node);
        }
    }
    let moved = |id: ValueId| places.get(id.index()).copied().unwrap_or(id);
    model.outputs.iter_mut().for_each(|output| output.value = moved(output.value));
    model.locations.0 = std::mem::take(&mut model.locations.0)
        .into_iter()
        .filter(|(id, _)| used.get(id.index()) == Some(&true))
        .map(|(id, location)| (moved(id), location))
        .collect();
    model.nodes = kept;
    model
}

/// The kind of a value that this crate's reader made; follows first operands.
pub(super) fn kind_of(model: &Model, mut id: ValueId) -> Kind {
    loop {
        let Some(node) = model.nodes.get(id) else { return Kind::F64 };
        id = match &node.op {
            Op::Input(field) => return model.fields.get(*field).map_or(Kind::F64, |f| f.kind),
            Op::Constant(constant) => return constant.kind,
            Op::Cast { to, .. } => return *to,
            Op::Unary { op: UnaryOp::Not | UnaryOp::IsMissing | UnaryOp::IsNan, .. } => {
                return Kind::Bool;
            }
            Op::Binary { op, .. } if op.is_test() => return Kind::Bool,
            Op::OneHot(op) => return op.kind,
            Op::Ordinal(op) => return op.kind,
            Op::Linear(op) => return if op.summation.is_f32() { Kind::F32 } else { Kind::F64 },
            Op::Trees(op) => return if op.summation.is_f32() { Kind::F32 } else { Kind::F64 },
            Op::Call(_) | Op::Transform(_) | Op::Estimator(_) | Op::Foreign(_) => return Kind::F64,
            Op::Part { estimate, part } => match model.nodes.get(*estimate).map(|n| &n.op) {
                Some(Op::Classify(classify)) if *part == holdall_tabular::Part::Label => {
                    return classify.classes.kind();
                }
                Some(Op::Classify(classify)) => classify.margins,
                Some(Op::Regress(regress)) => regress.margins,
                _ => return Kind::F64,
            },
            Op::Concat(args) => match args.first() {
                Some(first) => *first,
                None => return Kind::F64,
            },
            Op::Select { arg, .. } | Op::Unary { arg, .. } => *arg,
            Op::Binary { left, .. } => *left,
            Op::If { yes, .. } => *yes,
            Op::Impute(op) => op.arg,
            Op::Scale(op) => op.arg,
            Op::Regress(op) => op.margins,
            Op::Classify(op) => op.margins,
        };
    }
}

/// Whether a node is a leaf.
pub(super) const fn is_leaf(test: Test) -> bool {
    matches!(test, Test::Leaf)
}
