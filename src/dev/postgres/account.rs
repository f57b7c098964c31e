//! Who the server runs as. PostgreSQL refuses to run as root.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, chown},
    path::Path,
    process::Command,
};

use anyhow::{Context, bail};
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
        if number(&["-u"]).context("cannot tell who runs this process")? != 0 {
            return Ok(None);
        }
        for name in ["postgres", "nobody"] {
            if let (Ok(uid), Ok(gid)) = (number(&["-u", name]), number(&["-g", name]))
                && uid != 0
            {
                return Ok(Some(Self { uid, gid }));
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

/// Asks `id`: the only portable way without foreign code.
fn number(arguments: &[&str]) -> anyhow::Result<u32> {
    let output = Command::new("id").args(arguments).output().context("cannot run `id`")?;
    String::from_utf8_lossy(&output.stdout).trim().parse().context("`id` answered no number")
}
