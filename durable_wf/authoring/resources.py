"""Files beside the blueprint, as operations ask for them. Source: reference/workflow-api.md §7.7.

Unlike the older system's, a file that lies outside the blueprint's folder is refused, also by a link; and a file that
is missing is told with the names that are near.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.exceptions import NonRecoverableError, ResourceNotFound
from durable_wf.sources.port import SourceError
from durable_wf.sources.resources import Folder, ResourceMissing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from durable_wf.authoring.services import Services

_MARKS = ("{{", "{%", "{#")


class ResourceContext:
    """The part of an operation's ctx that has to do with files."""

    _services: Services | None

    def get_resource(self, resource_path: str) -> bytes:
        """The content of a file.

        resource_path  relative to the blueprint's folder
        raises         ResourceNotFound, with near names; NonRecoverableError where it cannot be had
        """
        try:
            return self._folder().read(resource_path)
        except SourceError as error:
            raise _refused(resource_path, error) from error

    def get_resource_and_render(self, resource_path: str, template_variables: Mapping[str, Any] | None = None) -> Any:
        """The content of a file that may be a template (jinja2), with `ctx` and the variables.

        returns  text; bytes where it is no text
        raises   as `get_resource`; NonRecoverableError for a variable named `ctx`, or a template that is wrong
        """
        variables = self._variables(template_variables)
        return render(self.get_resource(resource_path), variables, resource_path)

    def download_resource(self, resource_path: str, target_path: str | None = None) -> str:
        """Copy a file; the path of the copy.

        target_path  where to; without it, a file of the same name in a new temporary folder
        raises       as `get_resource`; OSError where it cannot be written
        """
        return _save(self.get_resource(resource_path), resource_path, target_path)

    def download_resource_and_render(
        self, resource_path: str, target_path: str | None = None, template_variables: Mapping[str, Any] | None = None
    ) -> str:
        """Copy a file that may be a template; the path of the copy.

        raises  as `get_resource_and_render`
        """
        return _save(self.get_resource_and_render(resource_path, template_variables), resource_path, target_path)

    def download_directory(self, resource_path: str, target_path: str | None = None) -> str:
        """Copy a folder with all that is in it; the path of the copy.

        raises  as `get_resource`
        """
        target = Path(target_path) if target_path is not None else _new_folder() / Path(resource_path).name
        try:
            self._folder().copy_tree(resource_path, target)
        except SourceError as error:
            raise _refused(resource_path, error) from error
        return str(target)

    # ------------------------------------------------------------------ the deployment's own folder

    def local_deployment_workdir(self) -> str:
        """A folder that all operations of the deployment share, made if it is not there.

        raises  NonRecoverableError without a deployment
        """
        return str(self._workdir())

    def download_deployment_workdir(self) -> None:
        """Nothing to do: it lies on this machine."""

    def upload_deployment_workdir(self) -> None:
        """Nothing to do: it lies on this machine."""

    def sync_deployment_workdir(self) -> None:
        """Nothing to do: it lies on this machine."""

    def upload_deployment_file(self, target_file_path: str, src_file: Any, src_file_mtime: Any = None) -> None:
        """Nothing to do: it lies on this machine."""

    def delete_deployment_file(self, file_path: str) -> None:
        """Nothing to do: it lies on this machine."""

    def _workdir(self) -> Path:
        if self._services is None or self._services.blueprint_folder() is None:
            text = "there is no deployment, and so no deployment workdir"
            raise NonRecoverableError(text)
        return self._services.workdir()

    def _folder(self) -> Folder:
        folder = self._services.blueprint_folder() if self._services is not None else None
        if folder is None:
            text = "there is no deployment, and so no blueprint whose files could be had"
            raise NonRecoverableError(text)
        return Folder(folder)

    def _variables(self, given: Mapping[str, Any] | None) -> dict[str, Any]:
        if given and "ctx" in given:
            text = "'ctx' is always given to a template; choose another name for the variable"
            raise NonRecoverableError(text)
        return {**(given or {}), "ctx": self}


def render(content: bytes, variables: Mapping[str, Any], name: str) -> Any:
    """The content with its template filled in, if it is one.

    returns  text; bytes where it is no text
    raises   NonRecoverableError naming the line of the template that is wrong
    """
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content
    if not any(mark in text for mark in _MARKS):
        return text
    import jinja2

    try:
        return jinja2.Template(text).render(**variables)
    except jinja2.TemplateError as error:
        line = getattr(error, "lineno", None)
        where = f"'{name}', line {line}" if line else f"'{name}'"
        message = f"the template {where} cannot be rendered: {error}"
        raise NonRecoverableError(message) from error


def _save(content: str | bytes, resource_path: str, target_path: str | None) -> str:
    target = Path(target_path) if target_path is not None else _new_folder() / Path(resource_path).name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(target)


def _new_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="durable-wf-"))


def _refused(path: str, error: SourceError) -> NonRecoverableError:
    text = f"{error.message}; {error.hint}" if error.hint else error.message
    return ResourceNotFound(path, text) if isinstance(error, ResourceMissing) else NonRecoverableError(text)
