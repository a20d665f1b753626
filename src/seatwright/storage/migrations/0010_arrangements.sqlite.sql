-- Where guests begin, how they are picked up and their cancellation policy belong to each participant or unit. What an item
-- had of them becomes its first arrangement, which all of its lines have. json_patch leaves out what is null.
UPDATE orders SET body = json_set(body, '$.items', json((
    SELECT json_group_array(json(item.changed)) FROM (
        SELECT json_set(
            json_remove(value, '$.location', '$.pickup', '$.policy'),
            '$.arrangements',
            json_array(json(json_patch('{}', json_object(
                'location', value -> '$.location', 'pickup', value -> '$.pickup', 'policy', value -> '$.policy'
            ))))
        ) AS changed FROM json_each(orders.body, '$.items') ORDER BY key
    ) item
))) WHERE body LIKE '%"items":[{%';

UPDATE cart SET body = json_set(body, '$.items', json((
    SELECT json_group_array(json(item.changed)) FROM (
        SELECT json_set(
            json_remove(value, '$.location', '$.pickup', '$.policy'),
            '$.arrangements',
            json_array(json(json_patch('{}', json_object(
                'location', value -> '$.location', 'pickup', value -> '$.pickup', 'policy', value -> '$.policy'
            ))))
        ) AS changed FROM json_each(cart.body, '$.items') ORDER BY key
    ) item
))) WHERE body LIKE '%"items":[{%';
