-- A rental pool's units were counted in each half hour of UTC, so rentals that only touched one collided, in zones
-- such as Asia/Kathmandu even those from 09:00 and from 13:00. They are counted at each start of a departure instead:
-- what is out grows nowhere else, so a rental that fits at each start within its time fits at every moment of it.
CREATE INDEX departure_pool ON departure (account_id, pool_id, end_at) WHERE pool_id IS NOT NULL;

CREATE TABLE pool_start (
    account_id TEXT NOT NULL,
    pool_id TEXT NOT NULL,
    start_at BIGINT NOT NULL,
    capacity BIGINT NOT NULL,
    taken BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, pool_id, start_at),
    CONSTRAINT pool_not_oversold CHECK (taken >= 0 AND taken <= capacity)
);
INSERT INTO pool_start (account_id, pool_id, start_at, capacity, taken)
SELECT s.account_id, s.pool_id, s.start_at, s.capacity, COALESCE(SUM(d.taken), 0) FROM (
    SELECT d.account_id, d.pool_id, d.start_at, MAX(p.capacity) AS capacity
    FROM departure d JOIN pool_slot p ON p.account_id = d.account_id AND p.pool_id = d.pool_id AND p.slot = d.first_slot
    GROUP BY d.account_id, d.pool_id, d.start_at
) s LEFT JOIN departure d ON d.account_id = s.account_id AND d.pool_id = s.pool_id AND d.taken > 0
    AND d.start_at <= s.start_at AND d.end_at > s.start_at
GROUP BY s.account_id, s.pool_id, s.start_at, s.capacity;

-- How many of its pool's starts are within a departure: whoever takes seats must have counted at all of them.
ALTER TABLE departure ADD COLUMN pool_starts BIGINT NOT NULL DEFAULT 0;
UPDATE departure SET pool_starts = (
    SELECT COUNT(*) FROM pool_start p WHERE p.account_id = departure.account_id AND p.pool_id = departure.pool_id
    AND p.start_at >= departure.start_at AND p.start_at < departure.end_at
) WHERE pool_id IS NOT NULL;
ALTER TABLE departure DROP COLUMN first_slot;
ALTER TABLE departure DROP COLUMN last_slot;
DROP TABLE pool_slot;
