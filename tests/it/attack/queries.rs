//! Query strings at both lists: 200 or 400, whatever they hold.

use percent_encoding::{NON_ALPHANUMERIC, percent_encode, utf8_percent_encode};
use proptest::prelude::*;

use super::{hold, is_one_of};
use crate::harness::{PERSON, RESOURCE, TestApp, simple_dialog};

const NAMES: &[&str] = &[
    "org",
    "serviceResource",
    "party",
    "endUserId",
    "extendedStatus",
    "externalReference",
    "status",
    "deleted",
    "createdAfter",
    "createdBefore",
    "updatedAfter",
    "updatedBefore",
    "contentUpdatedAfter",
    "contentUpdatedBefore",
    "dueAfter",
    "dueBefore",
    "visibleAfter",
    "visibleBefore",
    "process",
    "systemLabel",
    "isContentSeen",
    "excludeApiOnly",
    "serviceOwnerLabels",
    "search",
    "searchLanguageCode",
    "orderBy",
    "limit",
    "continuationToken",
];

fn value() -> impl Strategy<Value = String> {
    let person = format!("urn:altinn:person:identifier-no:{PERSON}");
    let fixed: Vec<String> = [
        "",
        " ",
        "%00",
        "a%00b",
        "%ff",
        "%",
        "%zz",
        "1",
        "0",
        "-1",
        "1000",
        "99999999999",
        "true",
        "FALSE",
        "2026-01-01",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999999Z",
        "-5000-01-01",
        "2026-01-01T00:00:00%2B14:00",
        "Only",
        "Include",
        "New",
        "New,Draft",
        "[\"New\"]",
        "[",
        "[null]",
        "Bin",
        "Archive",
        "5",
        "nb",
        "no",
        "en",
        "ttd",
        "a*",
        "a*b",
        "***",
        "%25%25%25",
        "___",
        "\\\\\\*",
        "urn:p:1",
        "inval|d",
        "dueAt_asc",
        "createdAt_desc,dueAt",
        "id",
        "id_asc",
        "dueat_,id_0196c0de-0000-7000-8000-000000000001",
        "contentupdatedat_2031-04-05T06:07:08.1234560Z,id_0196c0de-0000-7000-8000-000000000001",
        "contentupdatedat_9999-12-31T23:59:59.9999999Z,id_00000000-0000-0000-0000-000000000000",
        "contentupdatedat_0001-01-01,id_ffffffff-ffff-ffff-ffff-ffffffffffff",
        "word",
        "\"a b",
        "-word",
        "a OR -b",
        "((((",
        "urn:altinn:person:idporten-email:x@y.no",
        "urn:altinn:systemuser:uuid:51551dd0-b9c5-4f4b-a4a2-9b7e3669b364",
    ]
    .iter()
    .map(|text| (*text).to_owned())
    .chain([person.clone(), person.to_uppercase(), RESOURCE.to_owned(), RESOURCE.to_uppercase()])
    .collect();
    prop_oneof![
        10 => prop::sample::select(fixed),
        2 => any::<String>().prop_map(|text| utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string()),
        1 => prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| percent_encode(&bytes, NON_ALPHANUMERIC).to_string()),
        1 => (1_usize..5_000).prop_map(|n| "x".repeat(n)),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => prop::sample::select(NAMES).prop_map(str::to_owned),
        1 => prop::sample::select(NAMES).prop_map(str::to_uppercase),
        1 => any::<String>().prop_map(|text| utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string()),
    ]
}

/// Some parameters; some come several times.
pub fn parameters(most: usize) -> impl Strategy<Value = Vec<(String, String)>> {
    let one = (name(), value(), 1_usize..4);
    prop::collection::vec(one, 0..most).prop_map(|all| {
        all.into_iter().flat_map(|(name, value, times)| std::iter::repeat_n((name, value), times)).collect()
    })
}

pub fn joined(parameters: &[(String, String)]) -> String {
    let pairs: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    // Only what no address may hold is escaped; the rest is sent as it is.
    pairs
        .join("&")
        .chars()
        .map(
            |c| {
                if matches!(c, ' ' | '"' | '|' | '\\' | '<' | '>') {
                    format!("%{:02X}", c as u32)
                } else {
                    c.to_string()
                }
            },
        )
        .collect()
}

async fn both_lists_answer(app: &TestApp, query: &str) -> Result<(), TestCaseError> {
    let owner = app.service_owner("ttd").get(&format!("serviceowner/dialogs?{query}")).await;
    is_one_of(&owner, &[200, 400, 422], query)?;
    let user = app.person(PERSON).get(&format!("enduser/dialogs?{query}")).await;
    is_one_of(&user, &[200, 400, 422], query)
}

#[test]
fn any_parameters_are_answered() {
    hold(500, &parameters(6), &async |app, parameters| both_lists_answer(app, &joined(&parameters)).await);
}

/// A request that is right but for one parameter.
#[test]
fn one_odd_parameter_is_answered() {
    let party = format!("party=urn:altinn:person:identifier-no:{PERSON}");
    hold(500, &(name(), value()), &async |app, parameter| {
        both_lists_answer(app, &format!("{party}&{}", joined(&[parameter]))).await
    });
}

#[test]
fn any_text_is_a_query() {
    let texts = "[ -~]{0,60}".prop_map(|text| utf8_percent_encode(&text, percent_encoding::CONTROLS).to_string());
    hold(150, &texts, &async |app, text: String| {
        both_lists_answer(app, &text.replace([' ', '#', '"', '<', '>', '\\', '^', '`', '{', '|', '}'], "%20")).await
    });
}

#[tokio::test]
async fn thousands_of_parameters_are_answered() {
    let app = TestApp::start().await;
    let (owner, user) = (app.service_owner("ttd"), app.person(PERSON));
    owner.creates(simple_dialog()).await;
    for repeated in
        ["party=a", "serviceResource=b", "status=New", "systemLabel=Bin", "createdAfter=2026", "limit=1", "x=y"]
    {
        let query = vec![repeated; 28_000 / (repeated.len() + 1)].join("&");
        for answer in [
            owner.get(&format!("serviceowner/dialogs?{query}")).await,
            user.get(&format!("enduser/dialogs?{query}")).await,
        ] {
            assert!(matches!(answer.status.as_u16(), 200 | 400), "{repeated}: {} {}", answer.status, answer.text);
        }
    }
    let labels = vec!["serviceOwnerLabels=abc*"; 1_200].join("&");
    assert_eq!(owner.get(&format!("serviceowner/dialogs?{labels}")).await.status, 200);
    let different: Vec<_> = (0..1_000).map(|n| format!("serviceOwnerLabels=abc{n}*")).collect();
    assert_eq!(owner.get(&format!("serviceowner/dialogs?{}", different.join("&"))).await.status, 200);
}
