//! Suites that span the crates; everything is under `tests/`.
