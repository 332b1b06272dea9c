mod bad;
mod conformance;
mod families;
mod models;
mod reading;
mod scoring;
mod writing;
