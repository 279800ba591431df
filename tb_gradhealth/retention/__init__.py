"""The life of logs: frees the disk of old and dense records without touching the data of other plugins.

    survey -> plan -> execution

Pure:

* ``ownership``: whose an event is
* ``surveyed``: what is found of a run
* ``thinning``: which records a thinned run keeps
* ``plan``: what happens to each run

Effects:

* ``survey``: reads the runs of a log directory
* ``judgement``, ``trial``: judge a run with and without records
* ``file_state``: whether a file has changed or is being written
* ``temporary``, ``rewriting``, ``archive``: write files that replace or preserve others
* ``platform_locks``: the system's locks, where it has them
* ``execution``: carries out a plan
"""

from tb_gradhealth.retention.execution import Outcome, execute
from tb_gradhealth.retention.plan import Plan, Policy, Step, plan
from tb_gradhealth.retention.survey import Survey, survey
from tb_gradhealth.retention.surveyed import SurveyedFile, SurveyedRun
from tb_gradhealth.retention.trial import try_thinning

__all__ = [
    "Outcome",
    "Plan",
    "Policy",
    "Step",
    "Survey",
    "SurveyedFile",
    "SurveyedRun",
    "execute",
    "plan",
    "survey",
    "try_thinning",
]
