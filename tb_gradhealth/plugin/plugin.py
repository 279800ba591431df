"""The plugin object of TensorBoard, and how it reads TensorBoard's flags."""

import os
import re
from typing import Any

from tensorboard.plugins import base_plugin

from tb_gradhealth.events import Root
from tb_gradhealth.monitor import Monitor
from tb_gradhealth.plugin.handlers import Handlers
from tb_gradhealth.plugin.routes import wsgi_applications
from tb_gradhealth.record import PLUGIN_NAME
from tb_gradhealth.rules import RulesInForce

_ADDRESS = re.compile(r"[a-zA-Z][0-9a-zA-Z.]*://.*")


class GradHealthPlugin(base_plugin.TBPlugin):  # type: ignore[misc]  # TensorBoard has no types
    """Serves the tab over the log directories of TensorBoard; nothing is read before the first request."""

    plugin_name = PLUGIN_NAME

    def __init__(self, context: base_plugin.TBContext) -> None:
        super().__init__(context)
        flags = context.flags
        logdir = getattr(flags, "logdir", None) or context.logdir or ""
        spec = getattr(flags, "logdir_spec", None) or ""
        self._logdir = logdir or spec
        self._rules_in_force = RulesInForce.load(getattr(flags, "gradhealth_rules", None) or "")
        self._monitor = Monitor(roots_of(logdir, spec), self._rules_in_force.rules)

    def get_plugin_apps(self) -> dict[str, Any]:
        """The routes, as WSGI applications by path."""
        return wsgi_applications(Handlers(self._monitor, self._logdir, self._rules_in_force))

    def is_active(self) -> bool:
        """False: TensorBoard calls this only where it has found no data of the plugin itself.

        It does so while the page loads, so the disk is not searched here. An inactive tab stays in the list.
        """
        return False

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """The path of the tab's module and the name of the tab."""
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name="Grad Health")


def roots_of(logdir: str, logdir_spec: str = "") -> tuple[Root, ...]:
    """The roots of ``--logdir`` or ``--logdir_spec``, of which TensorBoard allows one.

    The second is parsed as in TensorBoard's ``data_ingester``: ``name:path`` or ``path``, separated by
    commas; a part that begins with ``/`` or a scheme has no name.
    """
    if logdir:
        return (Root(_local(logdir)),)
    if not logdir_spec:
        return ()
    named: dict[str, str | None] = {}
    for part in logdir_spec.split(","):
        name, path = _split(part)
        named[_local(path)] = name
    return tuple(Root(path, name) for path, name in named.items())


def _split(part: str) -> tuple[str | None, str]:
    if ":" not in part or part.startswith("/") or _ADDRESS.match(part) or os.path.splitdrive(part)[0]:
        return None, part
    name, _, path = part.partition(":")
    return name, path


def _local(path: str) -> str:
    return path if _ADDRESS.match(path) else os.path.realpath(os.path.expanduser(path))
