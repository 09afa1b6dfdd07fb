"""The headers of every answer: they say what a page may load, who may frame it, what it tells other sites."""

from __future__ import annotations

import re
import secrets

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

# A page loads from its own server only, and runs the scripts that the server wrote: those carry the answer's nonce.
# - blob: a widget's module (anywidget) and plotly.js arrive through the kernel's websocket and are imported from there.
# - 'unsafe-eval': the validator of JupyterLab's settings, in Voilà's bundle, compiles its schemas.
# - styles may be inline: plotly, JupyterLab and the widgets set them by the hundred.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'nonce-{nonce}' blob: 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' {websocket} data: blob:",
    "worker-src": "'self' blob:",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "{ancestors}",
}
OTHERS = {
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: the beacon that ends a kernel is known by its origin, which that would hide.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SCRIPT = re.compile(rb"<script(?=[\s>])")
_LONGEST_BEGINNING = len(b"<script")


class PageHeaders(OutputTransform):
    """Adds the headers to an answer, and its nonce to the scripts of a page.

    Attributes:
        ancestors: Who may show a page in a frame, as in `frame-ancestors`.
    """

    ancestors = "'self'"

    def __init__(self, request: HTTPServerRequest) -> None:
        scheme = "wss" if request.protocol == "https" else "ws"
        self._websocket = f"{scheme}://{request.host}" if re.fullmatch(r"[\w.:\[\]-]+", request.host) else ""
        self._nonce = secrets.token_urlsafe(16)
        self._is_page = False
        self._rest = b""

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        """Add the headers; tornado calls this once an answer."""
        policy = "; ".join(f"{directive} {sources}" for directive, sources in POLICY.items())
        headers["Content-Security-Policy"] = policy.format(
            nonce=self._nonce, websocket=self._websocket, ancestors=self.ancestors
        )
        for name, value in OTHERS.items():
            headers[name] = value
        del headers["Server"]  # always there in tornado; which version serves is nobody's business
        self._is_page = headers.get("Content-Type", "").startswith("text/html")
        if self._is_page:
            chunk = self.transform_chunk(chunk, finishing)
            if "Content-Length" in headers:
                headers["Content-Length"] = str(len(chunk))
        return status_code, headers, chunk

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        """Mark the scripts in a part of a page. A tag's beginning at the very end waits for what follows."""
        if not self._is_page:
            return chunk
        chunk, self._rest = self._rest + chunk, b""
        start = chunk.rfind(b"<", -_LONGEST_BEGINNING)
        if not finishing and start >= 0 and b"<script".startswith(chunk[start:]):
            chunk, self._rest = chunk[:start], chunk[start:]
        # Without quotes: the tag may stand in a script's own string.
        return _SCRIPT.sub(b"<script nonce=" + self._nonce.encode(), chunk)
