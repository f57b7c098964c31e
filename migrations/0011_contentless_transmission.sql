-- "Has any transmission no content?" is asked by every write; hardly any has none, so without this the whole dialog is read.
create index dialog_transmission_contentless_ix on dialog_transmission (dialog_id) where not has_content;
