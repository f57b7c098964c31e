//! From rows to the words of the domain.

use sqlx::{FromRow, Row, postgres::PgRow, types::Json};
use uuid::Uuid;

use crate::{
    domain::{
        actor::{Actor, ActorType},
        dialog::{Activity, ActivityType, Dialog, Head, Transmission, TransmissionType},
        ids::TransmissionId,
        party::Party,
        seen_log::SeenEntry,
        system_label::{LabelEntry, Labels},
        wire_enum::WireEnum,
    },
    heavy,
};

impl FromRow<'_, PgRow> for Head {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            revision: row.try_get("revision")?,
            context_revision: row.try_get("context_revision")?,
            owner_context_revision: row.try_get("owner_context_revision")?,
            idempotent_key: row.try_get("idempotent_key")?,
            org: row.try_get("org")?,
            service_resource: row.try_get("service_resource")?,
            resource_type: row.try_get("resource_type")?,
            party: Party::from_stored(row.try_get("party")?),
            status: number(row, "status")?,
            progress: row.try_get::<Option<i16>, _>("progress")?.map(i32::from),
            extended_status: row.try_get("extended_status")?,
            external_reference: row.try_get("external_reference")?,
            visible_from: row.try_get("visible_from")?,
            due_at: row.try_get("due_at")?,
            expires_at: row.try_get("expires_at")?,
            process: row.try_get("process")?,
            preceding_process: row.try_get("preceding_process")?,
            is_api_only: row.try_get("is_api_only")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            content_updated_at: row.try_get("content_updated_at")?,
            deleted_at: row.try_get("deleted_at")?,
            is_frozen: row.try_get("is_frozen")?,
            from_party_transmissions: row.try_get("from_party_transmissions")?,
            from_owner_transmissions: row.try_get("from_owner_transmissions")?,
            has_unopened_content: row.try_get("has_unopened_content")?,
            is_content_seen: row.try_get("is_content_seen")?,
            labels: Labels::from_mask(row.try_get("system_labels")?),
            owner_labels: row.try_get("owner_labels")?,
        })
    }
}

/// A transmission without what is only carried: enough to append to a dialog or to replace it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransmissionHeader {
    pub id: TransmissionId,
    pub parent_id: Option<TransmissionId>,
    /// A root has depth 1.
    pub depth: i16,
    pub transmission_type: TransmissionType,
    pub is_opened: bool,
    pub has_content: bool,
    pub idempotent_key: Option<String>,
}

impl FromRow<'_, PgRow> for TransmissionHeader {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            parent_id: row.try_get("parent_id")?,
            depth: row.try_get("depth")?,
            transmission_type: number(row, "type")?,
            is_opened: row.try_get("is_opened")?,
            has_content: row.try_get("has_content")?,
            idempotent_key: row.try_get("idempotent_key")?,
        })
    }
}

pub(super) fn dialog(row: &PgRow) -> sqlx::Result<Dialog> {
    let bytes = row.try_get_raw("body")?.as_bytes().map_or(0, <[u8]>::len);
    let Json(body) = heavy::aside(bytes, || row.try_get("body"))?;
    Ok(Dialog { head: Head::from_row(row)?, body })
}

pub(super) fn transmission(row: &PgRow) -> sqlx::Result<Transmission> {
    let Json(body) = row.try_get("body")?;
    Ok(Transmission {
        id: row.try_get("id")?,
        created_at: row.try_get("created_at")?,
        idempotent_key: row.try_get("idempotent_key")?,
        authorization_attribute: row.try_get("authorization_attribute")?,
        related_transmission_id: row.try_get("transmission_id")?,
        transmission_type: number(row, "type")?,
        is_opened: row.try_get("is_opened")?,
        body,
    })
}

pub(super) fn activity(row: &PgRow) -> sqlx::Result<Activity> {
    let Json(body) = row.try_get("body")?;
    Ok(Activity {
        id: row.try_get("id")?,
        created_at: row.try_get("created_at")?,
        activity_type: number::<ActivityType>(row, "type")?,
        transmission_id: row.try_get("transmission_id")?,
        body,
    })
}

pub(super) fn seen(row: &PgRow) -> sqlx::Result<SeenEntry> {
    Ok(SeenEntry {
        id: row.try_get::<Uuid, _>("id")?,
        created_at: row.try_get("created_at")?,
        is_via_service_owner: row.try_get("is_via_service_owner")?,
        seen_by: Actor {
            actor_type: ActorType::PartyRepresentative,
            actor_id: row.try_get("actor_id")?,
            actor_name: row.try_get("actor_name")?,
        },
    })
}

pub(super) fn label_entry(row: &PgRow) -> sqlx::Result<LabelEntry> {
    let Json(performed_by) = row.try_get("performed_by")?;
    Ok(LabelEntry {
        created_at: row.try_get("created_at")?,
        label: number(row, "label")?,
        action: number(row, "action")?,
        performed_by,
    })
}

/// An enum of the contract by its stored number.
fn number<E: WireEnum>(row: &PgRow, column: &str) -> sqlx::Result<E> {
    let id: i16 = row.try_get(column)?;
    E::from_id(id.into()).ok_or_else(|| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("no value has the number {id}").into(),
    })
}
