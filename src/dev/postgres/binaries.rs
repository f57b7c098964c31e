//! Finding the server programs of this machine.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::bail;

/// A folder with `initdb`, `postgres` and `pg_ctl`.
#[derive(Clone, Debug)]
pub struct Binaries {
    folder: PathBuf,
    major: u32,
}

/// Older ones lack what the migrations use.
const OLDEST: u32 = 15;

impl Binaries {
    /// The newest that can be found, or, where data exists already, those of the version that made it.
    ///
    /// # Errors
    /// There are none; the text names the command that installs them.
    pub fn find(data_version: Option<u32>) -> anyhow::Result<Self> {
        let mut found = candidates();
        found.sort_by_key(|binaries| std::cmp::Reverse(binaries.major));
        let newest = found.first().map(|binaries| binaries.major);
        match (data_version, newest) {
            (Some(version), Some(newest)) => found.into_iter().find(|binaries| binaries.major == version).map_or_else(
                || {
                    bail!(
                        "the data folder was made by PostgreSQL {version}, here is only {newest}; \
                         install {version}, or remove the folder to begin anew"
                    )
                },
                Ok,
            ),
            (None, Some(newest)) if newest >= OLDEST => Ok(found.swap_remove(0)),
            (None, Some(old)) => bail!("PostgreSQL {old} is too old, {OLDEST} or later is needed; {}", hint()),
            (_, None) => bail!(
                "no PostgreSQL server programs (initdb, postgres, pg_ctl) found on PATH or in the usual places; {}\n\
                 or name a running server: DATABASE_URL=postgres://user:password@host/database",
                hint()
            ),
        }
    }

    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn hint() -> &'static str {
    if cfg!(target_os = "macos") {
        "install them: brew install postgresql@17"
    } else {
        "install them: apt-get install postgresql (Debian, Ubuntu), dnf install postgresql-server (Fedora)"
    }
}

fn candidates() -> Vec<Binaries> {
    let on_path = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    // Debian: one folder per version. Homebrew: one keg per version, on Apple silicon, Intel and Linux.
    let versioned = ["/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"]
        .into_iter()
        .chain([
            "/home/linuxbrew/.linuxbrew/opt",
            "/Library/PostgreSQL",
            "/Applications/Postgres.app/Contents/Versions",
        ])
        .flat_map(fs::read_dir)
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| !path.starts_with("/opt/homebrew/opt") || is_keg(path))
        .map(|path| path.join("bin"));
    // Fedora and Arch put the programs on PATH, Red Hat's own packages do not.
    let rest = fs::read_dir("/usr")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("pgsql-")));
    let mut seen = Vec::new();
    on_path
        .into_iter()
        .chain(versioned)
        .chain(rest.map(|path| path.join("bin")))
        .filter(|folder| ["initdb", "postgres", "pg_ctl"].iter().all(|name| folder.join(name).is_file()))
        .filter_map(|folder| fs::canonicalize(folder).ok())
        .filter(|folder| {
            let new = !seen.contains(folder);
            seen.push(folder.clone());
            new
        })
        .filter_map(|folder| major(&folder).map(|major| Binaries { folder, major }))
        .collect()
}

fn is_keg(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("postgresql"))
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` → 15.
fn major(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split_once("(PostgreSQL)")?.1.trim_start();
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
