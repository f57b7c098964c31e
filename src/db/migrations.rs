//! The migrations, embedded, and how a database stands to them.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use sqlx::{PgConnection, migrate::Migration};

/// Everything below `migrations/`, in order.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// How a database's schema stands to the one that this program is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Current,
    /// Nothing was ever applied.
    Unmigrated,
    /// So many migrations are not applied; the first of them.
    Behind {
        missing: usize,
        first: i64,
    },
    /// Migrations of a later version were applied, this one the last. Ours are written so that the version before goes on
    /// working, so a newer schema is no reason to stop.
    Ahead {
        last: i64,
    },
    /// A migration was applied with another text, or only half.
    Changed {
        version: i64,
    },
}

impl Standing {
    /// Whether this program can work on it.
    pub fn suffices(self) -> bool {
        matches!(self, Self::Current | Self::Ahead { .. })
    }
}

/// What is so, and what mends it.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current => f.write_str("The schema is the one that this version needs."),
            Self::Unmigrated => f.write_str("The database is not migrated. `dialogporten migrate` does it."),
            Self::Behind { missing, first } => write!(
                f,
                "The schema is older than this version: migrations are missing ({missing}, from {first} on). \
                 `dialogporten migrate` applies them."
            ),
            Self::Ahead { last } => write!(
                f,
                "The schema is newer than this version: migration {last} is unknown to it. A newer version of the program \
                 belongs to it."
            ),
            Self::Changed { version } => write!(
                f,
                "Migration {version} was applied in another form or only in part. The database was made by another build; \
                 restore a backup, or migrate an empty database."
            ),
        }
    }
}

/// Looks at what was applied.
///
/// # Errors
/// The database's.
pub async fn standing(connection: &mut PgConnection) -> sqlx::Result<Standing> {
    Ok(compare(applied(connection).await?))
}

/// What is still to be applied, in order.
///
/// # Errors
/// The database's.
pub async fn missing(connection: &mut PgConnection) -> sqlx::Result<Vec<&'static Migration>> {
    let applied: HashSet<i64> = applied(connection).await?.into_iter().map(|(version, ..)| version).collect();
    Ok(MIGRATIONS.iter().filter(|migration| !applied.contains(&migration.version)).collect())
}

/// Version, checksum, and whether it came to its end.
type Applied = (i64, Vec<u8>, bool);

/// Nothing, if nothing ever was.
async fn applied(connection: &mut PgConnection) -> sqlx::Result<Vec<Applied>> {
    const UNDEFINED_TABLE: &str = "42P01";
    const APPLIED: &str = "/* migrations applied */ select version, checksum, success from _sqlx_migrations";
    match sqlx::query_as(APPLIED).fetch_all(connection).await {
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(UNDEFINED_TABLE) => Ok(Vec::new()),
        applied => applied,
    }
}

fn compare(applied: Vec<Applied>) -> Standing {
    if applied.is_empty() {
        return Standing::Unmigrated;
    }
    let mut applied: HashMap<i64, (Vec<u8>, bool)> =
        applied.into_iter().map(|(version, checksum, success)| (version, (checksum, success))).collect();
    let (mut missing, mut changed) = (Vec::new(), None);
    for migration in MIGRATIONS.iter() {
        match applied.remove(&migration.version) {
            Some((checksum, true)) if checksum == *migration.checksum => {}
            Some(_) => changed = changed.or(Some(migration.version)),
            None => missing.push(migration.version),
        }
    }
    let unknown = applied.into_keys().max();
    match (changed, missing.first(), unknown) {
        // What is missing while something else is there belongs to another line of development.
        (Some(version), ..) | (None, Some(_), Some(version)) => Standing::Changed { version },
        (None, Some(first), None) => Standing::Behind { missing: missing.len(), first: *first },
        (None, None, Some(last)) => Standing::Ahead { last },
        (None, None, None) => Standing::Current,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two people who add a migration at the same time choose the same number, and nothing but this would say so before a
    /// database does.
    #[test]
    fn every_migration_has_a_number_of_its_own() {
        let mut seen = HashSet::new();
        let twice: Vec<_> = MIGRATIONS.iter().filter(|migration| !seen.insert(migration.version)).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }

    fn all() -> Vec<Applied> {
        MIGRATIONS.iter().map(|migration| (migration.version, migration.checksum.to_vec(), true)).collect()
    }

    /// M-36.
    #[test]
    fn a_schema_is_compared_by_what_was_applied() {
        let last = all().last().expect("there are migrations").0;
        let with = |change: fn(&mut Vec<Applied>)| {
            let mut applied = all();
            change(&mut applied);
            compare(applied)
        };
        assert_eq!(with(|_| ()), Standing::Current);
        assert_eq!(with(Vec::clear), Standing::Unmigrated);
        assert_eq!(with(|all| drop(all.pop())), Standing::Behind { missing: 1, first: last });
        assert_eq!(with(|all| all.push((99_999_999, vec![1], true))), Standing::Ahead { last: 99_999_999 });
        let first = all()[0].0;
        assert_eq!(with(|all| all[0].1[0] ^= 1), Standing::Changed { version: first });
        assert_eq!(with(|all| all[0].2 = false), Standing::Changed { version: first });
        let beside = with(|all| {
            all.pop();
            all.push((99_999_999, vec![1], true));
        });
        assert_eq!(beside, Standing::Changed { version: 99_999_999 });
    }
}
