//! Where the data lives: a folder of the project that git ignores, unless something speaks against it.

use std::{
    env, fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::Context;
use sha2::{Digest, Sha256};

use super::account::{Account, name_of};

/// A folder of ours and why it is there.
#[derive(Clone, Debug)]
pub struct Place {
    pub folder: PathBuf,
    /// The folder of the project could not be used by the account that the server runs as.
    pub moved: bool,
}

/// The folder for what `dev` keeps of the project around `start`.
pub fn of_project(start: &Path, account: Option<Account>) -> anyhow::Result<Place> {
    let start = fs::canonicalize(start).with_context(|| format!("cannot find {}", start.display()))?;
    let project = start.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&start);
    Ok(within(project, Path::new(".dialogporten"), account))
}

/// `folder` of `project`, or its stand-in below `/var/lib` if `account` cannot enter a parent of it.
pub fn within(project: &Path, folder: &Path, account: Option<Account>) -> Place {
    let wanted = project.join(folder);
    match account {
        Some(account) if !account.can_enter_parents_of(&wanted.join("postgres")) => {
            let digest = Sha256::digest(wanted.as_os_str().as_encoded_bytes());
            Place { folder: Path::new("/var/lib/dialogporten-dev").join(hex(&digest[..8])), moved: true }
        }
        _ => Place { folder: wanted, moved: false },
    }
}

/// What stands in the way of using `folder`, who it belongs to, and the way out.
pub fn in_words(folder: &Path, error: &io::Error) -> anyhow::Error {
    const OUT: &str = "--data-dir names another folder, --ephemeral keeps nothing";
    let shown = folder.display();
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            // The nearest that exists says whose it is.
            let owner = folder.ancestors().find_map(|folder| Some((folder, fs::metadata(folder).ok()?)));
            let owner =
                owner.map(|(folder, meta)| format!("; {} belongs to {}", folder.display(), name_of(meta.uid())));
            let me = name_of(nix::unistd::geteuid().as_raw());
            anyhow::anyhow!("{me} may not write to {shown}{}. {OUT}", owner.unwrap_or_default())
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            anyhow::anyhow!("{shown} cannot be written to, its file system is read-only. {OUT}")
        }
        _ => anyhow::anyhow!("cannot use the folder {shown}: {error}. {OUT}"),
    }
}

/// A fresh folder that goes when the server stops.
pub fn temporary() -> anyhow::Result<PathBuf> {
    let mut nonce = [0; 8];
    aws_lc_rs::rand::fill(&mut nonce).ok().context("the random generator of the system fails")?;
    let folder = env::temp_dir().join(format!("dialogporten-{}", hex(&nonce)));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_project_that_the_server_cannot_enter_gets_a_folder_elsewhere() {
        let nobody = Account { uid: 65_533, gid: 65_533 };
        let base = temporary().unwrap();
        let project = base.join("closed/project");
        fs::create_dir_all(&project).unwrap();
        let open = within(&project, Path::new(".dialogporten"), Some(nobody));
        assert_eq!((open.folder, open.moved), (project.join(".dialogporten"), false));

        fs::set_permissions(base.join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
        let closed = within(&project, Path::new(".dialogporten"), Some(nobody));
        assert!(closed.moved && closed.folder.starts_with("/var/lib/dialogporten-dev"), "{closed:?}");
        assert_eq!(closed.folder.file_name().unwrap().len(), 16);
        let own = within(&project, Path::new(".dialogporten"), None);
        assert!(!own.moved, "without a change of account nothing speaks against the project's folder");
        fs::remove_dir_all(base).unwrap();
    }
}
