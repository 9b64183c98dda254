"""Outgoing HTTP against a real server that misbehaves in every way there is."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from urllib3.connection import HTTPConnection

from allauth.core.internal import http
from tests.support.idp.server import Drip, Huge, IdentityProvider, Reply, Request, Reset, Silence

PATIENCE = 60.0
"""Seconds in which any answer comes that comes at all, however busy the machine is."""
IMPATIENCE = 0.1
"""Seconds after which to give up on an answer that never comes."""


@pytest.fixture
def server() -> Iterator[IdentityProvider]:
    with IdentityProvider() as server:
        server.route("/", Reply.json({"fine": True}))
        yield server


def fetch(server: IdentityProvider, path: str = "/", **kwargs: object) -> requests.Response:
    with http.build_session(timeout=PATIENCE) as session:
        return session.get(server.url + path, **kwargs)


def test_requests_of_several_sessions_share_a_connection(server: IdentityProvider) -> None:
    for _ in range(3):
        assert http.read_json(fetch(server)) == {"fine": True}
    assert len(server.requests) == 3
    assert server.connections == 1


def test_cookies_stay_within_a_session(server: IdentityProvider) -> None:
    server.override("/", Reply.json({}, 200, **{"Set-Cookie": "a=b"}))
    fetch(server)
    fetch(server)
    assert "cookie" not in server.requests[-1].headers


@pytest.mark.skipif(
    not hasattr(HTTPConnection, "is_connected"), reason="urllib3 2.0 brought the means to do this"
)
def test_an_idle_connection_is_not_used_again(
    server: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(server)
    monkeypatch.setattr(http, "MAX_IDLE_SECONDS", -1)
    fetch(server)
    assert server.connections == 2


def test_a_connection_that_the_server_closed_is_replaced(server: IdentityProvider) -> None:
    server.route("/", Reply.json({}, 200, Connection="close"))
    fetch(server)
    fetch(server)
    assert server.connections == 2


def test_a_forked_process_opens_connections_of_its_own(server: IdentityProvider) -> None:
    script = f"""
import os
from allauth.core.internal import http
def fetch():
    with http.build_session(timeout={PATIENCE}) as session:
        session.get({server.url!r} + "/")
fetch()
pid = os.fork()
if not pid:
    fetch()
    os._exit(0)
os.waitpid(pid, 0)
fetch()
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=PATIENCE)
    assert [request.connection for request in server.requests] == [1, 2, 1]


@pytest.mark.requirement("ATK-S27")
def test_huge_answers_are_given_up(server: IdentityProvider) -> None:
    server.override("/", Huge())
    with pytest.raises(http.UnusableResponse, match="exceeds"):
        fetch(server)


@pytest.mark.requirement("ATK-S27", "INV-36")
@pytest.mark.parametrize("headers_too", [False, True])
def test_dripping_answers_are_given_up(
    server: IdentityProvider, monkeypatch: pytest.MonkeyPatch, headers_too: bool
) -> None:
    monkeypatch.setattr(http, "TOTAL_TIME_FACTOR", 1)
    server.override("/", Drip(headers_too))
    with pytest.raises(requests.RequestException):
        fetch(server, timeout=IMPATIENCE)


@pytest.mark.requirement("ATK-S27")
@pytest.mark.parametrize("reply", [Reset(), Silence()])
def test_missing_answers_are_errors(server: IdentityProvider, reply: Reply) -> None:
    server.override("/", reply)
    with pytest.raises(requests.RequestException):
        fetch(server, timeout=IMPATIENCE if reply.is_endless else PATIENCE)
    assert http.read_json(fetch(server)) == {"fine": True}


@pytest.mark.requirement("ATK-S27")
@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"<html>", headers={"Content-Type": "text/html"}),
        Reply(b'{"a": 1', headers={"Content-Type": "application/json"}),
        Reply(b"\xff\xfe\x00", headers={"Content-Type": "application/json"}),
        Reply.json([1]),
        Reply.json("text"),
        Reply.json(7),
        Reply.json(None),
        Reply.json({"error": "x"}, 500),
        Reply.json({"error": "x"}, 403),
        Reply(),
    ],
)
def test_only_json_objects_count(server: IdentityProvider, reply: Reply) -> None:
    server.override("/", reply)
    with pytest.raises(http.UnusableResponse):
        http.read_json(fetch(server))


@pytest.mark.parametrize("status", [400, 404, 503])
def test_error_status_is_an_error_of_requests(server: IdentityProvider, status: int) -> None:
    """Packages that call a provider themselves catch that one."""
    server.override("/", Reply.json({"error": "x"}, status))
    with pytest.raises(requests.HTTPError, match=f"status {status}") as caught:
        http.read_json(fetch(server))
    assert caught.value.response.status_code == status


