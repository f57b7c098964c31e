//! Which errors mean that the database cannot be used right now, and which of them end the connection that they came over.

use std::{fmt, io, sync::LazyLock, time::Duration};

use sqlx::Error;

use crate::{
    domain::{refusal::Refusal, rules::code::Code},
    seldom::Seldom,
};

/// What callers hear if the database is of no use for now; `None` for every other error. Thousands may hear it at once, so
/// the log says it once a second.
pub fn refusal(error: &Error) -> Option<Refusal> {
    static TOLD: LazyLock<Seldom> = LazyLock::new(Seldom::default);
    if !is_unavailable(error) {
        return None;
    }
    if TOLD.is_due() {
        tracing::error!(%error, "the database cannot be used; requests are answered 503");
    }
    Some(Refusal::Unavailable { code: Code::DatabaseUnavailable, retry_after: RETRY_AFTER })
}

/// A restart or a failover takes longer; a moment's overload does not.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Whether the database is of no use for now: unreachable, silent, full, read-only, busy beyond a limit. It is not the
/// request's fault and not the program's, and the same request may succeed later.
pub fn is_unavailable(error: &Error) -> bool {
    match error {
        // What answers is no PostgreSQL, or something in between speaks for it.
        Error::Protocol(_)
        | Error::Io(_)
        | Error::Tls(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::BeginFailed => true,
        _ => code(error).is_some_and(|code| is_of_the_server(&code) || code == STATEMENT_TIMEOUT),
    }
}

/// Whether a statement took longer than it may.
pub(super) fn is_statement_timeout(error: &Error) -> bool {
    code(error).as_deref() == Some(STATEMENT_TIMEOUT)
}

/// Whether there was no room on the disk.
pub(super) fn is_full(error: &Error) -> bool {
    code(error).as_deref() == Some(DISK_FULL)
}

/// Whether the server takes no writes: a replica after a failover, or told so. The next connection may lead to the one that
/// took over.
pub(super) fn is_read_only(error: &Error) -> bool {
    code(error).as_deref() == Some(READ_ONLY)
}

/// Whether the server has no room for another connection. It works, and others use it.
pub(super) fn is_crowded(error: &Error) -> bool {
    code(error).as_deref() == Some(TOO_MANY_CONNECTIONS)
}

/// Whether the connection that this came over is of no further use.
pub(super) fn ends_connection(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => true,
        _ => code(error)
            .is_some_and(|code| code.starts_with("08") || code.starts_with("57P") || code == IDLE_IN_TRANSACTION),
    }
}

const DISK_FULL: &str = "53100";
const TOO_MANY_CONNECTIONS: &str = "53300";
const READ_ONLY: &str = "25006";
const IDLE_IN_TRANSACTION: &str = "25P03";
/// Also of a statement that an operator cancelled.
const STATEMENT_TIMEOUT: &str = "57014";

/// Classes of SQLSTATE that tell of the server: connections, resources, operators, the system it runs on.
fn is_of_the_server(code: &str) -> bool {
    ["08", "53", "57P", "58"].iter().any(|class| code.starts_with(class))
        || code == READ_ONLY
        || code == IDLE_IN_TRANSACTION
}

fn code(error: &Error) -> Option<std::borrow::Cow<'_, str>> {
    error.as_database_error()?.code()
}

/// A statement had no answer within the limit on our side.
pub(super) fn silent() -> Error {
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, Silence))
}

pub(super) fn is_silence(error: &Error) -> bool {
    let Error::Io(error) = error else { return false };
    error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Silence>)
}

/// No connection could be made. Whatever the reason, for a request it means that there is no database.
pub(super) fn unreachable(error: Error) -> Error {
    if is_unavailable(&error) { error } else { Error::Io(io::Error::new(io::ErrorKind::NotConnected, error)) }
}

#[derive(Debug)]
struct Silence;

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the database did not answer in time")
    }
}

impl std::error::Error for Silence {}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[test]
    fn troubles_are_told_from_faults() {
        for (error, unavailable, ends) in [
            (silent(), true, true),
            (Error::Io(io::ErrorKind::ConnectionRefused.into()), true, true),
            (Error::PoolTimedOut, true, false),
            (unreachable(Error::Configuration("no such database".into())), true, true),
            (Error::RowNotFound, false, false),
            (Error::ColumnNotFound("x".into()), false, false),
            (Error::Protocol("unexpected message".into()), true, true),
        ] {
            assert_eq!((is_unavailable(&error), ends_connection(&error)), (unavailable, ends), "{error}");
        }
        assert!(is_silence(&silent()) && !is_silence(&Error::Io(io::ErrorKind::TimedOut.into())));
    }

    /// M-03: a line a second, not a line a request.
    #[test]
    fn the_log_says_it_once() {
        #[derive(Clone, Default)]
        struct Lines(Arc<AtomicUsize>);
        impl io::Write for Lines {
            /// Called once for each line.
            fn write(&mut self, text: &[u8]) -> io::Result<usize> {
                self.0.fetch_add(1, Ordering::SeqCst);
                Ok(text.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(log, || {
            for _ in 0..1000 {
                let told = refusal(&Error::PoolTimedOut);
                assert!(matches!(told, Some(Refusal::Unavailable { code: Code::DatabaseUnavailable, .. })), "{told:?}");
            }
        });
        let lines = lines.0.load(Ordering::SeqCst);
        assert!((1..=5).contains(&lines), "{lines} lines for a thousand requests");
    }

    #[test]
    fn codes_of_the_server_are_known() {
        for code in ["08006", "53100", "53200", "53300", "57P01", "57P03", "58030", "25006", "25P03"] {
            assert!(is_of_the_server(code), "{code}");
        }
        for code in ["23505", "40001", "42P01", "22P02", "57014", "XX000"] {
            assert!(!is_of_the_server(code), "{code}");
        }
    }
}
