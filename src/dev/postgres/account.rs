//! Who the server runs as. PostgreSQL refuses to run as root.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, chown},
    path::Path,
};

use anyhow::bail;
use nix::unistd::{Uid, User, geteuid};
use serde::{Deserialize, Serialize};

/// An account of this machine, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub uid: u32,
    pub gid: u32,
}

impl Account {
    /// Whoever runs this process, or for root `postgres` if that user exists, else `nobody`.
    pub fn for_server() -> anyhow::Result<Option<Self>> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        for name in ["postgres", "nobody"] {
            if let Ok(Some(user)) = User::from_name(name)
                && !user.uid.is_root()
            {
                return Ok(Some(Self { uid: user.uid.as_raw(), gid: user.gid.as_raw() }));
            }
        }
        bail!("PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`")
    }

    /// Whether this account can enter every parent of `folder`, by the permission bits.
    pub fn can_enter_parents_of(self, folder: &Path) -> bool {
        folder.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty()).all(|parent| {
            let Ok(meta) = fs::metadata(parent) else {
                // A parent that is yet to be made gets the bits that let everybody in.
                return true;
            };
            let bit = if meta.uid() == self.uid {
                0o100
            } else if meta.gid() == self.gid {
                0o010
            } else {
                0o001
            };
            meta.mode() & bit != 0
        })
    }

    pub fn own(self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.uid), Some(self.gid))
    }
}

/// The name of user `uid`, or its number where it has none.
pub fn name_of(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        _ => format!("user number {uid}"),
    }
}
