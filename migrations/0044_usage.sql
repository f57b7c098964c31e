-- How often which operation was executed for whom, by Norwegian day: what costs are shared by. Counted in each process and
-- added here now and then.
create table usage_count (
    day date not null,
    is_admin boolean not null,
    count bigint not null,
    status_code smallint not null,
    method text collate "C" not null,
    route text collate "C" not null,
    has_end_user boolean not null,
    caller_org text collate "C" not null,
    owner_org text collate "C" not null,
    service_resource text collate "C" not null,
    constraint usage_count_pk primary key
        (day, method, route, has_end_user, is_admin, caller_org, owner_org, service_resource, status_code)
);
