"""Providers to go to under one package and to come back from under the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.compat.sites import Site
from tests.compat.steps import post
from tests.support.idp import browser
from tests.support.idp.oauth1 import OAuth1Server
from tests.support.idp.oauth2 import OAuth2Server
from tests.support.idp.oidc import OIDCServer
from tests.support.idp.server import Reply, Request

APPS = [
    "allauth.socialaccount",
    "allauth.socialaccount.providers.apple",
    "allauth.socialaccount.providers.dummy",
    "allauth.socialaccount.providers.facebook",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.gitlab",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.openid_connect",
    "guild",
]
APP = {"client_id": "client-1", "secret": "secret-1", "key": "key-1"}
EMAIL = "nadia@example.org"

KEY = (
    ec.generate_private_key(ec.SECP256R1())
    .private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    .decode()
)

Server = OAuth1Server | OAuth2Server


class GitHubServer(OAuth2Server):
    """GitHub Enterprise, at the paths where that is."""

    def __init__(self) -> None:
        super().__init__()
        self.emails = [{"email": EMAIL, "verified": True, "primary": True}]
        self.profile |= {"html_url": "https://git.example.org/nadia"}
        self.route("/login/oauth/authorize", self.authorize)
        self.route("/login/oauth/access_token", self.token)
        self.route("/api/v3/user", self.userinfo)
        self.route("/api/v3/user/emails", self.list_emails)

    def list_emails(self, request: Request) -> Reply:
        """The addresses of the owner of the token."""
        return Reply.json(self.emails)


class GitLabServer(OAuth2Server):
    """A GitLab server, at the paths where that is."""

    def __init__(self) -> None:
        super().__init__()
        self.profile |= {"username": "nadia"}
        self.route("/oauth/authorize", self.authorize)
        self.route("/oauth/token", self.token)
        self.route("/api/v4/user", self.userinfo)


class GuildServer(OAuth1Server):
    """The guild, which knows the addresses of its members."""

    def __init__(self) -> None:
        super().__init__()
        self.profile |= {"email": EMAIL}


class GoogleServer(OIDCServer):
    """Google, as far as it publishes certificates."""

    def __init__(self) -> None:
        super().__init__()
        self.claims = {"iss": "https://accounts.google.com", "name": "Nadia Brandt"}
        self.route("/certs", self.list_certificates)

    def list_certificates(self, request: Request) -> Reply:
        """The public keys."""
        return Reply.json({key.kid: key.certificate for key in self.keys})

    def make_id_token(self, **claims: Any) -> str:
        """A credential of One Tap."""
        return super().make_id_token(**{**self.claims, **claims})


class AppleServer(OIDCServer):
    """Apple, which has the browser post its answer."""

    def __init__(self) -> None:
        super().__init__()
        self.claims = {"iss": "https://appleid.apple.com", "email": EMAIL, "email_verified": "true"}
        self.route("appleid.apple.com/auth/keys", self.jwks)
        self.route("appleid.apple.com/auth/token", self.answer)

    def answer(self, request: Request) -> Reply:
        """Tokens, for any code."""
        id_token = self.make_id_token(**self.claims)
        return Reply.json({"access_token": "at-1", "refresh_token": "rt-1", "id_token": id_token})


class FacebookServer(OAuth2Server):
    """The Graph API, for one access token."""

    def __init__(self) -> None:
        super().__init__()
        self.nonce = ""
        self.profile |= {"id": "4711"}
        self.route("/graph/oauth/access_token", Reply.json({"access_token": "app-1"}))
        self.route(
            "/graph/debug_token",
            Reply.json({"data": {"is_valid": True, "app_id": self.client_id}}),
        )
        self.route("/graph/oauth/access_token_info", self.tell_nonce)
        self.route("/graph/me", self.userinfo)

    def tell_nonce(self, request: Request) -> Reply:
        """What the site sent along when it asked for the password of the visitor."""
        return Reply.json({"auth_nonce": self.nonce})


@dataclass(frozen=True)
class Example:
    """A provider, and what an account there is called.

    Attributes:
        name: The id of the provider.
        server_class: The server to run.
        app: Fields of the app. ``{url}`` in its settings stands for the address of the server.
        options: What ``SOCIALACCOUNT_PROVIDERS`` says besides, likewise.
        sub_id: What rows call the provider.
        uid: The account.
        secret: What the provider hands out besides the access token.
    """

    name: str
    server_class: type[Server]
    uid: str
    app: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    sub_id: str = ""
    path: str = ""
    secret: str = "rt-1"

    def __str__(self) -> str:
        return self.name

    @property
    def stored_as(self) -> str:
        """What rows call the provider."""
        return self.sub_id or self.name

    @property
    def login_path(self) -> str:
        """The page that leads to the provider."""
        return f"/accounts/{self.path or self.name}/login/"

    def make_app(self, url: str) -> dict[str, Any]:
        """The app, for a server at ``url``."""
        return {"name": "An app", **APP, **_fill_in(self.app, url)}

    def make_options(self, url: str) -> dict[str, Any]:
        """What the settings say besides, for a server at ``url``."""
        options: dict[str, Any] = _fill_in(self.options, url)
        return options


def _fill_in(value: Any, url: str) -> Any:
    if isinstance(value, dict):
        return {name: _fill_in(member, url) for name, member in value.items()}
    return value.replace("{url}", url) if isinstance(value, str) else value


OIDC = Example(
    "openid_connect",
    OIDCServer,
    uid="user-1",
    app={
        "provider_id": "house",
        "settings": {"server_url": "{url}", "oauth_pkce_enabled": True},
    },
    sub_id="house",
    path="oidc/house",
)
GITHUB = Example("github", GitHubServer, uid="4711", options={"GITHUB_URL": "{url}"})
GITLAB = Example(
    "gitlab",
    GitLabServer,
    uid="4711",
    app={"settings": {"gitlab_url": "{url}", "scope": ["read_user", "email"]}},
    options={"OAUTH_PKCE_ENABLED": True},
)
GUILD = Example(
    "guild", GuildServer, uid="1200340", options={"SERVER": "{url}"}, secret="at-3-secret"
)
GOOGLE = Example("google", GoogleServer, uid="user-1", options={"CERTS_URL": "{url}/certs"})
FACEBOOK = Example(
    "facebook",
    FacebookServer,
    uid="4711",
    options={"GRAPH_API_URL": "{url}/graph", "METHOD": "js_sdk"},
)
APPLE = Example("apple", AppleServer, uid="user-1", app={"settings": {"certificate_key": KEY}})
EXAMPLES = [OIDC, GITHUB, GITLAB, GUILD]


def withhold_address(server: Server) -> None:
    """Have the provider tell no address."""
    server.profile.pop("email")
    if isinstance(server, GitHubServer):
        server.emails.clear()


def begin(site: Site, package: str, example: Example, **params: str) -> str:
    """Begin a login, or whatever ``params`` say; returns where the visitor is sent."""
    (answer,) = site.visit(package, post(example.login_path, **params))
    assert answer["status"] == 302, answer["body"]
    return str(answer["location"])


def come_back(site: Site, package: str, where: str) -> dict[str, Any]:
    """Consent at the provider and come back; the answer of the site."""
    (answer,) = site.visit(package, {"path": browser.get_path(browser.visit(where))})
    return answer


def arrive(site: Site, package: str, example: Example, **params: str) -> dict[str, Any]:
    """Go to the provider and come back, under one package."""
    return come_back(site, package, begin(site, package, example, **params))
