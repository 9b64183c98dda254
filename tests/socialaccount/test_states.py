"""What visitors are after while they are at a provider: bound, bounded, used once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import PermissionDenied
from django.test import Client

from allauth.core.internal import ratelimit
from allauth.socialaccount.internal import redirect_states
from allauth.socialaccount.models import SocialAccount, SocialApp
from tests.socialaccount import adapters
from tests.socialaccount.club import (
    DUMMY,
    add_account,
    arrive,
    begin,
    begin_at_club,
    finish,
    finish_at_club,
)
from tests.support.clocks import SleepersClock
from tests.support.pages import submit_login
from tests.support.sessions import (
    copy_session,
    is_logged_in,
    make_request,
    read_session,
    write_session,
)

pytestmark = pytest.mark.django_db

STATES = redirect_states.STATES_SESSION_KEY


def get_state_ids(client: Client) -> list[str]:
    return list(read_session(client).get(STATES, {}))


class TestFormat:
    def test_entry_has_state_time_and_provider_like_in_the_published_release(
        self, client: Client
    ) -> None:
        before = time.time()

        begin(client, next="/somewhere/")

        ((state_id, entry),) = read_session(client)[STATES].items()
        state, timestamp, provider = entry
        assert len(state_id) == 16
        assert state_id.isalnum()
        assert state == {"process": "login", "data": None, "next": "/somewhere/"}
        assert before <= timestamp <= time.time()
        assert provider == "dummy"

    def test_state_of_the_published_release_is_accepted(self, client: Client, user: Any) -> None:
        add_account(user)
        state = {"process": "login", "data": None, "next": "/old/"}
        write_session(client, **{STATES: {"abc": [state, time.time(), "dummy"]}})

        response = finish(client, "/accounts/dummy/authenticate/?state=abc")

        assert response["Location"] == "/old/"
        assert is_logged_in(client, user)

    @pytest.mark.requirement("INV-47", "ATK-S06")
    def test_connect_of_the_published_release_does_not_say_whose_it_is(
        self, client: Client, user: Any
    ) -> None:
        client.force_login(user)
        state = {"process": "connect", "data": None}
        write_session(client, **{STATES: {"abc": [state, time.time(), "dummy"]}})

        response = finish(client, "/accounts/dummy/authenticate/?state=abc")

        assert response.status_code == 403
        assert not SocialAccount.objects.exists()

    def test_session_ends_up_without_the_key_once_all_states_are_used(
        self, client: Client, user: Any
    ) -> None:
        add_account(user)

        arrive(client)

        assert STATES not in read_session(client)


class TestLimits:
    def test_at_most_eleven_states_are_kept_and_the_oldest_go_first(self, client: Client) -> None:
        places = [begin(client) for _ in range(13)]

        ids = get_state_ids(client)
        assert len(ids) == redirect_states.MAX_STATES + 1
        assert [place.partition("=")[2] for place in places[-11:]] == ids

    def test_states_older_than_ten_minutes_are_dropped(self, client: Client) -> None:
        with time_machine.travel(time.time() - redirect_states.STATE_TTL - 1, tick=False):
            begin(client)

        begin(client)

        assert len(get_state_ids(client)) == 1

    @pytest.mark.requirement("ATK-S01", "SEC-087")
    @pytest.mark.parametrize(("age", "status"), [(600, 302), (601, 403)])
    def test_state_is_good_for_600_seconds(
        self, client: Client, user: Any, age: int, status: int
    ) -> None:
        add_account(user)
        now = time.time()
        with time_machine.travel(now, tick=False) as traveller:
            where = begin(client)
            traveller.shift(age)

            response = finish(client, where)

        assert response.status_code == status
        assert is_logged_in(client) == (status == 302)
        assert get_state_ids(client) == []

    @pytest.mark.requirement("ATK-S01")
    def test_entries_without_provider_never_match_and_are_dropped(self, client: Client) -> None:
        now = time.time()
        states = {
            "two": [{"process": "login"}, now],
            "text": "x",
            "number": 7,
            "no dict": ["login", now, "dummy"],
            "no time": [{"process": "login"}, None, "dummy"],
            "old": [{"process": "login"}, 5.0, "dummy"],
        }
        write_session(client, **{STATES: states})

        for state_id in states:
            url = f"/accounts/dummy/authenticate/?state={state_id}"
            assert finish(client, url).status_code == 403
        assert not SocialAccount.objects.exists()

        begin(client)
        # Those that say when are left until they expire.
        assert {"two", "no dict"} <= set(get_state_ids(client))
        assert not {"text", "number", "no time", "old"} & set(get_state_ids(client))

    @pytest.mark.requirement("ATK-S01")
    @pytest.mark.parametrize("value", [None, [], "x", 3, [["a"]]])
    def test_other_things_under_the_key_count_as_no_states(
        self, client: Client, value: Any
    ) -> None:
        write_session(client, **{STATES: value})

        where = begin(client)

        assert finish(client, where, 5).status_code == 302
        assert SocialAccount.objects.get().uid == "5"


class TestMatching:
    @pytest.mark.requirement("ATK-S01")
    @pytest.mark.parametrize("state", ["unknown", "x" * 10_000, "%00", "[]"])
    def test_unknown_state_is_refused_and_others_stay(self, client: Client, state: str) -> None:
        begin(client)
        ids = get_state_ids(client)

        response = finish(client, f"/accounts/dummy/authenticate/?state={state}")

        assert response.status_code == 403
        assert get_state_ids(client) == ids
        assert not SocialAccount.objects.exists()

    @pytest.mark.requirement("ATK-S01")
    @pytest.mark.parametrize("query", ["", "?state="])
    def test_missing_state_is_refused(self, client: Client, query: str) -> None:
        begin(client)

        assert finish(client, f"/accounts/dummy/authenticate/{query}").status_code == 403

    @pytest.mark.requirement("ATK-S03", "SEC-087")
    def test_state_of_another_session_is_refused(
        self, client: Client, client_factory: Callable[..., Client]
    ) -> None:
        attacker = client_factory()
        where = begin(attacker)

        assert finish(client, where).status_code == 403
        assert not is_logged_in(client)
        assert read_session(client) == {}

    @pytest.mark.requirement("SEC-087")
    def test_state_is_used_once(self, client: Client) -> None:
        where = begin(client)

        assert finish(client, where).status_code == 302
        assert finish(client, where).status_code == 403

    @pytest.mark.requirement("SEC-088")
    def test_state_of_one_provider_is_refused_and_kept_by_another(
        self, client: Client, club: SocialApp
    ) -> None:
        state = begin_at_club(client)

        refused = finish(client, f"/accounts/dummy/authenticate/?state={state}")
        accepted = finish_at_club(client, state, {"id": "m1"})

        assert refused.status_code == 403
        assert accepted.status_code == 302
        assert SocialAccount.objects.get().provider == "club"

    @pytest.mark.requirement("SEC-088")
    def test_states_are_bound_to_the_app_where_a_provider_has_several(
        self, client: Client, club: SocialApp, app_factory: Any, settings: Any
    ) -> None:
        club.provider_id = "north"
        club.save()
        app_factory(provider_id="south", client_id="other")
        request = make_request()
        state_id = redirect_states.stash_state(
            request, provider_id="north", state={"process": "login", "data": None}
        )

        assert (
            redirect_states.unstash_state(request, state_id=state_id, provider_id="south") is None
        )
        assert redirect_states.unstash_state(request, state_id=state_id, provider_id="north")

    def test_newest_state_of_the_provider_is_taken_where_none_is_named(self) -> None:
        request = make_request()
        for number, provider in enumerate(["a", "a", "b"]):
            with time_machine.travel(time.time() - 10 + number, tick=False):
                redirect_states.stash_state(
                    request, provider_id=provider, state={"process": "login", "data": number}
                )

        taken = [redirect_states.unstash_last_state(request, provider_id="a") for _ in range(3)]

        assert [state and state["data"] for state in taken] == [1, 0, None]
        with pytest.raises(PermissionDenied):
            redirect_states.unstash_last_state(request, provider_id="a", raises=True)

    def test_id_may_be_prescribed_by_the_protocol(self) -> None:
        request = make_request()
        state = {"process": "login", "data": None}

        assert (
            redirect_states.stash_state(request, provider_id="a", state=state, state_id="ONE")
            == "ONE"
        )
        assert redirect_states.unstash_state(request, state_id="ONE", provider_id="a") == state

    def test_adapter_may_draw_the_id(self, client: Client, settings: Any) -> None:
        settings.SOCIALACCOUNT_ADAPTER = f"{adapters.PATH}.OwnStatesAdapter"

        assert begin(client, next="/x/").endswith("?state=own-login")


class TestUsers:
    @pytest.mark.requirement("ATK-S06", "INV-15")
    def test_connect_is_refused_for_somebody_else_than_who_began(
        self, client: Client, user_factory: Any
    ) -> None:
        first, second = user_factory(), user_factory()
        client.force_login(first)
        where = begin(client, process="connect")
        states = read_session(client)[STATES]
        client.force_login(second)
        write_session(client, **{STATES: states})

        assert finish(client, where).status_code == 403
        assert not SocialAccount.objects.exists()

    @pytest.mark.requirement("ATK-S06")
    def test_connect_begun_by_nobody_is_refused_after_a_login(
        self, client: Client, user: Any
    ) -> None:
        where = begin(client, process="connect")
        client.force_login(user)

        assert finish(client, where).status_code == 403
        assert not SocialAccount.objects.exists()

    @pytest.mark.requirement("SEC-089")
    def test_states_stay_when_the_same_user_logs_in_again(self, client: Client, user: Any) -> None:
        add_account(user, 1)
        client.force_login(user)
        pending = begin(client, process="connect")

        arrive(client, 1)

        assert is_logged_in(client, user)
        assert pending.partition("=")[2] in get_state_ids(client)
        assert finish(client, pending, 2).status_code == 302
        assert set(SocialAccount.objects.values_list("uid", flat=True)) == {"1", "2"}

    @pytest.mark.requirement("SEC-089", "INV-05")
    def test_states_are_gone_when_another_user_logs_in(
        self, client: Client, user_factory: Any
    ) -> None:
        first, second = user_factory(), user_factory()
        add_account(second, 2)
        client.force_login(first)
        begin(client)

        arrive(client, 2)

        assert is_logged_in(client, second)
        assert get_state_ids(client) == []

    @pytest.mark.requirement("SEC-089", "INV-05")
    def test_states_are_gone_after_a_logout(self, client: Client, user: Any) -> None:
        client.force_login(user)
        begin(client)

        client.post("/accounts/logout/")

        assert get_state_ids(client) == []


class TestRaces:
    @pytest.mark.requirement("ATK-S02")
    def test_states_of_two_tabs_survive_each_other(self) -> None:
        request, other = make_request(), make_request()
        redirect_states.stash_state(request, provider_id="a", state={"process": "login", "data": 0})
        key = request.session.session_key
        other.session = type(request.session)(key)
        # Both have read the session before either changes it.
        assert len(request.session[STATES]) == len(other.session[STATES]) == 1

        first = redirect_states.stash_state(request, provider_id="a", state={"process": "login"})
        second = redirect_states.stash_state(other, provider_id="a", state={"process": "login"})
        # What the session middleware does at the end of both requests, the second to begin first.
        assert other.session.get("anything") is None
        request.session.save()
        other.session.save()

        kept = type(request.session)(key)[STATES]
        assert {first, second} < set(kept)

    def test_last_save_of_a_request_stores_what_it_holds_like_in_the_published_release(
        self,
    ) -> None:
        request, other = make_request(), make_request()
        first = redirect_states.stash_state(request, provider_id="a", state={"process": "login"})
        request.session["touched"] = True
        other.session = type(request.session)(request.session.session_key)

        redirect_states.stash_state(other, provider_id="b", state={"process": "login"})
        request.session.save()

        kept = type(request.session)(request.session.session_key)
        assert list(kept[STATES]) == [first]
        assert kept["touched"]

    def test_request_keeps_its_session_object_as_it_is(self) -> None:
        request = make_request()
        session = request.session

        state_id = redirect_states.stash_state(request, provider_id="a", state={"process": "login"})
        session["touched"] = True
        redirect_states.unstash_state(request, state_id=state_id, provider_id="a")

        assert request.session is session
        assert "save" not in vars(session)
        assert session.modified
        session.save()
        assert dict(type(session)(session.session_key).items()) == {"touched": True}

    def test_two_states_can_be_stashed_in_one_request_without_waiting(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        request = make_request()
        clock = SleepersClock()
        monkeypatch.setattr(ratelimit, "time", clock)

        ids = {
            redirect_states.stash_state(request, provider_id="a", state={"process": "login"})
            for _ in range(3)
        }
        request.session.save()

        assert set(request.session[STATES]) == ids
        assert clock.slept == 0

    @pytest.mark.requirement("INV-10", "ATK-S02")
    def test_session_that_is_put_back_gets_nothing(self) -> None:
        request, other = make_request(), make_request()
        state_id = redirect_states.stash_state(
            request, provider_id="a", state={"process": "login", "data": None}
        )
        states = dict(request.session[STATES])
        assert redirect_states.unstash_state(request, state_id=state_id, provider_id="a")

        other.session[STATES] = states

        assert redirect_states.unstash_state(other, state_id=state_id, provider_id="a") is None

    @pytest.mark.requirement("INV-10", "ATK-S02")
    def test_of_parallel_callbacks_one_gets_the_state(self) -> None:
        stored = make_request()
        state_id = redirect_states.stash_state(
            stored, provider_id="a", state={"process": "login", "data": None}
        )
        entry = stored.session[STATES][state_id]
        barrier = threading.Barrier(8)
        results: list[bool] = []

        def claim() -> None:
            barrier.wait()
            results.append(redirect_states._claim(state_id, entry))

        threads = [threading.Thread(target=claim) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(results) == [False] * 7 + [True]

    @pytest.mark.requirement("INV-10")
    def test_same_callback_in_two_browsers_with_one_session_works_once(
        self, client: Client, client_factory: Callable[..., Client], user: Any
    ) -> None:
        add_account(user)
        where = begin(client)
        copy = client_factory()
        copy_session(client, copy)

        statuses = [finish(client, where).status_code, finish(copy, where).status_code]

        assert statuses == [302, 403]

    def test_session_ended_by_another_request_is_no_500(self, client: Client) -> None:
        request = make_request()
        redirect_states.stash_state(request, provider_id="a", state={"process": "login"})
        request.session.get(STATES)
        type(request.session)(request.session.session_key).delete()

        with pytest.raises(SessionInterrupted):
            redirect_states.stash_state(request, provider_id="a", state={"process": "login"})


class TestSessions:
    def test_state_is_stored_before_the_response_and_the_cookie_is_sent(
        self, client: Client
    ) -> None:
        response = client.post(DUMMY)

        assert response.cookies["sessionid"].value == client.session.session_key
        assert "Cookie" in response["Vary"]

    @pytest.mark.parametrize("engine", ["cache", "cached_db", "db", "file", "signed_cookies"])
    def test_states_work_with_all_sessions_of_django(
        self, client: Client, settings: Any, user: Any, tmp_path: Path, engine: str
    ) -> None:
        settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
        settings.SESSION_FILE_PATH = str(tmp_path)
        add_account(user)
        first, second = begin(client, next="/first/"), begin(client, next="/second/")

        assert finish(client, second)["Location"] == "/second/"
        assert is_logged_in(client, user)
        assert finish(client, first)["Location"] == "/first/"
        assert finish(client, second).status_code == 403

    def test_session_of_a_visitor_keeps_what_it_holds(self, client: Client) -> None:
        write_session(client, basket=["book"])
        key = client.session.session_key

        begin(client)

        assert client.session.session_key == key
        assert read_session(client)["basket"] == ["book"]
        assert len(get_state_ids(client)) == 1

    @pytest.mark.parametrize("key", ["x", "x" * 32])
    def test_cookie_of_a_session_that_is_gone_is_replaced(
        self, client: Client, user: Any, key: str
    ) -> None:
        add_account(user)
        client.cookies["sessionid"] = key

        arrive(client)

        assert client.cookies["sessionid"].value != key
        assert is_logged_in(client, user)

    @pytest.mark.requirement("INV-05")
    def test_completed_login_does_not_inherit_a_planted_pending_signup(
        self, client: Client, user: Any, password: str
    ) -> None:
        write_session(client, socialaccount_sociallogin={"planted": True})

        submit_login(client, user.username, password)

        assert is_logged_in(client, user)
        assert "socialaccount_sociallogin" not in read_session(client)
