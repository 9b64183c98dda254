"""The Village Library: another site, whose readers can sign in to the demo with their card.

A small OpenID Connect provider for this machine. Its parts are ``people``, whom there is to be;
``grants``, what was consented to; ``provider``, the endpoints; and ``server``, which serves them.
"""
