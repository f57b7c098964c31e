//! Databases of our own on a server, ours or one that `DATABASE_URL` names: made, marked, migrated, emptied.
//!
//! A server that somebody named holds other things too. Only databases with a row of ours in `dialogporten_marker` are
//! ever emptied or dropped, and the named database itself is only connected to.

use std::str::FromStr;

use anyhow::{Context, bail, ensure};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgExecutor, Row, postgres::PgConnectOptions};
use url::Url;

use crate::{db::Db, store::migrations::MIGRATIONS};

/// A server on which databases may be made beside the one that its address names.
#[derive(Clone, Debug)]
pub struct DatabaseServer {
    url: Url,
    options: PgConnectOptions,
}

impl DatabaseServer {
    /// `url` names a database that exists; it is used to talk to the server.
    pub fn at(url: &str) -> anyhow::Result<Self> {
        const FORM: &str = "the database's address is not of the form postgres://user:password@host:port/database";
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        // Checked by hand: the driver's parser takes any scheme.
        ensure!(matches!(scheme, "postgres" | "postgresql"), FORM);
        Ok(Self { url: Url::parse(url).context(FORM)?, options: PgConnectOptions::from_str(url).context(FORM)? })
    }

    /// Address of the sibling called `name`.
    pub fn url(&self, name: &str) -> String {
        let mut url = self.url.clone();
        url.set_path(name);
        url.into()
    }

    /// A connection to the named database, for what concerns the server.
    pub async fn connect(&self) -> anyhow::Result<PgConnection> {
        self.options.connect().await.with_context(|| {
            format!("cannot connect to PostgreSQL at {}:{}", self.options.get_host(), self.options.get_port())
        })
    }

    async fn connect_to(&self, name: &str) -> anyhow::Result<PgConnection> {
        self.options
            .clone()
            .database(name)
            .connect()
            .await
            .with_context(|| format!("cannot connect to database {name}"))
    }

    /// Makes sure that database `name` exists, is ours and is migrated.
    ///
    /// # Errors
    /// It exists, holds something and is not marked; or its migrations are not those of this program.
    pub async fn prepare(&self, name: &str, purpose: &str) -> anyhow::Result<()> {
        let mut server = self.connect().await?;
        let existed: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(name)
            .fetch_one(&mut server)
            .await?;
        if !existed {
            create(&mut server, name, None).await?;
        }
        server.close().await?;

        let mut own = self.connect_to(name).await?;
        if existed && !is_marked(&mut own).await? {
            // One that was made but not yet marked, because the program was interrupted between the two, is empty.
            let tables: i64 = sqlx::query_scalar("select count(*) from pg_tables where schemaname = 'public'")
                .fetch_one(&mut own)
                .await?;
            ensure!(tables == 0, "database {name} exists and is not one of ours; it is left alone");
        }
        // Before the migrations: a run that is interrupted among them leaves a database that is known as ours.
        mark(&mut own, purpose).await?;
        MIGRATIONS.run(&mut own).await.with_context(|| {
            format!("database {name} was made by another version of this program; --fresh makes it anew")
        })?;
        own.close().await?;
        Ok(())
    }

    /// Takes database `name` for one `dev`; it is free again when the connection is gone.
    ///
    /// # Errors
    /// Another one has it: two services would share their dialogs and empty each other's store.
    pub async fn reserve(&self, name: &str) -> anyhow::Result<PgConnection> {
        let mut own = self.connect_to(name).await?;
        let free: bool =
            // Tried, not waited for: somebody at a terminal wants to know at once. The lock goes with the connection,
            // however the program ends.
            sqlx::query_scalar("select pg_try_advisory_lock(hashtext('dialogporten dev'))").fetch_one(&mut own).await?;
        ensure!(
            free,
            "another dialogporten runs on database {name} of this server; stop it, or use --ephemeral for a second one"
        );
        Ok(own)
    }

    /// Copies `template`, which nobody may be connected to.
    pub async fn copy(&self, template: &str, name: &str) -> anyhow::Result<()> {
        let mut server = self.connect().await?;
        create(&mut server, name, Some(template)).await?;
        server.close().await?;
        Ok(())
    }

