//! A PostgreSQL of our own: found, set up, started on a loopback port and stopped with its parent.

mod account;
mod binaries;
mod folder;
pub mod guard;

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{BufRead, BufReader, Read},
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, bail};

pub use account::{Account, name_of};
pub use binaries::Binaries;
pub use folder::{Place, in_words, of_project, temporary, within};
use guard::Orders;

/// How a server is to be run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Holds the data, the log and the lock. Made if it is missing.
    pub folder: PathBuf,
    /// Worth nothing after a crash, hence fast: no fsync. For tests and `--ephemeral`.
    pub throw_away: bool,
    /// The folder goes when the server stops.
    pub remove: bool,
    pub max_connections: u32,
    /// This program; the tests name it, because they are another.
    pub program: PathBuf,
    /// Shared by several processes, each with a shared lock of this file: it stops after the last one.
    pub users: Option<PathBuf>,
}

/// A running server. Dropping it, or the end of this process, stops the server unless it is shared.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    guard: Child,
    /// Held as long as the folder is in use.
    lock: File,
}

const SUPERUSER: &str = "dialogporten";

impl Postgres {
    /// Starts a server on the data of `options.folder`, which is set up first if there is none.
    ///
    /// # Errors
    /// No server programs, a folder in use or unfit, a server that does not come up; in words for people.
    pub fn start(options: &Options) -> anyhow::Result<Self> {
        let account = Account::for_server()?;
        let folder = Folder::open(&options.folder, account)?;
        let binaries = Binaries::find(folder.version())?;
        folder.settle_leftovers(&binaries)?;
        if folder.version().is_none() {
            folder.initialise(&binaries)?;
        }
        let began = Instant::now();
        let mut ports = 0;
        loop {
            let port = folder.free_port()?;
            match folder.launch(&binaries, options, port)? {
                Launch::Ready(guard) => return Ok(Self { port, guard, lock: folder.lock }),
                // A port is free when it is chosen and may be taken when the server binds it.
                Launch::PortTaken if ports < 3 => ports += 1,
                // The processes of a server that was killed go one after the other, each when it notices; until the last
                // is gone, their memory keeps a new server from the data.
                Launch::MemoryHeld if began.elapsed() < MEMORY_PATIENCE => thread::sleep(Duration::from_millis(200)),
                Launch::PortTaken | Launch::MemoryHeld => {
                    bail!("PostgreSQL does not start:\n{}", folder.end_of_log())
                }
            }
        }
    }

    /// Whether the server has ended although nobody told it to.
    pub fn is_gone(&mut self) -> bool {
        // The guard ends with its server.
        matches!(self.guard.try_wait(), Ok(Some(_)))
    }

    /// Address of a database of this server.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{SUPERUSER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Leaves a shared server to its users: it stops when the last one is gone, not when this value is.
    pub fn detach(mut self) {
        // The guard of a shared server does not read its input.
        drop(self.guard.stdin.take());
        // Whoever finds it dead may start it again, also while this process lives; its users agree on who does.
        let _ = self.lock.unlock();
        std::mem::forget(self);
    }

