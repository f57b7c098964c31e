-- Who does what is to be done by one at a time. A time and no lock: it holds through poolers that hand a connection on after
-- each transaction, and whoever dies leaves nothing behind but the rest of the time.
create table job (
    name text constraint job_pk primary key,
    leased_until timestamptz,
    began_at timestamptz,
    ended_at timestamptz
);
