import os

import pytest
from tensorboard.backend.event_processing.data_ingester import _parse_event_files_spec

from tb_gradhealth.events import Root
from tb_gradhealth.plugin.plugin import roots_of

SPECS = [
    "alpha:/x",
    "alpha:/x,beta:~/y",
    "/x,/y/../z",
    "/x:with/colon",
    "alpha:/x:with/colon",
    "relative/path,name:relative",
    "gs://bucket/x,name:gs://bucket/y",
    "a:/x,b:/x",
]


@pytest.mark.parametrize("spec", SPECS)
def test_a_logdir_spec_is_parsed_as_by_tensorboard(spec):
    assert {root.path: root.name for root in roots_of("", spec)} == _parse_event_files_spec(spec)


def test_a_logdir_with_colons_is_one_unnamed_root():
    assert roots_of("/x:y,z") == (Root("/x:y,z"),)
    assert roots_of("~/logs") == (Root(os.path.realpath(os.path.expanduser("~/logs"))),)


def test_without_flags_there_are_no_roots():
    assert roots_of("") == ()
