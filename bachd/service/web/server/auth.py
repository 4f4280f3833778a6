"""Authorise requests by address, token, Host and Origin, and add security headers to every response.

Law: on this machine's own address, anybody on this machine, and no other site in a browser, unless `web.token` asks for
more. On any other address only who has the token: everybody else sees a page to log in, and nothing else.

A site that lets its name point to this machine (DNS rebinding) is known by its Host, one that sends requests or opens
WebSockets across sites by its Origin.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from collections.abc import Awaitable, Callable, Collection
from ipaddress import ip_address
from time import monotonic
from typing import Final, TypeAlias
from urllib.parse import parse_qs

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.typedefs import Handler

from bachd.service.web.server.bodies import GONE, read_body
from bachd.service.web.server.connections import network
from bachd.service.web.server.daemon_link import Refused

log = logging.getLogger("bachd")

COOKIE: Final = "bachd"
BURST: Final = 200
"""Requests that one address may have in hand at once."""
RATE: Final = 50.0
"""Requests a second that it may go on with."""
WRONG: Final = 5
"""Wrong tokens an address may give at once, and one more every ten seconds."""
MOST_ADDRESSES: Final = 1024
"""Addresses that are told apart; when there are more, all begin anew."""

LONGEST_LOGIN: Final = 4096
"""Bytes of the form to log in."""

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; media-src 'self' blob:; worker-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Server": "bachd",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with 'no-referrer' a browser sends the form to log in from the origin 'null'
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

Inner: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
"""What aiohttp's server hands a request to."""

_HOST: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
_OPEN: Final = ("/login", "/login.js", "/login.css")


class Bucket:
    """Lets so many through at once, and then so many a second, for each address."""

    def __init__(self, most: float, rate: float) -> None:
        self._most, self._rate = most, rate
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, address: str, now: float) -> bool:
        """Return whether one more may pass at `now`, in monotonic seconds."""
        if len(self._left) >= MOST_ADDRESSES:
            self._left.clear()
        left, since = self._left.get(address, (self._most, now))
        left = min(self._most, left + (now - since) * self._rate)
        self._left[address] = (max(left - 1.0, 0.0) if left >= 1.0 else left, now)
        return left >= 1.0


