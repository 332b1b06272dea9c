//! `Where` and `Cast`.

use holdall_diag::Failure;
use holdall_graph::Node;
use holdall_tabular::{BinaryOp, Kind, Labels, Op};

use super::{Operand, elementwise, fold, with_axes};
use crate::raise::{
    Raise, attributes,
    attributes::refuse,
    sym::{Const, Sym, Val},
};

/// The most choices that one operator is taken apart into.
const MAX_CHOICES: usize = 1 << 12;

impl Raise<'_> {
    pub(super) fn chosen(&mut self, node: &Node) -> Result<Sym, Failure> {
        let condition = self.operand(node, 0)?;
        let (yes, no) = (self.operand(node, 1)?, self.operand(node, 2)?);
        if yes.kind() != no.kind() {
            return Err(refuse(node, format!("{} or {}", yes.kind(), no.kind())));
        }
        let axes = fold::broadcast(&yes.axes(), &no.axes())
            .and_then(|axes| fold::broadcast(&axes, &condition.axes()))
            .ok_or_else(|| refuse(node, "shapes that do not fit each other"))?;
        let count = fold::elements(&axes).unwrap_or(usize::MAX);
        if let Operand::Const(flags) = &condition {
            return self.chosen_once(node, flags, (&yes, &no), &axes);
        }
        if count > MAX_CHOICES {
            return Err(refuse(node, "choices between too many elements"));
        }
        if yes == no && matches!(yes, Operand::Const(_)) {
            let value = self.over(node, &yes, &axes)?;
            let value =
                if value.scalar && count > 1 { self.repeated(value, count)? } else { value };
            return Ok(with_axes(&axes, value));
        }
        let condition = self.over(node, &condition, &axes)?;
        let (yes, no) = (self.over(node, &yes, &axes)?, self.over(node, &no, &axes)?);
        if condition.kind != Kind::Bool {
            return Err(refuse(node, "a condition that is no boolean"));
        }
        let mut args = Vec::with_capacity(count);
        for at in 0..u32::try_from(count).unwrap_or(u32::MAX) {
            let test = self.element(node, condition, at)?;
            let (yes, no) = (self.element(node, yes, at)?, self.element(node, no, at)?);
            let op = Op::If { condition: test.id, yes: yes.id, no: no.id };
            args.push(self.push(op, yes.kind, 1, true)?);
        }
        if let [one] = *args.as_slice() {
            return Ok(with_axes(&axes, one));
        }
        let width = u32::try_from(args.len()).unwrap_or(u32::MAX);
        let ids = args.iter().map(|value| value.id).collect();
        let made = self.push(Op::Concat(ids), yes.kind, width, false)?;
        Ok(with_axes(&axes, made))
    }

    fn repeated(&mut self, value: Val, count: usize) -> Result<Val, Failure> {
        let width = u32::try_from(count).unwrap_or(u32::MAX);
        self.push(Op::Concat(vec![value.id; count]), value.kind, width, false)
    }

    /// A choice that is the same for every row.
    fn chosen_once(
        &mut self,
        node: &Node,
        flags: &Const,
        (yes, no): (&Operand, &Operand),
        axes: &[Option<u64>],
    ) -> Result<Sym, Failure> {
        let flags = elementwise::constant_over(flags, axes);
        let Some(Labels::Bool(flags)) = flags else {
            return Err(refuse(node, "a condition that is no boolean"));
        };
        if let (Operand::Const(yes), Operand::Const(no)) = (yes, no) {
            let both = elementwise::constant_over(yes, axes)
                .zip(elementwise::constant_over(no, axes))
                .ok_or_else(|| refuse(node, "constants of other shapes"))?;
            let values = either(&flags, &both.0, &both.1)
                .ok_or_else(|| refuse(node, "constants of different kinds"))?;
            let shape = axes.iter().map(|axis| axis.unwrap_or(1)).collect();
            return Ok(Sym::Const(Const { kind: yes.kind, shape, values }));
        }
        let count = flags.len();
        let mut sides = Vec::new();
        for side in [yes, no] {
            let value = self.over(node, side, axes)?;
            sides.push(if value.scalar && count > 1 {
                self.repeated(value, count)?
            } else {
                value
            });
        }
        let ids = sides.iter().map(|value| value.id).collect();
        let width = u32::try_from(count * 2).unwrap_or(u32::MAX);
        let kind = yes.kind();
        let both = self.push(Op::Concat(ids), kind, width, false)?;
        let half = width / 2;
        let places = (0..half).zip(&flags).map(|(i, &flag)| if flag { i } else { i + half });
        let made = self.picked(both, places.collect())?;
        Ok(with_axes(axes, made))
    }

    pub(super) fn converted(&mut self, node: &Node) -> Result<Sym, Failure> {
        let to = match attributes::int(node, "to", 0)? {
            1 => Kind::F32,
            2..=7 => Kind::I64,
            8 => Kind::Text,
            9 => Kind::Bool,
            11 => Kind::F64,
            other => return Err(refuse(node, format!("to element type {other}"))),
        };
        if let sym @ Sym::Extents(_) = self.meaning(node, 0)? {
            return Ok(sym);
        }
        match self.operand(node, 0)? {
            Operand::Const(constant) => {
                let values = converted_labels(&constant.values, to)
                    .ok_or_else(|| refuse(node, format!("from {} to {to}", constant.kind)))?;
                Ok(Sym::Const(Const { kind: to, values, ..constant }))
            }
            Operand::Block(block) => {
                let value = block.value;
                let made = match (value.kind, to) {
                    (from, to) if from == to => value,
                    (Kind::Text, _) | (_, Kind::Text) => {
                        return Err(refuse(node, format!("from {} to {to}", value.kind)));
                    }
                    (from, Kind::Bool) => {
                        let zero = match from {
                            Kind::I64 => Labels::I64(vec![0]),
                            _ => Labels::F64(vec![0.0]),
                        };
                        let zero = self.scalar_constant(from, zero)?;
                        let op = Op::Binary { op: BinaryOp::Ne, left: value.id, right: zero.id };
                        self.push(op, Kind::Bool, value.width, value.scalar)?
                    }
                    (_, to) => self.cast_to(value, to)?,
                };
                Ok(with_axes(&block.axes(), made))
            }
        }
    }
}

