"""Settings and where each comes from: flag > DURABLE_WF_* > durable-wf.toml in the project > the user's file > default.

The project's file is the nearest `durable-wf.toml` from the working directory upwards, or the one that `--config`
names. A relative journal in a file is relative to that file. Nothing is created here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durable_wf.errors import StorageError, UsageError

PROJECT_FILE = "durable-wf.toml"
USER_FILE = "config.toml"
APP = "durable-wf"
ENV_PREFIX = "DURABLE_WF_"
DEFAULT = "default"

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class ConfigError(UsageError):
    """A setting cannot be used as it is."""

    code = "bad-config"
    explanation = (
        "A configuration file or a DURABLE_WF_* variable has a setting that is not known or does not fit. The text "
        "names the place. `durable-wf config show --origin` shows every setting and where it comes from."
    )


class NoHomeError(UsageError):
    """There is no home directory, so there is no place for a journal unless one is named."""

    code = "no-home"
    explanation = (
        "Without --journal, DURABLE_WF_JOURNAL or a durable-wf.toml the journal lies in the user's data directory, "
        "which needs HOME or XDG_DATA_HOME."
    )


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    kind     type of its value: Path, str, int, float or bool
    choices  what a text may be; empty for any
    least    smallest number that it may be
    """

    name: str
    kind: type
    default: Any
    doc: str
    choices: tuple[str, ...] = ()
    least: float | None = None


SETTINGS: tuple[Setting, ...] = (
    Setting("journal", Path, None, "the journal's file; by default in the user's data directory"),
    Setting("secrets_file", Path, None, "the file of secrets (mode 0600); by default in the user's data directory"),
    Setting("plugins", Path, None, "the folder of installed plugins; by default in the user's data directory"),
    Setting(
        "durability", str, "power", "what a commit survives: a power cut, or a crash of the process",
        choices=("power", "process"),
    ),
    Setting("max_operations", int, 8, "operations that one process runs at once, over all executions", least=1),
    Setting("lock_timeout", float, 30.0, "seconds that a command waits for the journal's write lock", least=0),
    Setting("unsafe_network_fs", bool, default=False, doc="use a journal on a network file system all the same"),
    Setting("color", str, "auto", "whether to colour", choices=("auto", "always", "never")),
    Setting("progress", bool, default=True, doc="whether a terminal shows live progress"),
    Setting("debug", bool, default=False, doc="whether errors show their traceback"),
)  # fmt: skip

_BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Origin:
    """A value and the place that it comes from: a flag, a variable, a file's path, or `default`."""

    value: Any
    place: str


class Config:
    """The settings of one call.

    origins  by the setting's name
    """

    def __init__(self, origins: Mapping[str, Origin]) -> None:
        self.origins = origins

    def __getitem__(self, name: str) -> Any:
        return self.origins[name].value

    @property
    def journal(self) -> Path:
        """The journal's file, absolute.

        raises  NoHomeError
        """
        found: Path | None = self["journal"]
        if found is None:
            text = "there is no home directory (HOME and XDG_DATA_HOME are not set), so no place for a journal"
            raise NoHomeError(text, hint="name the journal with --journal FILE or DURABLE_WF_JOURNAL")
        return found


def read_config(flags: Mapping[str, Any], environ: Mapping[str, str], cwd: Path | None) -> Config:
    """All settings.

    flags  what the command line says, by setting; `config` names a file to use instead of the project's
    cwd    None where the working directory is gone
    raises ConfigError naming file or variable, setting, and what may stand there
    """
    named = flags.get("config") or environ.get(f"{ENV_PREFIX}CONFIG") or None
    project = _named_file(Path(named), cwd) if named else _project_file(cwd)
    found = {setting.name: Origin(setting.default, DEFAULT) for setting in SETTINGS}
    for path in (_user_file(environ), project):
        if path is not None:
            found.update(_from_file(path))
    found.update(_from_environment(environ, cwd))
    found.update(_from_flags(flags, cwd))
    for name, file in (("journal", "journal.db"), ("secrets_file", "secrets.json"), ("plugins", "plugins")):
        if found[name].value is None:
            found[name] = Origin(_in_user_data(environ, file), DEFAULT)
    return Config(found)


def _flag(name: str) -> str:
    return "--no-progress" if name == "progress" else f"--{name.replace('_', '-')}"


