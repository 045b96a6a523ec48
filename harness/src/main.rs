//! The front door: `harness compare`, and everything around it.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The same executable stands in for rustc during measured builds.
    harness::system::observer::main_if_invoked();
    // And stands in front of every sandboxed program.
    harness::system::sandbox::entry::main_if_invoked();
    harness::cli::main()
}
