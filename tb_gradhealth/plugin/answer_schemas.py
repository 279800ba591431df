"""JSON schemas of the answers, for the OpenAPI document.

Objects list the fields that an answer has at least: the contract grows by adding fields.
"""

from typing import Final, get_args

from tb_gradhealth.health import SEVERITIES, SYMPTOMS, Verdict
from tb_gradhealth.health.results import Framework, Unit
from tb_gradhealth.health.series import DERIVED
from tb_gradhealth.plugin.parameters import Schema
from tb_gradhealth.record import KINDS
from tb_gradhealth.record.columns import STATISTICS

TEXT: Final[Schema] = {"type": "string"}
WHOLE: Final[Schema] = {"type": "integer"}
NUMBER: Final[Schema] = {"type": "number"}
FLAG: Final[Schema] = {"type": "boolean"}
ANYTHING: Final[Schema] = {"type": "object"}


def _object(**fields: Schema) -> Schema:
    return {"type": "object", "required": list(fields), "properties": fields}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _answer(name: str, **fields: Schema) -> Schema:
    return _object(schema={"const": f"gradhealth.{name}/1"}, **fields)


SEVERITY: Final[Schema] = {"enum": list(SEVERITIES)}
SYMPTOM_ID: Final[Schema] = {"enum": list(SYMPTOMS)}
KIND: Final[Schema] = {"enum": list(KINDS)}
UNIT: Final[Schema] = {"enum": list(get_args(Unit))}
DIRECTION: Final[Schema] = {"enum": ["above", "below"]}
COLUMN: Final[Schema] = {"enum": list(STATISTICS)}
COUNTS: Final = _object(critical=WHOLE, warning=WHOLE, info=WHOLE)

ERROR: Final[Schema] = {
    **_object(error={"type": "string", "minLength": 1}),
    "additionalProperties": False,
}

PROBLEM: Final = _object(path=TEXT, offset=_or_null(WHOLE), message=TEXT)
PROBLEMS: Final = _answer("problems", problems=_list(PROBLEM))
VERSION: Final = _answer("version", version=TEXT, contract=WHOLE)

FINDING: Final = _object(
    run=TEXT,
    id={"type": "string", "pattern": "^[0-9a-f]{10}$"},
    symptom=SYMPTOM_ID,
    severity=SEVERITY,
    kind=KIND,
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
    unit=UNIT,
    follows=_or_null(TEXT),
    framework={"enum": list(get_args(Framework))},
    order={"type": "array", "items": WHOLE, "minItems": 3, "maxItems": 3},
)
LISTED_FINDING: Final = _object(
    **FINDING["properties"],
    sort_key={"type": "array", "items": WHOLE, "minItems": 4, "maxItems": 4},
)
PAGE: Final = _object(
    total=WHOLE,
    muted=WHOLE,
    counts=_object(severity=_map(WHOLE), state=_map(WHOLE), symptom=_map(WHOLE), kind=_map(WHOLE)),
    incidents=WHOLE,
    rows=_list(_object(run=TEXT, lead=TEXT, findings=WHOLE)),
    named=_or_null(LISTED_FINDING),
)
FINDINGS: Final = _answer("findings", findings=_list(LISTED_FINDING), page=_or_null(PAGE))
TRENDS: Final = _answer(
    "trends", run=TEXT, trends=_map({"type": "array", "items": _or_null(NUMBER), "maxItems": 40})
)

