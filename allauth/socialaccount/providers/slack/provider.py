"""Slack: provider class."""

from __future__ import annotations

from allauth.socialaccount.internal.types import Profile
from allauth.socialaccount.providers.base.utils import parse_uid
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.profiles import ProfileAccount, look_up
from allauth.socialaccount.providers.slack.views import SlackOAuth2Adapter

CLAIM_PATHS = (("https://slack.com/team_id",), ("https://slack.com/user_id",))
FORMER_PATHS = ("team.id", "user.id")


class SlackAccount(ProfileAccount):
    """An account in a workspace of Slack."""

    avatar_url_path = "user.image_192"


class SlackProvider(OAuth2Provider):
    """Slack; the account id consists of the ids of workspace and user."""

    id = "slack"
    name = "Slack"
    oauth2_adapter_class = SlackOAuth2Adapter
    account_class = SlackAccount
    default_scope = ("openid", "profile", "email")
    common_field_paths = {"name": "user.name", "email": "user.email"}
    email_path = "email"
    email_verified_path = "email_verified"

    def extract_uid(self, data: Profile) -> str:
        """Return the ids of workspace and user, from the claims or from a legacy profile."""
        ids = [look_up(data, path) for path in CLAIM_PATHS]
        if not all(ids):
            ids = [look_up(data, path) for path in FORMER_PATHS]
        return "_".join(parse_uid(value) for value in ids)


provider_classes = [SlackProvider]
