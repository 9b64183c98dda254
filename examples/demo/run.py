"""Set the demo up and serve it with Daphne."""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import sys
from pathlib import Path

from demo.variants import DEFAULT_VARIANT, VARIANTS
from village_library.provider import Library, Site
from village_library.server import run_library

HOST = "127.0.0.1"
"""The demo is for this machine only: everybody who reaches it can read all its mail."""
CALLBACK = "/accounts/oidc/village-library/login/callback/"


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    names = "\n".join(f"  {name:14}{variant.title}" for name, variant in VARIANTS.items())
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=f"variants:\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument(
        "--library-port",
        type=int,
        default=0,
        help="of the identity provider; any free port by default",
    )
    parser.add_argument("--variant", choices=VARIANTS, default=DEFAULT_VARIANT)
    return parser.parse_args()


def refuse_port_in_use(port: int, option: str) -> None:
    """Leave with a hint if something else listens at the port."""
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            sys.exit(f"Port {port} is in use. Choose another one: {option} {port + 1}")


def describe_demo(port: int) -> Site:
    """The demo as the identity provider knows it; the secret is a new one each time."""
    return Site(
        name="Accounts demo",
        client_id="demo",
        secret=secrets.token_urlsafe(),
        redirect_uris=[f"http://{host}:{port}{CALLBACK}" for host in (HOST, "localhost")],
    )


def set_up_django() -> None:
    """Make Django ready, and the folder of the database."""
    import django
    from django.conf import settings

    Path(settings.DATABASES["default"]["NAME"]).parent.mkdir(exist_ok=True)
    django.setup()


def main() -> None:
    """Serve the demo, and an identity provider beside it, until it is interrupted."""
    arguments = parse_arguments()
    refuse_port_in_use(arguments.library_port, "--library-port")
    with run_library(describe_demo(arguments.port), arguments.library_port) as library:
        # Only now, since the library may have been given this very port.
        refuse_port_in_use(arguments.port, "--port")
        serve(arguments, library)


def serve(arguments: argparse.Namespace, library: Library) -> None:
    """Serve the demo itself."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "demo.settings"
    os.environ["DEMO_VARIANT"] = arguments.variant
    os.environ["DEMO_LIBRARY_URL"] = library.url
    os.environ["DEMO_LIBRARY_SECRET"] = library.site.secret
    set_up_django()

    from daphne.cli import CommandLineInterface
    from demo.database import EMAIL, PASSWORD, PHONE, prepare_database

    prepare_database()
    url = f"http://{HOST}:{arguments.port}"
    logins = f"{EMAIL} or {PHONE}" if arguments.variant == "phone" else EMAIL
    print(f"The demo, variant {arguments.variant!r} (--help lists the others)")
    print()
    print(f"  Site      {url}/")
    print(f"  User      {logins}")
    print(f"  Password  {PASSWORD}")
    print(f"  Mail      {url}/mail/")
    print(f"  Library   {library.url}/ (another site, with accounts to sign in by)")
    print()
    print("Stop it with Control-C.", flush=True)
    CommandLineInterface().run(
        ["--bind", HOST, "--port", str(arguments.port), "demo.asgi:application"]
    )


if __name__ == "__main__":
    main()
