"""What several services read and write in Postgres: each table's one owner is reached through the functions here."""
