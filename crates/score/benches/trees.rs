//! Rows per second of a generated ensemble, 1,000 trees of depth 8 on 30 features, on one and two
//! threads.
#![expect(clippy::print_stdout, reason = "a program that measures and prints")]

use std::time::Instant;

use holdall_score::Scorer;
use holdall_table::{Column, Data, Kind, Scoring, Table};
use holdall_tabular::{
    Aggregate, Field, Link, MissingPolicy, MissingRule, Model, Op, Output, Part, Regress,
    Summation, Test, Tree, TreeEnsemble, TreeNodes, validate,
};

const TREES: u32 = 1000;
const DEPTH: u32 = 8;
const FEATURES: u32 = 30;
const ROWS: usize = 100_000;

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

fn ensemble(arg: holdall_tabular::ValueId, random: &mut Random) -> TreeEnsemble {
    let mut nodes = TreeNodes::default();
    let mut trees = Vec::new();
    let mut leaves = Vec::new();
    let inner = (1 << DEPTH) - 1;
    for tree in 0..TREES {
        let first = tree * (2 * inner + 1);
        trees.push(Tree { root: first, weight: 1.0, output: 0 });
        for node in 0..inner {
            let threshold = f64::from(random.unit());
            let (yes, no) = (first + 2 * node + 1, first + 2 * node + 2);
            let feature = random.below(FEATURES);
            nodes.push_split(Test::Lt, feature, threshold, yes, no, MissingRule::Yes);
        }
        for leaf in 0..=inner {
            nodes.push_leaf(tree * (inner + 1) + leaf);
            leaves.push(f64::from(random.unit()));
        }
    }
    TreeEnsemble {
        arg,
        round_features: true,
        nodes,
        trees,
        outputs: 1,
        leaf_width: 1,
        leaves,
        sets: Vec::new(),
        base: vec![0.5],
        base_last: false,
        summation: Summation::SequentialF32,
        aggregate: Aggregate::Sum,
    }
}

fn model(random: &mut Random) -> Result<Model, holdall_diag::Failure> {
    let mut model = Model::new();
    let fields = (0..FEATURES).map(|i| {
        let field = Field::number(format!("f{i}"), Kind::F32);
        model.push_field(field.with_missing(MissingPolicy::AsNan))
    });
    let fields = fields.collect::<Result<_, _>>()?;
    let arg = model.push(Op::Concat(fields))?;
    let margins = model.push(Op::Trees(Box::new(ensemble(arg, random))))?;
    let value = model.push(Op::Regress(Regress { margins, link: Link::Identity }))?;
    model.outputs.push(Output::new(value, Part::Values));
    Ok(model)
}

/// Rows per second of the quickest of many batches, which other work on the machine disturbs least.
fn undisturbed(scorer: &Scorer, rows: &Table) -> Result<f64, holdall_diag::Failure> {
    const BATCH: usize = 512;
    let part = |column: &Column| match &column.data {
        Data::F32(v) => Column::new(column.name.clone(), Data::F32(v[..BATCH].to_vec())),
        Data::F64(_) | Data::I64(_) | Data::Bool(_) | Data::Text(_) => column.clone(),
    };
    let columns = rows.columns.iter().map(part).collect();
    let batch = Table { columns, rows: BATCH, first_row: 0 };
    let mut best = f64::INFINITY;
    for _ in 0..200 {
        let start = Instant::now();
        scorer.score(&batch)?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
    let rate = BATCH as f64 / best / 1e3;
    Ok(rate)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut random = Random(7);
    let model = validate(model(&mut random)?).map_err(|_report| "the model is not valid")?;
    let columns = (0..FEATURES).map(|i| {
        Column::new(format!("f{i}"), Data::F32((0..ROWS).map(|_| random.unit()).collect()))
    });
    let mut rows = Table { columns: columns.collect(), rows: ROWS, first_row: 0 };
    let compiling = Instant::now();
    let scorer = Scorer::compile(&model)?;
    println!("compile: {:.1} ms", compiling.elapsed().as_secs_f64() * 1e3);
    println!("1 thread, least of many small batches: {:.0} k rows/s", undisturbed(&scorer, &rows)?);
    for nan in [false, true] {
        if nan && let Some(Data::F32(values)) = rows.columns.first_mut().map(|c| &mut c.data) {
            for value in values.iter_mut().step_by(10) {
                *value = f32::NAN;
            }
        }
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
            let mut best = f64::INFINITY;
            for _ in 0..3 {
                let start = Instant::now();
                pool.install(|| scorer.score(&rows))?;
                best = best.min(start.elapsed().as_secs_f64());
            }
            #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
            let rate = ROWS as f64 / best / 1e3;
            println!("{threads} threads{}: {rate:.0} k rows/s", if nan { ", NaN" } else { "" });
        }
    }
    Ok(())
}
