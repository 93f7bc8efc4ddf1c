"""The part of a note that is shown for a hit: how long it is, and how what was found is marked."""

# Control characters around a word that was found: no note holds any, see `store.clean`.
MARK_FROM, MARK_TO = "\x02", "\x03"
SNIPPET_WORDS = 24