    /// Stops the server and waits until it is down.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // The end of its input is the order to stop.
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// What came of starting a server.
enum Launch {
    Ready(Child),
    PortTaken,
    /// Processes of a killed predecessor still hold its shared memory.
    MemoryHeld,
}

/// How long a killed predecessor's processes are waited for.
const MEMORY_PATIENCE: Duration = Duration::from_secs(15);

/// The folder of one server, locked for this process.
struct Folder {
    root: PathBuf,
    data: PathBuf,
    log: PathBuf,
    account: Option<Account>,
    lock: File,
}

/// How long a lock is asked for. One whose holder has just ended may seem to be held for a moment: a process that is being
/// started elsewhere in the same program carries all its open files until it is a program of its own.
const PATIENCE: Duration = Duration::from_secs(1);

impl Folder {
    fn open(root: &Path, account: Option<Account>) -> anyhow::Result<Self> {
        if !root.exists() {
            fs::create_dir_all(root).map_err(|error| in_words(root, &error))?;
            // The server's account passes through, whatever the mask of new files is here.
            fs::set_permissions(root, fs::Permissions::from_mode(0o755))?;
        }
        let root = fs::canonicalize(root)?;
        if let Some(account) = account
            && !account.can_enter_parents_of(&root.join("postgres"))
        {
            bail!(
                "PostgreSQL does not run as root, and user number {} cannot enter {}; name another folder with --data-dir",
                account.uid,
                root.display()
            );
        }
        let lock = root.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&lock);
        let lock = lock.map_err(|error| in_words(&root, &error))?;
        Self::refuse_data_of_others(&root.join("postgres"), account)?;
        let asked = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if asked.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(10)),
                Err(TryLockError::WouldBlock) => bail!(
                    "another dialogporten runs on {}; stop it, or use --data-dir or --ephemeral for a second one",
                    root.display()
                ),
                Err(TryLockError::Error(error)) => return Err(error).context("cannot lock the data folder"),
            }
        }
        Ok(Self { data: root.join("postgres"), log: root.join("postgres.log"), root, account, lock })
    }

    /// PostgreSQL reads only data that belongs to the account that it runs as.
    fn refuse_data_of_others(data: &Path, account: Option<Account>) -> anyhow::Result<()> {
        let Ok(found) = fs::metadata(data) else { return Ok(()) };
        let own = account.map_or_else(|| nix::unistd::geteuid().as_raw(), |account| account.uid);
        if found.uid() != own {
            bail!(
                "the data in {} belongs to {} and the database would run as {}; start as the user who made it, remove the \
                 folder to begin anew, or use --data-dir or --ephemeral",
                data.display(),
                name_of(found.uid()),
                name_of(own)
            );
        }
        Ok(())
    }

    /// Major version that made the data.
    fn version(&self) -> Option<u32> {
        fs::read_to_string(self.data.join("PG_VERSION")).ok()?.trim().parse().ok()
    }

    fn initialise(&self, binaries: &Binaries) -> anyhow::Result<()> {
        // Made aside and renamed, so that an interrupted set-up leaves no half of one.
        let fresh = self.root.join("postgres.new");
        let _ = fs::remove_dir_all(&fresh);
        let mut last = String::new();
        // Not every system has every locale; the first two know letters beyond ASCII.
        for locale in ["C.UTF-8", "en_US.UTF-8", "C"] {
            DirBuilder::new().mode(0o700).create(&fresh)?;
            if let Some(account) = self.account {
                account.own(&fresh)?;
            }
            let output = self
                .command(&binaries.program("initdb"))
                .args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--username", SUPERUSER, "--locale", locale])
                .arg("-D")
                .arg(&fresh)
                .output()
                .context("cannot run initdb")?;
            if output.status.success() {
                let _ = fs::remove_dir_all(&self.data);
                return fs::rename(&fresh, &self.data).context("cannot name the data folder");
            }
            String::from_utf8_lossy(&output.stderr).trim().clone_into(&mut last);
            let _ = fs::remove_dir_all(&fresh);
        }
        bail!("initdb failed: {last}")
    }

    /// Deals with what a killed predecessor left: its server, still running or stopping, or only its lock file.
    fn settle_leftovers(&self, binaries: &Binaries) -> anyhow::Result<()> {
        let pid_file = self.data.join("postmaster.pid");
        let Ok(text) = fs::read_to_string(&pid_file) else { return Ok(()) };
        let pid = text.lines().next().and_then(|line| line.trim().parse::<u32>().ok());
        if !pid.is_some_and(|pid| self.is_server(pid)) {
            // PostgreSQL clears such a file itself, but not when the number belongs to another process by now, which
            // is common in containers.
            return match fs::remove_file(&pid_file) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
                _ => Ok(()),
            };
        }
        for mode in ["fast", "immediate"] {
            let stop = self
                .command(&binaries.program("pg_ctl"))
                .args(["stop", "--wait", "--timeout=20", "-m", mode, "-D"])
                .arg(&self.data)
                .output()?;
            // Gone in the meantime is as good as stopped.
            if stop.status.success() || !pid_file.exists() {
                return Ok(());
            }
        }
        bail!("a PostgreSQL left over in {} does not stop", self.data.display())
    }

    /// Whether process `pid` is a server on our data.
    fn is_server(&self, pid: u32) -> bool {
        if Path::new("/proc/self").exists() {
            // A server's working directory is its data folder.
            return fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == self.data);
        }
        let ps = Command::new("ps").args(["-o", "comm=", "-p", &pid.to_string()]).output();
        ps.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("postgres"))
    }

    /// The port of last time if it is free, so that addresses in people's tools stay good.
    fn free_port(&self) -> anyhow::Result<u16> {
        let remembered = self.root.join("port");
        let last = fs::read_to_string(&remembered).ok().and_then(|text| text.trim().parse::<u16>().ok()).unwrap_or(0);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, last))
            .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .context("no free port on loopback")?;
        let port = listener.local_addr()?.port();
        fs::write(remembered, port.to_string())?;
        Ok(port)
    }

    /// Starts the guard and waits for its word.
    fn launch(&self, binaries: &Binaries, options: &Options, port: u16) -> anyhow::Result<Launch> {
        let logged = fs::metadata(&self.log).map_or(0, |meta| meta.len());
        let mut settings = vec![
            format!("port={port}"),
            "listen_addresses=127.0.0.1".to_owned(),
            "unix_socket_directories=".to_owned(),
            format!("max_connections={}", options.max_connections),
            "lc_messages=C".to_owned(),
            "logging_collector=off".to_owned(),
            "log_destination=stderr".to_owned(),
            "timezone=UTC".to_owned(),
            "jit=off".to_owned(),
            "shared_buffers=128MB".to_owned(),
            // No replica ever follows.
            "wal_level=minimal".to_owned(),
            "max_wal_senders=0".to_owned(),
        ];
        if options.throw_away {
            settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(str::to_owned));
        }
        let orders = Orders {
            postgres: binaries.program("postgres"),
            pg_ctl: binaries.program("pg_ctl"),
            data: self.data.clone(),
            log: self.log.clone(),
            account: self.account,
            settings,
            users: options.users.clone(),
            remove: if options.remove { vec![self.root.clone()] } else { Vec::new() },
            throw_away: options.throw_away && options.remove,
        };
        let mut guard = Command::new(&options.program)
            .args([guard::COMMAND, &serde_json::to_string(&orders)?])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {} once more", options.program.display()))?;
        let mut word = String::new();
        let out = guard.stdout.take().ok_or_else(|| anyhow!("the guard's output is piped"))?;
        BufReader::new(out).read_line(&mut word)?;
        if word.trim() == "ready" {
            return Ok(Launch::Ready(guard));
        }
        guard.wait()?;
        let mut said = String::new();
        if let Ok(mut log) = File::open(&self.log) {
            use std::io::{Seek, SeekFrom};
            log.seek(SeekFrom::Start(logged))?;
            log.read_to_string(&mut said)?;
        }
        if said.contains("Address already in use") {
            return Ok(Launch::PortTaken);
        }
        if said.contains("pre-existing shared memory block") {
            return Ok(Launch::MemoryHeld);
        }
        bail!("PostgreSQL does not start; it says:\n{}", if said.is_empty() { "nothing" } else { said.trim_end() })
    }

    fn end_of_log(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().rev().take(10).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// A command as the server's account, with an environment that no `PG…` of the user's can bend.
    fn command(&self, program: &Path) -> Command {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").current_dir("/").stdin(Stdio::null());
        if let Some(Account { uid, gid }) = self.account {
            command.uid(uid).gid(gid);
        }
        command
    }
}
