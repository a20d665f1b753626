-- Orders that were changed after they were made: few, and the only ones that a list by date of change has to look for.
CREATE INDEX order_view_changed ON order_view (account_id, modified_at, seq) WHERE modified_at > created_at;
