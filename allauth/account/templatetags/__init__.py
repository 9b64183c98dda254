"""Template tags of the account app."""
