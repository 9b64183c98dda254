"""Accounts of users: sign-up, login, passwords, email addresses and phone numbers."""
