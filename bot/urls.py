"""What URLs in settings have in common."""

from urllib.parse import SplitResult, urlsplit


def split_url(url: str, *schemes: str) -> SplitResult | None:
    """The parts of `url`; None unless it has one of `schemes` and a port that can be."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in schemes and parts.port != 0
    except ValueError:
        return None
    return parts if fits else None


def http_root(host: str, port: int | str) -> str:
    """The root of an HTTP server at `host`, which may be an address of IPv6."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
