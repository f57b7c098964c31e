//! The schema against the contract: types, fields, arguments, defaults, nullability, values and directives.

use async_graphql::parser::{
    Positioned, parse_schema,
    types::{
        ConstDirective, DirectiveDefinition, FieldDefinition, InputValueDefinition, SchemaDefinition, TypeDefinition,
        TypeKind, TypeSystemDefinition,
    },
};
use dialogporten::graphql::schema::{part_of, schema, sdl};

use crate::harness::{PERSON, TestApp};

const CONTRACT: &str = include_str!("../../contract/schema.graphql");

/// Every definition in one form, members sorted, without descriptions.
fn canonical(text: &str) -> Vec<String> {
    let document = parse_schema(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut blocks: Vec<String> = document
        .definitions
        .into_iter()
        .map(|definition| match definition {
            TypeSystemDefinition::Schema(schema) => of_schema(&schema.node),
            TypeSystemDefinition::Type(definition) => of_type(&definition.node),
            TypeSystemDefinition::Directive(directive) => of_directive(&directive.node),
        })
        .collect();
    blocks.sort();
    blocks
}

fn of_schema(schema: &SchemaDefinition) -> String {
    let roots = [&schema.query, &schema.mutation, &schema.subscription];
    let roots = roots.map(|root| root.as_ref().map(|root| root.node.to_string()).unwrap_or_default());
    format!("schema {roots:?}")
}

fn of_type(definition: &TypeDefinition) -> String {
    let (kind, implements, mut members) = match &definition.kind {
        TypeKind::Scalar => ("scalar", &[][..], Vec::new()),
        TypeKind::Object(object) => ("type", &object.implements[..], object.fields.iter().map(of_field).collect()),
        TypeKind::Interface(it) => ("interface", &it.implements[..], it.fields.iter().map(of_field).collect()),
        TypeKind::Union(union) => ("union", &union.members[..], Vec::new()),
        TypeKind::Enum(it) => ("enum", &[][..], it.values.iter().map(|value| value.node.value.to_string()).collect()),
        TypeKind::InputObject(it) => ("input", &[][..], it.fields.iter().map(of_input).collect()),
    };
    members.sort();
    let implements: Vec<&str> = implements.iter().map(|name| name.node.as_str()).collect();
    let directives = of_directives(&definition.directives);
    format!("{kind} {} {implements:?} {directives} {members:#?}", definition.name.node)
}

fn of_field(field: &Positioned<FieldDefinition>) -> String {
    let field = &field.node;
    let mut arguments: Vec<String> = field.arguments.iter().map(of_input).collect();
    arguments.sort();
    format!("{}{arguments:?}: {} {}", field.name.node, field.ty.node, of_directives(&field.directives))
}

fn of_input(input: &Positioned<InputValueDefinition>) -> String {
    let input = &input.node;
    let default = input.default_value.as_ref().map(|value| format!(" = {}", value.node)).unwrap_or_default();
    format!("{}: {}{default} {}", input.name.node, input.ty.node, of_directives(&input.directives))
}

fn of_directives(directives: &[Positioned<ConstDirective>]) -> String {
    let one = |directive: &Positioned<ConstDirective>| {
        let arguments = directive.node.arguments.iter();
        let mut arguments: Vec<String> =
            arguments.map(|(name, value)| format!("{}: {}", name.node, value.node)).collect();
        arguments.sort();
        format!("@{}({})", directive.node.name.node, arguments.join(", "))
    };
    directives.iter().map(one).collect()
}

fn of_directive(directive: &DirectiveDefinition) -> String {
    let mut arguments: Vec<String> = directive.arguments.iter().map(of_input).collect();
    arguments.sort();
    let mut places: Vec<String> = directive.locations.iter().map(|place| format!("{:?}", place.node)).collect();
    places.sort();
    format!("directive @{} {arguments:?} {} {places:?}", directive.name.node, directive.is_repeatable)
}

/// GQ-010
#[test]
fn the_schema_is_the_contracts() {
    let (theirs, ours) = (canonical(CONTRACT), canonical(&sdl(&schema())));
    let missing: Vec<_> = theirs.iter().filter(|block| !ours.contains(block)).collect();
    let surplus: Vec<_> = ours.iter().filter(|block| !theirs.contains(block)).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing: {missing:#?}\nsurplus: {surplus:#?}");
}

#[test]
fn a_difference_is_noticed() {
    for (there, here) in [
        ("limits: Limits!", "limits: Limits"),
        ("Boolean! = false", "Boolean! = true"),
        (", apply: VALIDATION", ""),
        ("  MARKED_AS_UNOPENED\n", ""),
        (" @specifiedBy(url: \"https://scalars.graphql.org/chillicream/uuid.html\")", ""),
        ("type DialogByIdDeleted implements DialogByIdError", "type DialogByIdDeleted"),
    ] {
        let changed = CONTRACT.replacen(there, here, 1);
        assert_ne!(changed, CONTRACT, "{there}");
        assert_ne!(canonical(&changed), canonical(CONTRACT), "{there}");
    }
}

/// Every type, field, argument and value but those of the contract's own machinery says something to its reader.
#[test]
fn everything_is_described() {
    let document = parse_schema(sdl(&schema())).expect("a schema");
    let mut silent = Vec::new();
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        if definition.node.description.is_none() {
            silent.push(definition.node.name.node.to_string());
        }
    }
    assert_eq!(silent, [] as [&str; 0]);
}

/// §9.1: the download, whole or in part.
#[tokio::test]
async fn the_schema_can_be_downloaded() {
    let app = TestApp::start().await;
    let user = app.person(PERSON);
    let whole = user.get("/graphql?sdl").await.expect(200);
    assert_eq!(whole.text, sdl(&schema()));
    assert_eq!(whole.header("content-type"), "application/graphql; charset=utf-8");
    assert_eq!(whole.header("content-disposition"), "attachment; filename=\"schema.graphql\"");
    assert_eq!(whole.header("cache-control"), "public, max-age=3600, must-revalidate");
    for path in ["/graphql/schema", "/graphql/schema.graphql", "/dialogporten/GraphQL/Schema?sdl"] {
        let answer = user.get(path).await.expect(200);
        assert_eq!((answer.text.as_str(), answer.etag()), (whole.text.as_str(), whole.etag()), "{path}");
    }
    user.clone().header("if-none-match", whole.etag()).get("/graphql?sdl").await.expect(304);
    let since = |date: &str| user.clone().header("if-modified-since", date);
    let changed = whole.header("last-modified");
    chrono::DateTime::parse_from_rfc2822(changed).expect("a date");
    assert_eq!(since(changed).get("/graphql?sdl").await.expect(304).header("last-modified"), changed);
    for date in ["Tue, 15 Nov 1994 08:12:31 GMT", "yesterday"] {
        since(date).get("/graphql?sdl").await.expect(200);
    }
    // The tag is the better sign.
    since(changed).header("if-none-match", "\"other\"").get("/graphql?sdl").await.expect(200);

    let part = user.get("/graphql?sdl&types=Limits,UUID").await.expect(200);
    assert_eq!(part.text, part_of(&whole.text, &["Limits", "UUID"]));
    assert_ne!(part.etag(), whole.etag());
    let names: Vec<String> = canonical(&part.text).iter().map(|block| block[..13].to_owned()).collect();
    assert_eq!(names, ["scalar UUID [", "type Limits ["]);
    assert_eq!(app.anonymous().get("/graphql?sdl").await.expect(401).text, "");
}
