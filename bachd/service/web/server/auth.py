"""Who may see and steer: by address, token, Host and Origin; and what every answer carries.

Law: on this machine's own address, anybody on this machine, and no other site in his browser. On any other address only
who has the token: everybody else sees a page to log in, and nothing else.

A site that lets its name point to this machine (DNS rebinding) is known by its Host, one that sends requests or opens
WebSockets across sites by its Origin.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from time import monotonic
from typing import Final, TypeAlias

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.typedefs import Handler

from bachd.service.web.server import daemon_link

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

BROKEN: Final = (ValueError, LookupError, AssertionError, RuntimeError, HttpProcessingError)
"""What aiohttp raises for a form that is none, or a broken one."""
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
        """Whether one more may pass at `now`, in monotonic seconds."""
        if len(self._left) >= MOST_ADDRESSES:
            self._left.clear()
        left, since = self._left.get(address, (self._most, now))
        left = min(self._most, left + (now - since) * self._rate)
        self._left[address] = (max(left - 1.0, 0.0) if left >= 1.0 else left, now)
        return left >= 1.0


class Access:
    """The doorkeeper, as a middleware."""

    def __init__(self, token: str | None, login: Callable[[int, str], web.Response]) -> None:
        """token: None lets everybody in who is on this machine. login: the page to log in, with a status and a hint."""
        self._token = token
        self._login = login
        self._requests = Bucket(BURST, RATE)
        self._wrong = Bucket(WRONG, 0.1)
        self._cookie = "" if token is None else hmac.new(token.encode(), b"cookie", hashlib.sha256).hexdigest()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request pass, or answer it here."""
        if not self._is_here(request):
            raise web.HTTPForbidden(text="this page answers to its own name and to requests of its own only")
        if self._token is not None and request.path not in _OPEN and not self._knows(request):
            if request.path == "/" and request.method == "GET":
                return self._login(401, "")
            raise web.HTTPUnauthorized(
                text="log in first, or send the token: Authorization: Bearer ...",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if request.path.startswith("/api/") and not self._requests.take(request.remote or "", monotonic()):
            raise web.HTTPTooManyRequests(text="too many requests; wait a second")
        return await handler(request)

    async def log_in(self, request: web.Request) -> web.StreamResponse:
        """POST /login: give whoever has the token a cookie."""
        if self._token is None:
            raise web.HTTPSeeOther("/")
        try:
            given = (await request.post()).get("token")
        except BROKEN:
            given = None
        if not isinstance(given, str) or not self._is_token(given.strip()):
            if not self._wrong.take(request.remote or "", monotonic()):
                return self._login(429, "Too many wrong tokens: wait a while.")
            return self._login(401, "That is not the token.")
        answer = web.Response(status=303, headers={"Location": "/"})
        answer.set_cookie(COOKIE, self._cookie, path="/", httponly=True, samesite="Strict", max_age=365 * 86400)
        return answer

    def _is_here(self, request: web.Request) -> bool:
        """Whether it is meant for this page, and comes from this page or from no page at all."""
        host = request.headers.get("Host", "")
        if len(request.headers.getall("Host", [])) != 1 or not (named := _HOST.fullmatch(host)):
            return False
        if self._token is None and not _is_loopback(named[1].strip("[]")):
            return False
        origins = request.headers.getall("Origin", [])
        if any(origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()) for origin in origins):
            return False
        site = request.headers.get("Sec-Fetch-Site", "none")
        return site in ("none", "same-origin") or (request.method == "GET" and not _acts(request))

    def _knows(self, request: web.Request) -> bool:
        """Whether a request brings the cookie or the token."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._is_token(given.strip())
        return _same(request.cookies.get(COOKIE, ""), self._cookie)

    def _is_token(self, given: str) -> bool:
        return self._token is not None and _same(given, self._token)


def _acts(request: web.Request) -> bool:
    """Whether a request is more than a link that somebody follows from another page."""
    return request.path.startswith("/api/") or "Upgrade" in request.headers


def _is_loopback(name: str) -> bool:
    if name.lower() == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _same(given: str, wanted: str) -> bool:
    """Compared in a time that says nothing of where they differ."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted.encode())


def expecting_nothing(handler: Inner) -> Inner:
    """Refuse whatever a request expects of the server, but for 100-continue, before it is handled.

    aiohttp looks at `Expect:` before any middleware does, and fails at bytes in it that are no text.
    """

    async def handled(request: web.BaseRequest) -> web.StreamResponse:
        if any(expected.lower() != "100-continue" for expected in request.headers.getall("Expect", [])):
            return web.json_response({"faults": ["nobody here can do what is expected"]}, status=417, headers=HEADERS)
        return await handler(request)

    return handled


@web.middleware
async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every refusal into JSON, and a bug into a line of the log."""
    try:
        return await handler(request)
    except daemon_link.Refused as refused:
        return web.json_response({"faults": refused.faults}, status=refused.status)
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
