"""Requests to the plugin's routes without a server, and what their responses contain."""

import argparse
import json

from frame import read_frame
from tensorboard.plugins import base_plugin
from werkzeug.test import Client

from tb_gradhealth.plugin.plugin import GradHealthPlugin


class RouteClient:
    """Sends requests to the plugin over a log directory, as TensorBoard's application does."""

    def __init__(self, logs):
        flags = argparse.Namespace(logdir=str(logs), logdir_spec="")
        plugin = GradHealthPlugin(base_plugin.TBContext(flags=flags, logdir=str(logs)))
        self._clients = {path: Client(app) for path, app in plugin.get_plugin_apps().items()}

    def __call__(self, route, method="GET", headers=None, **parameters):
        return self._clients["/" + route].open("/", method=method, headers=headers, query_string=parameters)


def frame_of(response):
    assert (response.status_code, response.mimetype) == (200, "application/octet-stream")
    return read_frame(response.get_data())


def strict_json(response):
    assert response.mimetype == "application/json"

    def refuse(constant):
        raise AssertionError(constant)

    return json.loads(response.get_data(), parse_constant=refuse)


def without(values, *names):
    return {name: value for name, value in values.items() if name not in names}


def finding_id(get):
    return strict_json(get("findings"))["findings"][0]["id"]
