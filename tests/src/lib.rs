//! Suites that span the crates; everything is under `tests/`.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