    /// Drops database `name` if it exists and is ours.
    pub async fn remove(&self, name: &str) -> anyhow::Result<()> {
        let mut server = self.connect().await?;
        let limit: Option<i32> = sqlx::query_scalar("select datconnlimit from pg_database where datname = $1")
            .bind(name)
            .fetch_optional(&mut server)
            .await?;
        let Some(limit) = limit else { return Ok(()) };
        // Half dropped already: nobody can connect to it, and nothing but dropping it is left.
        let invalid = limit == -2;
        let marked = invalid || {
            let mut own = self.connect_to(name).await?;
            let marked = is_marked(&mut own).await?;
            own.close().await?;
            marked
        };
        ensure!(marked, "database {name} is not one of ours; it is left alone");
        sqlx::query(AssertSqlSafe(format!("drop database if exists {} with (force)", quoted(name)?)))
            .execute(&mut server)
            .await?;
        server.close().await?;
        Ok(())
    }
}

/// Removes every dialog and what belongs to it. Dictionaries that the service holds in memory stay.
///
/// # Errors
/// The database is not one of ours.
pub async fn empty(db: &Db) -> anyhow::Result<()> {
    // Dictionaries stay, as the running service holds their numbers in memory.
    const KEPT: [&str; 6] =
        ["_sqlx_migrations", "dialogporten_marker", "org", "service_resource", "subject_resource", "resource_level"];
    let mut work = db.begin().await?;
    if !is_marked(&mut *work).await? {
        bail!("this database is not one of ours; it is left alone");
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "select quote_ident(tablename) from pg_tables where schemaname = 'public' and not tablename = any($1)",
    )
    .bind(&KEPT[..])
    .fetch_all(&mut *work)
    .await?;
    // The names come from the catalogue, quoted by the server.
    sqlx::query(AssertSqlSafe(format!("truncate {} restart identity", tables.join(", ")))).execute(&mut *work).await?;
    work.commit().await?;
    Ok(())
}

async fn create(server: &mut PgConnection, name: &str, template: Option<&str>) -> anyhow::Result<()> {
    let template = template.map(quoted).transpose()?.map(|name| format!(" template {name}")).unwrap_or_default();
    let made = sqlx::query(AssertSqlSafe(format!("create database {}{template}", quoted(name)?))).execute(server).await;
    made.map(drop).map_err(|error| {
        let lacks_the_right = error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("42501"));
        let error = anyhow::Error::from(error).context(format!("cannot make database {name}"));
        if lacks_the_right {
            error
                .context("the role of the database's address lacks the right to make databases (alter role … createdb)")
        } else {
            error
        }
    })
}

async fn mark(own: &mut PgConnection, purpose: &str) -> anyhow::Result<()> {
    let mut work = own.begin().await?;
    sqlx::raw_sql(
        "create table if not exists dialogporten_marker
            (purpose text constraint dialogporten_marker_pk primary key, made_at timestamptz not null default now())",
    )
    .execute(&mut *work)
    .await?;
    sqlx::query("insert into dialogporten_marker (purpose) values ($1) on conflict do nothing")
        .bind(purpose)
        .execute(&mut *work)
        .await?;
    work.commit().await?;
    Ok(())
}

async fn is_marked<C>(own: &mut C) -> anyhow::Result<bool>
where
    for<'c> &'c mut C: PgExecutor<'c>,
{
    let table =
        sqlx::query("select to_regclass('public.dialogporten_marker') is not null").fetch_one(&mut *own).await?;
    if !table.try_get::<bool, _>(0)? {
        return Ok(false);
    }
    Ok(sqlx::query_scalar("select exists (select from dialogporten_marker)").fetch_one(own).await?)
}

/// A database name inside a statement, where no parameter can stand.
fn quoted(name: &str) -> anyhow::Result<String> {
    // PostgreSQL cuts longer names off without a word.
    let plain = name.len() <= 63 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    ensure!(plain, "`{name}` is no name of a database of ours");
    Ok(format!("\"{name}\""))
}