class Authenticator:
    """Decide which requests pass, as a middleware."""

    def __init__(
        self,
        token: str | None,
        hosts: Collection[str],
        login: Callable[[int, str], web.Response],
        trust: Callable[[web.Request], None],
    ) -> None:
        """token: None lets everybody in who is on this machine.

        hosts: names by which a proxy on this machine may ask. login: the page to log in, with a status and a hint.
        trust: called with each request that brings the token.
        """
        self._token = token
        self._hosts = frozenset(hosts)
        self._login = login
        self._trust = trust
        self._requests = Bucket(BURST, RATE)
        self._wrong = Bucket(WRONG, 0.1)
        self._cookie = "" if token is None else hmac.new(token.encode(), b"cookie", hashlib.sha256).hexdigest()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request pass, or answer it here."""
        if hint := self._is_astray(request):
            raise web.HTTPForbidden(text=hint)
        if self._token is not None and self._knows(request):
            self._trust(request)
        elif self._token is not None and request.path not in _OPEN:
            if request.path == "/" and request.method == "GET":
                return self._login(401, "")
            raise web.HTTPUnauthorized(
                text="log in first, or send the token: Authorization: Bearer ...",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if request.path.startswith("/api/") and not self._requests.take(network(request.remote), monotonic()):
            raise web.HTTPTooManyRequests(text="too many requests; wait a second")
        return await handler(request)

    async def log_in(self, request: web.Request) -> web.StreamResponse:
        """POST /login: set a cookie if the token is right.

        Addresses are relative, and the cookie has no path: behind a proxy, the page may stand below another one.
        """
        if self._token is None:
            raise web.HTTPSeeOther("./")
        form = await read_body(request, LONGEST_LOGIN)
        given = parse_qs(form.decode("utf-8", "replace"), max_num_fields=4).get("token", [""])[0]
        if not self._is_token(_token_in(given)):
            if not self._wrong.take(network(request.remote), monotonic()):
                return self._login(429, "Too many wrong tokens: wait a while.")
            return self._login(401, "That is not the token.")
        answer = web.Response(status=303, headers={"Location": "./"})
        answer.set_cookie(COOKIE, self._cookie, path="", httponly=True, samesite="Strict", max_age=365 * 86400)
        return answer

    def _is_astray(self, request: web.Request) -> str:
        """Why it is not meant for this page, or comes from another one; empty for a request that may pass."""
        host = request.headers.get("Host", "")
        if len(request.headers.getall("Host", [])) != 1 or not (named := _HOST.fullmatch(host)):
            return "a request needs one Host"
        name = named[1].lower()
        if self._token is None and name not in self._hosts and not _is_loopback(name.strip("[]")):
            return f"this page answers to its own name; if {name} is a proxy's, add it to web.hosts in config.yaml"
        if not all(self._is_own(origin.lower(), host.lower()) for origin in request.headers.getall("Origin", [])):
            return "this page answers to requests of its own only"
        site = request.headers.get("Sec-Fetch-Site", "none")
        if site in ("none", "same-origin") or (request.method == "GET" and not _acts(request)):
            return ""
        return "this page answers to requests of its own only"

    def _is_own(self, origin: str, host: str) -> bool:
        """Return whether a page of this origin is ours. A proxy may leave its port out of Host."""
        scheme, _, rest = origin.partition("://")
        if scheme not in ("http", "https"):
            return False
        named = _HOST.fullmatch(rest)
        return rest == host or (named is not None and named[1] in self._hosts)

    def _knows(self, request: web.Request) -> bool:
        """Return whether a request brings the cookie or the token."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._is_token(given.strip())
        return _same(request.cookies.get(COOKIE, ""), self._cookie)

    def _is_token(self, given: str) -> bool:
        return self._token is not None and _same(given, self._token)


def _token_in(given: str) -> str:
    """Return the token of what was entered: that alone, or the link that `bachd status` prints."""
    return given.strip().rpartition("#")[2].partition("&")[0]


def _acts(request: web.Request) -> bool:
    """Return whether a request is more than following a link from another site."""
    return request.path.startswith("/api/") or "Upgrade" in request.headers


def _is_loopback(name: str) -> bool:
    if name.lower() == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _same(given: str, wanted: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted.encode())


def expecting_nothing(handler: Inner) -> Inner:
    """Refuse whatever a request expects of the server, but for 100-continue, before it is handled.

    aiohttp looks at `Expect:` before any middleware does, and fails at bytes in it that are no text.
    """

    async def handled(request: web.BaseRequest) -> web.StreamResponse:
        if any(expected.lower() != "100-continue" for expected in request.headers.getall("Expect", [])):
            return web.json_response(
                {"faults": ["unknown expectation; only 100-continue is known"]}, status=417, headers=HEADERS
            )
        return await handler(request)

    return handled


@web.middleware
async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every refusal into JSON, and a bug into a line of the log."""
    try:
        return await handler(request)
    except Refused as refused:
        return web.json_response({"faults": refused.faults}, status=refused.status)
    except GONE:  # nobody's fault, and nobody is there to read it
        return web.json_response({"faults": ["the request came too slowly, or not to its end"]}, status=408)
    except HttpProcessingError as malformed:
        return web.json_response({"faults": [f"malformed: {malformed.message}"]}, status=400)
    except MemoryError:
        return web.json_response({"faults": ["this takes more memory than the page may have"]}, status=503)
    except web.HTTPException as refusal:
        if refusal.status < 400:
            raise
        answer = web.json_response({"faults": [refusal.text or refusal.reason]}, status=refusal.status)
        for name in ("Allow", "WWW-Authenticate"):
            if name in refusal.headers:
                answer.headers[name] = refusal.headers[name]
        return answer
    except Exception as bug:  # (nothing of it is for the network)
        log.exception("%s %s: %r", request.method, request.path[:80], bug)
        return web.json_response({"faults": ["this is a bug in bachd; its log says more"]}, status=500)
