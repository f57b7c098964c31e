//! Which operations cost what, and the sums of a day as they are handed over (chapter 05 C2).

use std::{collections::BTreeMap, fmt::Write};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};

use super::recorder::status;
use crate::{domain::Instant, store::usage::Counted};

/// What one operation is billed as: its name there, and its weight in tenths.
struct Billed {
    method: &'static str,
    route: &'static str,
    /// `None`: whether an end user is named or not.
    has_end_user: Option<bool>,
    name: &'static str,
    // Tenths, not floats: sums of a day must come out the same in any order.
    tenths: i64,
}

const fn billed(method: &'static str, route: &'static str, name: &'static str, tenths: i64) -> Billed {
    Billed { method, route, has_end_user: None, name, tenths }
}

const fn of_owner(method: &'static str, route: &'static str, with: bool, name: &'static str, tenths: i64) -> Billed {
    Billed { method, route, has_end_user: Some(with), name, tenths }
}

const OWNER: &str = "/api/v1/serviceowner/dialogs";
const OWNERS_DIALOG: &str = "/api/v1/serviceowner/dialogs/{dialogId}";
const READER: &str = "/api/v1/enduser/dialogs";
const READERS_DIALOG: &str = "/api/v1/enduser/dialogs/{dialogId}";
const ONE_LABEL: &str = "Sette etikett på én dialog";
const READ: &str = "Hente dialog (tjenesteeier)";
const UPDATE: &str = "Oppdatere dialog";

/// What is in no line is not billed. A PATCH reads and updates, and is billed as both.
const BILLED: [Billed; 15] = [
    billed("POST", OWNER, "Opprette dialog", 15),
    billed("PUT", OWNERS_DIALOG, UPDATE, 18),
    billed("PATCH", OWNERS_DIALOG, UPDATE, 18),
    // The reference writes two records for a PATCH (chapter 05 D9): it sends a read before the update.
    billed("PATCH", OWNERS_DIALOG, READ, 10),
    billed("DELETE", OWNERS_DIALOG, "Slette dialog", 7),
    billed("POST", "/api/v1/serviceowner/dialogs/{dialogId}/actions/purge", "Slette dialog", 7),
    billed("GET", OWNERS_DIALOG, READ, 10),
    billed("GET", READERS_DIALOG, "Hente dialog (sluttbruker)", 12),
    of_owner("GET", OWNER, false, "Tjenesteeiersøk", 15),
    of_owner("GET", OWNER, true, "Tjenesteeiersøk på vegne av sluttbruker", 25),
    billed("GET", READER, "Sluttbrukersøk", 25),
    billed("PUT", "/api/v1/enduser/dialogs/{dialogId}/context/systemlabels", ONE_LABEL, 13),
    billed("PUT", "/api/v1/serviceowner/dialogs/{dialogId}/endusercontext/systemlabels", ONE_LABEL, 13),
    billed(
        "POST",
        "/api/v1/serviceowner/dialogs/endusercontext/systemlabels/actions/bulkset",
        "Sette etiketter på flere dialoger (tjenesteeier)",
        20,
    ),
    billed(
        "POST",
        "/api/v1/enduser/dialogs/context/systemlabels/actions/bulkset",
        "Sette etiketter på flere dialoger (sluttbruker)",
        20,
    ),
];

