//! How often which operation was executed for whom.

use chrono::NaiveDate;

use super::statement::Statement;
use crate::db::Db;

/// One sort of use; nothing in it is of a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::FromRow)]
pub struct Use {
    /// In Norway.
    pub day: NaiveDate,
    pub method: String,
    /// The route's template.
    pub route: String,
    /// `endUserId` is named.
    pub has_end_user: bool,
    pub is_admin: bool,
    /// Numbers of organizations; `unknown` where nobody knows.
    pub caller_org: String,
    pub owner_org: String,
    pub service_resource: String,
    pub status_code: i16,
}

/// The same with how often.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Counted {
    #[sqlx(flatten)]
    pub of: Use,
    pub count: i64,
}

static ADD: Statement = Statement::new(
    "usage add",
    "
insert into usage_count as u
    (day, method, route, has_end_user, is_admin, caller_org, owner_org, service_resource, status_code, count)
select *
  from unnest($days::date[], $methods::text[], $routes::text[], $end_users::boolean[], $admins::boolean[], $callers::text[]
            , $owners::text[], $resources::text[], $statuses::smallint[], $counts::bigint[])
-- several processes add to the same row
on conflict on constraint usage_count_pk do update set count = u.count + excluded.count",
);

static OF_DAY: Statement = Statement::new(
    "usage of day",
    "
select day, method, route, has_end_user, is_admin, caller_org, owner_org, service_resource, status_code, count
  from usage_count
 where day = $day",
);

pub(super) const STATEMENTS: [&Statement; 2] = [&ADD, &OF_DAY];

/// Adds what was counted.
pub async fn add(db: &Db, counted: &[Counted]) -> sqlx::Result<()> {
    let texts = |of: fn(&Use) -> &String| counted.iter().map(|counted| of(&counted.of).clone()).collect::<Vec<_>>();
    let flags = |of: fn(&Use) -> bool| counted.iter().map(|counted| of(&counted.of)).collect::<Vec<_>>();
    ADD.with("days", counted.iter().map(|counted| counted.of.day).collect::<Vec<_>>())
        .with("methods", texts(|of| &of.method))
        .with("routes", texts(|of| &of.route))
        .with("end_users", flags(|of| of.has_end_user))
        .with("admins", flags(|of| of.is_admin))
        .with("callers", texts(|of| &of.caller_org))
        .with("owners", texts(|of| &of.owner_org))
        .with("resources", texts(|of| &of.service_resource))
        .with("statuses", counted.iter().map(|counted| counted.of.status_code).collect::<Vec<_>>())
        .with("counts", counted.iter().map(|counted| counted.count).collect::<Vec<_>>())
        .run(db)
        .await
        .map(drop)
}

/// All of one day.
pub async fn of_day(db: &Db, day: NaiveDate) -> sqlx::Result<Vec<Counted>> {
    OF_DAY.with("day", day).all(db).await
}
