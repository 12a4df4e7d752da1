"""Profiles as text: what may be shown of one, and how one is added to a file."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from biodata.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from biodata.config import Profile, Settings

__all__ = ["append", "block", "checked_values", "keys_of_type", "safe_values", "target_file"]

USER_IN_URL = re.compile(r"(?<=://)[^/@]*@")


def safe_values(profile: Profile) -> dict[str, Any]:
    """The keys of a profile as they are written; what could be a literal secret is masked."""
    from biodata.registry import adapter_class

    try:
        secret = keys_of_type(adapter_class(profile.platform).Settings, "Secret")
    except Exception:  # noqa: BLE001 - without its adapter, nothing is known of a profile's keys
        secret = set(profile.values) - {"url", "path"}
    return {key: _safe(value, secret=key in secret) for key, value in profile.values.items()}


def _safe(value: Any, *, secret: bool) -> Any:
    if not isinstance(value, str):
        return "<not shown>" if secret else value
    if value.strip().startswith("${"):
        return value
    return "<not shown>" if secret else USER_IN_URL.sub("<secret>@", value)


def keys_of_type(settings: type[Settings], name: str) -> set[str]:
    """The keys whose type, or one of its options, is the class of that name (`Secret`, `Path`)."""
    hints = get_type_hints(settings)
    kinds = {key: get_args(hint) or (hint,) for key, hint in hints.items()}
    return {key for key, options in kinds.items() if any(getattr(one, "__name__", "") == name for one in options)}


def checked_values(name: str, platform: str, plain: Sequence[str], secrets: Sequence[str]) -> dict[str, Any]:
    """The keys of a new profile, checked against the adapter's settings; secrets are not fetched.

    Raises:
        ConfigError: an unknown key or platform, a value of a wrong type, a secret given in plain text.
    """
    from biodata.config import Secret, SecretReference, settings_from_values
    from biodata.registry import adapter_class

    settings = adapter_class(platform).Settings
    values = {key: _scalar(text) for key, text in map(_pair, plain)}
    _refuse_secrets(name, values, keys_of_type(settings, "Secret"))
    for key in values.keys() & keys_of_type(settings, "Path"):
        values[key] = str(Path(str(values[key])).expanduser().absolute())
    references = {key: str(SecretReference.parse(f"${{{text}}}")) for key, text in map(_pair, secrets)}
    placeholders = {key: Secret("not fetched", text) for key, text in references.items()}
    settings_from_values(settings, values | placeholders)
    return values | references


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ConfigError("A key and its value are written KEY=VALUE", code="BD-CONFIG-KEY")
    return key, value


def _scalar(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float | bool) else text


def _refuse_secrets(name: str, values: Mapping[str, Any], secret: set[str]) -> None:
    for key in values.keys() & secret:
        raise ConfigError(
            f"'{key}' is a secret, and neither the command line nor the file is a place for one",
            code="BD-CONFIG-SECRET",
            profile=name,
            hint=f"Say where it lies: --secret {key}=env:{name.upper()}_{key.upper()}.",
        )


def target_file(config: Path | None) -> Path:
    """The file that a new profile goes to."""
    from biodata.config import user_file

    named = config or (Path(os.environ["BIODATA_CONFIG"]) if os.environ.get("BIODATA_CONFIG") else None)
    return named.expanduser() if named else user_file()


def block(name: str, values: Mapping[str, Any], indent: int) -> str:
    """A profile as YAML; texts are in double quotes, so that each is what it looks like."""
    lines = [f"{name}:"]
    lines += [f"  {key}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


def append(file: Path, name: str, values: Mapping[str, Any]) -> None:
    """Add a profile at the end of a file, keeping all that stands in it, comments too.

    Raises:
        ConfigError: a profile of that name is there, or the file is written in a way that cannot be added to.
    """
    from biodata.config import load_yaml, parse_yaml

    old = file.read_text("utf-8") if file.is_file() else ""
    document = load_yaml(file) if old.strip() else None
    there = _profiles(document.value if document else None)
    if name in there:
        hint = f"Edit it in {file}, or choose another name."
        raise ConfigError(
            "A profile of that name is there already", code="BD-CONFIG-PROFILE", profile=name, hint=hint
        )
    indent = document.position(("profiles", next(iter(there))))[1] - 1 if document and there else 2
    text = _with(old, block(name, values, indent), has_profiles=bool(there))
    if _profiles(_parsed(parse_yaml, text, file)) != {**there, name: dict(values)}:
        raise ConfigError(
            f"{file} is not written line by line, so the profile cannot be added at its end",
            code="BD-CONFIG-FILE",
            hint="Add it by hand:\n" + block(name, values, 8),
        )
    _write_private(file, text)


def _profiles(value: Any) -> dict[str, Any]:
    found = value.get("profiles") if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _with(old: str, added: str, *, has_profiles: bool) -> str:
    head = old if old.endswith("\n") or not old else old + "\n"
    return head + ("" if has_profiles or re.search(r"(?m)^profiles:\s*$", old) else "profiles:\n") + added


def _parsed(parse: Any, text: str, file: Path) -> Any:
    try:
        return parse(text, file).value
    except ConfigError:
        return None


def _write_private(file: Path, text: str) -> None:
    """In place of the old file at once, and readable by its owner only."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    Path(temporary).replace(file.resolve())
