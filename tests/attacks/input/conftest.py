"""Who is attacked: the house of the page tests."""

from tests.web.conftest import browser, house, signed_in, web_app

__all__ = ["browser", "house", "signed_in", "web_app"]