CLOSEST: Final = _object(
    symptom=SYMPTOM_ID,
    kind=KIND,
    tensor=TEXT,
    value=NUMBER,
    threshold=NUMBER,
    unit=UNIT,
    direction=DIRECTION,
)
CHECKED: Final = _object(
    tensors=WHOLE,
    records=WHOLE,
    first_step=_or_null(WHOLE),
    last_step=_or_null(WHOLE),
    symptoms=_list(SYMPTOM_ID),
    not_judged=_list(_object(symptom=SYMPTOM_ID, title=TEXT, reason=TEXT)),
    closest=_or_null(CLOSEST),
)
RUN: Final = _object(
    run=TEXT,
    revision=TEXT,
    verdict={"enum": list(get_args(Verdict))},
    rank=WHOLE,
    headline=TEXT,
    named=_or_null(TEXT),
    reservation=TEXT,
    enough=_object(records=WHOLE, wanted=WHOLE),
    checked=CHECKED,
    first_step=_or_null(WHOLE),
    last_step=_or_null(WHOLE),
    last_wall_time=_or_null(NUMBER),
    records=WHOLE,
    tensors=WHOLE,
    every=_or_null(WHOLE),
    counts=COUNTS,
    incidents=WHOLE,
    symptoms=_map(SEVERITY),
    loss=_object(first=_or_null(NUMBER), last=_or_null(NUMBER), non_finite_since=_or_null(WHOLE)),
    hparams=_or_null(ANYTHING),
    loading=_object(done=FLAG, bytes_read=WHOLE, bytes=WHOLE),
    not_measured=_list(_object(tensor=TEXT, kind=TEXT, reason=TEXT)),
    problems=_list(PROBLEM),
)
RUNS: Final = _answer(
    "runs",
    version=TEXT,
    logdir=TEXT,
    now=NUMBER,
    loading=_object(done=FLAG, runs_read=WHOLE, runs=WHOLE, bytes_read=WHOLE, bytes=WHOLE),
    runs=_list(RUN),
    other_runs=WHOLE,
    problems=_list(PROBLEM),
)

TENSOR: Final = _object(
    tensor=TEXT,
    layer=TEXT,
    kind=KIND,
    role=TEXT,
    depth=WHOLE,
    shape=_list(WHOLE),
    dtype=TEXT,
    activation=TEXT,
    columns=_list(COLUMN),
    magnitudes=FLAG,
    derived=_list({"enum": list(DERIVED)}),
    not_measured=TEXT,
    sampled=WHOLE,
    output=FLAG,
    inputs=_list(TEXT),
    between=TEXT,
)
TENSORS: Final = _answer("tensors", run=TEXT, tensors=_list(TENSOR))
STATE: Final = _object(
    symptom=SYMPTOM_ID,
    kind=KIND,
    tensor=TEXT,
    layer=TEXT,
    state=TEXT,
    reason=TEXT,
    value=_or_null(NUMBER),
    threshold=_or_null(NUMBER),
)
STATES: Final = _answer("states", run=TEXT, total=WHOLE, states=_list(STATE))

SYMPTOM: Final = _object(
    id=TEXT,
    title=TEXT,
    meaning=TEXT,
    causes=_list(TEXT),
    advice=_list(TEXT),
    advice_by_framework=_map(_list(TEXT)),
    measure=TEXT,
    formula=TEXT,
    source=TEXT,
    kinds=_list(KIND),
    logarithmic=FLAG,
    direction=DIRECTION,
)
ALL_SYMPTOMS: Final = _answer("symptoms", symptoms=_list(SYMPTOM))

LIMIT: Final = _object(
    name=TEXT,
    value=NUMBER,
    default=NUMBER,
    minimum=_or_null(NUMBER),
    maximum=_or_null(NUMBER),
    meaning=TEXT,
    integer=FLAG,
    logarithmic=FLAG,
)
RULES: Final = _answer(
    "rules",
    origin=TEXT,
    problem=TEXT,
    toml=TEXT,
    rules=ANYTHING,
    presets=_list(_object(name=TEXT, summary=TEXT, rules=ANYTHING)),
    symptoms=_list(_object(id=TEXT, title=TEXT, enabled=FLAG, scope=TEXT, limits=_list(LIMIT))),
    mutes=_list(_object(reason=TEXT)),
)
FINDING_SUMMARY: Final = _object(
    run=TEXT, id=TEXT, symptom=TEXT, severity=SEVERITY, kind=TEXT, tensor=TEXT, layer=TEXT
)
JUDGED: Final = _answer(
    "judge",
    toml=TEXT,
    rules=ANYTHING,
    added=_list(FINDING_SUMMARY),
    removed=_list(FINDING_SUMMARY),
    changed=_list(_object(**FINDING_SUMMARY["properties"], before=SEVERITY, after=SEVERITY)),
    counts=_object(before=COUNTS, after=COUNTS),
    findings=_list(FINDING),
)

SCHEMAS: Final[dict[str, Schema]] = {
    "Error": ERROR,
    "Runs": RUNS,
    "Findings": FINDINGS,
    "Trends": TRENDS,
    "Symptoms": ALL_SYMPTOMS,
    "Tensors": TENSORS,
    "States": STATES,
    "Rules": RULES,
    "Judged": JUDGED,
    "Problems": PROBLEMS,
    "Version": VERSION,
}
"""The schemas by their names in the OpenAPI document."""
