//! Whether a connection leads to one server process for as long as it lasts.
//!
//! A pooler that hands out server connections for a transaction at a time (PgBouncer's transaction mode) breaks what statements
//! rely on: settings made once after connecting, and words on a channel. Nothing fails there at once, plans are just not what
//! they are written for, and no other process is heard. So it is looked for at start.

use sqlx::{ConnectOptions, Connection as _, Executor as _, PgConnection};

use super::Db;

/// Looks that are taken: a pooler may hand out the process that a connection had before by chance.
const LOOKS: usize = 5;

impl Db {
    /// False if server processes are handed from one connection to another.
    ///
    /// # Errors
    /// The database's.
    pub async fn keeps_sessions(&self) -> sqlx::Result<bool> {
        let mut ours = self.pool.probe.options.connect().await?;
        let mut other = self.pool.probe.options.connect().await?;
        let own = process(&mut ours).await?;
        let mut is_kept = true;
        for _ in 0..LOOKS {
            // Whoever is in a transaction keeps its process, so ours must be another one then.
            other.execute("/* pooled */ begin").await?;
            let others = process(&mut other).await?;
            is_kept &= others != own && process(&mut ours).await? == own;
            other.execute("/* pooled */ rollback").await?;
        }
        ours.close().await?;
        other.close().await?;
        Ok(is_kept)
    }
}

async fn process(connection: &mut PgConnection) -> sqlx::Result<i32> {
    // Not prepared: the process that answers may not be the one that prepared it.
    let row = connection.fetch_one("/* pooled */ select pg_backend_pid()").await?;
    sqlx::Row::try_get(&row, 0)
}
