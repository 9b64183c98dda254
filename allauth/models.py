"""The ``allauth`` app itself stores nothing."""
