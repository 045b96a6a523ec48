//! The front door: `harness compare`, and everything around it.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The same executable stands in front of every sandboxed program.
    exec::sandbox::entry::main_if_invoked();
    harness::cli::main()
}
