//! The `alert` command.
fn main() {}