fn either(flags: &[bool], yes: &Labels, no: &Labels) -> Option<Labels> {
    fn of<T: Clone>(flags: &[bool], yes: &[T], no: &[T]) -> Vec<T> {
        flags
            .iter()
            .zip(yes.iter().zip(no))
            .map(|(f, (y, n))| if *f { y } else { n }.clone())
            .collect()
    }
    Some(match (yes, no) {
        (Labels::F64(y), Labels::F64(n)) => Labels::F64(of(flags, y, n)),
        (Labels::I64(y), Labels::I64(n)) => Labels::I64(of(flags, y, n)),
        (Labels::Bool(y), Labels::Bool(n)) => Labels::Bool(of(flags, y, n)),
        (Labels::Text(y), Labels::Text(n)) => Labels::Text(of(flags, y, n)),
        _ => return None,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "conversions truncate and round as the operator"
)]
#[expect(clippy::cast_precision_loss, reason = "integers round to nearest")]
fn converted_labels(values: &Labels, to: Kind) -> Option<Labels> {
    let single = |value: f64| if to == Kind::F32 { f64::from(value as f32) } else { value };
    Some(match (values, to) {
        (Labels::F64(v), Kind::F32 | Kind::F64) => {
            Labels::F64(v.iter().map(|v| single(*v)).collect())
        }
        (Labels::I64(v), Kind::F32 | Kind::F64) => {
            Labels::F64(v.iter().map(|v| single(*v as f64)).collect())
        }
        (Labels::Bool(v), Kind::F32 | Kind::F64) => {
            Labels::F64(v.iter().map(|v| f64::from(u8::from(*v))).collect())
        }
        (Labels::I64(v), Kind::I64) => Labels::I64(v.clone()),
        (Labels::F64(v), Kind::I64) => Labels::I64(v.iter().map(|v| *v as i64).collect()),
        (Labels::Bool(v), Kind::I64) => Labels::I64(v.iter().map(|v| i64::from(*v)).collect()),
        (Labels::Bool(v), Kind::Bool) => Labels::Bool(v.clone()),
        (Labels::I64(v), Kind::Bool) => Labels::Bool(v.iter().map(|v| *v != 0).collect()),
        (Labels::Text(v), Kind::Text) => Labels::Text(v.clone()),
        (Labels::I64(v), Kind::Text) => Labels::Text(v.iter().map(ToString::to_string).collect()),
        _ => return None,
    })
}
