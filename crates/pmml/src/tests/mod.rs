mod bad;
mod conformance;
mod elements;
mod families;
mod models;
mod reading;
mod scoring;
mod writing;
