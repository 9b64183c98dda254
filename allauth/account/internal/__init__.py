"""Implementation of the account app, without a stable interface."""
