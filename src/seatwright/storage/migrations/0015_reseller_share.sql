-- A reseller's open carts may hold a share of a departure only. What they hold is added up from their holds. A count that
-- only ever grows, by the seats of each reseller's hold that is made or extended, tells the one statement that holds
-- seats on PostgreSQL how much that may have changed since it was read. SQLite, with its one writer, leaves it at 0.
ALTER TABLE departure ADD COLUMN held_for_resellers BIGINT NOT NULL DEFAULT 0;
ALTER TABLE pool_start ADD COLUMN held_for_resellers BIGINT NOT NULL DEFAULT 0;
