"""Who is attacked: the house of the page tests."""

from tests.web.conftest import browser, furnished, house, signed_in, web_app

__all__ = ["browser", "furnished", "house", "signed_in", "web_app"]
