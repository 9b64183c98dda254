"""Writes down how the ids of users look in URLs where they are no numbers.

Which user model a project has is decided as it starts, so this runs in a process of its own.
"""

from __future__ import annotations

import json
import sys
import uuid

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "allauth.account",
        "tests.projects.codes.people",
    ],
    MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    AUTH_USER_MODEL="people.Person",
)
django.setup()


def main() -> None:
    """Write down what becomes of an id, and of what is none."""
    from allauth.account.utils import url_str_to_user_pk, user_pk_to_url_str
    from tests.projects.codes.people.models import Person

    pk = uuid.UUID(int=1)
    malformed = []
    for text in ("no uuid", "zz", "", "0" * 33):
        try:
            url_str_to_user_pk(text)
        except ValueError:
            malformed.append(text)
    facts = {
        "text": user_pk_to_url_str(Person(pk=pk)),
        "text of text": user_pk_to_url_str(Person(pk=str(pk))),
        "is read": url_str_to_user_pk(pk.hex) == url_str_to_user_pk(str(pk)) == pk,
        "malformed": malformed,
    }
    sys.stdout.write(json.dumps(facts))


if __name__ == "__main__":
    main()
