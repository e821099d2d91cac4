"""Refusals as pages, for people with a browser."""

from flask import Response, make_response, render_template

from sandbox.problems import Problem
from sandbox.words import PROBLEM_TITLES


def error_page(problem: Problem) -> Response:
    """Give a page that says what is wrong."""
    html = render_template("error.html", title=PROBLEM_TITLES[problem.kind], detail=problem.detail)
    return make_response(html, problem.status)
