"""Delivers notifications to an HTTP address.

urllib3 sends them: it has no dependencies, its time limits cover connecting and waiting, it follows no
redirect where it is told so, and it reads ``Retry-After``. (urllib of the standard library follows
redirects, and requests may replace the token by a password from ``~/.netrc``.) Repeating is the courier's
task, for commands as well, so urllib3's own is off.
"""

import json
from typing import Final
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util import Retry, Timeout, make_headers, parse_url

from tb_gradhealth.version import __version__
from tb_gradhealth.watch.notify.notification import Notification
from tb_gradhealth.watch.notify.sinks import DeliveryError

SECONDS: Final = 10.0
"""Time to connect, and time to wait for the answer."""


class WebhookError(ValueError):
    """An address or token cannot be used; the message is a sentence that contains neither."""


class Webhook:
    """Posts notifications as JSON; an answer with status 2xx acknowledges them. Redirects are not followed.

    Only scheme, host and port of the address are shown: path, query and user are secret in many services.
    """

    name = "webhook"

    def __init__(self, url: str, token: str, form: str, seconds: float = SECONDS) -> None:
        """Check an address.

        Args:
            url: it may be on this machine or in a private network.
            token: sent as ``Authorization: Bearer``; none where empty.
            form: ``json``, or ``slack`` for the form of Slack's incoming webhooks.
            seconds: time to connect, and time to wait for the answer.

        Raises:
            WebhookError: it is no address of http or https, or the token cannot be sent.
        """
        try:
            parsed = parse_url(url)
        except LocationParseError:
            raise WebhookError("the webhook's address is no valid URL") from None
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise WebhookError("the webhook's address has to begin with http:// or https:// and a host")
        if not token.isascii() or not token.isprintable():
            raise WebhookError("GRADHEALTH_WEBHOOK_TOKEN contains characters that no token may contain")
        port = "" if parsed.port is None else f":{parsed.port}"
        self.shown = f"{parsed.scheme}://{parsed.host}{port}"
        self._url, self._is_slack, self._seconds = url, form == "slack", seconds
        self._headers = {
            "Content-Type": "application/json",
            "User-Agent": f"tb_gradhealth/{__version__}",
            **(make_headers(basic_auth=parsed.auth) if parsed.auth else {}),
            **({"Authorization": f"Bearer {token}"} if token else {}),
        }
        self._http = _manager(parsed.scheme, parsed.host)

    def send(self, notification: Notification) -> None:
        """Post one notification."""
        values = notification.slack() if self._is_slack else dict(notification.values)
        try:
            answer = self._http.request(
                "POST",
                self._url,
                body=json.dumps(values, allow_nan=False).encode(),
                # The receiver can recognize a repetition by it.
                headers={**self._headers, "Idempotency-Key": notification.id},
                timeout=Timeout(connect=self._seconds, read=self._seconds),
                retries=False,
                redirect=False,
                preload_content=False,  # an endless answer is not read
            )
        except (HTTPError, OSError, ValueError) as error:
            # The texts of urllib3's errors contain the address.
            raise DeliveryError(self._reason(error)) from None
        status, retry_after = answer.status, answer.headers.get("Retry-After")
        answer.close()
        if 300 <= status < 400:
            raise DeliveryError(f"answered {status}, a redirect, which is not followed")
        if not 200 <= status < 300:
            raise DeliveryError(f"answered {status}", _seconds_of(retry_after))

    def cancel(self) -> None:
        """Nothing: a request ends by its time limits."""

    def _reason(self, error: Exception) -> str:
        if isinstance(error, NameResolutionError):
            return "has a host name that cannot be resolved"
        if isinstance(error, ConnectTimeoutError) and not isinstance(error, NewConnectionError):
            return f"cannot be connected to within {self._seconds:g} seconds"
        if isinstance(error, ReadTimeoutError):
            return f"did not answer within {self._seconds:g} seconds"
        if isinstance(error, SSLError):
            return "has no valid certificate, or does not speak TLS"
        if isinstance(error, ProxyError):
            return "cannot be reached through the proxy"
        if isinstance(error, NewConnectionError):
            return "refused the connection, or cannot be reached"
        return "broke the connection"


def _manager(scheme: str, host: str) -> urllib3.PoolManager:
    """A pool of connections, through the proxy of the environment (``https_proxy``) where it applies."""
    proxy = None if proxy_bypass(host) else getproxies().get(scheme)
    return urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager()


def _seconds_of(retry_after: str | None) -> float | None:
    """The seconds of a header ``Retry-After``, which is a number or a date."""
    if retry_after is None:
        return None
    try:
        return Retry().parse_retry_after(retry_after)
    except (HTTPError, ValueError, OverflowError):
        return None
