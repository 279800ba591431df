"""The HTTP contract as an OpenAPI document: what may be asked, within which bounds, and what is answered.

Made from the same bounds that `parameters` and `routes` check, and held against the running server by
tests/plugin/test_contract.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

from tb_gradhealth.health import SEVERITIES, SYMPTOMS, Verdict
from tb_gradhealth.health.results import Unit
from tb_gradhealth.health.series import DERIVED
from tb_gradhealth.plugin import parameters
from tb_gradhealth.record import KINDS
from tb_gradhealth.record.columns import STATISTICS
from tb_gradhealth.version import __version__

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
WHOLE: Final[Schema] = {"type": "integer"}
NUMBER: Final[Schema] = {"type": "number"}
FLAG: Final[Schema] = {"type": "boolean"}
ANYTHING: Final[Schema] = {"type": "object"}


def openapi(
    most_runs_judged: int,
    most_trends: int,
    most_states: int,
    most_incidents: int,
    longest_rules: int,
    formats: Mapping[str, str],
) -> Schema:
    """The document, OpenAPI 3.1.

    Args:
        most_runs_judged: runs that `judge` answers for at once.
        most_trends: findings that `trends` answers for at once.
        most_states: states on a page of `states`.
        most_incidents: incidents on the first page of `findings`.
        longest_rules: characters of a rule document or file.
        formats: the media type of each format of `report`.
    """
    run, runs = _one("run", NAME), _several("run", NAME, parameters.MAX_RUNS)
    tensor = [run, _one("tensor", NAME), _one("kind", {"enum": list(KINDS)})]
    steps = [_maybe("from", STEP), _maybe("to", STEP)]
    column = {"enum": list(STATISTICS)}
    paths = {
        "runs": _json("Runs, how each fares and how far it is read", [], "Runs"),
        "findings": _json(
            "What was found; with a `limit` that many incidents of it, the worst first and without trends",
            [
                runs,
                _maybe("trends", {"enum": ["0", "1"], "default": "1"}),
                _maybe("limit", {"type": "integer", "minimum": 1, "maximum": most_incidents}),
            ],
            "Findings",
        ),
        "trends": _json("Findings' measured values", [run, _several("finding", NAME, most_trends)], "Trends"),
        "symptoms": _json("What each symptom means", [], "Symptoms"),
        "tensors": _json("What is measured", [run], "Tensors"),
        "states": _json(
            "What each symptom says of each tensor",
            [
                run,
                _maybe("tensor", NAME),
                _maybe("symptom", {"enum": list(SYMPTOMS)}),
                _maybe("offset", _bounded(0, 0, 10**9)),
                _maybe("limit", _bounded(most_states, 1, most_states)),
            ],
            "States",
        ),
        "rules": _json("The rules in force", [], "Rules"),
        "judge": _json(
            "What other rules would find: `rules` as JSON, or the same as a rule file in `toml`",
            [
                _maybe("rules", {"type": "string", "minLength": 1, "maxLength": longest_rules}),
                _maybe("toml", {"type": "string", "minLength": 1, "maxLength": longest_rules}),
                _several("run", NAME, most_runs_judged),
                _maybe("findings", {"enum": ["0", "1"], "default": "1"}),
            ],
            "Judged",
        ),
        "problems": _json("What could not be read", [_maybe("run", NAME)], "Problems"),
        "version": _json("Which build answers", [], "Version"),
        "evidence": _frame("What stands behind a finding", [run, _one("finding", {**NAME, "maxLength": 80})]),
        "series": _frame(
            "Statistics of a tensor over the training",
            [
                *tensor,
                _several("column", column, len(STATISTICS), required=True),
                *steps,
                _maybe("points", _bounded(1024, 16, 4096)),
            ],
        ),
        "steps": _frame("The flight recorder's lines of a tensor", tensor),
        "magnitudes": _frame(
            "The distribution of a tensor", [*tensor, *steps, _maybe("width", _bounded(256, 8, 1024))]
        ),
        "heatmap": _frame(
            "A statistic of all tensors of a kind",
            [
                run,
                _one("kind", {"enum": list(KINDS)}),
                _one("column", {"enum": [*STATISTICS, *DERIVED]}),
                *steps,
                _maybe("width", _bounded(512, 8, 2048)),
                _maybe("reduce", {"enum": ["max", "mean", "min"], "default": "max"}),
            ],
        ),
        "report": _operation(
            "The report that `gradhealth check` prints, as a file",
            [runs, _maybe("format", {"enum": list(formats), "default": "json"})],
            {kind: {"schema": {}} for kind in formats.values()},
        ),
        "openapi.json": _json("This document", [], None),
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Grad Health in TensorBoard",
            "version": __version__,
            "description": "GET only. Names without bounds here are found or not; a parameter that is given "
            "twice, or beyond its bounds, is a 400 with a sentence.",
        },
        "servers": [{"url": "."}],
        "paths": {f"/{name}": {"get": operation} for name, operation in paths.items()},
        "components": {"schemas": _schemas()},
    }


NAME: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": parameters.MAX_NAME}
STEP: Final[Schema] = {
    "type": "integer",
    "minimum": -parameters.LARGEST_STEP,
    "maximum": parameters.LARGEST_STEP,
}


def _bounded(default: int, least: int, most: int) -> Schema:
    return {"type": "integer", "default": default, "minimum": least, "maximum": most}


def _one(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "required": True, "schema": schema}


def _maybe(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "schema": schema}


def _several(name: str, schema: Schema, most: int, required: bool = False) -> Schema:
    listed = {"type": "array", "items": schema, "maxItems": most}
    if required:
        listed["minItems"] = 1
    return {
        "name": name,
        "in": "query",
        "required": required,
        "style": "form",
        "explode": True,
        "schema": listed,
    }


def _json(summary: str, asked: Sequence[Schema], answer: str | None) -> Schema:
    schema = ANYTHING if answer is None else {"$ref": f"#/components/schemas/{answer}"}
    return _operation(summary, asked, {"application/json": {"schema": schema}})


def _frame(summary: str, asked: Sequence[Schema]) -> Schema:
    return _operation(summary, asked, {"application/octet-stream": {}})


def _operation(summary: str, asked: Sequence[Schema], content: Mapping[str, Schema]) -> Schema:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    tag = {"ETag": {"required": True, "schema": TEXT}}
    return {
        "summary": summary,
        "parameters": list(asked),
        "responses": {
            "200": {"description": "the answer", "headers": tag, "content": dict(content)},
            "304": {"description": "unchanged since the ETag in If-None-Match"},
            "400": {"description": "a parameter is missing or out of bounds", "content": error},
            "404": {"description": "no such run, tensor or finding", "content": error},
            "405": {"description": "another method than GET", "content": error},
            "414": {"description": "more than 64 KiB: the server's own answer", "content": {"text/html": {}}},
        },
    }


def _object(**fields: Schema) -> Schema:
    """An object that has at least these fields: the contract grows by adding."""
    return {"type": "object", "required": list(fields), "properties": fields}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _schemas() -> Schema:
    severity = {"enum": list(SEVERITIES)}
    counts = _object(critical=WHOLE, warning=WHOLE, info=WHOLE)
    problem = _object(path=TEXT, offset=_or_null(WHOLE), message=TEXT)
    finding = _object(
        run=TEXT,
        id={"type": "string", "pattern": "^[0-9a-f]{10}$"},
        symptom={"enum": list(SYMPTOMS)},
        severity=severity,
        kind={"enum": list(KINDS)},
        tensor=TEXT,
        layer=TEXT,
        state={"enum": ["open", "resolved"]},
        opened_step=WHOLE,
        last_step=WHOLE,
        peak_step=WHOLE,
        resolved_step=_or_null(WHOLE),
        count=WHOLE,
        value=_or_null(NUMBER),
        threshold=_or_null(NUMBER),
        origin=FLAG,
        message=TEXT,
        incident=TEXT,
        muted=TEXT,
        unit={"enum": list(get_args(Unit))},
        follows=_or_null(TEXT),
        order={"type": "array", "items": WHOLE, "minItems": 3, "maxItems": 3},
    )
    key = {"type": "array", "items": WHOLE, "minItems": 4, "maxItems": 4}
    listed = _object(**finding["properties"], sort_key=key)
    trend = {"type": "array", "items": _or_null(NUMBER), "maxItems": 40}
    tally = {"type": "object", "additionalProperties": WHOLE}
    page = _object(
        total=WHOLE,
        muted=WHOLE,
        counts=_object(severity=tally, state=tally, symptom=tally, kind=tally),
        incidents=WHOLE,
        rows=_list(_object(run=TEXT, lead=TEXT, findings=WHOLE)),
        named=_or_null(listed),
    )
    closest = _object(
        symptom={"enum": list(SYMPTOMS)},
        kind={"enum": list(KINDS)},
        tensor=TEXT,
        value=NUMBER,
        threshold=NUMBER,
        unit={"enum": list(get_args(Unit))},
        direction={"enum": ["above", "below"]},
    )
    checked = _object(
        tensors=WHOLE,
        records=WHOLE,
        first_step=_or_null(WHOLE),
        last_step=_or_null(WHOLE),
        symptoms=_list({"enum": list(SYMPTOMS)}),
        not_judged=_list(_object(symptom={"enum": list(SYMPTOMS)}, title=TEXT, reason=TEXT)),
        closest=_or_null(closest),
    )
    run = _object(
        run=TEXT,
        revision=TEXT,
        verdict={"enum": list(get_args(Verdict))},
        rank=WHOLE,
        headline=TEXT,
        named=_or_null(TEXT),
        reservation=TEXT,
        enough=_object(records=WHOLE, wanted=WHOLE),
        checked=checked,
        first_step=_or_null(WHOLE),
        last_step=_or_null(WHOLE),
        last_wall_time=_or_null(NUMBER),
        records=WHOLE,
        tensors=WHOLE,
        every=_or_null(WHOLE),
        counts=counts,
        incidents=WHOLE,
        symptoms={"type": "object", "additionalProperties": severity},
        loss=_object(first=_or_null(NUMBER), last=_or_null(NUMBER), non_finite_since=_or_null(WHOLE)),
        hparams=_or_null(ANYTHING),
        loading=_object(done=FLAG, bytes_read=WHOLE, bytes=WHOLE),
        not_measured=_list(_object(tensor=TEXT, kind=TEXT, reason=TEXT)),
        problems=_list(problem),
    )
    tensor = _object(
        tensor=TEXT,
        layer=TEXT,
        kind={"enum": list(KINDS)},
        role=TEXT,
        depth=WHOLE,
        shape=_list(WHOLE),
        dtype=TEXT,
        activation=TEXT,
        columns=_list({"enum": list(STATISTICS)}),
        magnitudes=FLAG,
        derived=_list({"enum": list(DERIVED)}),
        not_measured=TEXT,
        sampled=WHOLE,
    )
    state = _object(
        symptom={"enum": list(SYMPTOMS)},
        kind={"enum": list(KINDS)},
        tensor=TEXT,
        layer=TEXT,
        state=TEXT,
        reason=TEXT,
        value=_or_null(NUMBER),
        threshold=_or_null(NUMBER),
    )
    symptom = _object(
        id=TEXT,
        title=TEXT,
        meaning=TEXT,
        causes=_list(TEXT),
        advice=_list(TEXT),
        measure=TEXT,
        formula=TEXT,
        source=TEXT,
        kinds=_list({"enum": list(KINDS)}),
        logarithmic=FLAG,
        direction={"enum": ["above", "below"]},
    )
    limit = _object(
        name=TEXT,
        value=NUMBER,
        default=NUMBER,
        minimum=_or_null(NUMBER),
        maximum=_or_null(NUMBER),
        meaning=TEXT,
        integer=FLAG,
        logarithmic=FLAG,
    )
    ruled = _object(id=TEXT, title=TEXT, enabled=FLAG, scope=TEXT, limits=_list(limit))
    summary = _object(run=TEXT, id=TEXT, symptom=TEXT, severity=severity, kind=TEXT, tensor=TEXT, layer=TEXT)
    return {
        "Error": {**_object(error={"type": "string", "minLength": 1}), "additionalProperties": False},
        "Runs": _answer(
            "runs",
            version=TEXT,
            logdir=TEXT,
            now=NUMBER,
            loading=_object(done=FLAG, runs_read=WHOLE, runs=WHOLE, bytes_read=WHOLE, bytes=WHOLE),
            runs=_list(run),
            other_runs=WHOLE,
            problems=_list(problem),
        ),
        "Findings": _answer("findings", findings=_list(listed), page=_or_null(page)),
        "Trends": _answer("trends", run=TEXT, trends={"type": "object", "additionalProperties": trend}),
        "Symptoms": _answer("symptoms", symptoms=_list(symptom)),
        "Tensors": _answer("tensors", run=TEXT, tensors=_list(tensor)),
        "States": _answer("states", run=TEXT, total=WHOLE, states=_list(state)),
        "Rules": _answer(
            "rules",
            origin=TEXT,
            problem=TEXT,
            toml=TEXT,
            rules=ANYTHING,
            presets=_list(_object(name=TEXT, summary=TEXT, rules=ANYTHING)),
            symptoms=_list(ruled),
            mutes=_list(_object(reason=TEXT)),
        ),
        "Judged": _answer(
            "judge",
            toml=TEXT,
            rules=ANYTHING,
            added=_list(summary),
            removed=_list(summary),
            changed=_list(_object(**summary["properties"], before=severity, after=severity)),
            counts=_object(before=counts, after=counts),
            findings=_list(finding),
        ),
        "Problems": _answer("problems", problems=_list(problem)),
        "Version": _answer("version", version=TEXT, contract=WHOLE),
    }


def _answer(name: str, **fields: Schema) -> Schema:
    return _object(schema={"const": f"gradhealth.{name}/1"}, **fields)
