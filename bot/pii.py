"""Personal data in texts: found by shape and check digits, and replaced by what it was.

`mask_pii` is for everything that is stored, logged or sent on. Where a kind of number has check
digits they must be right, so that few numbers are taken for what they are not; where it has none
(phone numbers) the way of writing it decides. The check digits are python-stdnum's business, which
is loaded only when something looks like a number of that kind.
"""

import importlib
import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache

Span = tuple[int, int, str]  # from, to, and what stands there

_EMAIL = re.compile(
    r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[\w-]{1,63}\.)+(?:xn--[\w-]{1,59}|[^\W\d_]{2,63})(?!\w)", re.I
)
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)", re.ASCII)
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{2,39}(?:\.\d{1,3}){0,3}(?![\w:])", re.ASCII)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d\d(?:[ -]?[A-Za-z0-9]){11,30}", re.ASCII)
_PHONE = re.compile(
    r"(?<![\w+])(?:\+|00)[1-9](?:[ ()./-]{0,3}\d){6,14}(?!\d)"  # international
    r"|(?<![\w.,:+-])(?!\d{1,2}[./-]\d{1,2}[./-]\d{4})\(?0\d(?:[ ()/.-]{0,2}\d){7,10}(?!\w)"
    r"|(?<![\w-])(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])"  # North America
)
_DIGITS = re.compile(r"\d+")
_GAP = re.compile(r"[ ./-]")  # what may stand between the groups of one number
_CARD = range(13, 20)  # digits (ISO/IEC 7812)
_LUHN_DOUBLED = str.maketrans("0123456789", "0246813579")  # doubled, and its digits added up
_ALL_SAME = re.compile(r"(.)\1*")

# National ids whose check digits are worth something: how they are written, and who checks them.
# Eight to ten bare digits are left alone: Telegram's own user ids look like that.
_IDS = tuple(
    (re.compile(rf"(?<![\w-]){shape}(?![\w-])", re.ASCII), modules.split())
    for shape, modules in (
        (r"\d{3}-\d{2}-\d{4}", "us.ssn"),
        (r"\d{8}-?[A-Za-z]", "es.dni"),
        (r"[XYZxyz]-?\d{7}-?[A-Za-z]", "es.nie"),
        (r"[A-Za-z]{6}\d{2}[A-Za-z]\d{2}[A-Za-z]\d{3}[A-Za-z]", "it.codicefiscale"),
        (r"[12] ?\d\d ?\d\d ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d", "fr.nir"),
        (r"\d{6}[-+A-Y]\d{3}[0-9A-Y]", "fi.hetu"),
        (r"(?:\d\d)?\d{6}[-+]\d{4}", "se.personnummer dk.cpr"),
        (r"\d{6}/\d{3,4}", "cz.rc"),
        (r"756[. ]?\d{4}[. ]?\d{4}[. ]?\d\d", "ch.ssn"),
        (r"\d{3}\.\d{3}\.\d{3}-\d\d", "br.cpf"),
        (r"\d\d\.\d\d\.\d\d-\d{3}\.\d\d", "be.nn"),
        (r"\d{2} ?\d{3} ?\d{3} ?\d{3}", "pl.pesel de.idnr br.cpf be.nn no.fodselsnummer"),
        (r"\d{4} ?\d{4} ?\d{4}", "in_.aadhaar"),
        (r"\d{13}", "ro.cnp za.idnr"),
    )
)
_NINO = re.compile(
    r"(?<!\w)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?: ?\d\d){3} ?[A-D](?!\w)", re.ASCII
)


def mask_pii(text: str) -> str:
    """`text` with every piece of personal data replaced by its kind, such as `[e-mail]`."""
    for find in (_emails, _ibans, _cards, _national_ids, _addresses, _phones):
        text = _replace(text, find(text))
    return text


