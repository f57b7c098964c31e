//! Documents that follow the grammar and nothing else: never a fault, never a panic. 300 here; `FUZZ_DOCUMENTS=20000` for
//! more.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::everything::{Contract, named};
use crate::harness::{PERSON, TestApp, fresh_id, simple_dialog};

use async_graphql::parser::types::{BaseType, Type, TypeKind};

const GATE: u64 = 300;

/// Chance, from a seed that failures name.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides.max(1)
    }

    fn once_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }

    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.roll(values.len())]
    }
}

/// Makes one request.
struct Author<'a> {
    dice: Dice,
    contract: &'a Contract,
    known: &'a str,
    variables: Vec<(String, String)>,
    given: Map<String, Value>,
    fragments: Vec<String>,
    budget: usize,
}

const ODD: [&str; 14] = [
    "null",
    "-1",
    "0",
    "99999999999999999999",
    "1.5e300",
    "\"\"",
    "\"\\u0000\"",
    "true",
    "SIDEWAYS",
    "[]",
    "{}",
    "[[[[1]]]]",
    "{a: {b: [null]}}",
    "\"\"\"block \\\"\"\" \"\"\"",
];

impl Author<'_> {
    fn request(&mut self) -> Value {
        let root = self.dice.of(&["Queries", "Queries", "Queries", "Mutations", "Subscriptions", "Nothing"]);
        let selection = self.selection(root, 0);
        let kind = match root {
            "Mutations" => "mutation",
            "Subscriptions" => "subscription",
            _ => "query",
        };
        let variables: Vec<String> = self.variables.iter().map(|(name, ty)| format!("${name}: {ty}")).collect();
        let variables = if variables.is_empty() { String::new() } else { format!("({})", variables.join(", ")) };
        let mut text = format!("{kind} a{variables} {selection} {}", self.fragments.join(" "));
        if self.dice.once_in(8) {
            text.push_str(" query b { __typename ...gone }");
        }
        if self.dice.once_in(10) {
            let at = self.dice.roll(text.len());
            text = text.chars().enumerate().filter(|(n, _)| *n != at).map(|(_, c)| c).collect();
        }
        let mut body = json!({"query": text, "variables": self.given.clone()});
        if !self.dice.once_in(5) {
            body["operationName"] = json!(self.dice.of(&["a", "a", "a", "b", "c", ""]));
        }
        body
    }

    fn selection(&mut self, on: &str, level: usize) -> String {
        let contract = self.contract;
        let fields = contract.fields(on);
        let mut text = String::from("{ ");
        let count = 1 + self.dice.roll(if level > 6 { 1 } else { 4 });
        for n in 0..count {
            if self.budget == 0 {
                break;
            }
            self.budget -= 1;
            match self.dice.roll(20) {
                0 => text.push_str("__typename "),
                1 => text.push_str(self.dice.of(&[
                    "nothing ",
                    "__schema { types { name } } ",
                    "__type(name: \"Dialog\") { name } ",
                ])),
                2 => {
                    let inner = self.selection(on, level + 1);
                    write!(text, "... on {on} @include(if: {}) {inner} ", self.dice.of(&["true", "false", "1", "$x"]))
                        .expect("a string takes it");
                }
                3 => {
                    let name = format!("f{}", self.fragments.len());
                    let slot = self.fragments.len();
                    self.fragments.push(String::new());
                    let inner = self.selection(on, level + 1);
                    let inner =
                        if self.dice.once_in(6) { inner.replacen('{', &format!("{{ ...{name} "), 1) } else { inner };
                    self.fragments[slot] = format!("fragment {name} on {on} {inner}");
                    write!(text, "...{name} ...{name} ").expect("a string takes it");
                }
                4 => {
                    let behind = contract.behind(on);
                    let on = if behind.is_empty() { "Dialog" } else { self.dice.of(&behind) };
                    write!(text, "... on {on} {{ __typename }} ").expect("a string takes it");
                }
                _ if fields.is_empty() => text.push_str("x "),
                _ => {
                    let field = fields[self.dice.roll(fields.len())];
                    if self.dice.once_in(4) {
                        write!(text, "a{n}: ").expect("a string takes it");
                    }
                    text.push_str(field.name.node.as_str());
                    let mut arguments = Vec::new();
                    for argument in &field.arguments {
                        if !self.dice.once_in(9) {
                            let value = self.value(&argument.node.ty.node, 0);
                            arguments.push(format!("{}: {value}", argument.node.name.node));
                        }
                    }
                    if self.dice.once_in(30) {
                        arguments.push("more: 1".to_owned());
                    }
                    if !arguments.is_empty() {
                        write!(text, "({})", arguments.join(", ")).expect("a string takes it");
                    }
                    let inner = named(&field.ty.node);
                    if !contract.fields(inner).is_empty() && !self.dice.once_in(30) {
                        text.push(' ');
                        text.push_str(&self.selection(inner, level + 1));
                    }
                    text.push(' ');
                }
            }
        }
        if text.len() == 2 {
            text.push_str("__typename ");
        }
        text + "}"
    }

    fn value(&mut self, ty: &Type, level: usize) -> String {
        if self.dice.once_in(15) {
            return self.dice.of(&ODD).to_owned();
        }
        if level == 0 && self.dice.once_in(4) {
            let name = format!("v{}", self.variables.len());
            let written = ty.to_string();
            self.variables.push((name.clone(), if self.dice.once_in(8) { "Nonsense".to_owned() } else { written }));
            if !self.dice.once_in(5) {
                let literal = self.value(ty, 1);
                let value = as_json(&literal).unwrap_or(json!(literal));
                self.given.insert(name.clone(), value);
            }
            return format!("${name}");
        }
        match &ty.base {
            BaseType::List(inner) if level < 3 => {
                let items: Vec<String> = (0..self.dice.roll(4)).map(|_| self.value(inner, level + 1)).collect();
                format!("[{}]", items.join(", "))
            }
            BaseType::List(_) => "[]".to_owned(),
            BaseType::Named(name) => self.named_value(name.as_str(), level),
        }
    }

    fn named_value(&mut self, name: &str, level: usize) -> String {
        let contract = self.contract;
        match contract.kind(name) {
            Some(TypeKind::Enum(_)) => {
                let values = contract.values(name);
                self.dice.of(&values).to_owned()
            }
            Some(TypeKind::InputObject(_)) => {
                let mut members = Vec::new();
                for member in contract.members(name) {
                    if self.dice.once_in(3) || !member.ty.node.nullable {
                        let value = self.value(&member.ty.node, level + 1);
                        members.push(format!("{}: {value}", member.name.node));
                    }
                }
                format!("{{{}}}", members.join(", "))
            }
            _ => match name {
                "UUID" => {
                    format!("\"{}\"", if self.dice.once_in(2) { self.known.to_owned() } else { fresh_id().to_string() })
                }
                "DateTime" => self
                    .dice
                    .of(&[
                        "\"2031-01-01T00:00:00Z\"",
                        "\"2031-01-01\"",
                        "\"0001-01-01T00:00:00+14:00\"",
                        "\"9999-12-31T23:59:59.9999999Z\"",
                    ])
                    .to_owned(),
                "Int" => self.dice.of(&["1", "100", "1000", "2147483648", "-5"]).to_owned(),
                "Boolean" => self.dice.of(&["true", "false"]).to_owned(),
                _ => {
                    let person = format!("\"urn:altinn:person:identifier-no:{PERSON}\"");
                    let texts = [
                        person.as_str(),
                        "\"x\"",
                        "\"urn:altinn:resource:ttd-dialogporten-automated-tests\"",
                        "\"ttd\"",
                        "\"\u{1f600}\\n\"",
                        "\"contentupdatedat_,id_\"",
                    ];
                    self.dice.of(&texts).to_owned()
                }
            },
        }
    }
}

