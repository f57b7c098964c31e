//! `GET /metadata/limits`: how many values the filters of searches take.

use std::sync::Arc;

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    config::Config,
    http::{AcceptsJson, Ok200, query::NoParameters},
    openapi::{Operation, Route},
};

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    pub end_user_search: EndUserSearchLimits,
    pub service_owner_search: ServiceOwnerSearchLimits,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndUserSearchLimits {
    #[schema(value_type = i32)]
    pub max_party_filter_values: usize,
    #[schema(value_type = i32)]
    pub max_service_resource_filter_values: usize,
    #[schema(value_type = i32)]
    pub max_org_filter_values: usize,
    #[schema(value_type = i32)]
    pub max_extended_status_filter_values: usize,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceOwnerSearchLimits {
    #[schema(value_type = i32)]
    pub max_party_filter_values: usize,
    #[schema(value_type = i32)]
    pub max_service_resource_filter_values: usize,
    #[schema(value_type = i32)]
    pub max_extended_status_filter_values: usize,
}

pub fn operation() -> Operation {
    Route::get("/api/v1/metadata/limits", get)
        .named("GetLimits", "V1MetadataLimitsGet_Limits")
        .about("Tells how many values the filters of searches take", "The numbers are settings of this installation.")
        .ok::<Limits>("The limits in force.")
}

/// The limits in force.
pub async fn get(_: AcceptsJson, _: NoParameters, State(config): State<Arc<Config>>) -> Ok200<Limits> {
    Ok200::of(Limits::of(&config))
}

impl Limits {
    /// The limits that these settings set.
    pub fn of(config: &Config) -> Self {
        let (end_user, owner) = (&config.limits.end_user_search, &config.limits.service_owner_search);
        Self {
            end_user_search: EndUserSearchLimits {
                max_party_filter_values: end_user.max_party_filter_values,
                max_service_resource_filter_values: end_user.max_service_resource_filter_values,
                max_org_filter_values: end_user.max_org_filter_values,
                max_extended_status_filter_values: end_user.max_extended_status_filter_values,
            },
            service_owner_search: ServiceOwnerSearchLimits {
                max_party_filter_values: owner.max_party_filter_values,
                max_service_resource_filter_values: owner.max_service_resource_filter_values,
                max_extended_status_filter_values: owner.max_extended_status_filter_values,
            },
        }
    }
}
