-- Where guests begin, how they are picked up and their cancellation policy belong to each participant or unit. What an item
-- had of them becomes its first arrangement, which all of its lines have. As `json` and not `jsonb`, so that every text of a
-- customer's stays as it was written.
UPDATE orders SET body = (
    SELECT json_object_agg(part.key, CASE WHEN part.key <> 'items' THEN part.value ELSE (
        SELECT json_agg((
            SELECT json_object_agg(field.key, field.value) FROM (
                SELECT key, value FROM json_each(item.value) WHERE key NOT IN ('location', 'pickup', 'policy')
                UNION ALL
                SELECT 'arrangements', json_build_array(COALESCE((
                    SELECT json_object_agg(key, value) FROM json_each(item.value)
                    WHERE key IN ('location', 'pickup', 'policy') AND value::text <> 'null'
                ), '{}'::json))
            ) field
        ) ORDER BY item.ordinality) FROM json_array_elements(part.value) WITH ORDINALITY AS item(value, ordinality)
    ) END) FROM json_each(orders.body::json) part
)::text WHERE body LIKE '%"items":[{%';

UPDATE cart SET body = (
    SELECT json_object_agg(part.key, CASE WHEN part.key <> 'items' THEN part.value ELSE (
        SELECT json_agg((
            SELECT json_object_agg(field.key, field.value) FROM (
                SELECT key, value FROM json_each(item.value) WHERE key NOT IN ('location', 'pickup', 'policy')
                UNION ALL
                SELECT 'arrangements', json_build_array(COALESCE((
                    SELECT json_object_agg(key, value) FROM json_each(item.value)
                    WHERE key IN ('location', 'pickup', 'policy') AND value::text <> 'null'
                ), '{}'::json))
            ) field
        ) ORDER BY item.ordinality) FROM json_array_elements(part.value) WITH ORDINALITY AS item(value, ordinality)
    ) END) FROM json_each(cart.body::json) part
)::text WHERE body LIKE '%"items":[{%';
