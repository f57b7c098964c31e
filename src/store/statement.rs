//! Statements: SQL whose parameters have names.
//!
//! In the text of a statement `$name` is a parameter, told by [`Statement::with`] in any order and as often as it stands in
//! the text once. `{{word …}}` is what more than one statement says, or a number that belongs to an enum: see
//! [`super::parts`]. A parameter that is missing or that the text does not have is an error of the first run, so the
//! first test that runs a statement finds it; a test prepares every statement of [`all`](super::all) on the migrated
//! schema, whether another test runs it or not.
//!
//! Why no macros of sqlx: they check texts that are literals, and the long statements here share parts, whose copies drifted
//! apart before. The price is that the types of parameters and columns are checked by the server at the first run.

use std::sync::OnceLock;

use futures_util::stream::BoxStream;
use sqlx::{
    Arguments as _, Encode, FromRow, PgExecutor, Postgres, Type,
    error::BoxDynError,
    postgres::{PgArguments, PgRow},
};

use super::parts;

/// One statement of the program.
#[derive(Debug)]
pub struct Statement {
    /// What it is called in traces and in the server's own views.
    pub name: &'static str,
    text: &'static str,
    // Put together at the first run and kept: sqlx prepares by the text, which has to be the same one each time.
    written: OnceLock<Result<Written, String>>,
}

/// A statement as the server gets it.
#[derive(Debug)]
struct Written {
    sql: String,
    /// The first is `$1`.
    parameters: Vec<String>,
}

type Value<'q> = Box<dyn FnOnce(&mut PgArguments) -> Result<(), BoxDynError> + Send + 'q>;

impl Statement {
    pub const fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, text, written: OnceLock::new() }
    }

    /// The text that the server gets. It begins with the statement's name as a comment.
    ///
    /// # Errors
    /// The text holds a word that nobody knows.
    pub fn sql(&'static self) -> Result<&'static str, String> {
        Ok(self.written()?.sql.as_str())
    }

    /// The first of its parameters.
    pub fn with<'q, T>(&'static self, parameter: &'static str, value: T) -> Bound<'q>
    where
        T: Encode<'q, Postgres> + Type<Postgres> + Send + 'q,
    {
        self.bound().with(parameter, value)
    }

    /// A statement without parameters, or one whose parameters others tell.
    pub fn bound<'q>(&'static self) -> Bound<'q> {
        // A text that is wrong is told when it is run.
        let count = self.written().map_or(0, |written| written.parameters.len());
        Bound { statement: self, values: (0..count).map(|_| None).collect(), surplus: None }
    }

    fn written(&'static self) -> Result<&'static Written, String> {
        self.written.get_or_init(|| Written::of(self.name, self.text)).as_ref().map_err(Clone::clone)
    }
}

impl Written {
    fn of(name: &str, text: &str) -> Result<Self, String> {
        let text = parts::told(text).map_err(|word| format!("{name}: no part is called {word}"))?;
        // The name is what the server's views show of a statement under way.
        let mut written = Self { sql: format!("/* {name} */ "), parameters: Vec::new() };
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('$') {
            // Lower case and underscores only, so a cast behind a parameter ends its name.
            let end = after.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(after.len());
            let (parameter, after) = after.split_at(end);
            if parameter.is_empty() {
                return Err(format!("{name}: a parameter has no name"));
            }
            let known = written.parameters.iter().position(|known| known == parameter);
            let at = known.unwrap_or_else(|| {
                written.parameters.push(parameter.to_owned());
                written.parameters.len() - 1
            });
            written.sql.push_str(before);
            written.sql.push('$');
            written.sql.push_str(&(at + 1).to_string());
            rest = after;
        }
        written.sql.push_str(rest);
        Ok(written)
    }
}

/// A statement with values.
#[must_use = "nothing is asked before it is run"]
pub struct Bound<'q> {
    statement: &'static Statement,
    values: Vec<Option<Value<'q>>>,
    // Kept until it is run: `with` cannot fail, so that it chains.
    surplus: Option<&'static str>,
}

