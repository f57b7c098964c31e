//! Bodies that may say `isSilentUpdate` beside what they hold.

use axum::extract::{FromRequest, Request};
use serde::{Deserialize, de::DeserializeOwned};

use crate::http::{
    json::{expect_media_type, parse_json, read_body},
    query::Query,
    refusal::Refusal,
};

/// A body, and whether it or the query string asks for silence.
#[derive(Debug)]
pub struct MaybeSilent<T> {
    pub body: T,
    pub silent: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Silence {
    #[serde(default)]
    is_silent_update: bool,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for MaybeSilent<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        expect_media_type(request.headers(), &["application/json"])?;
        let mut query = Query::parse(request.uri().query().unwrap_or_default());
        let asked = query.boolean("isSilentUpdate");
        query.finish()?;
        let bytes = read_body(request).await?;
        let body = parse_json(&bytes)?;
        let silence: Silence = parse_json(&bytes)?;
        Ok(Self { body, silent: asked.unwrap_or(silence.is_silent_update) })
    }
}
