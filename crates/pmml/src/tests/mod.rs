mod bad;
mod conformance;
mod models;
mod reading;
mod scoring;
mod writing;
