"""The table of routes, and the routes as WSGI applications."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, get_args

from werkzeug.wrappers import Request

from tb_gradhealth.health import SYMPTOMS
from tb_gradhealth.health.series import DERIVED, Reduction
from tb_gradhealth.monitor import NotFoundError
from tb_gradhealth.plugin import tab_module
from tb_gradhealth.plugin.answer_schemas import ANYTHING
from tb_gradhealth.plugin.answers.first_page import MAX_INCIDENTS
from tb_gradhealth.plugin.application import FRAME, JSON, Answer, Body, Wsgi, application
from tb_gradhealth.plugin.handlers import MAX_TRIAL_RUNS, Handlers
from tb_gradhealth.plugin.openapi import openapi
from tb_gradhealth.plugin.parameters import Choice, Flag, Parameter, Repeated, Schema, Steps, Text, Whole
from tb_gradhealth.plugin.route import Route
from tb_gradhealth.record import KINDS
from tb_gradhealth.record.columns import STATISTICS
from tb_gradhealth.report import FORMATS

MAX_RUNS: Final = 1_000
MAX_TRENDS: Final = 200
MAX_STATES: Final = 2_000
MAX_OFFSET: Final = 10**9
MAX_RULES_CHARACTERS: Final = 16 << 10


def wsgi_applications(handlers: Handlers) -> dict[str, Wsgi]:
    """Every route as a WSGI application, by its path below the plugin's."""
    return {
        **{route.path: application(_bound(route, handlers)) for route in ROUTES},
        "/index.js": application(lambda request: _module(tab_module.bundle())),
        "/later.js": application(lambda request: _module(_part(tab_module.LATER))),
        "/network.js": application(lambda request: _module(_part(tab_module.NETWORK))),
    }


def _bound(route: Route, handlers: Handlers) -> Callable[[Request], Answer]:
    return lambda request: route.handler(handlers, **route.arguments(request))


def _module(module: bytes) -> Answer:
    """A module of the tab, read for each request: an installation replaces it while the server runs."""
    return Answer(hashlib.sha256(module).hexdigest(), lambda: Body(module, "text/javascript"))


def _part(module: Path) -> bytes:
    try:
        return module.read_bytes()
    except FileNotFoundError:
        raise NotFoundError("the Grad Health tab is not built") from None


def _openapi(handlers: Handlers) -> Answer:
    return handlers.constant(lambda: openapi(ROUTES))


def _json(schema: str) -> dict[str, Schema]:
    return {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


_FRAME: Final[dict[str, Schema]] = {FRAME: {}}

_RUN: Final = Text("run", required=True)
_RUNS: Final = Repeated("run", MAX_RUNS)
_KIND: Final = Choice("kind", KINDS, required=True)
_TENSOR: Final[Mapping[str, Parameter]] = {
    "run": _RUN,
    "tensor": Text("tensor", required=True),
    "kind": _KIND,
}

ROUTES: Final = (
    Route("/runs", "Runs, their verdicts and the progress of reading", {}, _json("Runs"), Handlers.runs),
    Route(
        "/findings",
        "Findings; with a `limit` those of that many incidents, the worst first and without trends",
        {"names": _RUNS, "trends": Flag("trends"), "limit": Whole("limit", 1, MAX_INCIDENTS)},
        _json("Findings"),
        Handlers.findings,
    ),
    Route(
        "/trends",
        "The measured values of findings over time",
        {"run": _RUN, "identities": Repeated("finding", MAX_TRENDS)},
        _json("Trends"),
        Handlers.trends,
    ),
    Route(
        "/symptoms",
        "The meaning, formula and advice of each symptom",
        {},
        _json("Symptoms"),
        Handlers.symptoms,
    ),
    Route("/tensors", "The measured tensors of a run", {"run": _RUN}, _json("Tensors"), Handlers.tensors),
    Route(
        "/states",
        "The state of each symptom of each tensor",
        {
            "run": _RUN,
            "tensor": Text("tensor"),
            "symptom": Choice("symptom", tuple(SYMPTOMS)),
            "offset": Whole("offset", 0, MAX_OFFSET, default=0),
            "limit": Whole("limit", 1, MAX_STATES, default=MAX_STATES),
        },
        _json("States"),
        Handlers.states,
    ),
    Route("/rules", "The rules in force", {}, _json("Rules"), Handlers.rules),
    Route(
        "/judge",
        "The changes that other rules would make: `rules` as JSON, or a rule file as `toml`",
        {
            "document": Text("rules", max_characters=MAX_RULES_CHARACTERS),
            "file": Text("toml", max_characters=MAX_RULES_CHARACTERS),
            "names": Repeated("run", MAX_TRIAL_RUNS),
            "with_findings": Flag("findings"),
        },
        _json("Judged"),
        Handlers.judge,
    ),
    Route("/problems", "Problems of reading", {"run": Text("run")}, _json("Problems"), Handlers.problems),
    Route(
        "/version", "The version of the package and of this contract", {}, _json("Version"), Handlers.version
    ),
    Route(
        "/evidence",
        "The values over time on which a finding is based",
        {"run": _RUN, "finding": Text("finding", required=True, max_characters=80)},
        _FRAME,
        Handlers.evidence,
    ),
    Route(
        "/series",
        "Statistics of a tensor over the training",
        {
            **_TENSOR,
            "columns": Repeated("column", len(STATISTICS), choices=STATISTICS, required=True),
            "steps": Steps("steps"),
            "points": Whole("points", 16, 4096, default=1024),
        },
        _FRAME,
        Handlers.series,
    ),
    Route("/steps", "The flight recorder's values of a tensor", _TENSOR, _FRAME, Handlers.steps),
    Route(
        "/magnitudes",
        "The distribution of a tensor",
        {**_TENSOR, "steps": Steps("steps"), "width": Whole("width", 8, 1024, default=256)},
        _FRAME,
        Handlers.magnitudes,
    ),
    Route(
        "/heatmap",
        "A statistic of all tensors of a kind",
        {
            "run": _RUN,
            "kind": _KIND,
            "column": Choice("column", (*STATISTICS, *DERIVED), required=True),
            "steps": Steps("steps"),
            "width": Whole("width", 8, 2048, default=512),
            "reduction": Choice("reduce", get_args(Reduction), default="max"),
        },
        _FRAME,
        Handlers.heatmap,
    ),
    Route(
        "/report",
        "The report of `gradhealth check` as a file",
        {"names": _RUNS, "form": Choice("format", tuple(FORMATS), default="json")},
        {form.mimetype: {"schema": {}} for form in FORMATS.values()},
        Handlers.report,
    ),
    Route("/openapi.json", "This document", {}, {JSON: {"schema": ANYTHING}}, _openapi),
)
"""All routes but the tab's own module."""
