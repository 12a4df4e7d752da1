"""How an adapter declares the keys of its profiles, and how they are checked."""

from __future__ import annotations

from functools import cache, reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, NoReturn, TypeVar, cast, get_args, get_type_hints
from urllib.parse import urlsplit

import msgspec

from biodata.config.secrets import Secret, SecretReference, is_reference
from biodata.errors import ConfigError, near_match

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biodata.config.profiles import Access, Origin, Profile

_SCHEMES = frozenset({"http", "https"})
_OF_PROFILES = ("platform", "access", "may_flow_to")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The keys that every profile may have; an adapter's subclass adds its own.

    A field's type decides: `Secret | None` takes references only, `Path` is relative to the file that holds it, a
    field called `url`, or ending in `_url`, becomes an address with a slash at its end; the others are checked as
    msgspec does it. A text may be a reference too. A field without a default must be given.

    Attributes:
        proxy: for http and https, in place of the environment's.
        ca_bundle: a file of certificates to trust.
        timeout: seconds to wait for the next bytes of an answer.
        page_size: records asked for at once.
    """

    default_access: ClassVar[str] = "read"
    address_key: ClassVar[str] = "url"
    """The key that an address given without a profile is the value of, unless `key_of` knows better."""

    proxy: str | None = None
    ca_bundle: Path | None = None
    timeout: Annotated[float, msgspec.Meta(gt=0)] | None = None
    page_size: Annotated[int, msgspec.Meta(ge=1)] | None = None

    @classmethod
    def key_of(cls, _address: str) -> str:
        """The key that this address is the value of."""
        return cls.address_key

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in describe(self).items())})"


S = TypeVar("S", bound=Settings)


def read_settings(cls: type[S], profile: Profile) -> S:
    """The settings of a profile, its secrets fetched.

    Raises:
        ConfigError: an unknown or missing key, a wrong type, a literal secret, a secret that is not there; with
            file and line, and without the value.
    """
    return _Reader(cls, profile.name, profile.origin).read(profile.values)


def settings_from_values(cls: type[S], values: Mapping[str, Any]) -> S:
    """The settings of values from Python code: secrets may be plain texts, paths are relative to the directory.

    None stands for a key that is not given.

    Raises:
        ConfigError: as `read_settings`, with the key in place of file and line.
    """
    return _Reader(cls, None, None).read({key: value for key, value in values.items() if value is not None})


def access_level(cls: type[Settings], access: Access | None) -> Access:
    """What a connection may do: what its profile says, or else the adapter's default."""
    return access or cast("Access", cls.default_access)


def secret_keys(cls: type[Settings]) -> frozenset[str]:
    """The keys whose values are secrets."""
    return frozenset(key for key, type_ in _types(cls).items() if Secret in (get_args(type_) or (type_,)))


def describe(settings: Settings) -> dict[str, Any]:
    """The settings that are given, for printing: a secret as its reference, a path as text."""
    fields = msgspec.structs.asdict(settings)
    return {key: _shown(value) for key, value in fields.items() if value is not None}


