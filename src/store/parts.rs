//! What more than one statement says, written once, and the numbers of enums, which stand nowhere in SQL as figures.
//!
//! A statement says `{{word}}` or `{{word argument}}`; in a part, `{{?}}` is its argument. Numbers become literals and not
//! parameters where an index has them in its condition: the server recognises only literals there.
//!
//! Parts of writing statements hang on a part of the statement that is called `written`: the row of the dialog, as it is
//! after the write. If it is empty (a stale revision), nothing is written at all, and since the dialog's row is locked
//! before anything else happens, events enter the outbox in the order of commits, dialog by dialog. Each part names the party as a parameter and
//! not only through `written`: a database that is spread over several machines by party then knows at once whom to ask.

use crate::domain::{
    child_ids::ChildKind,
    dialog::{ActivityType, TransmissionType},
    system_label::{LabelAction, Labels, SystemLabel},
    wire_enum::WireEnum,
};

/// Writes the events `$event_…` to the outbox, those that meet the argument, a further condition, if there is one.
const RAISED: &str = "
    insert into outbox (event_id, occurred_at, is_silent, kind, body, dialog_id, party_key)
    select e.event_id, e.occurred_at, e.is_silent, e.kind, e.body, $dialog, $party
      from unnest($event_ids::uuid[], $event_times::timestamptz[], $event_silences::boolean[], $event_kinds::text[], $event_bodies::jsonb[])
           with ordinality e (event_id, occurred_at, is_silent, kind, body, place)
     where exists (select from written) {{?}}
     -- so that the numbers of the rows follow the order in which it happened
     order by e.place";

/// Removes marks of labels that are gone. `written` has `id` and the masks `before` and `after`; the argument compares
/// with the party (`= $party`).
const UNMARKED: &str = "
    delete from dialog_mark m
     using written w
     where w.before <> w.after and m.dialog_id = w.id and m.party_key {{?}} and (m.label & w.after) = 0";

/// Sets and moves marks: one for each label but Default.
const MARKED: &str = "
    insert into dialog_mark (party_key, label, content_updated_at, dialog_id)
    select w.party_key, b.bit, w.content_updated_at, w.id
      from written w
     cross join unnest({{label_bits}}) b (bit)
     where w.party_key {{?}} and (w.after & b.bit) <> 0
    on conflict (dialog_id, label) do update
       set content_updated_at = excluded.content_updated_at
     where dialog_mark.content_updated_at <> excluded.content_updated_at";

