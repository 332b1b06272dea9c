//! Rows per second of generated ensembles on 30 features, on one and two threads: shapes that take each
//! of the kernels. `tests/bench` measures trained models beside other programs.
#![expect(clippy::print_stdout, reason = "a program that measures and prints")]

use std::time::Instant;

use holdall_score::Scorer;
use holdall_table::{Column, Data, Kind, Scoring, Table};
use holdall_tabular::{
    Aggregate, CategorySet, Field, Link, MissingPolicy, MissingRule, Model, Op, Output, Part,
    Regress, Summation, Test, Tree, TreeEnsemble, TreeNodes, validate,
};

const FEATURES: u32 = 30;
const ROWS: usize = 8192;

/// An ensemble to generate.
struct Shape {
    name: &'static str,
    trees: u32,
    /// Leaves of a tree, grown at random or level by level.
    leaves: usize,
    level_by_level: bool,
    /// Distinct thresholds of a feature.
    thresholds: u32,
    /// Sets of categories of a feature, on features of which every third is a category; 0 is none.
    sets: u32,
    outputs: u32,
}

const SHAPES: [Shape; 5] = [
    Shape {
        name: "1,000 trees of depth 8, 255 thresholds",
        trees: 1000,
        leaves: 256,
        level_by_level: true,
        thresholds: 255,
        sets: 0,
        outputs: 1,
    },
    Shape {
        name: "1,000 trees of 63 leaves, 255 thresholds",
        trees: 1000,
        leaves: 63,
        level_by_level: false,
        thresholds: 255,
        sets: 0,
        outputs: 1,
    },
    Shape {
        name: "500 trees of 1,320 leaves, 65,536 thresholds, two outputs",
        trees: 500,
        leaves: 1320,
        level_by_level: true,
        thresholds: 1 << 16,
        sets: 0,
        outputs: 2,
    },
    Shape {
        name: "1,000 trees of 63 leaves, every third feature a category with 20 sets",
        trees: 1000,
        leaves: 63,
        level_by_level: false,
        thresholds: 255,
        sets: 20,
        outputs: 1,
    },
    Shape {
        name: "1,000 trees of 63 leaves, every third feature a category with 300 sets",
        trees: 1000,
        leaves: 63,
        level_by_level: false,
        thresholds: 255,
        sets: 300,
        outputs: 1,
    },
];

/// Categories of a feature that has some.
const CATEGORIES: u32 = 32;

/// `SplitMix64`, so that every run measures the same model.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u32) -> u32 {
        u32::try_from(self.next() % u64::from(limit)).unwrap_or_default()
    }

    /// Between 0 and 1, exact in binary32.
    fn unit(&mut self) -> f32 {
        let [high, low, ..] = self.next().to_le_bytes();
        f32::from(u16::from_le_bytes([high, low])) / 65536.0
    }
}

fn ensemble(arg: holdall_tabular::ValueId, shape: &Shape, random: &mut Random) -> TreeEnsemble {
    let mut nodes = TreeNodes::default();
    let (mut trees, mut leaves) = (Vec::new(), Vec::new());
    let number = |n: usize| u32::try_from(n).unwrap_or_default();
    for _ in 0..shape.trees {
        let mut open = std::collections::VecDeque::from([nodes.push_leaf(0)]);
        trees.push(Tree { root: number(nodes.len() - 1), weight: 1.0, output: 0 });
        while open.len() < shape.leaves {
            let place = if shape.level_by_level { 0 } else { random.below(number(open.len())) };
            let Some(at) = open.remove(place as usize) else { break };
            let children = (nodes.push_leaf(0), nodes.push_leaf(0));
            open.extend([children.0, children.1]);
            let feature = random.below(FEATURES);
            nodes.feature[at] = feature;
            if shape.sets > 0 && is_category(feature) {
                nodes.test[at] = Test::In(feature / 3 * shape.sets + random.below(shape.sets));
            } else {
                nodes.test[at] = Test::Le;
                nodes.threshold[at] =
                    f64::from(random.below(shape.thresholds)) / f64::from(shape.thresholds);
            }
            nodes.missing[at] = MissingRule::Yes;
            (nodes.yes[at], nodes.no[at]) = (number(children.0), number(children.1));
        }
        for at in open {
            nodes.yes[at] = number(leaves.len()) / shape.outputs;
            leaves.extend((0..shape.outputs).map(|_| f64::from(random.unit())));
        }
    }
    TreeEnsemble {
        arg,
        round_features: true,
        nodes,
        trees,
        outputs: shape.outputs,
        leaf_width: shape.outputs,
        leaves,
        sets: (0..FEATURES / 3 * shape.sets).map(|_| set(random)).collect(),
        base: Vec::new(),
        base_last: false,
        summation: Summation::SequentialF64,
        aggregate: Aggregate::Sum,
    }
}

