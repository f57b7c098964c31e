//! Ids in paths.

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use uuid::Uuid;

use super::{lenient_uuid, not_valid};
use crate::domain::{
    ids::{ActivityId, DialogId, TransmissionId},
    refusal::Refusal,
    violations::{Code, Violations},
};

/// The parameters of the route, in their order: one value, or a tuple of two or three.
#[derive(Debug)]
pub struct Path<T>(pub T);

/// One parameter of a route.
pub trait PathValue: Sized {
    /// What the refusal calls the type.
    const TYPE: &'static str;

    fn parse(text: &str) -> Option<Self>;
}

impl PathValue for Uuid {
    const TYPE: &'static str = "Guid";

    fn parse(text: &str) -> Option<Self> {
        lenient_uuid(text)
    }
}

impl PathValue for String {
    const TYPE: &'static str = "String";

    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

macro_rules! path_ids {
    ($($id:ident),*) => {$(
        impl PathValue for $id {
            const TYPE: &'static str = "Guid";

            fn parse(text: &str) -> Option<Self> {
                lenient_uuid(text).map($id)
            }
        }
    )*};
}

path_ids!(DialogId, TransmissionId, ActivityId);

/// All parameters of a route.
pub trait PathValues: Sized {
    fn read(params: &mut PathReader<'_>) -> Option<Self>;
}

/// Hands out the parameters one after the other and collects what does not fit.
pub struct PathReader<'a> {
    params: Box<dyn Iterator<Item = (&'a str, &'a str)> + Send + 'a>,
    found: Violations,
}

impl PathReader<'_> {
    fn next<T: PathValue>(&mut self) -> Option<T> {
        let (name, text) = self.params.next()?;
        let value = T::parse(text);
        if value.is_none() {
            let hint = format!("`{name}` in the path is a UUID, such as 0196c0de-0000-7000-8000-000000000001.");
            self.found.add(name, Code::PathMalformed.says(not_valid(text, T::TYPE)).hint(hint));
        }
        value
    }
}

impl<T: PathValue> PathValues for T {
    fn read(params: &mut PathReader<'_>) -> Option<Self> {
        params.next()
    }
}

impl<A: PathValue, B: PathValue> PathValues for (A, B) {
    fn read(params: &mut PathReader<'_>) -> Option<Self> {
        // All are read before one is missed, so that each wrong id is told.
        let (a, b) = (params.next(), params.next());
        Some((a?, b?))
    }
}

impl<A: PathValue, B: PathValue, C: PathValue> PathValues for (A, B, C) {
    fn read(params: &mut PathReader<'_>) -> Option<Self> {
        let (a, b, c) = (params.next(), params.next(), params.next());
        Some((a?, b?, c?))
    }
}

impl<S: Send + Sync, T: PathValues> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        // Fails only on text that is not UTF-8 after percent-decoding.
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| {
            let fault = Code::PathMalformed.says("The path is not valid UTF-8.");
            Violations::one("", fault.hint("Percent-encode the bytes of UTF-8."))
        })?;
        let mut reader = PathReader { params: Box::new(params.iter()), found: Violations::new() };
        let values = T::read(&mut reader);
        reader.found.into_result()?;
        values.map(Path).ok_or_else(|| anyhow::anyhow!("the handler wants more parameters than its route has").into())
    }
}
