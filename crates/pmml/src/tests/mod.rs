mod models;
mod writing;
