"""A provider of the project's own, by OAuth 1, as the documented interface has it."""
