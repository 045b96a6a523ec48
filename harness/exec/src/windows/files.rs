//! Which file a name leads to, what it occupies, and the room on its volume.

use std::fs::{File, OpenOptions};
use std::io;
use std::mem::size_of;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::AsRawHandle;
use std::path::Path;
use std::ptr::null_mut;

use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, FILE_STANDARD_INFO,
    FileStandardInfo, GetDiskFreeSpaceExW, GetFileInformationByHandle, GetFileInformationByHandleEx,
    GetVolumeInformationW, GetVolumePathNameW,
};
use windows_sys::Win32::System::SystemInformation::{GlobalMemoryStatusEx, MEMORYSTATUSEX};

use super::check;

/// What tells a file from others of its volume, whatever name leads to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers {
    /// The volume's serial number.
    pub device: u64,
    /// The file's number on it.
    pub number: u64,
    /// Bytes it occupies.
    pub allocated: u64,
}

/// Asks about a file or directory itself, not what a link leads to.
///
/// # Errors
/// When it cannot be opened, or the system does not answer.
pub fn numbers(path: &Path) -> io::Result<Numbers> {
    // Rights to read attributes are enough, so nobody who writes to the file is disturbed.
    let file: File = OpenOptions::new()
        .access_mode(0)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT)
        .open(path)?;
    let mut known = BY_HANDLE_FILE_INFORMATION::default();
    let mut sizes = FILE_STANDARD_INFO::default();
    // SAFETY: the handle is open, and each structure is the one its call writes, with its size.
    unsafe {
        check(GetFileInformationByHandle(file.as_raw_handle(), &raw mut known))?;
        check(GetFileInformationByHandleEx(
            file.as_raw_handle(),
            FileStandardInfo,
            (&raw mut sizes).cast(),
            size_of::<FILE_STANDARD_INFO>() as u32,
        ))?;
    }
    Ok(Numbers {
        device: u64::from(known.dwVolumeSerialNumber),
        number: u64::from(known.nFileIndexHigh) << 32 | u64::from(known.nFileIndexLow),
        allocated: sizes.AllocationSize.unsigned_abs(),
    })
}

fn wide(path: &Path) -> Vec<u16> {
    path.as_os_str().encode_wide().chain([0]).collect()
}

/// Bytes that this user may still write below a directory, and bytes in all that he may have.
///
/// # Errors
/// When the system does not answer.
pub fn room(dir: &Path) -> io::Result<(u64, u64)> {
    let name = wide(dir);
    let (mut free, mut total) = (0, 0);
    // SAFETY: the path ends in 0.
    check(unsafe { GetDiskFreeSpaceExW(name.as_ptr(), &raw mut free, &raw mut total, null_mut()) })?;
    Ok((free, total))
}

/// The kind of a path's volume, for example `NTFS`; `None` when the system does not tell.
pub fn volume_kind(path: &Path) -> Option<String> {
    let name = wide(path);
    let mut root = [0u16; 1024];
    let mut kind = [0u16; 64];
    // SAFETY: the path ends in 0, and every buffer is given with its length in characters.
    let is_told = unsafe {
        GetVolumePathNameW(name.as_ptr(), root.as_mut_ptr(), root.len() as u32) != 0
            && GetVolumeInformationW(
                root.as_ptr(),
                null_mut(),
                0,
                null_mut(),
                null_mut(),
                null_mut(),
                kind.as_mut_ptr(),
                kind.len() as u32,
            ) != 0
    };
    let length = kind.iter().position(|&unit| unit == 0).unwrap_or(kind.len());
    is_told.then(|| String::from_utf16_lossy(&kind[..length]))
}

/// Memory of the machine and what of it is available, bytes.
pub fn memory_bytes() -> Option<(u64, u64)> {
    let mut told = MEMORYSTATUSEX { dwLength: size_of::<MEMORYSTATUSEX>() as u32, ..MEMORYSTATUSEX::default() };
    // SAFETY: the structure says its own size, as the call wants.
    let answer = unsafe { GlobalMemoryStatusEx(&raw mut told) };
    (answer != 0).then_some((told.ullTotalPhys, told.ullAvailPhys))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_names_of_a_file_have_one_number() {
        let dir = tempfile::tempdir().unwrap();
        let [a, b, c] = ["a", "b", "c"].map(|name| dir.path().join(name));
        std::fs::write(&a, vec![1; 100_000]).unwrap();
        std::fs::hard_link(&a, &b).unwrap();
        std::fs::copy(&a, &c).unwrap();
        assert_eq!(numbers(&a).unwrap(), numbers(&b).unwrap());
        assert_ne!(numbers(&a).unwrap().number, numbers(&c).unwrap().number);
        assert!(numbers(&a).unwrap().allocated >= 100_000);
        assert!(numbers(dir.path()).is_ok() && numbers(&dir.path().join("d")).is_err());
    }

    #[test]
    fn a_volume_and_the_memory_have_room() {
        let dir = tempfile::tempdir().unwrap();
        let (free, total) = room(dir.path()).unwrap();
        assert!(free > 0 && free <= total, "{free} of {total}");
        assert!(volume_kind(dir.path()).is_some());
        let (all, available) = memory_bytes().unwrap();
        assert!(available > 0 && available <= all);
    }
}
