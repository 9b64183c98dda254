"""Does one step on the site, under whichever package the interpreter finds.

``python manage_step.py <step>`` reads the parameters of the step as JSON and writes its result as
JSON. What is kept between steps (cookies, the database) is in files of ``COMPAT_DIR``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
COOKIES = Path(os.environ["COMPAT_DIR"]) / "cookies.json"


def migrate(target: str = "") -> dict[str, Any]:
    """Bring the database up to date; says whether there was anything to do, and what is there.

    Parameters:
        target: Which migration of third-party accounts to go to; it is the last one without it.
    """
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    call_command("migrate", *(["socialaccount", target] if target else []), verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master"
            " WHERE tbl_name LIKE 'account_%' OR tbl_name LIKE 'socialaccount_%'"
        )
        schema = dict(cursor.fetchall())
        cursor.execute(
            "SELECT app, name FROM django_migrations"
            " WHERE app IN ('account', 'socialaccount') ORDER BY app, name"
        )
        applied = [f"{app}.{name}" for app, name in cursor.fetchall()]
    return {"had_to_do": len(plan), "schema": schema, "applied": applied}


def find_changes() -> list[str]:
    """What ``makemigrations`` would do."""
    from django.apps import apps
    from django.db import connection
    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.state import ProjectState

    loader = MigrationLoader(connection)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    changes = detector.changes(graph=loader.graph)
    return [
        f"{app}: {operation.describe()}"
        for app, migrations in sorted(changes.items())
        for migration in migrations
        for operation in migration.operations
    ]


def create_user(*, username: str, email: str, password: str, verified: bool) -> int:
    """Make a user with an address."""
    from django.contrib.auth import get_user_model

    from allauth.account.models import EmailAddress

    user = get_user_model().objects.create_user(username, email, password)
    EmailAddress.objects.create(user=user, email=email, verified=verified, primary=True)
    return int(user.pk)


def create_app(**fields: Any) -> int:
    """Make an app of a provider, in use on the site."""
    from django.contrib.sites.models import Site

    from allauth.socialaccount.models import SocialApp

    app = SocialApp.objects.create(**fields)
    app.sites.add(Site.objects.get_current())
    return int(app.pk)


def create_site(**fields: Any) -> int:
    """Make a site beside the one there is."""
    from django.contrib.sites.models import Site

    return int(Site.objects.create(**fields).pk)


def connect(*, username: str, **fields: Any) -> None:
    """Make an account at a provider; ``fields`` are those of the account."""
    from django.contrib.auth import get_user_model

    from allauth.socialaccount.models import SocialAccount

    user = get_user_model().objects.get(username=username)
    SocialAccount.objects.create(user=user, **fields)


def read_rows(label: str) -> list[dict[str, Any]]:
    """The rows of a model."""
    from django.apps import apps

    return list(apps.get_model(label)._default_manager.order_by("pk").values())


def read_session() -> dict[str, Any]:
    """What the session of the browser holds."""
    from django.conf import settings

    key = json.loads(COOKIES.read_text())[settings.SESSION_COOKIE_NAME]
    return dict(import_module(settings.SESSION_ENGINE).SessionStore(key).items())


def collect_logins() -> list[dict[str, Any]]:
    """Collect what those who wait for sign-ups and logins are told of the account, from now on."""
    from allauth.account.signals import user_logged_in, user_signed_up

    told = []

    def note(signal: Any, **kwargs: Any) -> None:
        sociallogin = kwargs.get("sociallogin")
        if sociallogin is not None:
            told.append(
                {
                    "event": "signup" if signal is user_signed_up else "login",
                    "username": sociallogin.user.username,
                    "provider": sociallogin.account.provider,
                    "uid": sociallogin.account.uid,
                }
            )

    user_signed_up.connect(note, weak=False)
    user_logged_in.connect(note, weak=False)
    return told


def visit(*requests: dict[str, Any]) -> list[dict[str, Any]]:
    """Send requests, with the cookies of the former step; gives the answers and their mails."""
    from django.apps import apps
    from django.core import mail
    from django.test import Client
    from django.test.utils import setup_test_environment

    setup_test_environment()
    client = Client()
    if COOKIES.exists():
        client.cookies.load(json.loads(COOKIES.read_text()))
    answers = []
    told = collect_logins() if apps.is_installed("allauth.socialaccount") else []
    for request in requests:
        mail.outbox.clear()
        told.clear()
        client.cookies.load(request.get("cookies", {}))
        send = client.get if request.get("data") is None else client.post
        response = send(request["path"], request.get("data"))
        answers.append(
            {
                "status": response.status_code,
                "location": response.headers.get("Location", ""),
                "body": response.content.decode(),
                "mails": [message.body for message in mail.outbox],
                "told": list(told),
            }
        )
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    COOKIES.write_text(json.dumps(cookies))
    return answers


def find_package() -> str:
    """Where the package comes from."""
    import allauth

    return str(Path(allauth.__file__).parent)


STEPS: dict[str, Callable[..., Any]] = {
    "connect": connect,
    "create_app": create_app,
    "create_site": create_site,
    "create_user": create_user,
    "find_changes": find_changes,
    "find_package": find_package,
    "migrate": migrate,
    "read_rows": read_rows,
    "read_session": read_session,
    "visit": visit,
}


def main() -> None:
    """Do the step that the command line names."""
    import django

    django.setup()
    parameters = json.loads(sys.stdin.read() or "{}")
    step = STEPS[sys.argv[1]]
    result = step(*parameters) if isinstance(parameters, list) else step(**parameters)
    sys.stdout.write(json.dumps(result, default=str))


if __name__ == "__main__":
    main()
