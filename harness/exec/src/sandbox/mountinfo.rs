//! `/proc/self/mountinfo`: what is mounted below a place, and with which flags (proc(5)).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::mount::MountFlags;

/// The mounts at and below `place`.
pub fn below(table: &str, place: &Path) -> Vec<(PathBuf, MountFlags)> {
    let mount = |line: &str| {
        let mut fields = line.split(' ').skip(4);
        let point = PathBuf::from(OsString::from_vec(unescape(fields.next()?)));
        let flags = fields.next()?.split(',').map(flag).fold(MountFlags::empty(), MountFlags::union);
        point.starts_with(place).then_some((point, flags))
    };
    table.lines().filter_map(mount).collect()
}

fn flag(name: &str) -> MountFlags {
    match name {
        "ro" => MountFlags::RDONLY,
        "nosuid" => MountFlags::NOSUID,
        "nodev" => MountFlags::NODEV,
        "noexec" => MountFlags::NOEXEC,
        "noatime" => MountFlags::NOATIME,
        "nodiratime" => MountFlags::NODIRATIME,
        "relatime" => MountFlags::RELATIME,
        _ => MountFlags::empty(),
    }
}

/// Blanks and the like are written as three octal digits.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let code = others.get(..3).and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match (first, code) {
            (b'\\', Some(code)) => {
                bytes.push(code);
                rest = &others[3..];
            }
            _ => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_below_counts_and_blanks_are_read() {
        let table = "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
                     31 22 0:5 / /new/usr rw,nosuid,relatime master:3 - ext4 /dev/vdb rw\n\
                     32 31 0:6 / /new/usr/a\\040b ro,nodev,noexec - tmpfs none rw\n\
                     33 22 0:7 / /new/usr2 rw - tmpfs none rw\n";
        let found = below(table, Path::new("/new/usr"));
        assert_eq!(
            found,
            [
                (PathBuf::from("/new/usr"), MountFlags::NOSUID | MountFlags::RELATIME),
                (PathBuf::from("/new/usr/a b"), MountFlags::RDONLY | MountFlags::NODEV | MountFlags::NOEXEC),
            ]
        );
    }
}
