-- What the Resource Registry says, synchronised: which subjects (roles, access packages) a resource's policy names, and the
-- authentication level it demands. URNs as the registry spells them, compared without regard to case.
create table subject_resource (
    subject text collate "C" not null,
    resource text collate "C" not null,
    updated_at timestamptz not null,
    constraint subject_resource_pk primary key (subject, resource)
);
create index subject_resource_updated_ix on subject_resource (updated_at desc);

create table resource_level (
    resource text collate "C" not null constraint resource_level_pk primary key,
    level integer not null
);
