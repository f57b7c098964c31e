//! The migrations, embedded.

/// Everything below `migrations/`, in order.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();