def _shown(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reference or "<given>"
    if isinstance(value, str) and "@" in value and "://" in value:
        scheme, _, rest = value.partition("://")
        return f"{scheme}://<secret>@{rest.rpartition('@')[2]}"
    return str(value) if isinstance(value, Path) else value


class _Reader(Generic[S]):
    """Reads one profile's values, or those of Python code where `origin` is None."""

    def __init__(self, cls: type[S], name: str | None, origin: Origin | None) -> None:
        self._cls = cls
        self._name = name
        self._origin = origin
        self._types = _types(cls)

    def read(self, values: Mapping[str, Any]) -> S:
        for key in values:
            if key not in self._types:
                self._unknown(key)
        given = {key: self._text(key, self._value(key, value)) for key, value in values.items() if value is not None}
        for field in msgspec.structs.fields(self._cls):
            if field.required and field.name not in given:
                self._fail("", f"the key {field.name!r} is missing", "BD-CONFIG-KEY", "Add it")
        return self._cls(**given)

    def _value(self, key: str, value: Any) -> Any:
        options = get_args(self._types[key]) or (self._types[key],)
        if Secret in options:
            return self._secret(key, value)
        referred = isinstance(value, str) and is_reference(value)
        if referred:
            value = self._resolve(key, value).reveal()
        if Path in options and isinstance(value, (str, Path)):
            return self._base_dir / Path(value).expanduser()
        value = self._converted(key, value, strict=not referred)
        return self._url(key, value) if key == "url" or key.endswith("_url") else value

    def _text(self, key: str, value: Any) -> Any:
        """A value, if it can be sent: bytes of the environment that are no UTF-8 come as halves of characters."""
        text = value.reveal() if isinstance(value, Secret) else value
        if isinstance(text, str) and any("\ud800" <= one <= "\udfff" for one in text):
            self._fail(
                key, f"{key} is not text in UTF-8", "BD-CONFIG-VALUE", "Write it, or its variable or file, anew"
            )
        return value

    def _secret(self, key: str, value: Any) -> Secret:
        if isinstance(value, Secret):
            return value
        if isinstance(value, str) and is_reference(value):
            return self._resolve(key, value)
        if self._origin is None and isinstance(value, str):
            return Secret(value)
        return self._literal(key)

    def _resolve(self, key: str, text: str) -> Secret:
        allowed = self._origin is None or self._origin.trusted
        try:
            reference = SecretReference.parse(text)
            return reference.resolve(self._base_dir, allow_command_file=allowed)
        except ConfigError as error:
            self._fail(key, f"{key}: {error.message}", error.code, error.hint)

    def _converted(self, key: str, value: Any, *, strict: bool) -> Any:
        try:
            return msgspec.convert(value, _without_path(self._types[key]), strict=strict)
        except msgspec.ValidationError as error:
            self._fail(key, f"{key}: {error}", "BD-CONFIG-VALUE", None)

    def _url(self, key: str, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            parts = urlsplit(value.strip())
            good = parts.scheme in _SCHEMES and bool(parts.hostname) and (parts.port or 1)
        except ValueError:
            good = False
        if not good or parts.query or parts.fragment or parts.username is not None:
            hint = "Write https://HOST/PATH; a user name or password is a key of its own"
            self._fail(key, f"{key} is not an address of a server", "BD-CONFIG-VALUE", hint)
        return value.strip().rstrip("/") + "/"

    def _literal(self, key: str) -> NoReturn:
        variable = f"{self._name or 'biodata'}_{key}".upper()
        self._fail(
            key,
            f"{key} stands in the file itself",
            "BD-CONFIG-SECRET",
            f'Write  {key}: "${{env:{variable}}}"  and set that variable; change a {key} that others have seen',
        )

    def _unknown(self, key: str) -> NoReturn:
        known = (*_OF_PROFILES, *sorted(self._types))
        close = near_match(key, known)
        hint = f"Did you mean {close!r}" if close else f"Known keys: {', '.join(known)}"
        self._fail(key, f"the key {key!r} is not known", "BD-CONFIG-KEY", hint)

    @property
    def _base_dir(self) -> Path:
        return self._origin.base_dir if self._origin else Path.cwd()

    def _fail(self, key: str, problem: str, code: str, hint: str | None) -> NoReturn:
        place = f"{self._origin.place(key)}: " if self._origin else ""
        raise ConfigError(f"{place}{problem}", code=code, profile=self._name, hint=hint) from None


@cache
def _types(cls: type[Settings]) -> dict[str, Any]:
    """The keys and their types."""
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: hints[field.name] for field in msgspec.structs.fields(cls)}


def _without_path(kind: Any) -> Any:
    """The type that is left for a value that is no path; msgspec takes no Path beside other types."""
    options = get_args(kind)
    return reduce(or_, [option for option in options if option is not Path]) if Path in options else kind
