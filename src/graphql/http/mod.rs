//! GraphQL over HTTP: `/graphql` and everything directly below it (chapter 02 §9.1, chapter 07 §5).
//!
//! Order: preflight, page for browsers, 401, schema download, 404 for what is no question, then what GraphQL itself says.

mod accept;
mod answer;
mod asked;
mod cors;
mod schema_file;
mod stream;

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use axum::{
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};

pub use self::cors::{grant, is_preflight};
use self::{
    accept::{Accepted, Form},
    schema_file::SchemaFile,
    stream::Frames,
};
use super::{
    errors::{Malformed, Rejected, is_not_authorized},
    execute::{Asked, Executed, Prepared, execute, prepare, updates},
    live::Live,
    question::Question,
    schema::{DialogSchema, schema},
};
use crate::{
    app::App,
    auth::Asker,
    docs,
    domain::refusal::Refusal,
    http::{AcceptLanguage, body::read_body, json::is_of},
    openapi::Route,
};

/// What all requests share; built once.
struct Endpoint {
    schema: DialogSchema,
    file: SchemaFile,
    live: Live,
}

/// `/graphql` and what is below it.
pub fn routes() -> [Route; 2] {
    let schema = schema();
    let endpoint = Arc::new(Endpoint { file: SchemaFile::of(&schema), schema, live: Live::default() });
    let route = |path| {
        let endpoint = Arc::clone(&endpoint);
        Route::any(
            path,
            move |State(app): State<App>, request: Request| async move { endpoint.answer(app, request).await },
        )
    };
    // One segment below: `/graphql/stream` and the schema's addresses are of clients in use (chapter 02 §9.1).
    [route("/graphql"), route("/graphql/{anything}")]
}

/// Whether a browser gets the page: it holds nothing, so that it needs no token; what it asks does.
fn shows_page(app: &App, request: &Request) -> bool {
    app.config.graphql.introspection
        && request.method() == Method::GET
        && request.uri().query().unwrap_or_default().is_empty()
        && Accepted::of(request.headers()).is_ok_and(Accepted::takes_html)
}

impl Endpoint {
    async fn answer(&self, app: App, request: Request) -> Response {
        let config = Arc::clone(&app.config);
        let origins = &config.graphql.cors_origins;
        let headers = request.headers().clone();
        // Before authentication: browsers send preflights without a token (GQ-019).
        if let Some(preflight) = cors::preflight(origins, request.method(), &headers) {
            return preflight;
        }
        // Also on refusals: a page that may not read the answer cannot tell its user that the token has run out.
        let mut response = self.answer_to(app, request).await.unwrap_or_else(IntoResponse::into_response);
        cors::grant(&mut response, origins, &headers);
        response
    }