/// A literal as JSON, where it is written the same.
fn as_json(literal: &str) -> Option<Value> {
    serde_json::from_str(literal).ok()
}

fn asked_for() -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "the length of a test is no setting of the service")]
    std::env::var("FUZZ_DOCUMENTS").ok()?.parse().ok()
}

#[tokio::test]
async fn no_document_is_a_fault() {
    let count = asked_for().unwrap_or(GATE);
    let app = TestApp::start_with(&[("graphql.introspection", "true")]).await;
    let dialog = app.service_owner("ttd").creates(simple_dialog()).await.to_string();
    let contract = Contract::read();
    let user = app.person(PERSON);
    let (mut executed, mut refused) = (0, 0);
    for seed in 0..count {
        let mut author = Author {
            dice: Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
            contract: &contract,
            known: &dialog,
            variables: Vec::new(),
            given: Map::new(),
            fragments: Vec::new(),
            budget: 120,
        };
        let body = author.request();
        let answer = user.post("/graphql", body.clone()).await;
        let told = || format!("seed {seed}: {}\n{body:#}", answer.text);
        assert!(matches!(answer.status.as_u16(), 200 | 400 | 401 | 405), "{}", told());
        assert!(!answer.text.contains("Unexpected Execution Error"), "{}", told());
        if answer.status == 200 { executed += 1 } else { refused += 1 }
    }
    assert!(executed > count / 20 && refused > count / 20, "{executed} executed, {refused} refused");
}
