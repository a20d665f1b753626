-- Departures of all products by day, and what a day's list counts of the guests on them.
CREATE INDEX departure_day ON departure (account_id, local_date, start_at);
ALTER TABLE order_line ADD COLUMN checked_in_at BIGINT;
ALTER TABLE order_line ADD COLUMN no_show_at BIGINT;
ALTER TABLE order_line ADD COLUMN pending BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE order_line AS r SET checked_in_at = x.checked_in_at, pending = x.pending FROM (
    SELECT o.account_id, o.id AS order_id, l.value ->> 'id' AS id,
        CAST(l.value ->> 'checked_in_at' AS BIGINT) AS checked_in_at,
        CAST(COALESCE(l.value ->> 'pending_until', '0') AS BIGINT) <> 0 AS pending
    FROM orders o CROSS JOIN json_array_elements(o.body::json -> 'items') i
    CROSS JOIN json_array_elements(i.value -> 'lines') l
    WHERE o.body LIKE '%"checked_in_at":%' OR o.body LIKE '%"pending_until":%'
) x WHERE r.account_id = x.account_id AND r.order_id = x.order_id AND r.id = x.id;
