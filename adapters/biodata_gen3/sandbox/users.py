"""Who may do what: users, and rights on resources such as `/programs/P/projects/C` (protocols/gen3.md, a and b)."""

from __future__ import annotations

from typing import Any

__all__ = ["ADMIN", "NOBODY", "READER", "User", "Users", "project_resource"]

ADMIN, READER, NOBODY = "admin", "reader", "nobody"
PROGRAM_ADMIN = "/services/sheepdog/submission/program"
PROJECT_ADMIN = "/services/sheepdog/submission/project"


class User:
    """One user; `grants` are methods by resource, `*` being all."""

    def __init__(self, number: int, name: str, *, is_admin: bool = False) -> None:
        self.number = number
        self.name = name
        self.is_admin = is_admin
        self.grants: dict[str, tuple[str, ...]] = {"/": ("*",), "/programs": ("*",)} if is_admin else {}

    def may(self, method: str, resource: str) -> bool:
        """Whether the user holds this right on the resource or on one above it."""
        return any(
            ("*" in methods or method in methods) and (granted == "/" or f"{resource}/".startswith(f"{granted}/"))
            for granted, methods in self.grants.items()
        )

    def info(self) -> dict[str, Any]:
        """What `/user/user` says of the user."""
        authz = {
            resource: [{"method": method, "service": "*"} for method in methods]
            for resource, methods in self.grants.items()
        }
        return {
            "active": True, "authz": authz, "azp": None, "certificates_uploaded": [], "display_name": None,
            "email": f"{self.name}@example.org", "ga4gh_passport_v1": [], "groups": [],
            "idp": "google" if self.is_admin else "", "is_admin": self.is_admin, "message": "", "name": self.name,
            "phone_number": None, "preferred_username": None, "primary_google_service_account": None,
            "project_access": {}, "resources": list(self.grants), "resources_granted": [],
            "role": "admin" if self.is_admin else "user", "sub": str(self.number), "user_id": self.number,
            "username": self.name,
        }  # fmt: skip


class Users:
    """All users by name; there are `admin`, `reader` and `nobody`, and only the first may do anything yet."""

    def __init__(self) -> None:
        self._by_name: dict[str, User] = {}
        for name in (ADMIN, READER, NOBODY):
            self.add(name, is_admin=name == ADMIN)

    def add(self, name: str, *, is_admin: bool = False) -> User:
        """A new user without rights, or with all."""
        user = self._by_name[name] = User(len(self._by_name) + 1, name, is_admin=is_admin)
        return user

    def __getitem__(self, name: str) -> User:
        return self._by_name[name]

    def by_number(self, number: str) -> User | None:
        """The user with this number, as tokens name them."""
        return next((user for user in self._by_name.values() if str(user.number) == number), None)

    def grant(self, name: str, resource: str, *methods: str) -> None:
        """Give rights on a resource; no method takes them back."""
        if methods:
            self._by_name[name].grants[resource] = methods
        else:
            self._by_name[name].grants.pop(resource, None)


def project_resource(program: str, code: str) -> str:
    """The resource that stands for a project."""
    return f"/programs/{program}/projects/{code}"
