//! From rows to the words of the domain.

use sqlx::{Column, Decode, FromRow, Postgres, Row, Type, postgres::PgRow, types::Json};
use uuid::Uuid;

use crate::{
    domain::{
        actor::{Actor, ActorType},
        dialog::{Activity, ActivityType, Dialog, Head, Transmission, TransmissionType},
        ids::{DialogId, TransmissionId},
        party::Party,
        resource::{OrgCode, ResourceType, ResourceUrn},
        seen_log::SeenEntry,
        system_label::{LabelEntry, Labels},
        wire_enum::WireEnum,
    },
    heavy,
};

impl FromRow<'_, PgRow> for Head {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let party = Party::from_stored(row.try_get("party")?);
        Self::named(
            row,
            DialogId(row.try_get("id")?),
            party,
            ResourceUrn::stored(row.try_get::<String, _>("service_resource")?),
            OrgCode::stored(row.try_get::<String, _>("org")?),
        )
    }
}

impl Head {
    /// Of a row with the head's own columns, and of names that are known without it. All but the shared columns stand in
    /// every statement as `parts` has them, one after the other: they are taken in this order, since to look for each by name
    /// cost a list a tenth of its time.
    pub(in crate::store) fn named(
        row: &PgRow,
        id: DialogId,
        party: Party,
        service_resource: ResourceUrn,
        org: OrgCode,
    ) -> sqlx::Result<Self> {
        let mut rest = InOrder { row, at: row.try_column("revision")?.ordinal() };
        Ok(Self {
            id,
            created_at: row.try_get("created_at")?,
            idempotent_key: row.try_get("idempotent_key")?,
            revision: rest.next()?,
            context_revision: rest.next()?,
            owner_context_revision: rest.next()?,
            updated_at: rest.next()?,
            content_updated_at: rest.next()?,
            due_at: rest.next()?,
            visible_from: rest.next()?,
            expires_at: rest.next()?,
            deleted_at: rest.next()?,
            status: number_of("status", rest.next()?)?,
            progress: rest.next::<Option<i16>>()?.map(i32::from),
            labels: Labels::from_mask(rest.next()?),
            from_party_transmissions: rest.next()?,
            from_owner_transmissions: rest.next()?,
            is_api_only: rest.next()?,
            is_content_seen: rest.next()?,
            has_unopened_content: rest.next()?,
            is_frozen: rest.next()?,
            resource_type: ResourceType::stored(rest.next::<String>()?),
            extended_status: rest.next()?,
            external_reference: rest.next()?,
            process: rest.next()?,
            preceding_process: rest.next()?,
            owner_labels: rest.next()?,
            org,
            service_resource,
            party,
        })
    }
}

/// Takes a row's columns one after the other.
struct InOrder<'r> {
    row: &'r PgRow,
    at: usize,
}

impl<'r> InOrder<'r> {
    fn next<T: Decode<'r, Postgres> + Type<Postgres>>(&mut self) -> sqlx::Result<T> {
        self.at += 1;
        self.row.try_get(self.at - 1)
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
    // The length is known before anything is parsed, so a long body is parsed beside the threads that answer.
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
            // Not stored: only end users leave entries, also by way of a service owner.
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
    number_of(column, row.try_get(column)?)
}

fn number_of<E: WireEnum>(column: &str, id: i16) -> sqlx::Result<E> {
    E::from_id(id.into()).ok_or_else(|| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("no value has the number {id}").into(),
    })
}
