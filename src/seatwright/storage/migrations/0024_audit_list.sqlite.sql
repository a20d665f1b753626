-- The audit log is listed by its ids, which grow with time; the oldest events had ids by chance.
UPDATE audit_event SET id = printf('%012x', at) || substr(id, 13) WHERE substr(id, 1, 12) <> printf('%012x', at);
CREATE INDEX audit_event_actor ON audit_event (account_id, actor, id);
CREATE INDEX audit_event_action ON audit_event (account_id, action, id);
