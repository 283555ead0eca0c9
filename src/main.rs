//! The `bivouac` binary.

fn main() {}
