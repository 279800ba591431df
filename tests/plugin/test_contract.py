"""The OpenAPI document against a real TensorBoard, with valid and invalid requests."""

import pytest
import schemathesis
from frame import read_frame
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from tensorboard.plugins import base_plugin
from tensorboard_server import tensorboard_server

from tb_gradhealth.plugin.plugin import GradHealthPlugin
from tb_gradhealth.record.columns import STATISTICS

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:schemathesis")

SICK = {"run": "sick", "tensor": "dense/kernel", "kind": "gradient"}

ASKED = [
    ("runs", {}),
    ("findings", {}),
    ("findings", {"run": ["sick", "fine"], "trends": "0"}),
    ("findings", {"trends": "0", "limit": 3}),
    ("trends", {"run": "sick", "finding": "FINDING"}),
    ("symptoms", {}),
    ("tensors", {"run": "sick"}),
    ("states", {"run": "sick", "offset": 1, "limit": 5}),
    ("rules", {}),
    ("judge", {"rules": '{"symptoms": {"non-finite": {"enabled": false}}}'}),
    ("judge", {"rules": "{}", "run": ["fine"]}),
    ("judge", {"toml": "[symptoms.non-finite]\nenabled = false", "findings": "0"}),
    ("problems", {}),
    ("problems", {"run": "sick"}),
    ("version", {}),
    ("evidence", {"run": "sick", "finding": "FINDING"}),
    ("series", {**SICK, "column": list(STATISTICS), "from": -5, "to": 25, "points": 16}),
    ("steps", SICK),
    ("magnitudes", {**SICK, "width": 8}),
    ("heatmap", {"run": "sick", "kind": "gradient", "column": "rms", "reduce": "mean", "width": 8}),
    ("report", {"format": "junit"}),
    ("openapi.json", {}),
]


UNSAYABLE = ("judge", "series", "magnitudes", "heatmap")
"""Routes whose valid requests a schema cannot describe: a document as text, an ordered range."""


@pytest.fixture(scope="module")
def server(tmp_path_factory, two_runs):
    folder = tmp_path_factory.mktemp("server")
    with tensorboard_server(folder, "--logdir", two_runs(folder / "logs")) as server:
        yield server


@pytest.fixture(scope="module")
def api(server):
    base = server.url + "data/plugin/gradhealth/"
    api = schemathesis.openapi.from_url(base + "openapi.json")
    api.config.update(base_url=base)  # it resolves the document's "." to the server's root
    return api


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("route", sorted({route for route, _ in ASKED}))
def test_generated_requests_are_answered_according_to_the_document(api, route, mode):
    operation = api[f"/{route}"]["GET"]

    @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        response = case.call()
        if response.status_code != 414:  # the server's own limit of the request line
            case.validate_response(response, excluded_checks=unsaid)

    unsaid = [positive_data_acceptance] if route in UNSAYABLE else []
    if operation.query or mode is GenerationMode.POSITIVE:
        check()


@pytest.mark.parametrize(("route", "query"), ASKED, ids=lambda value: value if isinstance(value, str) else "")
def test_requests_of_the_tab_are_answered(api, server, route, query):
    if query.get("finding") == "FINDING":
        query = {**query, "finding": server.json("findings")["findings"][0]["id"]}
    response = api[f"/{route}"]["GET"].Case(query=query).call_and_validate()
    assert response.status_code == 200
    if response.headers["content-type"][0] == "application/octet-stream":
        assert read_frame(response.content)[0]["run"] == "sick"


def test_every_route_is_in_the_document(api, server):
    served = set(GradHealthPlugin(base_plugin.TBContext(logdir="absent")).get_plugin_apps())
    documented = set(api.raw_schema["paths"])
    assert served - {"/index.js", "/later.js", "/network.js"} == documented
    assert documented == {f"/{route}" for route, _ in ASKED}
