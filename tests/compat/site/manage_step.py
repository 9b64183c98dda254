"""Does one step on the site, under whichever package the interpreter finds.

``python manage_step.py <step>`` reads the parameters of the step as JSON and writes its result as
JSON. What is kept between steps (cookies, the database) is in files of ``COMPAT_DIR``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
COOKIES = Path(os.environ["COMPAT_DIR"]) / "cookies.json"


def migrate() -> dict[str, Any]:
    """Bring the database up to date; says whether there was anything to do, and what is there."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE tbl_name LIKE 'account_%'")
        schema = dict(cursor.fetchall())
        cursor.execute(
            "SELECT app, name FROM django_migrations WHERE app = 'account' ORDER BY name"
        )
        applied = [name for _, name in cursor.fetchall()]
    return {"had_to_do": len(plan), "schema": schema, "applied": applied}


def create_user(*, username: str, email: str, password: str, verified: bool) -> int:
    """Make a user with an address."""
    from django.contrib.auth import get_user_model

    from allauth.account.models import EmailAddress

    user = get_user_model().objects.create_user(username, email, password)
    EmailAddress.objects.create(user=user, email=email, verified=verified, primary=True)
    return int(user.pk)


def visit(*requests: dict[str, Any]) -> list[dict[str, Any]]:
    """Send requests, with the cookies of the former step; gives the answers and their mails."""
    from django.core import mail
    from django.test import Client
    from django.test.utils import setup_test_environment

    setup_test_environment()
    client = Client()
    if COOKIES.exists():
        client.cookies.load(json.loads(COOKIES.read_text()))
    answers = []
    for request in requests:
        mail.outbox.clear()
        send = client.get if request.get("data") is None else client.post
        response = send(request["path"], request.get("data"))
        answers.append(
            {
                "status": response.status_code,
                "location": response.headers.get("Location", ""),
                "body": response.content.decode(),
                "mails": [message.body for message in mail.outbox],
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
    "migrate": migrate,
    "create_user": create_user,
    "visit": visit,
    "find_package": find_package,
}


def main() -> None:
    """Do the step that the command line names."""
    import django

    django.setup()
    parameters = json.loads(sys.stdin.read() or "{}")
    step = STEPS[sys.argv[1]]
    result = step(*parameters) if isinstance(parameters, list) else step(**parameters)
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
