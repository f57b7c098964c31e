//! What service owners may do: one file per operation.

pub mod activities;
pub mod actor_names;
pub mod authorization;
pub mod body;
pub mod deferred;
pub mod dialogs;
pub mod idempotency;
pub mod labels;
pub mod ownership;
pub mod stored;
pub mod system_labels;
pub mod transmissions;

use axum::{
    Router,
    routing::{delete, get, post, put},
};

use crate::{app::App, http::openapi::Operation};

/// The routes of this surface.
pub fn routes() -> Router<App> {
    Router::new()
        .route(dialogs::create::PATH, post(dialogs::create::create).get(dialogs::search::search))
        .route(
            "/api/v1/serviceowner/dialogs/{dialogId}",
            get(dialogs::get::get)
                .put(dialogs::update::update)
                .patch(dialogs::patch::patch)
                .delete(dialogs::delete::delete),
        )
        .route("/api/v1/serviceowner/dialogs/{dialogId}/actions/restore", post(dialogs::restore::restore))
        .route("/api/v1/serviceowner/dialogs/{dialogId}/actions/purge", post(dialogs::purge::purge))
        .route("/api/v1/serviceowner/dialogs/{dialogId}/actions/freeze", post(dialogs::freeze::freeze))
        .route("/api/v1/serviceowner/dialogs/{dialogId}/transmissions", post(transmissions::create::create))
        .route(
            "/api/v1/serviceowner/dialogs/{dialogId}/transmissions/{transmissionId}",
            put(transmissions::update::update),
        )
        .route("/api/v1/serviceowner/dialogs/{dialogId}/activities", post(activities::create::create))
        .route(activities::form_saved::PATH, post(activities::form_saved::update_time))
        .route("/api/v1/serviceowner/dialogs/{dialogId}/context/labels", get(labels::list).post(labels::add))
        .route("/api/v1/serviceowner/dialogs/{dialogId}/context/labels/{label}", delete(labels::remove))
        .route("/api/v1/serviceowner/dialogs/{dialogId}/endusercontext/systemlabels", put(system_labels::set))
        .route(
            "/api/v1/serviceowner/dialogs/endusercontext/systemlabels/actions/bulkset",
            post(system_labels::set_many),
        )
}

/// The same as the API documents show them.
pub fn operations() -> Vec<Operation> {
    let mut operations = vec![
        dialogs::search::operation(),
        dialogs::create::operation(),
        dialogs::get::operation(),
        dialogs::update::operation(),
        dialogs::patch::operation(),
        dialogs::delete::operation(),
        dialogs::restore::operation(),
        dialogs::purge::operation(),
        dialogs::freeze::operation(),
        transmissions::create::operation(),
        transmissions::update::operation(),
        activities::create::operation(),
    ];
    operations.extend(labels::operations());
    operations.extend(system_labels::operations());
    operations
}
