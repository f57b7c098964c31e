//! A connection that listens, outside the pool: it is held as long as somebody listens.

use sqlx::postgres::{PgListener, PgPoolOptions};

use super::Db;

impl Db {
    /// A connection of its own that hears what is said on a channel. It can say things as well. When it is lost, it says so
    /// (`try_recv` gives `None` or an error) and is to be replaced.
    ///
    /// # Errors
    /// The database's.
    pub async fn listener(&self, channel: &str) -> sqlx::Result<PgListener> {
        let one = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let mut listener = PgListener::connect_with(&one.connect_lazy_with(self.pool.probe.options.clone())).await?;
        listener.eager_reconnect(false);
        listener.listen(channel).await?;
        Ok(listener)
    }
}
