-- Estimates that were to steer choices of the search; it chooses by rules instead, and nothing reads or writes them.
alter table service_resource drop column dialog_count;
alter table party drop column dialog_count;
