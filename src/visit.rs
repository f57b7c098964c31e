//! An end user opens a dialog: what that leaves behind (chapter 02 §1.6). For both surfaces and GraphQL.
//!
//! An entry in the seen log for each state of the dialog that the reader opens, with its events; the mark "unopened" goes;
//! and the content counts as seen. Nothing is written to a dialog whose present state the reader has seen before.

use anyhow::anyhow;

use crate::{
    app::App,
    domain::{
        Instant,
        actor::{Actor, ActorType},
        event::Raised,
        identity::{EndUserIdentity, UserType},
        refusal::Refusal,
        seen_log::{self, SeenEntry},
        system_label::SystemLabel,
        wire_enum::WireEnum,
    },
    store::dialog::{Visit, WholeDialog},
};

/// Notes that `reader` opens the dialog, and brings it up to date: its seen log, its labels and whether its content was seen
/// are those after the visit.
///
/// # Errors
/// 404 if the dialog was removed meanwhile; 502 if nobody can say the reader's name.
pub async fn note(app: &App, whole: &mut WholeDialog, reader: &EndUserIdentity, now: Instant) -> Result<(), Refusal> {
    // The form in which entries are stored and compared.
    let actor_id = reader.party.as_str().to_lowercase();
    let dialog = &whole.dialog;
    if seen_log::is_noted(dialog, &whole.seen, &actor_id) {
        return Ok(());
    }
    // Only for a visit that leaves something: repeated reads ask nobody.
    let name = app.altinn.party_name(&actor_id).await?;
    let name = name.ok_or_else(|| Refusal::BadGateway(anyhow!("the register does not know the reader's name")))?;
    let entry = SeenEntry {
        id: seen_log::entry_id(dialog, &actor_id),
        created_at: now,
        is_via_service_owner: reader.user_type == UserType::ServiceOwnerOnBehalfOfPerson,
        seen_by: Actor { actor_type: ActorType::PartyRepresentative, actor_id: Some(actor_id), actor_name: Some(name) },
    };
    let raised = Raised { dialog, now, silent: false };
    let visited = Visit {
        dialog: dialog.id,
        party: &dialog.party,
        entry: entry.id,
        now,
        user_type: reader.user_type.id(),
        is_via_service_owner: entry.is_via_service_owner,
        actor: &entry.seen_by,
        content_updated_at: dialog.content_updated_at,
        saw_mark: dialog.labels.contains(SystemLabel::MarkedAsUnopened),
        context_revision: dialog.context_revision,
        events: &raised.seen(entry.id),
    }
    .record(&app.db)
    .await?
    .ok_or(Refusal::no_dialog(dialog.id))?;
    app.signal.written();

    // From the locked row, so that the answer shows what is stored now.
    whole.dialog.labels = visited.labels;
    whole.dialog.is_content_seen = visited.is_content_seen;
    // Also one that a request beside this one was faster to write: the reader has opened the dialog.
    if whole.seen.iter().all(|known| known.id != entry.id) {
        whole.seen.push(entry);
    }
    Ok(())
}
