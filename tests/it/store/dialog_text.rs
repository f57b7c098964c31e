//! The words of dialogs in the database: as we spell them, and when they are written.

use std::collections::BTreeSet;

use dialogporten::text::{
    query::{Reach, TextQuery},
    vector::{self, Fragment, Weight},
    word::words,
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Edit, PERSON, TestApp, localized, simple_activity, simple_dialog, simple_transmission, text};

fn typed(runner: &mut TestRunner) -> String {
    let strategy = proptest::string::string_regex(
        "\\PC{0,40}|([a-cæ'\\\\\"&|!():*<>@._/-]|AND|OR| |\\\\n){0,40}|('[a-c]*'( |:[ABCD]|:\\*){0,2}){0,8}",
    );
    strategy.unwrap().new_tree(runner).unwrap().current()
}

/// Whatever is written or typed: the database's own parser reads it, and reads the words that we mean and no others.
#[tokio::test]
async fn the_database_reads_what_we_spell() {
    let app = TestApp::start().await;
    let mut runner = TestRunner::deterministic();
    for _ in 0..400 {
        let text = typed(&mut runner);
        let fragment = Fragment { text: &text, language: None, weight: Weight::Own };
        let expected: BTreeSet<String> =
            words(&text).into_iter().flat_map(|word| std::iter::once(word.whole).chain(word.parts)).collect();
        let mut read = BTreeSet::new();
        for vector in vector::vectors([fragment]) {
            let lexemes: Vec<String> = sqlx::query_scalar("select lexeme from unnest($1::text::tsvector)")
                .bind(vector)
                .fetch_all(&app.db)
                .await
                .unwrap();
            read.extend(lexemes);
        }
        assert_eq!(read, expected, "{text:?}");

        let Some(query) = TextQuery::parse(&text, Some("se")) else { continue };
        for reach in [Reach::Everything, Reach::NonSensitive] {
            let spelled = query.print(reach);
            let again: String =
                sqlx::query_scalar("select $1::text::tsquery::text").bind(&spelled).fetch_one(&app.db).await.unwrap();
            let lexemes: Vec<String> = sqlx::query_scalar(
                "select m[1] from regexp_matches($1::text::tsquery::text, $$'((?:[^'\\\\]|''|\\\\\\\\)*)'$$, 'g') m",
            )
            .bind(&spelled)
            .fetch_all(&app.db)
            .await
            .unwrap();
            let of_query: BTreeSet<String> =
                words(&text).into_iter().flat_map(|word| std::iter::once(word.whole).chain(word.parts)).collect();
            for lexeme in lexemes {
                let lexeme = lexeme.replace("''", "'").replace("\\\\", "\\");
                assert!(of_query.contains(&lexeme), "{lexeme:?} in {again} of {text:?}");
            }
            // What is found by itself, is found: the query of a single word matches the vector of it.
            if let (1, [vector]) = (query.groups().len(), &vector::vectors([fragment])[..])
                && !query.matches_nothing_written()
                && reach == Reach::Everything
                && words(&text).len() == 1
            {
                let matches: bool = sqlx::query_scalar("select $1::text::tsvector @@ $2::text::tsquery")
                    .bind(vector)
                    .bind(&spelled)
                    .fetch_one(&app.db)
                    .await
                    .unwrap();
                assert!(matches, "{spelled} in {vector}");
            }
        }
    }
}

/// Where the words of a dialog are stored: another place after each time they were written.
async fn places(app: &TestApp, dialog: Uuid) -> Vec<(i16, String)> {
    sqlx::query_as("select part, ctid::text || ' ' || xmin::text from dialog_text where dialog_id = $1 order by part")
        .bind(dialog)
        .fetch_all(&app.db)
        .await
        .unwrap()
}

/// What changes no text writes no words: labels, visits, times, activities without a description.
#[tokio::test]
async fn words_are_written_only_where_they_differ() {
    let app = TestApp::start().await;
    let owner = app.service_owner("ttd");
    let dialog = owner.creates(simple_dialog().and("transmissions", simple_transmission())).await;
    let path = format!("serviceowner/dialogs/{dialog}");
    let born = places(&app, dialog.0).await;
    assert_eq!(born.len(), 1);

    let labels = format!("{path}/endusercontext/systemlabels?enduserId=urn:altinn:person:identifier-no:{PERSON}");
    owner.put(&labels, json!({ "systemLabels": ["Archive"] })).await.expect(204);
    owner.post(&format!("{path}/activities"), simple_activity("DialogOpened")).await.expect(201);
    app.person(PERSON).opens(dialog).await;
    owner.patch(&path, json!([{"op": "add", "path": "/progress", "value": 40}])).await.expect(204);
    owner.delete(&path).await.expect(204);
    owner.post(&format!("{path}/actions/restore"), Value::Null).await.expect(204);
    assert_eq!(places(&app, dialog.0).await, born);

    let described = simple_activity("Information").with("description", localized("nye ord"));
    owner.post(&format!("{path}/activities"), described).await.expect(201);
    let grown = places(&app, dialog.0).await;
    assert_ne!(grown, born);
    let title = json!([{"op": "replace", "path": "/content/title", "value": text("En annen tittel")}]);
    owner.patch(&path, title).await.expect(204);
    assert_ne!(places(&app, dialog.0).await, grown);

    let purge = format!("{path}/actions/purge");
    owner.post(&purge, Value::Null).await.expect(204);
    assert_eq!(places(&app, dialog.0).await, []);
}
