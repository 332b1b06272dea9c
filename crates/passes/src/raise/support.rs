//! `SVMRegressor` and `SVMClassifier`. Runtimes add in binary32 in an order of their own; here kernels are summed in
//! binary64 and rounded once.

use holdall_diag::Failure;
use holdall_graph::Node;
use holdall_tabular::{
    BinaryOp, Estimator, Kernel, KernelMachine, Kind, Linear, Machine, Matrix, Op, Summation,
    UnaryOp, VoteForm, Votes,
};

use super::{
    Raise, attributes,
    attributes::refuse,
    read_classes,
    sym::{Chosen, Sym, Val},
};

/// The lists of a classifier.
struct Pairs {
    per_class: Vec<usize>,
    coefficients: Vec<f64>,
    rho: Vec<f64>,
}

impl Pairs {
    /// The machine of each pair of classes i < j.
    fn machines(&self, count: usize) -> Option<Vec<Machine>> {
        let classes = self.per_class.len();
        let mut starts = vec![0; classes];
        let mut total = 0;
        for (start, n) in starts.iter_mut().zip(&self.per_class) {
            *start = total;
            total += n;
        }
        let mut machines = Vec::new();
        for i in 0..classes {
            for j in i + 1..classes {
                let mut terms = Vec::new();
                for (line, class) in [(j - 1, i), (i, j)] {
                    let start = *starts.get(class)?;
                    for vector in start..start + self.per_class.get(class)? {
                        let coefficient = *self.coefficients.get(line * count + vector)?;
                        terms.push((u32::try_from(vector).ok()?, coefficient));
                    }
                }
                machines.push(Machine { terms, intercept: *self.rho.get(machines.len())? });
            }
        }
        Some(machines)
    }
}

