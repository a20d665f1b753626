-- The audit log is listed by its ids, which grow with time; the oldest events had ids by chance.
UPDATE audit_event SET id = lpad(to_hex(at), 12, '0') || substr(id, 13) WHERE substr(id, 1, 12) <> lpad(to_hex(at), 12, '0');
CREATE INDEX audit_event_actor ON audit_event (account_id, actor, id);
CREATE INDEX audit_event_action ON audit_event (account_id, action, id);
