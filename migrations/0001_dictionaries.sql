-- Few and small: held in memory by the service. Names and URNs are lower case.

create table org (
    id smallint generated always as identity constraint org_pk primary key,
    name text collate "C" not null constraint org_name_key unique
);

create table service_resource (
    id integer generated always as identity constraint service_resource_pk primary key,
    urn text collate "C" not null constraint service_resource_urn_key unique,
    org_id smallint not null constraint service_resource_org_fk references org,
    dialog_count bigint not null default 0          -- an estimate that only steers choices
);

-- The key is computed from the URN, so nothing is looked up on the way in. The URN is kept for output and compared with the
-- one that was asked for on every row that leaves: two URNs with one key can never be taken for each other.
create table party (
    party_key bigint constraint party_pk primary key,
    urn text collate "C" not null,
    dialog_count integer not null default 0         -- an estimate that only steers choices
);
