//! A word that tells machines apart and says nothing about them.
//!
//! Containers on one machine share its kernel and its boot, and machines of one kind do not,
//! whatever they are called; so it is a digest of what the kernel drew when it started. It is
//! another one after a restart.

use strategies::key::Digest;

/// The word of this machine since it was started; `None` where the system does not tell.
pub fn word() -> Option<String> {
    let drawn = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let drawn = drawn.trim();
    (!drawn.is_empty()).then(|| Digest::of(format!("machine {drawn}").as_bytes()).short())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_stays_and_is_not_what_the_kernel_drew() {
        assert_eq!(word(), word());
        if let Ok(drawn) = std::fs::read_to_string("/proc/sys/kernel/random/boot_id") {
            assert_ne!(word().unwrap(), drawn.trim());
        }
    }
}
