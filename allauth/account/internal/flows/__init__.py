"""The capabilities of the account app, a module each, without forms and templates."""
