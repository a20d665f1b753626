-- Splits every table that belongs to accounts into partitions by account, in an empty, migrated PostgreSQL database.
-- `tests/store/test_sharding.py` runs it and sells on it; docs/performance.md says what it is for.
-- On Citus, keep the tables as they are (but for `cart_owner`) and distribute each by `account_id`, all of them
-- colocated, with `account` and `connection` as reference tables; the triggers that note an account's changes stay with
-- their tables (`citus.enable_unsafe_triggers`: each writes a row of the same account).
DROP INDEX cart_owner;
CREATE UNIQUE INDEX cart_owner ON cart (owner_id, id, account_id); -- a unique index has to name what it is split by

DO $$
DECLARE
    name TEXT;
    definition TEXT;
    parts CONSTANT INTEGER := 4;
BEGIN
    FOR name IN
        SELECT c.table_name FROM information_schema.columns c JOIN pg_tables t ON t.tablename = c.table_name
        WHERE c.table_schema = 'public' AND t.schemaname = 'public' AND c.column_name = 'account_id'
        ORDER BY c.table_name
    LOOP
        EXECUTE format('ALTER TABLE %I RENAME TO %I', name, name || '_whole');
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) PARTITION BY HASH (account_id)', name, name || '_whole');
        FOR part IN 0 .. parts - 1 LOOP
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS %s, REMAINDER %s)',
                name || '_' || part, name, parts, part
            );
        END LOOP;
        FOR definition IN
            SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t
            WHERE t.tgrelid = (name || '_whole')::regclass AND NOT t.tgisinternal
        LOOP
            EXECUTE replace(definition, name || '_whole', name);
        END LOOP;
        EXECUTE format('DROP TABLE %I', name || '_whole');
    END LOOP;
END $$;
