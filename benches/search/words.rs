//! Searches for words: how common they are, how they are joined, and on whose behalf.

use anyhow::Context;
use dialogporten::{
    db::Db,
    domain::order::Position,
    store::search::{
        Request,
        text::{TextCondition, TextReach},
    },
};

use sqlx::Connection as _;

use super::cases::Case;

/// What is typed, and what it is called.
pub struct Typed {
    pub name: &'static str,
    pub typed: String,
}

/// Words of this world, by how many dialogs have them; chosen by what the database found when it last looked.
///
/// `recent` and `old` are put there: words that nothing has but the newest and the oldest dialogs of everybody.
///
/// # Errors
/// The database's; it must have been analysed.
pub async fn choose(db: &Db) -> anyhow::Result<Vec<Typed>> {
    let known: Vec<(String, f32)> = sqlx::query_as(
        "select word, frequency
           from pg_stats s
          cross join lateral unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) e (word, frequency)
          where s.tablename = 'dialog_text' and s.attname = 'vector' and word ~ '^[a-zæøå]{4,}$'",
    )
    .fetch_all(db)
    .await?;
    let nearest = |frequency: f32| {
        let distance = |known: f32| (known.max(1e-9) / frequency).ln().abs();
        let best = known.iter().min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
        best.map(|(word, _)| word.clone()).context("no statistics of words: analyze dialog_text")
    };
    let (common, medium) = (nearest(0.3)?, nearest(0.02)?);
    // Of what one dialog in a few thousand has, that which the fewest have.
    let rare: String = sqlx::query_scalar(
        "with seen as (
             select u.lexeme from (select vector from dialog_text tablesample system (1) limit 3000) t
              cross join lateral unnest(t.vector) u where u.lexeme ~ '^[a-zæøå0-9/]{4,}$'
              group by u.lexeme having count(*) = 1 order by md5(u.lexeme) limit 50
         )
         select s.lexeme from seen s
          cross join lateral (
              select count(*) as dialogs from (
                  select from dialog_text t where t.vector @@ quote_literal(s.lexeme)::tsquery limit 5000
              ) t
          ) t
          order by t.dialogs, s.lexeme limit 1",
    )
    .fetch_optional(db)
    .await?
    .unwrap_or_else(|| "finnesikke".to_owned());
    let typed = |name, typed: String| Typed { name, typed };
    Ok(vec![
        typed("rare", rare.clone()),
        typed("medium", medium.clone()),
        typed("common", common.clone()),
        typed("in none", "finnesaldri".into()),
        typed("two words", format!("{common} AND {medium}")),
        typed("phrase", "\"søknad om\"".into()),
        typed("negation", format!("{common} -{medium}")),
        typed("only a negation", format!("-{common}")),
        typed("or", format!("{rare} OR {medium}")),
        typed("recent", "nyligord".into()),
        typed("old", "gammelord".into()),
    ])
}

/// Adds the words that occur in a part of time only, once.
///
/// # Errors
/// The database's.
pub async fn add_words_of_a_time(url: &str) -> anyhow::Result<()> {
    // Beside the door, which gives no statement so long.
    let db = &mut sqlx::PgConnection::connect(url).await?;
    let has: bool = sqlx::query_scalar("select exists (select from dialog_text where vector @@ 'gammelord'::tsquery)")
        .fetch_one(&mut *db)
        .await?;
    if has {
        return Ok(());
    }
    for (word, edge) in [("nyligord", "0.97"), ("gammelord", "0.03")] {
        let sign = if word == "nyligord" { ">=" } else { "<=" };
        let sql = format!(
            "with edge as (select percentile_disc({edge}) within group (order by content_updated_at) as at from dialog tablesample system (1))
             update dialog_text t set vector = t.vector || '''{word}'':17B'::tsvector
               from dialog d, edge where d.id = t.dialog_id and t.part = 0 and d.content_updated_at {sign} edge.at"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *db).await?;
    }
    sqlx::query("vacuum analyze dialog_text").execute(&mut *db).await?;
    Ok(())
}

/// Each search for each of the requests, on the first page and half way down.
pub fn cases(typed: &[Typed], requests: &[(&'static str, Request)], middle: &Position) -> Vec<Case> {
    let mut cases = Vec::new();
    for (who, request) in requests {
        for words in typed {
            let mut request = request.clone();
            request.conditions.text = Some(TextCondition::of(&words.typed, None, TextReach::All));
            cases.push((name(words.name, who, ""), request.clone()));
            request.after = Some(middle.clone());
            cases.push((name(words.name, who, ", half way down"), request));
        }
    }
    cases
}

/// Lives as long as the program, which prints it once.
fn name(words: &str, who: &str, page: &str) -> &'static str {
    Box::leak(format!("{words}: {who}{page}").into_boxed_str())
}
