"""The tests' own PostgreSQL server keeps what it answered."""

from tests.postgres import PostgresServer


def test_committed_rows_outlive_a_kill_of_every_process() -> None:
    with PostgresServer(durable=True) as server:
        server.create_database("migrated")
        server.execute("CREATE TABLE seat (number integer PRIMARY KEY)", "migrated")
        url = server.create_database("copy", template="migrated")
        server.execute("INSERT INTO seat SELECT generate_series(1, 1000)", "copy")

        server.kill()
        assert not server.running
        server.start()

        assert server.url("copy") == url
        assert server.execute("SELECT count(*) FROM seat", "copy") == "1000"
        assert server.execute("SHOW fsync") == "on"
        assert "was not properly shut down" in server.log()

        server.drop_database("copy")
        server.restart()
        assert server.execute("SELECT datname FROM pg_database WHERE datname = 'copy'") == ""