@pytest.mark.parametrize(
    ("kwargs", "method"),
    [
        ({"headers": {"Authorization": "Bearer secret"}}, "GET"),
        ({"headers": {"X-Api-Key": "secret"}}, "GET"),
        ({"params": {"access_token": "secret"}}, "GET"),
        ({"data": {"client_secret": "secret"}}, "POST"),
        ({}, "POST"),
    ],
)
@pytest.mark.parametrize("status", [302, 307])
def test_redirects_do_not_carry_secrets_on(
    server: IdentityProvider, kwargs: dict[str, object], method: str, status: int
) -> None:
    server.route("/here", Reply.redirect("/", status))
    with http.build_session(timeout=PATIENCE) as session:
        response = session.request(method, f"{server.url}/here", **kwargs)
    assert response.status_code == status
    assert len(server.requests) == 1


@pytest.mark.requirement("ATK-S14")
def test_redirects_do_not_lead_to_other_hosts(server: IdentityProvider) -> None:
    with IdentityProvider() as other:
        server.route("/keys", Reply.redirect(f"{other.url}/"))
        assert fetch(server, "/keys").status_code == 302
        assert not other.requests


def test_redirects_on_the_same_host_are_followed_but_not_for_ever(
    server: IdentityProvider,
) -> None:
    server.route("/moved", Reply.redirect("/"))
    assert http.read_json(fetch(server, "/moved")) == {"fine": True}
    server.route("/loop", Reply.redirect("/loop"))
    with pytest.raises(requests.TooManyRedirects):
        fetch(server, "/loop")


def test_redirects_do_not_give_up_tls() -> None:
    response = requests.Response()
    response.status_code = 302
    response.headers["Location"] = "http://example.org/"
    response.request = requests.Request("GET", "https://example.org/").prepare()
    assert http.build_session().get_redirect_target(response) is None
    response.headers["Location"] = "https://example.org/x"
    assert http.build_session().get_redirect_target(response) == "https://example.org/x"


@pytest.mark.requirement("INV-16")
def test_errors_do_not_name_the_url(server: IdentityProvider) -> None:
    port = server.port
    server.override("/", Reset())
    errors = []
    for url in (f"{server.url}/?access_token=canary", "http://127.0.0.1:9/?access_token=canary"):
        with pytest.raises(requests.ConnectionError) as caught, http.build_session() as session:
            session.get(url)
        errors.append(caught.value)
        assert caught.value.__suppress_context__
    assert port
    assert "canary" not in repr(errors)
    assert "refused" in str(errors[1])


def test_parallel_requests_do_not_share_a_connection(server: IdentityProvider) -> None:
    barrier = threading.Barrier(2, timeout=PATIENCE)

    def meet(request: Request) -> Reply:
        barrier.wait()
        return Reply.json({})

    server.route("/meet", meet)
    threads = [threading.Thread(target=fetch, args=(server, "/meet")) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.connections == 2


def test_requests_by_a_proxy_are_limited_as_well(
    server: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TOTAL_TIME_FACTOR", 1)
    monkeypatch.setenv("http_proxy", server.url)
    with http.build_session(timeout=PATIENCE) as session:
        assert http.read_json(session.get("http://op.example.org/")) == {"fine": True}
        assert server.requests[-1].host == "op.example.org"
        server.override("/", Drip())
        with pytest.raises(requests.RequestException):
            session.get("http://op.example.org/", timeout=IMPATIENCE)


def test_streams_are_left_to_their_reader(server: IdentityProvider) -> None:
    with http.build_session(timeout=PATIENCE) as session:
        response = session.get(f"{server.url}/", stream=True)
        assert b"".join(response.iter_content(3)) == b'{"fine": true}'


def _make_certificate(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1))
        .not_valid_after(datetime(2100, 1, 1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )


def test_tls(server: IdentityProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = tmp_path / "server.pem"
    _make_certificate(certificate)
    server.use_tls(certificate)
    url = f"https://127.0.0.1:{server.port}/"
    monkeypatch.setattr(http, "TOTAL_TIME_FACTOR", 1)
    with http.build_session(timeout=PATIENCE) as session:
        with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            session.get(url)
        for _ in range(2):
            assert http.read_json(session.get(url, verify=str(certificate))) == {"fine": True}
        assert len({request.connection for request in server.requests}) == 1
        server.override("/", Drip(headers_too=True))
        with pytest.raises(requests.RequestException):
            session.get(url, verify=str(certificate), timeout=IMPATIENCE)


def test_nothing_is_opened_at_import() -> None:
    script = (
        "import sys, django.conf as c; c.settings.configure(INSTALLED_APPS=[]);"
        "import allauth.core.internal.http as h; assert not h._get_transport.cache_info().currsize"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=PATIENCE)
