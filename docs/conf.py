"""Configuration of Sphinx."""

from __future__ import annotations

import os
import sys
from configparser import ConfigParser
from pathlib import Path

import django

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "docs" / "_ext"))

# The reference of the Python API is made from the code, which needs a site to be imported in.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.projects.regular.settings")
django.setup()

_metadata = ConfigParser()
_metadata.read(ROOT / "setup.cfg")

project = "django-allauth"
author = "the contributors to this branch"
copyright = "2026 the contributors to this branch"
release = _metadata["metadata"]["version"]
version = release.partition("+")[0]

extensions = [
    "settings_reference",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosectionlabel",
    "sphinx.ext.napoleon",
]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autosectionlabel_prefix_document = True
exclude_patterns = ["_build"]

html_theme = "alabaster"
html_theme_options = {"description": "Accounts for Django, synchronous and asynchronous"}
