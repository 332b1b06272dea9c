//! Signing and verifying beside one plain SHA-256 pass over the same bytes, in one program, turn by turn.
//!
//! `cargo bench -p holdall-sign --bench signing -- [MIB] [ROUNDS]` makes one file of so many MiB (1024)
//! and 200 of 1 MiB in a temporary folder, and prints wall and CPU seconds and their ratio to the plain
//! pass of the same round: the median over the rounds, with the least and the greatest.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a program for people that measures with real files and the clock"
)]

use std::{
    collections::BTreeSet,
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
    time::Instant,
};

use holdall_sign::{
    Credentials, Curve, FileDigests, Found, Hashing, Judged, Moment, PrivateKey, Resource,
    SignOptions, Status, Trust, VerifyOptions, digest_stream, sign_with, verify_all,
};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

/// The reference reads so many bytes at a time, and so does the plain pass.
const CHUNK: usize = 1 << 20;

struct Model {
    files: Vec<(String, PathBuf, u64)>,
    credentials: Credentials,
    trust: Trust,
    bundle: Vec<u8>,
}

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|word| word.parse().ok()).collect();
    let mib = numbers.first().copied().unwrap_or(1024);
    let rounds = numbers.get(1).copied().unwrap_or(5);
    let folder = tempfile::tempdir().unwrap();
    let large = model(&folder.path().join("large"), &[mib << 20]);
    let small = model(&folder.path().join("small"), &[1 << 20; 200]);
    println!("load {}", std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim());
    println!("{:<34} {:>7} {:>7}  ratio to plain, wall (CPU)", "median", "wall s", "CPU s");
    for (what, model) in
        [(format!("one file of {mib} MiB"), large), ("200 files of 1 MiB".to_owned(), small)]
    {
        let (mut plain, mut signed, mut verified) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            plain.push(timed(|| plain_pass(&model)));
            signed.push(timed(|| drop(sign(&model))));
            verified.push(timed(|| verify(&model)));
        }
        report(&format!("{what}: sha2, one core"), &plain, &plain);
        report(&format!("{what}: sign"), &signed, &plain);
        report(&format!("{what}: verify"), &verified, &plain);
    }
}

/// Writes files of these sizes with bytes that do not compress.
fn model(folder: &Path, sizes: &[u64]) -> Model {
    std::fs::create_dir(folder).unwrap();
    let mut state = 1_u64;
    let mut files = Vec::new();
    for (index, &size) in sizes.iter().enumerate() {
        let name = format!("{index:03}.bin");
        let path = folder.join(&name);
        let mut file = File::create(&path).unwrap();
        let mut left = size;
        while left > 0 {
            let block: Vec<u8> = (0..CHUNK / 8)
                .flat_map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    state.to_be_bytes()
                })
                .collect();
            let now = usize::try_from(left).unwrap().min(CHUNK);
            file.write_all(&block[..now]).unwrap();
            left -= now as u64;
        }
        files.push((name, path, size));
    }
    let key = PrivateKey::generate(Curve::P256).unwrap();
    let trust = Trust::key(key.public_key());
    let mut model = Model { files, credentials: Credentials::key(key), trust, bundle: Vec::new() };
    model.bundle = sign(&model);
    model
}

fn plain_pass(model: &Model) {
    let mut buffer = vec![0; CHUNK];
    for (_, path, _) in &model.files {
        let mut file = File::open(path).unwrap();
        let mut hash = Sha256::new();
        loop {
            let got = file.read(&mut buffer).unwrap();
            if got == 0 {
                break;
            }
            hash.update(&buffer[..got]);
        }
        std::hint::black_box(hash.finalize());
    }
}

/// As the command reads the files of a folder.
fn digests(model: &Model) -> Vec<FileDigests> {
    let wanted = BTreeSet::from([Hashing::SHA256]);
    let files = model.files.par_iter().with_max_len(1);
    files
        .map(|(_, path, size)| {
            digest_stream(&mut File::open(path).unwrap(), *size, &wanted, 0).unwrap()
        })
        .collect()
}

fn sign(model: &Model) -> Vec<u8> {
    let resources: Vec<Resource> = digests(model)
        .iter()
        .zip(&model.files)
        .map(|(found, (name, _, _))| Resource {
            name: name.clone(),
            sha256: found.sha256().unwrap(),
        })
        .collect();
    sign_with(&resources, &SignOptions::new("model"), &model.credentials).unwrap()
}

fn verify(model: &Model) {
    let judged = [Judged::read("model.sig", &model.bundle, &model.trust, Moment(0)).unwrap()];
    let digests = digests(model);
    let found: Vec<Found<'_>> = digests
        .iter()
        .zip(&model.files)
        .map(|(digests, (name, _, size))| Found { name, size: *size, digests: Some(digests) })
        .collect();
    let answer = verify_all(&judged, &found, &model.trust, &VerifyOptions::default(), &|_| true);
    assert!(answer.findings.iter().all(|finding| finding.status == Status::Ok));
    assert_eq!(answer.covered.len(), model.files.len());
}

/// Wall and CPU seconds of some work.
fn timed(work: impl FnOnce()) -> (f64, f64) {
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    work();
    (wall.elapsed().as_secs_f64(), cpu_seconds() - cpu)
}

/// User and system time of this process in seconds, from the hundredths that Linux counts; 0 elsewhere.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn report(what: &str, times: &[(f64, f64)], plain: &[(f64, f64)]) {
    let ratios = |part: fn(&(f64, f64)) -> f64| {
        let ratios = times.iter().zip(plain).map(|(a, b)| part(a) / part(b).max(0.01));
        sorted(ratios.collect())
    };
    let middle = |part: fn(&(f64, f64)) -> f64| {
        let values = sorted(times.iter().map(part).collect());
        values[values.len() / 2]
    };
    let (wall, cpu) = (ratios(|t| t.0), ratios(|t| t.1));
    println!(
        "{what:<34} {:>7.3} {:>7.2}  {:.2} [{:.2}-{:.2}] ({:.2} [{:.2}-{:.2}])",
        middle(|t| t.0),
        middle(|t| t.1),
        wall[wall.len() / 2],
        wall[0],
        wall[wall.len() - 1],
        cpu[cpu.len() / 2],
        cpu[0],
        cpu[cpu.len() - 1],
    );
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}
