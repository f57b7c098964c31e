//! Which errors mean that the database cannot be used right now, and which of them end the connection that they came over.

use std::{fmt, io};

use sqlx::Error;

/// Whether the database is of no use for now: unreachable, silent, full, read-only, busy beyond a limit. It is not the
/// request's fault and not the program's, and the same request may succeed later.
pub fn is_unavailable(error: &Error) -> bool {
    match error {
        Error::Io(_)
        | Error::Tls(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::BeginFailed => true,
        _ => code(error).is_some_and(|code| is_of_the_server(&code) || code == STATEMENT_TIMEOUT),
    }
}

/// Whether the database takes no writes: no room, or read-only (a replica after a failover).
pub fn is_unwritable(error: &Error) -> bool {
    matches!(code(error).as_deref(), Some(DISK_FULL | READ_ONLY))
}

/// Whether the server has no room for another connection. It works, and others use it.
pub fn is_crowded(error: &Error) -> bool {
    code(error).as_deref() == Some(TOO_MANY_CONNECTIONS)
}

/// Whether the connection that this came over is of no further use. One to a server that became read-only is not either:
/// the next one may lead to the server that took over.
pub(super) fn ends_connection(error: &Error) -> bool {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => true,
        _ => code(error).is_some_and(|code| {
            code.starts_with("08") || code.starts_with("57P") || code == READ_ONLY || code == IDLE_IN_TRANSACTION
        }),
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
            (Error::Protocol("unexpected message".into()), false, true),
        ] {
            assert_eq!((is_unavailable(&error), ends_connection(&error)), (unavailable, ends), "{error}");
        }
        assert!(is_silence(&silent()) && !is_silence(&Error::Io(io::ErrorKind::TimedOut.into())));
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
