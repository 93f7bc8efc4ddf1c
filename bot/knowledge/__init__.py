"""The knowledge base: notes that users add and search, in SQLite or in PostgreSQL."""
