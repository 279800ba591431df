"""The declaration of a route."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from werkzeug.wrappers import Request

from tb_gradhealth.plugin.application import Answer
from tb_gradhealth.plugin.parameters import Parameter, Schema


@dataclass(frozen=True)
class Route:
    """A route: its requests are parsed by it, and it is described by it in the OpenAPI document.

    Attributes:
        path: its path below the plugin's.
        summary: what it returns, for the OpenAPI document.
        parameters: its parameters by the keyword argument of the handler that receives the value.
        content: the OpenAPI schema of its answer by media type.
        handler: called with the `Handlers` and the values of the parameters.
    """

    path: str
    summary: str
    parameters: Mapping[str, Parameter]
    content: Mapping[str, Schema]
    handler: Callable[..., Answer]

    def arguments(self, request: Request) -> dict[str, object]:
        """The keyword arguments for the handler.

        Raises:
            BadRequestError: a parameter is missing or invalid.
        """
        return {name: parameter.parse(request) for name, parameter in self.parameters.items()}
