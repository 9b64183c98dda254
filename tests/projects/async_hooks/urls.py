"""URLs of the project: the pages of accounts, and views for those who test them."""

from __future__ import annotations

from django.urls import path

from tests.projects.account_only.urls import urlpatterns as account_patterns
from tests.projects.async_hooks import views

urlpatterns = [
    *account_patterns,
    path("journal/", views.journal),
    path("uncalled/", views.call_what_no_page_calls),
    path("deactivate/<str:username>/", views.deactivate),
]
