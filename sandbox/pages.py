"""Pages for people who try something out: what arrived, who is active, and why applicants are archived."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sandbox import answers, applicants, deliveries, journal, mediators, misbehaviour, overview, providers
from sandbox.clock import from_text, now_at
from sandbox.local import refuse_foreign_browsers, refuse_other_machines
from sandbox.misbehaviour import Kind
from sandbox.problems import invalid_request, not_found
from sandbox.providers import Provider
from sandbox.services import services
from sandbox.settings import find_answer_delay, set_answer_delay
from sandbox.words import REASON_LABELS, Mode, Operation, Outcome

_SHOWN_ANSWERS = 500
_SHOWN_REQUESTS = 200

pages = Blueprint("pages", __name__)
pages.before_request(refuse_other_machines)
pages.before_request(refuse_foreign_browsers)


@pages.app_template_filter("when")
def when(text: str | None) -> str:
    """Give a time as people read it, in UTC."""
    return from_text(text).strftime("%d.%m.%Y %H:%M:%S") if text else "–"


@pages.app_template_filter("reason")
def reason(word: str | None) -> str:
    """Give a reason in German; an unknown word as it is."""
    return REASON_LABELS.get(word, word) if word else ""


@pages.app_template_filter("outcome")
def outcome(word: str) -> str:
    """Give an outcome in German."""
    return Outcome(word).label


@pages.app_template_filter("mode")
def mode(word: str) -> str:
    """Give a mode in German."""
    return Mode(word).label


@pages.get("/")
def index() -> str:
    """Show all providers."""
    services().processor.catch_up_all(now_at())
    with services().database.read() as db:
        delay = find_answer_delay(db)
        lines = overview.provider_lines(db)
    if delay is None:
        delay = services().processor.default_seconds
    return render_template("index.html", lines=lines, delay=delay)


@pages.post("/answer-delay")
def change_answer_delay() -> AnyResponse:
    """Set how long answers take."""
    try:
        seconds = float(request.form.get("seconds", "").replace(",", "."))
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 10_000_000:
        raise invalid_request("Die Wartezeit ist eine Zahl von Sekunden, nicht unter 0.")
    services().processor.catch_up_all(now_at())
    with services().database.write() as db:
        set_answer_delay(db, seconds)
    return redirect(url_for("pages.index"), 303)


@pages.get("/providers/<provider_id>")
def show_provider(provider_id: str) -> str:
    """Show a provider's account and deliveries."""
    services().processor.catch_up(provider_id, now_at())
    provider = _get_provider(provider_id)
    with services().database.read() as db:
        found = overview.newest_deliveries(db, provider_id)
    return render_template("provider.html", provider=provider, deliveries=found)


@pages.get("/providers/<provider_id>/deliveries/<delivery_id>")
def show_delivery(provider_id: str, delivery_id: str) -> str:
    """Show what arrived with a delivery, and what was answered."""
    services().processor.catch_up(provider_id, now_at())
    provider = _get_provider(provider_id)
    with services().database.read() as db:
        return render_template(
            "delivery.html",
            provider=provider,
            delivery=deliveries.get_delivery(db, provider_id, delivery_id),
            counts=deliveries.count_records(db, delivery_id),
            parts=deliveries.part_numbers(db, delivery_id),
            complete=answers.is_complete(db, delivery_id),
            answers=answers.list_answers(db, delivery_id)[:_SHOWN_ANSWERS],
        )


@pages.get("/providers/<provider_id>/applicants")
def list_applicants(provider_id: str) -> str:
    """Show applicants by Bewerber-ID, a page at a time."""
    services().processor.catch_up(provider_id, now_at())
    provider = _get_provider(provider_id)
    with services().database.read() as db:
        found = applicants.list_applicants(
            db, provider_id, after=request.args.get("after", ""), limit=overview.PAGE_SIZE + 1
        )
    more = len(found) > overview.PAGE_SIZE
    return render_template(
        "applicants.html", provider=provider, applicants=found[: overview.PAGE_SIZE], more=more
    )


@pages.post("/search")
def search() -> AnyResponse | str | tuple[str, int]:
    """Find an applicant by number. The number is not in the address: only the Bewerber-ID found is."""
    number = request.form.get("number", "").strip()
    services().processor.catch_up_all(now_at())
    with services().database.read() as db:
        found = overview.find_applicants(db, number)
    if len(found) == 1:
        return redirect(url_for("pages.show_applicant", applicant_id=found[0].applicant_id), 303)
    return render_template("search.html", number=number, applicants=found), 200 if found else 404


@pages.get("/applicants/<applicant_id>")
def show_applicant(applicant_id: str) -> str:
    """Show one person: whether they are active, why they are archived, what is known of them."""
    services().processor.catch_up_all(now_at())
    with services().database.read() as db:
        applicant = applicants.find_by_number(db, applicant_id)
        if applicant is None:
            raise not_found("Diese Bewerber-ID gibt es hier nicht.")
        return render_template(
            "applicant.html",
            applicant=applicant,
            provider=providers.find_provider(db, applicant.provider_id),
            fields=overview.record_fields(applicant),
            history=overview.history(db, applicant),
        )


@pages.get("/providers/<provider_id>/mediators")
def list_mediators(provider_id: str) -> str:
    """Show which mediators the network knows."""
    provider = _get_provider(provider_id)
    with services().database.read() as db:
        found = mediators.list_mediators(db, provider)
    return render_template("mediators.html", provider=provider, mediators=found)


@pages.post("/providers/<provider_id>/mediators")
def set_mediator(provider_id: str) -> AnyResponse:
    """Create a mediator by hand, or take one away."""
    mediator_id = request.form.get("mediator_id", "").strip()
    if not mediator_id:
        raise invalid_request("Welche Vermittler-ID? Das Feld war leer.")
    _get_provider(provider_id)
    services().processor.catch_up(provider_id, now_at())
    with services().database.write() as db:
        mediators.set_known(db, provider_id, mediator_id, request.form.get("known") == "yes")
    return redirect(url_for("pages.list_mediators", provider_id=provider_id), 303)


@pages.get("/requests")
def list_requests() -> str:
    """Show the newest requests."""
    with services().database.read() as db:
        found = journal.newest_requests(db, _SHOWN_REQUESTS)
    return render_template("requests.html", requests=found)


@pages.get("/misbehaviours")
def list_rules() -> str:
    """Show the rules of misbehaviour and a form for one more."""
    with services().database.read() as db:
        return render_template(
            "misbehaviours.html",
            rules=misbehaviour.list_rules(db),
            providers=providers.list_providers(db),
            kinds=list(Kind),
            operations=list(Operation),
        )


@pages.get("/favicon.ico")
def favicon() -> Response:
    """There is none."""
    return Response(status=204)


def _get_provider(provider_id: str) -> Provider:
    with services().database.read() as db:
        provider = providers.find_provider(db, provider_id)
    if provider is None:
        raise not_found("Diesen Träger gibt es hier nicht.")
    return provider
