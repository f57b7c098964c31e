//! How this process holds memory.

use std::time::Duration;

use tokio::{task::spawn_blocking, time::sleep};

use crate::heavy;

/// From the end of large work until its memory goes back: what comes in this time uses it again.
const REST: Duration = Duration::from_secs(2);

/// Gives memory back to the system when large work has ended. The allocator keeps what was freed until something near it is
/// freed later, which after a body of 20 MB on a quiet server may be never. Goes on until it is dropped.
pub async fn keep_small() {
    loop {
        heavy::ended().await;
        sleep(REST).await;
        // Some tens of milliseconds for some hundred megabytes. It fails only when the runtime stops.
        let _ = spawn_blocking(give_back).await;
    }
}

/// Gives back what is free now.
fn give_back() {
    #[expect(
        unsafe_code,
        reason = "a call into the allocator, which has no safe name; it may be made at any time by any thread"
    )]
    // SAFETY: takes no address, and touches only what is free.
    unsafe {
        libmimalloc_sys::mi_collect(true);
    }
}

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
