//! The migrations, embedded.

/// Everything below `migrations/`, in order.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Two people who add a migration at the same time choose the same number, and nothing but this would say so before a
    /// database does.
    #[test]
    fn every_migration_has_a_number_of_its_own() {
        let mut seen = HashSet::new();
        let twice: Vec<_> = MIGRATIONS.iter().filter(|migration| !seen.insert(migration.version)).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}
