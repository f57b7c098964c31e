//! Listening, and stopping without cutting anybody off.

use std::{future::Future, time::Duration};

use anyhow::Context;
use axum::Router;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// Serves until `stop` comes, goes on taking requests for `drain`, then finishes what is under way.
///
/// `drain` lets load balancers notice; what is still open `patience` later is given up, streams included.
///
/// # Errors
/// The listener fails.
pub async fn until<S>(
    stop: S,
    listener: TcpListener,
    router: Router,
    drain: Duration,
    patience: Duration,
) -> anyhow::Result<()>
where
    S: Future<Output = ()> + Send + 'static,
{
    let (closing, closed) = tokio::sync::oneshot::channel();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        stop.await;
        tokio::time::sleep(drain).await;
        // Nobody listens any more if serving has failed in the meantime.
        let _ = closing.send(());
    });
    tokio::select! {
        done = serving.into_future() => done.context("serving failed"),
        () = async {
            if closed.await.is_ok() {
                tokio::time::sleep(patience).await;
            } else {
                std::future::pending::<()>().await;
            }
        } => {
            tracing::warn!("connections were still open and are closed");
            Ok(())
        }
    }
}

/// Returns when somebody asks this process to stop: Ctrl-C, or SIGTERM as service managers send it.
pub async fn stop_asked() {
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
        // Without handlers the default holds: the process ends, and the guard stops the database.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
