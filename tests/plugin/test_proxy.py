"""The plugin behind a reverse proxy with a path and a password."""

import gzip
import json
import re
import urllib.error
import urllib.request

import pytest
from frame import read_frame
from reverse_proxy import reverse_proxy

ALLOWED = {"Authorization": "Basic dGVhbTpzZWNyZXQ="}


@pytest.fixture(params=["", "pre/fix/"], ids=["at the root", "under a prefix"])
def proxied(tensorboard, logs, request):
    prefix = ["--path_prefix=/" + request.param.rstrip("/")] if request.param else []
    with (
        tensorboard("--logdir", logs, *prefix, suffix=request.param) as server,
        reverse_proxy(server.url, "/team/board/") as url,
    ):
        yield url


def ask(url, **headers):
    request = urllib.request.Request(url, headers={**ALLOWED, **headers})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.headers, answer.read()


def test_the_tab_works_behind_a_proxy(proxied):
    _, page = ask(proxied + "data/plugin_entry.html?name=gradhealth")
    (base,) = re.findall(r'<base href="([^"]+)"', page.decode())
    assert not base.startswith("/")  # later requests stay behind the proxy
    data = f"{proxied}data/{base}"
    assert b"render" in ask(data + "index.js")[1]
    headers, packed = ask(data + "runs", **{"Accept-Encoding": "gzip"})
    answer = json.loads(gzip.decompress(packed))
    assert [run["run"] for run in answer["runs"]] == ["fine", "sick"]
    with pytest.raises(urllib.error.HTTPError, match="304"):
        ask(data + "runs", **{"If-None-Match": headers["ETag"]})
    series = "series?run=fine&tensor=dense/kernel&kind=gradient&column=rms"
    assert read_frame(ask(data + series)[1])[0]["exact"] is True
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(data + "runs", timeout=30)


def test_every_page_has_tensorboards_content_security_policy(proxied):
    for page in ("data/plugin_entry.html?name=gradhealth", "data/plugin/gradhealth/report?format=html"):
        headers, _ = ask(proxied + page)
        (policy,) = headers.get_all("Content-Security-Policy")
        assert "object-src 'none'" in policy
        assert "'unsafe-inline'" not in policy[policy.index("script-src") :]
        assert headers["X-Content-Type-Options"] == "nosniff"
