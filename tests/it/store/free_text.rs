//! Free text beside everything else that lists ask for: every way to a page gives what a plain reading of the rules gives.
//!
//! The model knows the words of each text as a list and a search as the tree that was drawn; what is typed, and how the
//! service reads it, is not its business. `SEARCH_CASES=20000 SEARCH_SEED=1 cargo nextest run every_way_to_words` draws more.

use std::collections::HashMap;

use dialogporten::{
    db::Db,
    store::{
        dictionary::Dictionary,
        search::{
            Request,
            text::{TextCondition, TextReach},
        },
    },
    text::vector::{Fragment, Weight, vectors, whole},
};
use uuid::Uuid;

use super::search::{Chance, Stored, World, all_pages};

const WORDS: [&str; 7] = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf"];

/// One text of a dialog.
#[derive(Clone, Debug)]
struct Text {
    words: Vec<&'static str>,
    is_open: bool,
}

/// A word or several one after the other.
#[derive(Clone, Debug)]
struct Literal {
    words: Vec<&'static str>,
    is_negated: bool,
}

/// Any of the groups, all literals of it.
type Search = Vec<Vec<Literal>>;

struct Texts(HashMap<Uuid, Vec<Text>>);

impl Texts {
    async fn stored(db: &Db, chance: &mut Chance, world: &World) -> Self {
        let mut texts = HashMap::new();
        for dialog in &world.dialogs {
            let drawn: Vec<Text> = (0..chance.below(4)).map(|_| Text::drawn(chance)).collect();
            let is_cut = chance.one_in(5);
            let written: Vec<String> = drawn.iter().map(|text| text.words.join(" ")).collect();
            let fragment = |(text, written): (&Text, &'_ String)| Fragment {
                text: written.clone().leak(),
                language: Some("se"),
                weight: if text.is_open { Weight::NonSensitive } else { Weight::Own },
            };
            let fragments = drawn.iter().zip(&written).map(fragment);
            let parts: Vec<String> = if is_cut {
                fragments.flat_map(|fragment| vectors([fragment])).map(|vector| format!("{vector} '*':1")).collect()
            } else {
                whole(fragments)
            };
            for (part, vector) in parts.iter().enumerate() {
                sqlx::query("insert into dialog_text (dialog_id, part, party_key, vector) values ($1, $2, $3, $4::text::tsvector)")
                    .bind(dialog.id)
                    .bind(i16::try_from(part).unwrap())
                    .bind(dialog.party.key())
                    .bind(vector)
                    .execute(db)
                    .await
                    .unwrap();
            }
            texts.insert(dialog.id, drawn);
        }
        Self(texts)
    }

    fn match_(&self, dialog: &Stored, search: &Search, reach: &TextReach) -> bool {
        let within = match reach {
            TextReach::All => true,
            TextReach::Of(resources) => resources.contains(&dialog.resource.id),
        };
        let texts: Vec<&Text> = self.0[&dialog.id].iter().filter(|text| within || text.is_open).collect();
        let has = |words: &[&str]| texts.iter().any(|text| text.words.windows(words.len()).any(|run| run == words));
        search.iter().any(|group| group.iter().all(|literal| has(&literal.words) != literal.is_negated))
    }
}

impl Text {
    fn drawn(chance: &mut Chance) -> Self {
        // The first words are common, the last one is in hardly any text.
        let word = |chance: &mut Chance| WORDS[chance.below(7).min(chance.below(8)).min(chance.below(9))];
        Self { words: (0..=chance.below(4)).map(|_| word(chance)).collect(), is_open: chance.one_in(2) }
    }
}

fn drawn(chance: &mut Chance) -> Search {
    let literal = |chance: &mut Chance| Literal {
        words: (0..chance.pick(&[1, 1, 1, 2])).map(|_| chance.pick(&WORDS)).collect(),
        is_negated: chance.one_in(5),
    };
    (0..chance.pick(&[1, 1, 2, 3]))
        .map(|_| (0..chance.pick(&[1, 1, 2, 3])).map(|_| literal(chance)).collect())
        .collect()
}

/// As somebody would type it: what stands side by side is an "or", or an "and" if anything is negated.
fn typed(chance: &mut Chance, search: &Search) -> String {
    let negates = search.iter().flatten().any(|literal| literal.is_negated);
    let one = |literal: &Literal| {
        let words = literal.words.join(" ");
        let words = if literal.words.len() > 1 { format!("\"{words}\"") } else { words };
        format!("{}{words}", if literal.is_negated { "-" } else { "" })
    };
    let (mut and, mut or) = (vec![" AND ", " and "], vec![" OR ", " or "]);
    if negates {
        and.push(" ");
    } else {
        or.push(" ");
    }
    let mut text = String::new();
    for (at, group) in search.iter().enumerate() {
        for (place, literal) in group.iter().enumerate() {
            match (at, place) {
                (0, 0) => {}
                (_, 0) => text += chance.pick(&or),
                _ => text += chance.pick(&and),
            }
            text += &one(literal);
        }
    }
    text
}

fn setting(name: &str, default: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the length of a test is no setting of the service")]
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// ES-017, ES-018 with text.
#[tokio::test]
async fn every_way_to_words_gives_the_same_pages() {
    let database = crate::harness::database().await;
    let db = Db::at(&database.url, 4).unwrap();
    let (cases, seed) = (setting("SEARCH_CASES", 500), setting("SEARCH_SEED", 2027));
    println!("SEARCH_CASES={cases} SEARCH_SEED={seed}");
    let mut chance = Chance(seed);
    let world = World::stored(&db, &mut chance).await;
    let texts = Texts::stored(&db, &mut chance, &world).await;
    let (mut filled, mut empty) = (0, 0);
    for case in 0..cases {
        let (parties, resources) = (chance.pick(&[1, 2, 51, 101]), chance.pick(&[1, 2, 20]));
        let mut request: Request = world.search(&mut chance, parties, resources);
        let search = drawn(&mut chance);
        let reach = if chance.one_in(2) {
            TextReach::All
        } else {
            TextReach::Of(world.resources.iter().filter(|_| chance.one_in(2)).map(|resource| resource.id).collect())
        };
        let typed = typed(&mut chance, &search);
        request.conditions.text = Some(TextCondition::of(&typed, Some("se"), reach.clone()));
        let found = all_pages(&db, &Dictionary::default(), request.clone()).await;
        let mut expected: Vec<&Stored> = world
            .dialogs
            .iter()
            .filter(|dialog| dialog.matches(&request) && texts.match_(dialog, &search, &reach))
            .collect();
        expected.sort_by(|a, b| a.sequence(b, &request.order));
        let expected: Vec<Uuid> = expected.iter().map(|dialog| dialog.id).collect();
        *if expected.is_empty() { &mut empty } else { &mut filled } += 1;
        assert_eq!(found, expected, "case {case} of seed {seed}: {typed:?} {request:#?}");
    }
    assert!(filled * 3 > empty, "the comparison is about something: {filled} filled, {empty} empty");
}
