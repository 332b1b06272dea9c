mod bad;
mod conformance;
mod models;
mod reading;
mod writing;
