//! The stages of a process, and the signals that lead from one to the next.

use std::sync::Arc;

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

/// How far a process is on its way to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Serving,
    /// A stop was asked for. Everything is still answered, but readiness says no, so that load balancers look elsewhere.
    Draining,
    /// Nothing new is taken on; what was begun is finished.
    Closing,
}

/// The stage of this process, for whoever acts on it. Clones share it; it only moves forward.
#[derive(Clone, Debug)]
pub struct Lifecycle(Arc<watch::Sender<Stage>>);

impl Default for Lifecycle {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Stage::Serving)))
    }
}

impl Lifecycle {
    pub fn stage(&self) -> Stage {
        *self.0.borrow()
    }

    pub fn is_stopping(&self) -> bool {
        self.stage() > Stage::Serving
    }

    /// Returns when that stage has come.
    pub async fn reached(&self, stage: Stage) {
        // The sender lives as long as this value does, so waiting does not fail.
        let _ = self.0.subscribe().wait_for(|now| *now >= stage).await;
    }

    /// Moves on to that stage; never back.
    pub fn advance(&self, to: Stage) {
        self.0.send_if_modified(|now| {
            let moves = to > *now;
            *now = to.max(*now);
            moves
        });
    }
}

/// Returns when somebody asks this process to stop: Ctrl-C, SIGTERM as service managers send it, or SIGQUIT (chapter 05 D7).
/// Asked a second time, the process ends at once.
pub async fn stop_asked() {
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::quit()));
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut quit)) = signals else {
        // Without handlers the default holds: the process ends, and the guard stops the database.
        return std::future::pending().await;
    };
    any(&mut interrupt, &mut terminate, &mut quit).await;
    tokio::spawn(async move {
        let number = any(&mut interrupt, &mut terminate, &mut quit).await;
        tracing::warn!("stopped at once: asked a second time");
        // As a shell reports a process that the signal ended.
        std::process::exit(128 + number);
    });
}

/// The number of the signal that came first.
async fn any(interrupt: &mut Signal, terminate: &mut Signal, quit: &mut Signal) -> i32 {
    tokio::select! {
        _ = interrupt.recv() => SignalKind::interrupt().as_raw_value(),
        _ = terminate.recv() => SignalKind::terminate().as_raw_value(),
        _ = quit.recv() => SignalKind::quit().as_raw_value(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_only_moves_forward() {
        let process = Lifecycle::default();
        assert!(!process.is_stopping());
        process.advance(Stage::Closing);
        process.advance(Stage::Draining);
        assert_eq!(process.stage(), Stage::Closing);
        process.reached(Stage::Draining).await;
    }
}
