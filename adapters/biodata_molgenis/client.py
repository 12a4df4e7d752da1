"""An open molgenis-py-client session as settings of ours: `biodata.connect(session)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from biodata_molgenis.settings import MolgenisSettings

__all__ = ["settings_of"]


def settings_of(client: Any) -> MolgenisSettings | None:
    """Address and token of a `molgenis.client.Session`; None for any other object.

    The token cannot be renewed: only the login knows the password.
    """
    if not any(
        f"{kind.__module__}.{kind.__qualname__}" == "molgenis.client.Session" for kind in type(client).__mro__
    ):
        return None
    from biodata.config.settings import settings_from_values
    from biodata_molgenis.settings import MolgenisSettings

    return settings_from_values(MolgenisSettings, {"url": client._root_url, "token": client._token})  # noqa: SLF001 - it has no other way
