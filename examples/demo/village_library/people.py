"""The readers of the library, all of them made up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Person:
    """A reader.

    Attributes:
        number: The number of the card, which never changes and is given to nobody else.
        email: The address; empty if the library has none.
        email_verified: Whether the library has made sure that the address is theirs.
    """

    number: str
    username: str
    first_name: str
    last_name: str
    email: str = ""
    email_verified: bool = False

    @property
    def name(self) -> str:
        """The whole name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def initials(self) -> str:
        """What stands in for a picture."""
        return self.first_name[0] + self.last_name[0]

    def get_claims(self, scopes: list[str]) -> dict[str, Any]:
        """What those may know who were granted ``scopes`` (OpenID Connect Core, 5.4)."""
        claims: dict[str, Any] = {"sub": self.number}
        if "profile" in scopes:
            claims["name"] = self.name
            claims["given_name"] = self.first_name
            claims["family_name"] = self.last_name
            claims["preferred_username"] = self.username
        if "email" in scopes and self.email:
            claims["email"] = self.email
            claims["email_verified"] = self.email_verified
        return claims


PEOPLE = {
    person.number: person
    for person in (
        Person("card-1001", "ines", "Ines", "Barros", "ines@post.example", email_verified=True),
        Person("card-1002", "theo", "Theo", "Lindqvist", "theo@post.example"),
        Person("card-1003", "mira", "Mira", "Okafor"),
    )
}
