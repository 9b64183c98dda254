"""Facebook: locales."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.utils import translation

REGIONS = {
    "af": "ZA",
    "ar": "AR",
    "az": "AZ",
    "be": "BY",
    "bg": "BG",
    "bn": "IN",
    "bs": "BA",
    "ca": "ES",
    "cs": "CZ",
    "cy": "GB",
    "da": "DK",
    "de": "DE",
    "el": "GR",
    "en": "US GB PI UD",
    "eo": "EO",
    "es": "LA ES",
    "et": "EE",
    "eu": "ES",
    "fa": "IR",
    "fb": "LT",
    "fi": "FI",
    "fo": "FO",
    "fr": "FR CA",
    "fy": "NL",
    "ga": "IE",
    "gl": "ES",
    "he": "IL",
    "hi": "IN",
    "hr": "HR",
    "hu": "HU",
    "hy": "AM",
    "id": "ID",
    "is": "IS",
    "it": "IT",
    "ja": "JP",
    "ka": "GE",
    "km": "KH",
    "ko": "KR",
    "ku": "TR",
    "la": "VA",
    "lt": "LT",
    "lv": "LV",
    "mk": "MK",
    "ml": "IN",
    "ms": "MY",
    "nb": "NO",
    "ne": "NP",
    "nl": "NL",
    "nn": "NO",
    "pa": "IN",
    "pl": "PL",
    "ps": "AF",
    "pt": "PT BR",
    "ro": "RO",
    "ru": "RU",
    "sk": "SK",
    "sl": "SI",
    "sq": "AL",
    "sr": "RS",
    "sv": "SE",
    "sw": "KE",
    "ta": "IN",
    "te": "IN",
    "th": "TH",
    "tl": "PH",
    "tr": "TR",
    "uk": "UA",
    "vi": "VN",
    "zh": "CN HK TW",
}
"""The regions of each language that Facebook supports, the default one first."""

FALLBACK = "en_US"


def get_default_locale_callable() -> Callable[[HttpRequest], str]:
    """Return the default of ``LOCALE_FUNC``: the locale of the active language."""
    return _get_locale


def _get_locale(request: HttpRequest) -> str:
    locale = translation.to_locale(translation.get_language() or FALLBACK)
    language, _, region = locale.partition("_")
    regions = REGIONS.get(language, "").split()
    if not regions:
        return FALLBACK
    return f"{language}_{region if region in regions else regions[0]}"
