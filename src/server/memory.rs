//! How this process holds memory.

/// Has memory come and go in pages of the usual size. The allocator asks for huge ones, of 2 MB, where the system grants them to
/// whoever asks: then each that holds anything counts whole, which is a third of what the service needs at rest. To be called
/// before there is much to hold; what the process starts inherits it.
pub fn in_small_pages() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_thp_disable(true) {
        tracing::debug!(%error, "huge pages stay in use");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn huge_pages_are_off_afterwards() {
        in_small_pages();
        assert_eq!(nix::sys::prctl::get_thp_disable(), Ok(true));
    }
}