const fn is_category(feature: u32) -> bool {
    feature.is_multiple_of(3)
}

/// Half of the categories.
fn set(random: &mut Random) -> CategorySet {
    let bits = random.next();
    CategorySet::new((0..CATEGORIES).filter(|member| bits >> member & 1 == 1)).unwrap_or_default()
}

fn model(shape: &Shape, random: &mut Random) -> Result<Model, holdall_diag::Failure> {
    let mut model = Model::new();
    let fields = (0..FEATURES).map(|i| {
        let field = Field::number(format!("f{i}"), Kind::F32);
        model.push_field(field.with_missing(MissingPolicy::AsNan))
    });
    let fields = fields.collect::<Result<_, _>>()?;
    let arg = model.push(Op::Concat(fields))?;
    let margins = model.push(Op::Trees(Box::new(ensemble(arg, shape, random))))?;
    let value = model.push(Op::Regress(Regress { margins, link: Link::Identity }))?;
    model.outputs.push(Output::new(value, Part::Values));
    Ok(model)
}

/// Rows per second of the quickest of some runs, which other work on the machine disturbs least.
fn rate(scorer: &Scorer, rows: &Table, runs: usize) -> Result<f64, holdall_diag::Failure> {
    let mut best = f64::INFINITY;
    for _ in 0..runs {
        let start = Instant::now();
        scorer.score(rows)?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
    Ok(rows.rows as f64 / best)
}

/// The rows with numbers of categories in the columns that are categories.
fn with_categories(rows: &Table) -> Table {
    #[expect(clippy::cast_precision_loss, reason = "few categories")]
    let scale = CATEGORIES as f32;
    let column = |(feature, column): (u32, &Column)| match &column.data {
        Data::F32(v) if is_category(feature) => {
            let codes = v.iter().map(|x| (x * scale).floor()).collect();
            Column::new(column.name.clone(), Data::F32(codes))
        }
        Data::F32(_) | Data::F64(_) | Data::I64(_) | Data::Bool(_) | Data::Text(_) => {
            column.clone()
        }
    };
    Table { columns: (0..).zip(&rows.columns).map(column).collect(), ..rows.clone() }
}

/// The first rows of a table.
fn first(rows: &Table, count: usize) -> Table {
    let part = |column: &Column| match &column.data {
        Data::F32(v) => Column::new(column.name.clone(), Data::F32(v[..count].to_vec())),
        Data::F64(_) | Data::I64(_) | Data::Bool(_) | Data::Text(_) => column.clone(),
    };
    Table { columns: rows.columns.iter().map(part).collect(), rows: count, first_row: 0 }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut random = Random(7);
    let columns = (0..FEATURES).map(|i| {
        Column::new(format!("f{i}"), Data::F32((0..ROWS).map(|_| random.unit()).collect()))
    });
    let numbers = Table { columns: columns.collect(), rows: ROWS, first_row: 0 };
    let categories = with_categories(&numbers);
    for shape in &SHAPES {
        let rows = if shape.sets > 0 { &categories } else { &numbers };
        let model =
            validate(model(shape, &mut random)?).map_err(|_report| "the model is not valid")?;
        let start = Instant::now();
        let scorer = Scorer::compile(&model)?;
        println!("{}: compiled in {:.0} ms", shape.name, start.elapsed().as_secs_f64() * 1e3);
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
            let rate = pool.install(|| rate(&scorer, rows, 40))?;
            println!("    {threads} threads: {:.0} k rows/s", rate / 1e3);
        }
        for few in [1, 16, 32] {
            let rate = rate(&scorer, &first(rows, few), 200)?;
            println!("    batches of {few}: {:.1} µs a row", 1e6 / rate);
        }
    }
    Ok(())
}