/// The sums of a day as comma-separated values, sorted by owner, resource and kind.
pub fn csv(environment: &str, counted: &[Counted]) -> String {
    type Key<'a> = (&'a str, &'a str, &'a str, &'a str, bool, bool, i64);
    let mut sums: BTreeMap<Key<'_>, i64> = BTreeMap::new();
    for Counted { of, count } in counted {
        let lines = BILLED.iter().filter(|it| {
            it.method == of.method && it.route == of.route && it.has_end_user.is_none_or(|with| with == of.has_end_user)
        });
        for line in lines {
            // `Feilet` covers failures and errors alike (chapter 05 C2).
            let has_failed = status(of.status_code) != "success";
            let owner = of.owner_org.as_str();
            let key = (
                owner,
                of.service_resource.as_str(),
                line.name,
                of.caller_org.as_str(),
                of.is_admin,
                has_failed,
                line.tenths,
            );
            *sums.entry(key).or_default() += count;
        }
    }
    let mut out = String::from(
        "Miljø,Tjeneste,Admin,Konsumentorgnr,Tjenesteeierorgnr,Transaksjonstype,Feilet,Antall,RelativRessursbruk\n",
    );
    let yes = |is: bool| if is { "Ja" } else { "Nei" };
    for ((owner, resource, name, caller, is_admin, has_failed, tenths), count) in sums {
        let weight = count * tenths;
        let _ = writeln!(
            out,
            "{},{},{},{},{},{},{},{count},{}.{}",
            quoted(environment),
            quoted(resource),
            yes(is_admin),
            quoted(caller),
            quoted(owner),
            quoted(name),
            yes(has_failed),
            weight / 10,
            weight % 10
        );
    }
    out
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// The day in Norway. Summer time as it has been since 1996: from one o'clock UTC on the last Sunday of March to the same of
/// October.
// By hand, as the one zone that is needed is no reason for a table of all.
pub fn norwegian_day(at: Instant) -> NaiveDate {
    let summer = last_sunday(at.year(), 3)..last_sunday(at.year(), 10);
    let hours = if summer.contains(&at) { 2 } else { 1 };
    (at + TimeDelta::hours(hours)).date_naive()
}

/// One o'clock UTC on the last Sunday of a month that has 31 days.
fn last_sunday(year: i32, month: u32) -> DateTime<Utc> {
    let last = NaiveDate::from_ymd_opt(year, month, 31).unwrap_or(NaiveDate::MIN);
    let back = last.weekday().days_since(Weekday::Sun);
    let day = last - TimeDelta::days(back.into());
    day.and_hms_opt(1, 0, 0).unwrap_or_default().and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::usage::Use;

    #[test]
    fn days_are_those_of_norway() {
        for (at, day) in [
            ("2026-01-31T22:59:59Z", "2026-01-31"),
            ("2026-01-31T23:00:00Z", "2026-02-01"),
            ("2026-03-28T23:30:00Z", "2026-03-29"),
            ("2026-03-29T22:00:00Z", "2026-03-30"),
            ("2026-10-24T22:00:00Z", "2026-10-25"),
            ("2026-10-25T22:30:00Z", "2026-10-25"),
        ] {
            assert_eq!(norwegian_day(at.parse().unwrap()).to_string(), day, "{at}");
        }
    }

    #[test]
    fn sums_are_told_by_owner_service_and_kind() {
        let use_of = |method: &str, route: &str, status_code, count| Counted {
            of: Use {
                day: NaiveDate::MIN,
                method: method.into(),
                route: route.into(),
                has_end_user: false,
                is_admin: false,
                caller_org: "991825827".into(),
                owner_org: "991825827".into(),
                service_resource: "urn:altinn:resource:a,b".into(),
                status_code,
            },
            count,
        };
        let counted = [
            use_of("POST", OWNER, 201, 2),
            use_of("POST", OWNER, 201, 1),
            use_of("PATCH", OWNERS_DIALOG, 412, 1),
            use_of("GET", "/api/v1/serviceowner/dialogs/{dialogId}/activities", 200, 9),
        ];
        let expected = "Miljø,Tjeneste,Admin,Konsumentorgnr,Tjenesteeierorgnr,Transaksjonstype,Feilet,Antall,RelativRessursbruk\n\
            TEST,\"urn:altinn:resource:a,b\",Nei,991825827,991825827,Hente dialog (tjenesteeier),Ja,1,1.0\n\
            TEST,\"urn:altinn:resource:a,b\",Nei,991825827,991825827,Oppdatere dialog,Ja,1,1.8\n\
            TEST,\"urn:altinn:resource:a,b\",Nei,991825827,991825827,Opprette dialog,Nei,3,4.5\n";
        assert_eq!(csv("TEST", &counted), expected);
    }
}
