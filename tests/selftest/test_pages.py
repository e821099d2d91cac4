"""The page client finds what a validator finds, also in a structure that it has seen before."""

from __future__ import annotations

import pytest
from html5lib.html5parser import ParseError

from tests.support.pages import check_html

GOOD = '<ul><li class="one"><a href="/">One</a></li><li class="two"><a href="/">Two &amp; three</a></li></ul>'


@pytest.mark.parametrize(
    "bad",
    [
        GOOD.replace("</ul>", ""),
        GOOD.replace("</a></li></ul>", "</a></li></p></ul>"),
        GOOD.replace('class="two"', 'class="two" class="three"'),
        GOOD.replace('class="two"', 'class="two"id="three"'),
        GOOD.replace("Two", "Two < one"),
    ],
)
def test_an_invalid_fragment_is_refused(bad: str) -> None:
    check_html(GOOD, fragment=True)
    with pytest.raises(ParseError):
        check_html(bad, fragment=True)


@pytest.mark.parametrize(
    "bad",
    [
        GOOD.replace("&amp;", "&"),
        GOOD.replace('href="/"', 'href="/?a=1&b=2"', 1),
        GOOD.replace("One", ""),
        GOOD.replace('class="one"', 'onclick="act()"'),
        GOOD.replace('class="one"', 'id="x"').replace('class="two"', 'id="x"'),
    ],
)
def test_what_is_valid_and_still_wrong_is_refused(bad: str) -> None:
    with pytest.raises(AssertionError):
        check_html(bad, fragment=True)
