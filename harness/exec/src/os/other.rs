//! What only Linux has, where there is no Linux.

use std::fs::File;
use std::io;

use super::FileExtent;

pub fn unsupported<T>() -> io::Result<T> {
    Err(io::ErrorKind::Unsupported.into())
}

pub fn close_on_exec() -> io::Result<()> {
    unsupported()
}

pub fn set_limits(_: Option<u64>, _: Option<u64>) -> io::Result<()> {
    unsupported()
}

pub fn become_subreaper() -> io::Result<()> {
    unsupported()
}

pub fn memory_bytes() -> (Option<u64>, Option<u64>) {
    (None, None)
}

pub fn sync_file_system(file: &File) -> io::Result<()> {
    file.sync_all()
}

pub fn file_extents(_: &File) -> Option<Vec<FileExtent>> {
    None
}
