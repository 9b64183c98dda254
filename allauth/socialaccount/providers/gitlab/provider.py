"""GitLab: provider class."""

from __future__ import annotations

from allauth.socialaccount.providers.gitlab.views import GitLabOAuth2Adapter
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.profiles import ProfileAccount


class GitLabAccount(ProfileAccount):
    """An account at a GitLab server."""

    profile_url_path = "web_url"
    avatar_url_path = "avatar_url"


class GitLabProvider(OAuth2Provider):
    """GitLab; its URL is ``gitlab_url`` of the app or ``GITLAB_URL`` of the provider."""

    id = "gitlab"
    name = "GitLab"
    oauth2_adapter_class = GitLabOAuth2Adapter
    account_class = GitLabAccount
    default_scope = ("read_user",)
    uid_path = "id"
    common_field_paths = {"email": "email", "username": "username", "name": "name"}


provider_classes = [GitLabProvider]
