//! `GET /metadata/serviceresources`: every service resource that there are dialogs of.

use axum::extract::State;
use serde::Serialize;
use tower_http::{CompressionLevel, compression::CompressionLayer};
use utoipa::ToSchema;

use crate::{
    app::App,
    domain::refusal::Refusal,
    http::{AcceptLanguage, Ok200, query::NoParameters},
    openapi::{Operation, Route},
    service_resources::{Described, ServiceResourceItem},
    store::access::referenced_resources,
};

/// Every service resource that there are dialogs of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ServiceResourceMetadataList)]
pub struct ServiceResourceMetadata {
    pub items: Vec<ServiceResourceItem>,
}

/// Lists them.
pub async fn list(
    State(app): State<App>,
    languages: AcceptLanguage,
    _: NoParameters,
) -> Result<Ok200<ServiceResourceMetadata>, Refusal> {
    Ok(Ok200::of(catalogue(&app, &languages).await?))
}

/// Every service resource that there are dialogs of, in the reader's languages.
///
/// # Errors
/// Those of the platform.
pub async fn catalogue(app: &App, languages: &AcceptLanguage) -> Result<ServiceResourceMetadata, Refusal> {
    let urns = app.db.read(|db| async move { referenced_resources(&db).await }).await?;
    let described = Described::now(&app.altinn).await?;
    Ok(ServiceResourceMetadata { items: described.items(urns.iter().map(String::as_str), languages) })
}

/// The same as the API documents show it.
pub fn operation() -> Operation {
    // The one answer that is compressed: large, the same for everybody and without secrets. At the fastest level: thousands
    // of resources must not hold a thread for long.
    let compressed = CompressionLayer::new().br(true).gzip(true).quality(CompressionLevel::Fastest);
    let route = Route::get("/api/v1/metadata/serviceresources", list);
    Route { handler: route.handler.layer(compressed), ..route }
        .named("GetServiceResourceMetadata", "V1MetadataServiceResourcesGet_ServiceResourceMetadata")
        .about(
            "Lists all service resources that there are dialogs of",
            "What they are called, who owns them, and which roles and access packages their policies name.",
        )
        .accept_language()
        .ok::<ServiceResourceMetadata>("The service resources, by name.")
}