/// Tells the label log what `$performer` did at `$now`: every set before every removal, Default never.
const LOGGED: &str = "
    insert into dialog_label_log (created_at, party_key, dialog_id, label, action, performed_by)
    select $now, w.party_key, w.id, b.label, a.action, $performer
      from written w
     cross join unnest({{label_bits}}, {{label_numbers}}) b (bit, label)
     cross join lateral (select case when (w.after & b.bit) <> 0 then {{action Set}} else {{action Remove}} end) a (action)
     where w.party_key {{?}} and ((w.before # w.after) & b.bit) <> 0
     order by w.id, a.action, b.label";

const TRANSMISSIONS: &str = "
    insert into dialog_transmission
        (id, created_at, parent_id, type, depth, is_opened, has_content, authorization_attribute, idempotent_key, body
        , dialog_id, party_key)
    select t.*, $dialog, $party
      from unnest($transmission_ids::uuid[], $transmission_times::timestamptz[], $transmission_parents::uuid[]
                , $transmission_types::smallint[], $transmission_depths::smallint[], $transmission_opened::boolean[]
                , $transmission_contents::boolean[], $transmission_attributes::text[], $transmission_keys::text[]
                , $transmission_bodies::jsonb[]) t
     where exists (select from written)";

const ACTIVITIES: &str = "
    insert into dialog_activity (id, created_at, transmission_id, type, body, dialog_id, party_key)
    select a.*, $dialog, $party
      from unnest($activity_ids::uuid[], $activity_times::timestamptz[], $activity_transmissions::uuid[]
                , $activity_types::smallint[], $activity_bodies::jsonb[]) a
     where exists (select from written)";

/// A row of the outbox, called as the argument says, that is to be delivered still. The indexes have the same condition.
const WAITING: &str = "({{?}}.delivered_at is null and {{?}}.parked_at is null and not {{?}}.is_silent)";

/// Ids that the client chose, for children that live in bodies.
const CLAIMED: &str = "
    insert into child_id (kind, id, dialog_id, party_key)
    select i.kind, i.id, $dialog, $party
      from unnest($claimed_kinds::smallint[], $claimed_ids::uuid[]) i (kind, id)
     where exists (select from written)";

/// Those that are free again. `is true` keeps the dialog out of the choice of an index: they are found by their ids.
const RELEASED: &str = "
    delete from child_id x
     using unnest($released_kinds::smallint[], $released_ids::uuid[]) i (kind, id)
     where x.kind = i.kind and x.id = i.id and x.party_key = $party and (x.dialog_id = $dialog) is true
       and exists (select from written)";

/// Transmissions of `$dialog` that a write names, with their places in the tree.
const KNOWN_PLACES: &str = "place as (
    select t.id
         , t.depth
         , (select count(*) from dialog_transmission c where c.dialog_id = $dialog and c.parent_id = t.id) as children
      from dialog_transmission t
     where t.id = any($transmissions) and (t.dialog_id = $dialog) is true
     order by t.id
)";

/// What `$dialog`, whose document is `x`, has of that which a write wants to append, and a few facts that only a look at its
/// children tells. `is true` keeps the dialog out of the choice of an index: what is named by id is found by id, not by reading
/// all that the dialog has. Keys are looked up one by one for the same reason.
const KNOWN: &str = "array(select a.id from dialog_activity a where a.id = any($activities) and (a.dialog_id = $dialog) is true) as activities
     , array(select p.id from place p) as transmissions
     , array(select p.depth from place p) as depths
     , array(select p.children from place p) as children
     , array(select i.id from child_id i where i.kind = {{child_attachment}} and i.id = any($attachments) and (i.dialog_id = $dialog) is true) as attachments
     , array(select k.key from unnest($keys::text[]) k (key)
              where (select true from dialog_transmission t where t.dialog_id = $dialog and t.idempotent_key = k.key)) as idempotent_keys
     , exists (select from dialog_transmission t
                where t.dialog_id = $dialog and not t.is_opened and t.type not in ({{types_from_party}}) and t.id <> all($opened)) as unopened_transmission
     , exists (select from dialog_activity a where a.dialog_id = $dialog and a.type = {{activity CorrespondenceOpened}}) as correspondence_opened
     , exists (select from dialog_transmission t where t.dialog_id = $dialog and not t.has_content) as contentless_transmission
     , x.listed";

/// Adds the vectors `$text_vectors` to the words of a stored dialog, after those of the dialog itself were taken away if
/// `$text_is_replaced`. The first of them joins the last part if that has room; what does not fit goes on in further parts, and
/// from the second on all parts carry the mark `*`. Nothing is written where nothing differs.
///
/// There is room up to 8 kB, so that an append writes little, position 12,000 and 250 positions of a word, well before the
/// database begins to drop them. Below 500 bytes a vector cannot have so many.
const TEXTS: &str = "
text_before as materialized (
    select t.part
         , case when $text_is_replaced::boolean then ts_filter(t.vector, '{d}') else t.vector end as vector
         , t.part = max(t.part) over () as is_last
      from dialog_text t
     where t.dialog_id = $dialog and t.party_key = $party
       and ($text_is_replaced::boolean or $text_vectors::text[] <> '{}')
       and exists (select from written)
), text_new as materialized (
    select v.vector::tsvector as vector
         , v.place
         , v.place = 1 and coalesce((
               select pg_column_size(f.vector) <= 8192
                  and (pg_column_size(f.vector) <= 500
                       or (select max(u.positions[cardinality(u.positions)]) <= 12000 and max(cardinality(u.positions)) <= 250
                             from unnest(f.vector) u (lexeme, positions, weights)))
                 from (select b.vector || v.vector::tsvector as vector from text_before b where b.is_last offset 0) f), false) as joins
      from unnest($text_vectors::text[]) with ordinality v (vector, place)
     where exists (select from written)
), text_cut as materialized (
    select (select count(*) from text_before) + (select count(*) from text_new where not joins) > 1 as is_cut
), text_grown as (
    update dialog_text t
       set vector = n.vector
      from (select b.part
                 , b.vector || case when c.is_cut and not b.vector @@ '''*''' then '''*'':1'::tsvector else '' end
                            || coalesce(j.vector, '') as vector
              from text_before b
             cross join text_cut c
              left join text_new j on b.is_last and j.joins) n
     where t.dialog_id = $dialog and t.party_key = $party and t.part = n.part and t.vector is distinct from n.vector
), text_added as (
    insert into dialog_text (dialog_id, part, party_key, vector)
    select $dialog
         , coalesce((select max(b.part) + 1 from text_before b), 0) + row_number() over (order by n.place) - 1
         , $party
         , case when c.is_cut then '''*'':1'::tsvector else '' end || n.vector
      from text_new n
     cross join text_cut c
     where not n.joins
)";

/// The columns of `dialog` that make a [`Head`](crate::domain::dialog::Head), with their types, in the order in which they are
/// read. The first three are shared with children
/// where a statement brings both.
const HEAD: [(&str, &str); 27] = [
    ("id", "uuid"),
    ("created_at", "timestamptz"),
    ("idempotent_key", "text"),
    ("revision", "uuid"),
    ("context_revision", "uuid"),
    ("owner_context_revision", "uuid"),
    ("updated_at", "timestamptz"),
    ("content_updated_at", "timestamptz"),
    ("due_at", "timestamptz"),
    ("visible_from", "timestamptz"),
    ("expires_at", "timestamptz"),
    ("deleted_at", "timestamptz"),
    ("status", "smallint"),
    ("progress", "smallint"),
    ("system_labels", "smallint"),
    ("from_party_transmissions", "smallint"),
    ("from_owner_transmissions", "smallint"),
    ("is_api_only", "boolean"),
    ("is_content_seen", "boolean"),
    ("has_unopened_content", "boolean"),
    ("is_frozen", "boolean"),
    ("resource_type", "text"),
    ("extended_status", "text"),
    ("external_reference", "text"),
    ("process", "text"),
    ("preceding_process", "text"),
    ("owner_labels", "text[]"),
];
// In a union of rows these have one column for the dialog and its children, so `{{no_head}}` leaves them out.
const SHARED: usize = 3;

/// What stands in other tables: column, its table's alias and name there.
const NAMES: [(&str, &str); 3] = [("party", "p.urn"), ("service_resource", "r.urn"), ("org", "o.name")];

/// The tables behind `{{head}}`.
const HEAD_TABLES: &str = "dialog d
      join party p on p.party_key = d.party_key
      join service_resource r on r.id = d.resource_id
      join org o on o.id = d.org_id";

fn head() -> String {
    let own = HEAD.iter().map(|(column, _)| format!("d.{column}"));
    own.chain(NAMES.iter().map(|(column, from)| format!("{from} as {column}"))).collect::<Vec<_>>().join(", ")
}

/// The columns of a head that `dialog` itself has; names stand in other tables, which need not be asked for each row.
pub(super) fn own_columns() -> impl Iterator<Item = &'static str> {
    HEAD.iter().map(|(column, _)| *column)
}

/// All but the shared columns, of a relation that selected `{{head}}`.
fn rest_of_head(relation: &str) -> String {
    let columns = HEAD.iter().skip(SHARED).map(|(column, _)| *column).chain(NAMES.iter().map(|(column, _)| *column));
    columns.map(|column| format!("{relation}.{column}")).collect::<Vec<_>>().join(", ")
}

/// The same columns where there is no dialog.
fn no_head() -> String {
    let types = HEAD.iter().skip(SHARED).map(|(_, column_type)| *column_type).chain(NAMES.iter().map(|_| "text"));
    types.map(|column_type| format!("null::{column_type}")).collect::<Vec<_>>().join(", ")
}

/// The labels that have marks and are logged: all but Default.
fn marked() -> impl Iterator<Item = SystemLabel> {
    // Nearly every dialog carries Default: a mark for it would be a second row for each dialog.
    SystemLabel::VALUES.iter().map(|(label, ..)| *label).filter(|label| *label != SystemLabel::Default)
}

fn smallints(numbers: impl Iterator<Item = i16>) -> String {
    format!("'{{{}}}'::smallint[]", listed(numbers))
}

fn listed(numbers: impl Iterator<Item = i16>) -> String {
    numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(",")
}

fn number<E: WireEnum>(name: &str) -> Option<String> {
    E::from_name(name).map(|value| value.id().to_string())
}

/// What a word means.
fn part(word: &str, argument: &str) -> Option<String> {
    Some(match word {
        "raised" => RAISED.to_owned(),
        "unmarked" => UNMARKED.to_owned(),
        "marked" => MARKED.to_owned(),
        "logged" => LOGGED.to_owned(),
        "transmissions" => TRANSMISSIONS.to_owned(),
        "activities" => ACTIVITIES.to_owned(),
        "claimed" => CLAIMED.to_owned(),
        "released" => RELEASED.to_owned(),
        "known_places" => KNOWN_PLACES.to_owned(),
        "known" => KNOWN.to_owned(),
        "waiting" => WAITING.to_owned(),
        "texts" => TEXTS.to_owned(),
        "head" => head(),
        "head_tables" => HEAD_TABLES.to_owned(),
        "rest_of_head" => rest_of_head(argument),
        "no_head" => no_head(),
        "label_bits" => smallints(marked().map(SystemLabel::bit)),
        "label_numbers" => smallints(marked().map(SystemLabel::id)),
        "label_bit" => SystemLabel::from_name(argument)?.bit().to_string(),
        "exclusive_labels" => Labels::EXCLUSIVE.to_string(),
        "child_attachment" => (ChildKind::Attachment as i16).to_string(),
        "action" => number::<LabelAction>(argument)?,
        "activity" => number::<ActivityType>(argument)?,
        "types_from_party" => {
            let types = TransmissionType::VALUES.iter().filter(|(of, ..)| of.is_from_party());
            listed(types.map(|(.., id)| *id))
        }
        _ => return None,
    })
}

/// The text with all words in it told.
///
/// # Errors
/// The word that nobody knows.
pub fn told(text: &str) -> Result<String, String> {
    let Some((before, rest)) = text.split_once("{{") else { return Ok(text.to_owned()) };
    let (inside, after) = rest.split_once("}}").ok_or_else(|| rest.to_owned())?;
    let (word, argument) = inside.trim().split_once(' ').unwrap_or((inside.trim(), ""));
    let part = part(word, argument.trim()).ok_or_else(|| word.to_owned())?.replace("{{?}}", argument.trim());
    Ok(format!("{before}{}{}", told(&part)?, told(after)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_with_their_arguments() {
        assert_eq!(
            told("a {{activity TransmissionOpened}} b {{label_bits}}"),
            Ok("a 4 b '{2,4,8,16}'::smallint[]".into())
        );
        assert_eq!(told("type not in ({{types_from_party}})"), Ok("type not in (7,8)".into()));
        let unmarked = told("{{unmarked = any($parties)}}").expect("a part");
        assert!(unmarked.contains("m.party_key = any($parties) and"), "{unmarked}");
        assert_eq!(told("{{activity Nothing}}"), Err("activity".into()));
    }
}
