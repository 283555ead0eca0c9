//! The `bivouac` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    bivouac::cli::main()
}
