//! Every family of constructs against the library that it comes from: `testdata/constructs/*.json`, made by the
//! scripts beside them.
#![cfg(test)]

mod case;
mod estimators;
mod expressions;
mod forests;
mod generated;
mod operations;
mod standard;
mod transforms;
