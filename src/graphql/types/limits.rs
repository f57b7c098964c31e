//! How many values the filters of searches take.

use async_graphql::SimpleObject;

use crate::metadata::limits;

/// The limits in force.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct Limits {
    end_user_search: EndUserSearchLimits,
    service_owner_search: ServiceOwnerSearchLimits,
}

/// Of the lists of end users.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct EndUserSearchLimits {
    max_party_filter_values: i64,
    max_service_resource_filter_values: i64,
    max_org_filter_values: i64,
    max_extended_status_filter_values: i64,
}

/// Of the lists of service owners.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub struct ServiceOwnerSearchLimits {
    max_party_filter_values: i64,
    max_service_resource_filter_values: i64,
    max_extended_status_filter_values: i64,
}

/// Settings bound it to a thousand.
fn number(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl From<limits::Limits> for Limits {
    fn from(limits: limits::Limits) -> Self {
        let (end_user, owner) = (limits.end_user_search, limits.service_owner_search);
        Self {
            end_user_search: EndUserSearchLimits {
                max_party_filter_values: number(end_user.max_party_filter_values),
                max_service_resource_filter_values: number(end_user.max_service_resource_filter_values),
                max_org_filter_values: number(end_user.max_org_filter_values),
                max_extended_status_filter_values: number(end_user.max_extended_status_filter_values),
            },
            service_owner_search: ServiceOwnerSearchLimits {
                max_party_filter_values: number(owner.max_party_filter_values),
                max_service_resource_filter_values: number(owner.max_service_resource_filter_values),
                max_extended_status_filter_values: number(owner.max_extended_status_filter_values),
            },
        }
    }
}
