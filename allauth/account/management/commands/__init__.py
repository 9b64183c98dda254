"""Management commands of the account app."""
