"""A user's words as a query of SQLite's FTS5, in which nothing that they wrote is an operator.

The words mean what `websearch_to_tsquery` of PostgreSQL makes of them: all of them must be there,
`"a phrase"` as it stands, `-word` must not, and `or` parts alternatives.
"""

import re

_TERM = re.compile(r'(-?)"([^"]*)"?|(\S+)')
# More than anybody types; FTS5 has a limit of its own on the depth of an expression.
MOST_TERMS = 32


def match_expression(words: str) -> str | None:
    """The argument of MATCH, or None if there is nothing to look for."""
    groups: list[tuple[list[str], list[str]]] = [([], [])]
    for sign, term in _terms(words):
        if sign == "or":
            groups.append(([], []))
        else:
            groups[-1][sign == "-"].append(_quote(term))
    return " OR ".join(filter(None, map(_group, groups))) or None


def _terms(words: str) -> list[tuple[str, str]]:
    """(sign, term) of each; the sign is "", "-" or "or"."""
    found = []
    for match in _TERM.finditer(words):
        minus, phrase, word = match.groups()
        if word is None:
            found.append((minus, phrase))
        elif word.lower() == "or":
            found.append(("or", word))
        else:
            found.append(("-" if word.startswith("-") else "", word.lstrip("-")))
    return [term for term in found if any(map(str.isalnum, term[1]))][:MOST_TERMS]


def _quote(term: str) -> str:
    """A string of FTS5: what stands between the quotes is split into words, and no more."""
    return '"' + term.replace("\0", " ").replace('"', " ") + '"'


def _group(group: tuple[list[str], list[str]]) -> str | None:
    """One alternative; what only excludes finds nothing, so it is left out."""
    wanted, unwanted = group
    if not wanted:
        return None
    return " NOT ".join(["(" + " AND ".join(wanted) + ")", *unwanted])
