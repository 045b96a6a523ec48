//! Where readings come from.
//!
//! Free space is asked of the file system (`statvfs`, microseconds). Memory is what Linux
//! calls available: what programs could have without swapping. What others use of the
//! processors is what they were busy with (`/proc/stat`, time stolen by a hypervisor's other
//! guests included) less what this process and its children used, over a window in which
//! nothing of ours runs. The load average would not do: it is a minute old and full of our
//! own last build.

use std::fmt::Debug;
use std::path::PathBuf;
use std::time::Duration;

use exec::cpu::CpuTimes;
use exec::filesystem::free_bytes;
use exec::host::memory_available_bytes;

/// Something that can be read. `None` is what this system does not tell.
pub trait Sensors: Debug + Send + Sync {
    /// Bytes free in each place.
    fn free(&self) -> Vec<Option<u64>>;

    /// Bytes of memory that programs can still have.
    fn memory(&self) -> Option<u64>;

    /// The part of the machine's processor time that others use, 0 to 1, looked at for so long.
    fn others(&self, window: Duration) -> Option<f64>;
}

/// This machine.
#[derive(Debug)]
pub struct Machine {
    /// A directory of each file system.
    pub places: Vec<PathBuf>,
}

impl Sensors for Machine {
    fn free(&self) -> Vec<Option<u64>> {
        self.places.iter().map(|place| free_bytes(place).ok()).collect()
    }

    fn memory(&self) -> Option<u64> {
        memory_available_bytes()
    }

    fn others(&self, window: Duration) -> Option<f64> {
        let before = CpuTimes::now()?;
        std::thread::sleep(window);
        CpuTimes::now()?.since(&before).others_share()
    }
}