    /// # Errors
    /// 401, and whatever else is wrong before GraphQL has a say.
    async fn answer_to(&self, app: App, request: Request) -> Result<Response, Refusal> {
        if shows_page(&app, &request) {
            return Ok(docs::graphiql().into_response());
        }
        let asker = Asker::of(request.headers(), &app.auth, &app.tokens, app.clock.now()).await?;
        let below = request.uri().path().to_ascii_lowercase();
        let query = request.uri().query().unwrap_or_default();
        let names: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name.into_owned()).collect();
        let has = |name: &str| names.iter().any(|known| known == name);
        if request.method() == Method::GET {
            // Before the question for a query: the schema is served even with introspection off, as in the reference.
            if has("sdl") || matches!(below.as_str(), "/graphql/schema" | "/graphql/schema.graphql") {
                return Ok(self.file.answer(request.headers(), query));
            }
            if !["query", "id", "extensions", "variables", "operationName"].into_iter().any(has) {
                // No 405 and no body: in the reference the request falls through all handlers (chapter 02 §9.1).
                return Ok(StatusCode::NOT_FOUND.into_response());
            }
        } else if request.method() != Method::POST {
            return Ok(StatusCode::NOT_FOUND.into_response());
        }
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        // Multipart is recognised only to be refused with its own code (HC0077).
        let is_files = is_of(&content_type, "multipart/form-data");
        if request.method() == Method::POST && !is_files && !is_of(&content_type, "application/json") {
            return Ok(StatusCode::NOT_FOUND.into_response());
        }
        let (parts, body) = request.into_parts();
        let accepted = match Accepted::of(&parts.headers) {
            Ok(accepted) => accepted,
            Err(unreadable) => return Ok(answer::rejected(Form::Response, &unreadable)),
        };
        // A client that takes nothing there is gets the reason in the form that most take.
        let form = match accepted.form() {
            Ok(form) => form,
            // Whether it is a subscription is known when it has been read.
            Err(_) if accepted.takes_parts() => Form::Response,
            Err(none) => return Ok(answer::rejected(Form::Response, &none)),
        };
        if is_files {
            return Ok(answer::rejected(form, &Rejected::Request(Malformed::Multipart)));
        }
        let query = parts.uri.query().unwrap_or_default();
        let asked = match parts.method {
            _ if asked::is_batch(query) => Err(Rejected::Request(Malformed::Batch)),
            Method::GET => asked::of_query(query),
            _ => match read_body(Request::from_parts(parts.clone(), body)).await {
                Ok(body) => asked::of_body(&body).await?,
                // A GraphQL client wants `errors` in the body (HC0010), not a problem document.
                Err(Refusal::TooLarge) => Err(Rejected::Request(Malformed::TooLarge)),
                Err(refusal) => return Err(refusal),
            },
        };
        // After the request is read, before the document is (chapter 02 §9.2).
        let asked = asked.and_then(|asked| if asker.is_known() { Ok(asked) } else { Err(Rejected::UserTypeUnknown) });
        Ok(match asked {
            // Boxed: a client that never finishes its body holds no room for what comes after it.
            Ok(asked) => Box::pin(self.ask(app, asker, &parts, asked, (accepted, form))).await?,
            Err(rejected) => answer::rejected(form, &rejected),
        })
    }

    async fn ask(
        &self,
        app: App,
        asker: Asker,
        parts: &Parts,
        asked: Asked,
        (accepted, form): (Accepted, Form),
    ) -> Result<Response, Refusal> {
        let prepared = match prepare(asked, &app.config.graphql).await? {
            Ok(prepared) => prepared,
            Err(rejected) => return Ok(answer::rejected(form, &rejected)),
        };
        let question = Question::new(app.clone(), asker, languages(&parts.headers));
        if prepared.kind == OperationType::Subscription {
            return Ok(self.subscribe(app, prepared, question, parts, (accepted, form)).await);
        }
        if let Err(none) = accepted.form() {
            return Ok(answer::rejected(form, &none));
        }
        // GET must not change anything: links and images can send it (§9.1, 405).
        if prepared.kind == OperationType::Mutation && parts.method != Method::POST {
            return Ok(answer::rejected(form, &Rejected::OperationKind));
        }
        Ok(match execute(&self.schema, prepared, question).await {
            Executed::Answered { body, headers } => answer::answered(form, body, &headers),
            Executed::Refused(errors) => answer::invalid(form, &errors),
        })
    }

    /// Whatever is wrong is told in the form of the stream, if that is what the client takes.
    async fn subscribe(
        &self,
        app: App,
        prepared: Prepared,
        question: Question,
        parts: &Parts,
        (accepted, form): (Accepted, Form),
    ) -> Response {
        let takes_events = accepted.takes_events();
        let form = if takes_events { Form::Events } else { form };
        let grant = question.asker.grant();
        let [updated, deleted] = match updates(&self.schema, prepared, question).await {
            Ok(frames) => frames.map(|frame| Bytes::from(answer::frame(&frame))),
            Err(errors) if errors.iter().any(is_not_authorized) => {
                return answer::rejected(form, &Rejected::SubscriptionNotAuthorized);
            }
            Err(errors) => return answer::invalid(form, &errors),
        };
        match grant {
            Some(grant) if takes_events && parts.method == Method::POST => {
                let opened = self.live.open(&app, grant.dialog).await;
                stream::answer(opened, Frames { updated, deleted }, app.clock, grant.until)
            }
            Some(_) => answer::rejected(form, &Rejected::OperationKind),
            None => answer::rejected(form, &Rejected::SubscriptionNotAuthorized),
        }
    }
}

/// The wishes of the header; one that cannot be read is as good as none.
fn languages(headers: &HeaderMap) -> AcceptLanguage {
    let values: Vec<_> = headers
        .get_all(header::ACCEPT_LANGUAGE)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    // REST answers 400 to such a header; GraphQL ignores it (chapter 02 §0.5).
    AcceptLanguage::parse(&values.join(",")).unwrap_or_else(|_| AcceptLanguage::any())
}
