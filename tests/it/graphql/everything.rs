//! Documents made of the contract's schema: all of it, or any of it.

use std::collections::HashMap;

use async_graphql::parser::{
    parse_schema,
    types::{BaseType, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition},
};

/// The contract's types by name.
pub struct Contract(HashMap<String, TypeKind>);

impl Contract {
    pub fn read() -> Self {
        let document = parse_schema(include_str!("../../contract/schema.graphql")).expect("the contract is a schema");
        let types = document.definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => {
                Some((definition.node.name.node.to_string(), definition.node.kind))
            }
            TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
        });
        Self(types.collect())
    }

    pub fn kind(&self, name: &str) -> Option<&TypeKind> {
        self.0.get(name)
    }

    /// The fields of an object or an interface.
    pub fn fields(&self, name: &str) -> Vec<&FieldDefinition> {
        match self.0.get(name) {
            Some(TypeKind::Object(object)) => object.fields.iter().map(|field| &field.node).collect(),
            Some(TypeKind::Interface(interface)) => interface.fields.iter().map(|field| &field.node).collect(),
            _ => Vec::new(),
        }
    }

    /// The members of an input object.
    pub fn members(&self, name: &str) -> Vec<&InputValueDefinition> {
        match self.0.get(name) {
            Some(TypeKind::InputObject(object)) => object.fields.iter().map(|field| &field.node).collect(),
            _ => Vec::new(),
        }
    }

    /// The values of an enum.
    pub fn values(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(TypeKind::Enum(it)) => it.values.iter().map(|value| value.node.value.node.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    /// The objects behind an interface.
    pub fn behind(&self, interface: &str) -> Vec<&str> {
        let is_behind = |kind: &TypeKind| match kind {
            TypeKind::Object(object) => object.implements.iter().any(|name| name.node == interface),
            _ => false,
        };
        let mut names: Vec<&str> =
            self.0.iter().filter(|(_, kind)| is_behind(kind)).map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// A selection of everything that a type has.
    pub fn everything(&self, name: &str) -> String {
        let mut text = String::from("{");
        for field in self.fields(name) {
            text.push(' ');
            text.push_str(field.name.node.as_str());
            let inner = named(&field.ty.node);
            if !self.fields(inner).is_empty() {
                text.push(' ');
                text.push_str(&self.everything(inner));
            }
        }
        text + " }"
    }
}

/// The name inside lists.
pub fn named(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(inner) => named(inner),
    }
}