impl Raise<'_> {
    fn similarity(node: &Node) -> Result<Kernel, Failure> {
        let params = attributes::floats(node, "kernel_params")?;
        let at = |place: usize| params.get(place).copied().unwrap_or(0.0);
        let (gamma, coef0, degree) = (at(0), at(1), at(2));
        Ok(match attributes::text(node, "kernel_type", "LINEAR")?.as_str() {
            "LINEAR" => Kernel::Linear,
            "POLY" => Kernel::Polynomial { gamma, coef0, degree },
            "RBF" => Kernel::Rbf { gamma },
            "SIGMOID" => Kernel::Sigmoid { gamma, coef0 },
            other => return Err(refuse(node, format!("kernel `{other}`"))),
        })
    }

    /// The support vectors and the operand in binary64.
    fn vectors(&mut self, node: &Node, count: usize) -> Result<(Val, Matrix), Failure> {
        let arg = self.arg_value(node, 0)?;
        let arg = self.vector(arg)?;
        if matches!(arg.kind, Kind::Bool | Kind::Text) {
            return Err(refuse(node, format!("expected numbers, found {}", arg.kind)));
        }
        let arg = self.cast_to(arg, Kind::F32)?;
        let arg = self.cast_to(arg, Kind::F64)?;
        let data = attributes::floats(node, "support_vectors")?;
        let rows = u32::try_from(count).unwrap_or(u32::MAX);
        if data.len() as u64 != u64::from(rows) * u64::from(arg.width) {
            return Err(refuse(node, "support vectors and inputs disagree"));
        }
        Ok((arg, Matrix { rows, columns: arg.width, data }))
    }

    fn machine(
        &mut self,
        node: &Node,
        count: usize,
        machines: Vec<Machine>,
    ) -> Result<Val, Failure> {
        let kernel = Self::similarity(node)?;
        let (arg, vectors) = self.vectors(node, count)?;
        let width = u32::try_from(machines.len()).unwrap_or(u32::MAX);
        let machine = KernelMachine { arg: arg.id, vectors, kernel, machines };
        let op = Op::Estimator(Estimator::KernelMachine(Box::new(machine)));
        self.push(op, Kind::F64, width, false)
    }

    pub(super) fn svm_regressor(&mut self, node: &Node) -> Result<Sym, Failure> {
        if attributes::text(node, "post_transform", "NONE")? != "NONE" {
            return Err(refuse(node, "a post transform"));
        }
        let count = usize::try_from(attributes::int(node, "n_supports", 0)?).unwrap_or(0);
        let coefficients = attributes::floats(node, "coefficients")?;
        let rho = attributes::floats(node, "rho")?;
        let &[intercept] = rho.as_slice() else {
            return Err(refuse(node, "one `rho` is expected"));
        };
        let sums = if count == 0 {
            let arg = self.arg_value(node, 0)?;
            let arg = self.vector(arg)?;
            let arg = self.cast_to(arg, Kind::F32)?;
            if coefficients.len() != arg.width as usize {
                return Err(refuse(node, "coefficients and inputs disagree"));
            }
            let op = Op::Linear(Linear {
                arg: arg.id,
                coefficients: Matrix { rows: 1, columns: arg.width, data: coefficients },
                intercepts: vec![intercept],
                summation: Summation::AnyF32,
            });
            self.push(op, Kind::F32, 1, false)?
        } else {
            if coefficients.len() != count {
                return Err(refuse(node, "coefficients and support vectors disagree"));
            }
            let terms = (0_u32..).zip(coefficients).collect();
            self.machine(node, count, vec![Machine { terms, intercept }])?
        };
        if attributes::int(node, "one_class", 0)? == 0 {
            return self.cast_to(sums, Kind::F32).map(Sym::Value);
        }
        // Above 0 is 1, all else −1.
        let zero = self.number(sums.kind, 0.0)?;
        let op = Op::Binary { op: BinaryOp::Gt, left: sums.id, right: zero.id };
        let inside = self.push(op, Kind::Bool, 1, false)?;
        let inside = self.element(node, inside, 0)?;
        let (one, other) = (self.number(Kind::F32, 1.0)?, self.number(Kind::F32, -1.0)?);
        let op = Op::If { condition: inside.id, yes: one.id, no: other.id };
        self.push(op, Kind::F32, 1, true).map(Sym::Value)
    }

    /// Label and scores. The label follows the votes, whatever the scores are.
    pub(super) fn svm_classifier(&mut self, node: &Node) -> Result<[Sym; 2], Failure> {
        let classes = read_classes(node, "classlabels_ints", "classlabels_strings")?;
        let floats = |name: &str| attributes::floats(node, name);
        let per_class: Option<Vec<usize>> = attributes::ints(node, "vectors_per_class")?
            .iter()
            .map(|&n| usize::try_from(n).ok())
            .collect();
        let per_class = per_class.ok_or_else(|| refuse(node, "negative numbers of vectors"))?;
        let count: usize = per_class.iter().fold(0, |sum, n| sum.saturating_add(*n));
        if count == 0 || per_class.len() != classes.len() || classes.len() < 2 {
            return Err(refuse(node, "linear scores, or vectors of no class"));
        }
        let lists = Pairs { per_class, coefficients: floats("coefficients")?, rho: floats("rho")? };
        let machines = lists
            .machines(count)
            .ok_or_else(|| refuse(node, "the lists of the machine do not fit each other"))?;
        if attributes::text(node, "post_transform", "NONE")? != "NONE" {
            return Err(refuse(node, "a post transform"));
        }
        let sums = self.machine(node, count, machines)?;
        let number = u32::try_from(classes.len()).unwrap_or(u32::MAX);
        let votes = |form: VoteForm| Votes { arg: sums.id, classes: number, form };
        let counted = Op::Estimator(Estimator::Votes(votes(VoteForm::Count)));
        let counted = self.push(counted, Kind::F64, number, false)?;
        let chosen = Chosen::Largest(Box::new(Sym::Value(counted)));
        let (a, b) = (floats("prob_a")?, floats("prob_b")?);
        let scores = if !a.is_empty() {
            let pairs = sums.width as usize;
            if a.len() < pairs || b.len() < pairs {
                return Err(refuse(node, "too few of `prob_a` or `prob_b`"));
            }
            let form = VoteForm::Coupled {
                a: a.into_iter().take(pairs).collect(),
                b: b.into_iter().take(pairs).collect(),
            };
            let op = Op::Estimator(Estimator::Votes(votes(form)));
            self.push(op, Kind::F64, number, false)?
        } else if number == 2 {
            let negated = self.unary(UnaryOp::Neg, sums)?;
            self.push(Op::Concat(vec![negated.id, sums.id]), Kind::F64, 2, false)?
        } else {
            sums
        };
        let scores = self.cast_to(scores, Kind::F32)?;
        Ok([Sym::Label(classes, chosen), Sym::Value(scores)])
    }
}