def _replace(text: str, spans: Iterator[Span]) -> str:
    parts, end = [], 0
    for start, stop, kind in spans:
        if start >= end:
            parts += [text[end:start], f"[{kind}]"]
            end = stop
    return "".join([*parts, text[end:]])


def _emails(text: str) -> Iterator[Span]:
    return ((*match.span(), "e-mail") for match in _EMAIL.finditer(text))


def _ibans(text: str) -> Iterator[Span]:
    """What follows an IBAN may look like more of it: the longest part that is right counts."""
    for match in _IBAN.finditer(text):
        for length in range(len(match[0]), 14, -1):
            candidate = match[0][:length]
            if candidate[-1].isalnum() and _is_iban(candidate):
                yield match.start(), match.start() + length, "IBAN"
                break


def _is_iban(candidate: str) -> bool:
    # Where the country is a word's beginning, reading it costs nothing but a look into a table.
    return _is_valid("iban", candidate, check_country=False)


def _cards(text: str) -> Iterator[Span]:
    """Groups of digits with single separators between them that make a number Luhn accepts."""
    groups = [match.span() for match in _DIGITS.finditer(text)]
    for first, (start, _) in enumerate(groups):
        if not _is_negative(text, start):
            for stop in _card_ends(text, groups, first):
                if _is_card(_plain_digits(text[start:stop])):
                    yield start, stop, "card"
                    break


def _is_negative(text: str, start: int) -> bool:
    """The ids of groups are negative numbers of 13 digits."""
    return text[max(0, start - 1) : start] == "-" and not text[max(0, start - 2)].isalnum()


def _card_ends(text: str, groups: list[tuple[int, int]], first: int) -> list[int]:
    """Where a card number that begins with this group may end, the longest first."""
    ends, count, stop = [], 0, groups[first][0]
    for start, end in groups[first : first + _CARD[-1]]:
        count += end - start
        gap = text[stop:start]
        if count > _CARD[-1] or (gap and not _GAP.fullmatch(gap)):
            break
        stop = end
        if count in _CARD:
            ends.append(end)
    return ends[::-1]


def _is_card(digits: str) -> bool:
    """Luhn's check; written out here because it is asked of every longer number in a text."""
    doubled = digits[-2::-2].translate(_LUHN_DOUBLED)
    total = sum(map(int, digits[::-2])) + sum(map(int, doubled))
    return total % 10 == 0 and not _ALL_SAME.fullmatch(digits)


def _plain_digits(text: str) -> str:
    """The digits alone, and in ASCII, whatever script they were written in."""
    return "".join(str(unicodedata.decimal(char)) for char in text if char.isdecimal())


def _national_ids(text: str) -> Iterator[Span]:
    found = [match.span() for match in _NINO.finditer(text)]
    for shape, modules in _IDS:
        found += [
            match.span()
            for match in shape.finditer(text)
            if any(_is_valid(module, match[0]) for module in modules)
        ]
    return ((*span, "id") for span in sorted(found))


def _addresses(text: str) -> Iterator[Span]:
    found = [match.span() for shape in (_IPV4, _IPV6) for match in shape.finditer(text)]
    return ((*span, "IP") for span in sorted(found) if _is_address(text[slice(*span)]))


def _is_address(candidate: str) -> bool:
    """An address of somebody: the machine's own name for itself is nobody's."""
    try:
        address = ipaddress.ip_address(candidate)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


def _phones(text: str) -> Iterator[Span]:
    return ((*match.span(), "phone") for match in _PHONE.finditer(text))


def _is_valid(module: str, candidate: str, **options: bool) -> bool:
    return _validator(module)(candidate, **options)


@cache
def _validator(module: str) -> Callable[..., bool]:
    check: Callable[..., bool] = importlib.import_module(f"stdnum.{module}").is_valid
    return check


def remark_on_masking(text: str, masked: str) -> tuple[str, ...]:
    """A line about it for an answer, if what was sent is not what is kept."""
    return () if text == masked else ("(Personal data in it was masked.)",)