impl<'q> Bound<'q> {
    /// One more parameter.
    pub fn with<T>(mut self, parameter: &'static str, value: T) -> Self
    where
        T: Encode<'q, Postgres> + Type<Postgres> + Send + 'q,
    {
        let parameters = self.statement.written().map_or(&[][..], |written| &written.parameters);
        match parameters.iter().position(|known| known == parameter) {
            Some(at) => self.values[at] = Some(Box::new(move |arguments| arguments.add(value))),
            None => self.surplus = Some(parameter),
        }
        self
    }

    /// Parameters that several statements have alike.
    pub fn and(self, more: impl FnOnce(Self) -> Self) -> Self {
        more(self)
    }

    fn arguments(self) -> sqlx::Result<(&'static str, PgArguments)> {
        let name = self.statement.name;
        let wrong = |what: String| sqlx::Error::Configuration(what.into());
        let written = self.statement.written().map_err(wrong)?;
        if let Some(surplus) = self.surplus {
            return Err(wrong(format!("{name}: no parameter is called {surplus}")));
        }
        let mut arguments = PgArguments::default();
        for (value, parameter) in self.values.into_iter().zip(&written.parameters) {
            let value = value.ok_or_else(|| wrong(format!("{name}: nobody tells the parameter {parameter}")))?;
            value(&mut arguments).map_err(sqlx::Error::Encode)?;
        }
        Ok((written.sql.as_str(), arguments))
    }

    /// With its values written out for the server, which takes its time if they are long.
    pub fn ready(self) -> sqlx::Result<Ready> {
        let (sql, arguments) = self.arguments()?;
        Ok(Ready { sql, arguments })
    }

    /// The first row, if there is one.
    pub async fn optional<R>(self, db: impl PgExecutor<'_>) -> sqlx::Result<Option<R>>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let (sql, arguments) = self.arguments()?;
        sqlx::query_as_with(sql, arguments).fetch_optional(db).await
    }

    /// The first row as it comes, for what is decoded by hand.
    pub async fn row(self, db: impl PgExecutor<'_>) -> sqlx::Result<Option<PgRow>> {
        let (sql, arguments) = self.arguments()?;
        sqlx::query_with(sql, arguments).fetch_optional(db).await
    }

    /// All rows as they come.
    pub async fn raw(self, db: impl PgExecutor<'_>) -> sqlx::Result<Vec<PgRow>> {
        let (sql, arguments) = self.arguments()?;
        sqlx::query_with(sql, arguments).fetch_all(db).await
    }

    /// The one row.
    pub async fn one<R>(self, db: impl PgExecutor<'_>) -> sqlx::Result<R>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let (sql, arguments) = self.arguments()?;
        sqlx::query_as_with(sql, arguments).fetch_one(db).await
    }

    pub async fn all<R>(self, db: impl PgExecutor<'_>) -> sqlx::Result<Vec<R>>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let (sql, arguments) = self.arguments()?;
        sqlx::query_as_with(sql, arguments).fetch_all(db).await
    }

    /// Rows as they come, for answers that are too long or too mixed to be one list.
    pub fn rows<'e>(self, db: impl PgExecutor<'e> + 'e) -> sqlx::Result<BoxStream<'e, sqlx::Result<PgRow>>> {
        let (sql, arguments) = self.arguments()?;
        Ok(sqlx::query_with(sql, arguments).fetch(db))
    }

    /// Without an answer: the number of rows that were written.
    pub async fn run(self, db: impl PgExecutor<'_>) -> sqlx::Result<u64> {
        let (sql, arguments) = self.arguments()?;
        Ok(sqlx::query_with(sql, arguments).execute(db).await?.rows_affected())
    }
}

/// A statement on its way.
#[must_use = "nothing is asked before it is run"]
pub struct Ready {
    sql: &'static str,
    arguments: PgArguments,
}

impl Ready {
    /// The first row, if there is one.
    pub async fn optional<R>(self, db: impl PgExecutor<'_>) -> sqlx::Result<Option<R>>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        sqlx::query_as_with(self.sql, self.arguments).fetch_optional(db).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static TWICE: Statement = Statement::new("twice", "select $b + $a::integer where $b > 0");

    #[test]
    fn parameters_are_numbered_by_their_first_place() {
        assert_eq!(TWICE.sql(), Ok("/* twice */ select $1 + $2::integer where $1 > 0"));
    }

    #[test]
    fn a_missing_or_a_surplus_name_is_told() {
        let error = |bound: Bound<'_>| bound.arguments().map(drop).map_err(|error| error.to_string());
        assert_eq!(error(TWICE.with("a", 1).with("b", 2)), Ok(()));
        let told = error(TWICE.with("a", 1)).expect_err("b is missing");
        assert!(told.contains("nobody tells the parameter b"), "{told}");
        let told = error(TWICE.with("a", 1).with("b", 2).with("c", 3)).expect_err("c is too much");
        assert!(told.contains("no parameter is called c"), "{told}");
    }

    #[test]
    fn an_unknown_word_is_told() {
        static WRONG: Statement = Statement::new("wrong", "select {{nothing}}");
        assert_eq!(WRONG.sql(), Err("wrong: no part is called nothing".to_owned()));
    }
}
