//! Where a tool's programs are, and what is missing.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use strategies::external::{External, Install};

use exec::toolchain::find_in;

/// Where `harness strategies install` puts a version of a tool.
pub fn install_dir(work: &Path, name: &str, install: &Install) -> PathBuf {
    work.join("tools").join(format!("{name}-{}", install.version))
}

/// The directory of its programs, where it has any of its own; else what to do.
///
/// # Errors
/// One line that says how to get what is missing.
pub fn find(work: &Path, external: &External, path: &OsStr) -> Result<Option<PathBuf>, String> {
    if let Some(missing) = external.description.requires.iter().find(|program| find_in(program, path).is_none()) {
        return Err(format!("{missing} is not on PATH; install it"));
    }
    let name = external.name();
    match (&external.tool, &external.description.install, external.needs_tool()) {
        (_, _, false) => Ok(None),
        (Some(tool), _, _) if Path::new(tool).is_dir() => Ok(Some(std::path::absolute(tool).unwrap_or(tool.into()))),
        (Some(tool), _, _) => Err(format!("--set {name}.tool: {tool} is not a directory")),
        (None, Some(install), _) => {
            let dir = install_dir(work, name, install).join("bin");
            match dir.is_dir() {
                true => Ok(Some(dir)),
                false => Err(format!(
                    "{name} {} is not installed; `harness strategies install {name}` does it, or --set \
                     {name}.tool=DIR takes yours",
                    install.version
                )),
            }
        }
        (None, None, _) => Err(format!("nothing says where {name} is; --set {name}.tool=DIR does")),
    }
}
