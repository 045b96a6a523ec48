//! What Cargo asked rustc about itself: half of all starts of rustc, were it asked again in each
//! build directory. Cargo checks it against the path and the time of rustc and its wrappers.

use std::path::{Path, PathBuf};

use runner::build_env::BuildEnv;
use runner::invocation::Site;

pub(crate) struct RustcInfo {
    kept: PathBuf,
    build_dir: PathBuf,
}

impl RustcInfo {
    pub(crate) fn of(build_env: &BuildEnv, site: &Site) -> RustcInfo {
        RustcInfo { kept: build_env.work.join("rustc-info.json"), build_dir: site.build_dir.clone() }
    }

    pub(crate) fn restore(&self) {
        let file = self.build_dir.join(".rustc_info.json");
        if self.kept.exists() && !file.exists() && std::fs::create_dir_all(&self.build_dir).is_ok() {
            // Without it Cargo asks: slower, not wrong.
            let _ = std::fs::copy(&self.kept, file);
        }
    }

    /// Keeps the answers of a build that asked for more.
    pub(crate) fn keep(&self) {
        let size = |path: &Path| path.metadata().map_or(0, |meta| meta.len());
        let file = self.build_dir.join(".rustc_info.json");
        if size(&file) > size(&self.kept)
            && let Some(folder) = self.kept.parent()
            && let Ok(staged) = tempfile::NamedTempFile::new_in(folder)
            && std::fs::copy(file, staged.path()).is_ok()
        {
            let _ = staged.persist(&self.kept);
        }
    }
}
