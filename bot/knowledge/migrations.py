"""The tables in PostgreSQL, as the scripts that lead from nothing to the present.

A script is run once and never changed afterwards; what is to change goes into a new one.
"""

# Two bots that start at once take turns by this lock of the database ("kbnotes" in ASCII).
LOCK = 0x6B626E6F746573

VERSIONS = "CREATE TABLE kb_versions (version INTEGER PRIMARY KEY)"

SCRIPTS = (
    """
    CREATE TABLE kb_notes (
        number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL,
        body TEXT NOT NULL,
        author BIGINT NOT NULL,
        added TIMESTAMPTZ NOT NULL DEFAULT now(),
        words TSVECTOR GENERATED ALWAYS AS (
            setweight(to_tsvector('english', title), 'A')
            || setweight(to_tsvector('english', body), 'D')
        ) STORED
    );
    CREATE INDEX kb_notes_words ON kb_notes USING gin (words);
    """,
)
