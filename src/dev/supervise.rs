//! Keeps the managed database running while `dev` runs.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::sync::oneshot;

use super::postgres::{Options, Postgres};

/// How soon the end of a server is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A managed server that is started again when it ends unasked. Dropping this stops it.
pub struct Supervised {
    stop: Option<mpsc::Sender<()>>,
    watching: Option<JoinHandle<()>>,
}

impl Supervised {
    /// Watches over `server`, which was started with `options`. The receiver hears of an end that cannot be mended.
    pub fn new(server: Postgres, options: Options) -> (Self, oneshot::Receiver<anyhow::Error>) {
        let (stop, stopped) = mpsc::channel();
        let (given_up, hears) = oneshot::channel();
        // A thread: starting a server blocks, and the runtime may be gone when the server is stopped.
        let watching = thread::spawn(move || {
            if let Err(error) = watch(server, &options, &stopped) {
                // Nobody listens any more if `dev` is stopping anyhow.
                let _ = given_up.send(error);
            }
        });
        (Self { stop: Some(stop), watching: Some(watching) }, hears)
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(watching) = self.watching.take() {
            let _ = watching.join();
        }
    }
}

fn watch(mut server: Postgres, options: &Options, stopped: &mpsc::Receiver<()>) -> anyhow::Result<()> {
    while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
        if !server.is_gone() {
            continue;
        }
        let address = server.url("");
        // The lock of its folder goes first.
        drop(server);
        let log = options.folder.join("postgres.log");
        if options.remove {
            anyhow::bail!("the database server has ended by itself, and its temporary data with it");
        }
        eprintln!("the database server has ended by itself (its log: {}); it is started again", log.display());
        server = Postgres::start(options)?;
        if server.url("") != address {
            anyhow::bail!("the database server has ended by itself, and its port was taken meanwhile; start again");
        }
        eprintln!("the database server is back");
    }
    Ok(())
}
