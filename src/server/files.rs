//! How many files this process may open: each connection is one.

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};

/// Raises the soft limit of open files to the hard one, which service managers set far higher, and gives the limit that
/// holds now; `None` = there is none, or none can be read.
pub fn raise_limit() -> Option<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let raised = if soft == hard { Ok(()) } else { setrlimit(Resource::RLIMIT_NOFILE, hard, hard) };
    let holds = match raised {
        Ok(()) => hard,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files could not be raised");
            soft
        }
    };
    (holds != RLIM_INFINITY).then_some(holds)
}

/// How many connections there may be when `wanted` are and so many files: some are left for the database, the platform and
/// files proper.
pub(super) fn connections(wanted: usize, files: Option<u64>) -> usize {
    let files = files.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX);
    wanted.min(files - files / 4).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_hard_one_and_leaves_room_for_other_files() {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(raise_limit(), Some(hard).filter(|hard| *hard != RLIM_INFINITY));
        assert_eq!(connections(8192, None), 8192);
        assert_eq!(connections(8192, Some(1024)), 768);
        assert_eq!(connections(100, Some(1024)), 100);
    }
}
