"""Configuration: YAML with line numbers, references to secrets, profiles, and the settings of adapters."""

from biodata.config.flow import MayFlowTo
from biodata.config.profiles import (
    ACCESS_LEVELS,
    Access,
    Origin,
    Profile,
    Profiles,
    find_profiles,
    parse_access,
    user_file,
)
from biodata.config.prompt import ask_password, somebody_is_there
from biodata.config.secrets import Secret, SecretReference
from biodata.config.settings import Settings, access_level, describe, read_settings, settings_from_values
from biodata.config.yaml import Document, load_yaml, parse_yaml

__all__ = [
    "ACCESS_LEVELS",
    "Access",
    "Document",
    "MayFlowTo",
    "Origin",
    "Profile",
    "Profiles",
    "Secret",
    "SecretReference",
    "Settings",
    "access_level",
    "ask_password",
    "describe",
    "find_profiles",
    "load_yaml",
    "parse_access",
    "parse_yaml",
    "read_settings",
    "settings_from_values",
    "somebody_is_there",
    "user_file",
]