def has_home(environ: Mapping[str, str], xdg: str) -> bool:
    """Whether the user has a folder of this kind, such as XDG_CACHE_HOME."""
    return bool(environ.get(xdg, "").startswith("/") or environ.get("HOME", "").startswith("/"))


def _in_user_data(environ: Mapping[str, str], file: str) -> Path | None:
    if not has_home(environ, "XDG_DATA_HOME"):
        return None
    from platformdirs import user_data_path

    return user_data_path(APP) / file


def _user_file(environ: Mapping[str, str]) -> Path | None:
    if not has_home(environ, "XDG_CONFIG_HOME"):
        return None
    from platformdirs import user_config_path

    path = user_config_path(APP) / USER_FILE
    return path if _is_file(path) else None


def _project_file(cwd: Path | None) -> Path | None:
    if cwd is None:
        return None
    return next((path for folder in (cwd, *cwd.parents) if _is_file(path := folder / PROJECT_FILE)), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder above us that we may not look into
        return False


def _named_file(path: Path, cwd: Path | None) -> Path:
    found = _absolute(path, cwd)
    if not _is_file(found):
        raise ConfigError(f"there is no configuration file {found}", hint="--config takes a TOML file")
    return found


def _from_file(path: Path) -> dict[str, Origin]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    found = {}
    for name, value in content.items():
        setting = _known(name, str(path))
        if not _fits(setting, value):
            raise _misfit(setting, value, str(path))
        found[name] = Origin(_absolute(value, path.parent) if setting.kind is Path else setting.kind(value), str(path))
    return found


def _known(name: str, place: str) -> Setting:
    if name not in _BY_NAME:
        from difflib import get_close_matches

        close = get_close_matches(name, _BY_NAME, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"there are: {', '.join(_BY_NAME)}"
        raise ConfigError(f"{place}: there is no setting '{name}'", hint=hint)
    return _BY_NAME[name]


def _from_environment(environ: Mapping[str, str], cwd: Path | None) -> dict[str, Origin]:
    found = {}
    for setting in SETTINGS:
        variable = f"{ENV_PREFIX}{setting.name.upper()}"
        text = environ.get(variable)
        if text:
            value = _from_text(setting, text, variable)
            found[setting.name] = Origin(_absolute(value, cwd) if setting.kind is Path else value, variable)
    return found


def _from_flags(flags: Mapping[str, Any], cwd: Path | None) -> dict[str, Origin]:
    found = {}
    for setting in SETTINGS:
        value = flags.get(setting.name)
        if value is not None:
            if not _fits(setting, str(value) if setting.kind is Path else value):
                raise _misfit(setting, value, _flag(setting.name))
            found[setting.name] = Origin(_absolute(value, cwd) if setting.kind is Path else value, _flag(setting.name))
    return found


def _from_text(setting: Setting, text: str, place: str) -> Any:
    value: Any = text
    if setting.kind is bool:
        value = True if text.lower() in _TRUE else False if text.lower() in _FALSE else text
    elif setting.kind in (int, float):
        try:
            value = setting.kind(text)
        except ValueError:
            value = text
    if not _fits(setting, value):
        raise _misfit(setting, text, place)
    return value


def _fits(setting: Setting, value: Any) -> bool:
    """Whether a value is of the setting's kind and within its bounds."""
    if setting.kind in (Path, str):
        return isinstance(value, str) and bool(value) and (not setting.choices or value in setting.choices)
    if setting.kind is bool:
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, (int, float) if setting.kind is float else int):
        return False
    number: float = value
    return setting.least is None or setting.least <= number < float("inf")


def _misfit(setting: Setting, value: Any, place: str) -> ConfigError:
    names = {Path: "a path", str: "a text", bool: "true or false", int: "a whole number", float: "a number"}
    expected = " or ".join(setting.choices) or names[setting.kind]
    if setting.least is not None:
        expected += f" of at least {setting.least:g}"
    return ConfigError(f"{place}: '{setting.name}' is {value!r}; expected {expected}")


def _absolute(path: str | Path, folder: Path | None) -> Path:
    try:
        found = Path(path).expanduser()
    except RuntimeError as error:
        raise NoHomeError(f"'{path}' names a home directory that is not there: {error}") from error
    if found.is_absolute():
        return found
    if folder is None:
        text = f"'{path}' is relative to the working directory, which is gone"
        raise StorageError(text, hint="change to a folder that is there, or give an absolute path")
    return folder / found
