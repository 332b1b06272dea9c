//! Every family of constructs against the library that it comes from: `testdata/constructs/*.json`, made by the
//! scripts beside them.
#![cfg(test)]

mod arithmetic;
mod case;
mod estimators;
mod expressions;
mod forests;
mod generated;
mod plain;
mod standard;
mod transforms;
