//! Windows, where nothing can be measured: starting a child fails as `unsupported`, since nothing here ends all that it
//! started. Reports, plans and simulations need none of this.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use super::other::unsupported;
pub(crate) use super::other::*;
use super::{FileNumber, ResourceUse};

#[derive(Debug)]
pub enum ChildGroup {}

impl ChildGroup {
    pub fn lead(_: &mut Command) {}

    pub fn of(_: &Child) -> io::Result<ChildGroup> {
        unsupported()
    }

    pub fn terminate(&self) {}

    pub fn kill(&self) {}

    pub fn reap(self, _: Child) -> io::Result<ResourceUse> {
        unsupported()
    }
}

pub fn end_of(_: &Child) -> io::Result<fn() -> io::Result<bool>> {
    unsupported()
}

pub fn has_ended(child: &mut Child) -> bool {
    !matches!(child.try_wait(), Ok(None))
}

pub fn kill(_: u32) {}

pub fn ending_signal(_: ExitStatus) -> Option<i32> {
    None
}

pub fn make_executable(_: &Path) -> io::Result<()> {
    Ok(())
}

pub fn wait_for_any_child() -> io::Result<Option<(u32, i32)>> {
    unsupported()
}

pub fn is_root() -> bool {
    false
}

pub fn own_cpu() -> Duration {
    Duration::ZERO
}

pub fn kernel() -> Option<String> {
    None
}

pub fn is_executable(path: &Path) -> bool {
    path.is_file()
}

pub fn symlink(original: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(original, link)
}

pub fn file_number(_: &Metadata) -> Option<(FileNumber, u64)> {
    None
}

pub fn open_regular(path: &Path) -> io::Result<File> {
    File::open(path)
}

pub fn room(_: &Path) -> io::Result<(u64, u64)> {
    unsupported()
}
