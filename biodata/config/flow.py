"""`may_flow_to`: the profiles to whose platforms the data of a profile may go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import ConfigError, near_match

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["PROFILE_NAME", "MayFlowTo", "parse_may_flow_to"]

PROFILE_NAME = re.compile(r"[a-z][a-z0-9_]*")


class MayFlowTo(msgspec.Struct, frozen=True):
    """Where a profile's data may go; back to itself they always may.

    Attributes:
        profiles: the names of profiles; none: nowhere else.
        place: `file:line` where that is said.
    """

    profiles: tuple[str, ...]
    place: str

    def __str__(self) -> str:
        return f"{self.place} says may_flow_to: [{', '.join(self.profiles)}]"

    def check_names(self, known: Collection[str]) -> None:
        """See that each is the name of a profile: a rule with a slip in it would forbid what was meant.

        Raises:
            ConfigError: `BD-CONFIG-FLOW`, with the near match.
        """
        for name in self.profiles:
            if name not in known:
                near = near_match(name, known)
                raise ConfigError(
                    f"{self.place}: may_flow_to names {name!r}, and there is no such profile",
                    code="BD-CONFIG-FLOW",
                    hint=f"Did you mean {near!r}" if near else f"There is {', '.join(sorted(known))}",
                )


def parse_may_flow_to(value: Any, place: str) -> MayFlowTo:
    """The rule that a file says.

    Raises:
        ConfigError: `BD-CONFIG-VALUE`, it is no list of names; `place` says where it stands.
    """
    if not isinstance(value, list) or not all(isinstance(one, str) and PROFILE_NAME.fullmatch(one) for one in value):
        raise ConfigError(
            f"{place}: may_flow_to is a list of names of profiles",
            code="BD-CONFIG-VALUE",
            hint="Write [NAME, …]; [] lets the data go nowhere, and without the key they may go anywhere",
        )
    return MayFlowTo(tuple(dict.fromkeys(value)), place)
