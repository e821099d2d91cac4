"""What the network decides, what it holds, and what it answers."""

import pytest

from tests.sandbox.provider import Provider, mediator, order, participant, people, withdrawal

ACTIVE = ("active", None)
WITHDRAWN = ("archived", "withdrawn")
UNKNOWN = ("archived", "mediator-unknown")


def test_everybody_named_is_answered_with_a_number(jobnetzwerk: Provider, job4you: Provider) -> None:
    for provider, prefix in ((jobnetzwerk, "BW-"), (job4you, "J4-")):
        answers = provider.answers(provider.deliver(1, people("1", "2")))
        assert [(a["subject"], a["id"], a["outcome"]) for a in answers] == [
            ("mediator", "M1", "known"),
            ("participant", "1", "active"),
            ("participant", "2", "active"),
        ]
        assert "applicant_id" not in answers[0]
        numbers = [answer["applicant_id"] for answer in answers[1:]]
        assert len(set(numbers)) == 2
        assert all(number.startswith(prefix) for number in numbers)


def test_the_number_stays_and_is_nobody_elses(jobnetzwerk: Provider, stranger: Provider) -> None:
    first = jobnetzwerk.answers(jobnetzwerk.deliver(1, people("1")))[1]["applicant_id"]
    jobnetzwerk.deliver(2, [])
    assert jobnetzwerk.answers(jobnetzwerk.deliver(3, people("1")))[1]["applicant_id"] == first
    assert stranger.answers(stranger.deliver(1, people("1")))[1]["applicant_id"] != first


def test_whoever_a_full_delivery_does_not_name_is_archived(jobnetzwerk: Provider) -> None:
    jobnetzwerk.deliver(1, people("1", "2"))
    assert jobnetzwerk.outcomes(jobnetzwerk.deliver(2, people("2"))) == {"2": ACTIVE, "1": WITHDRAWN}
    assert jobnetzwerk.outcomes(jobnetzwerk.deliver(3, people("2"))) == {"2": ACTIVE}
    assert jobnetzwerk.state() == {"1": WITHDRAWN, "2": ACTIVE}


def test_an_empty_full_delivery_archives_everybody(jobnetzwerk: Provider) -> None:
    jobnetzwerk.deliver(1, people("1", "2"))
    assert jobnetzwerk.outcomes(jobnetzwerk.deliver(2, [])) == {"1": WITHDRAWN, "2": WITHDRAWN}


def test_silence_in_changes_means_no_change(jobnetzwerk: Provider) -> None:
    jobnetzwerk.deliver(1, people("1", "2"))
    delivery_id = jobnetzwerk.deliver(2, [*people("3"), withdrawal("1")], "delta", base_sequence=1)
    assert jobnetzwerk.outcomes(delivery_id) == {"3": ACTIVE, "1": WITHDRAWN}
    assert jobnetzwerk.state() == {"1": WITHDRAWN, "2": ACTIVE, "3": ACTIVE}


def test_withdrawing_somebody_unknown_is_answered_without_a_number(jobnetzwerk: Provider) -> None:
    answers = jobnetzwerk.answers(jobnetzwerk.deliver(1, [withdrawal("7")], "delta"))
    assert [(a["id"], a["outcome"], a["reason"]) for a in answers] == [("7", "archived", "withdrawn")]
    assert "applicant_id" not in answers[0]
    assert jobnetzwerk.state() == {}


def test_an_unknown_mediator_archives_until_created_by_hand(jobnetzwerk: Provider) -> None:
    server = jobnetzwerk.server
    server.set_mediator(jobnetzwerk.provider_id, "M1", False)
    answers = jobnetzwerk.answers(jobnetzwerk.deliver(1, people("1")))
    assert [answer["outcome"] for answer in answers] == ["unknown", "archived"]
    assert answers[1]["reason"] == "mediator-unknown"
    assert answers[1]["applicant_id"]
    assert "M1" in answers[1]["detail"]
    server.set_mediator(jobnetzwerk.provider_id, "M1", True)
    assert jobnetzwerk.state() == {"1": UNKNOWN}
    assert jobnetzwerk.outcomes(jobnetzwerk.deliver(2, people("1"))) == {"1": ACTIVE}


def test_those_archived_for_their_mediator_are_archived_again_by_silence(jobnetzwerk: Provider) -> None:
    jobnetzwerk.server.set_mediator(jobnetzwerk.provider_id, "M1", False)
    jobnetzwerk.deliver(1, people("1"))
    assert jobnetzwerk.outcomes(jobnetzwerk.deliver(2, [])) == {"1": WITHDRAWN}
    assert jobnetzwerk.outcomes(jobnetzwerk.deliver(3, [])) == {}


def test_mediators_may_be_unknown_by_default(jobnetzwerk: Provider) -> None:
    jobnetzwerk.server.change_provider(jobnetzwerk.provider_id, mediators_known=False)
    jobnetzwerk.server.set_mediator(jobnetzwerk.provider_id, "M2", True)
    records = [*people("1"), mediator("M2"), participant("2", mediator_id="M2")]
    assert jobnetzwerk.outcomes(jobnetzwerk.deliver(1, records)) == {"1": UNKNOWN, "2": ACTIVE}


@pytest.mark.parametrize(
    ("changes", "responsible", "reason"),
    [
        ({"consent_on": None}, ["Vogt"], "consent-missing"),
        ({"email": None}, ["Vogt"], "email-missing"),
        ({"email": " "}, ["Vogt"], "email-missing"),
        ({"caseworker": None}, ["Vogt"], "caseworker-missing"),
        ({"last_name": ""}, ["Vogt"], "name-missing"),
        ({"first_name": " "}, ["Vogt"], "name-missing"),
        ({}, [], "order-responsible-missing"),
        ({}, [""], "order-responsible-missing"),
        ({"order_id": None}, ["Vogt"], "order-responsible-missing"),
    ],
)
def test_job4you_rejects_and_leaves_what_it_holds(
    job4you: Provider, changes: dict[str, object], responsible: list[str], reason: str
) -> None:
    bad = [mediator(), order("A1", *responsible), participant("1", **changes)]
    answers = job4you.answers(job4you.deliver(1, bad))
    assert [(a["id"], a["outcome"], a.get("reason")) for a in answers[1:]] == [("1", "rejected", reason)]
    assert answers[1]["detail"]
    assert "applicant_id" not in answers[1]
    assert job4you.state() == {}
    job4you.deliver(2, people("1"))
    assert job4you.outcomes(job4you.deliver(3, bad)) == {"1": ("rejected", reason)}
    held = job4you.server.applicants(job4you.provider_id)["1"]
    assert (held["state"], held["sequence"], held["record"]) == ("active", 2, participant("1"))


def test_jobnetzwerk_checks_names_only(jobnetzwerk: Provider) -> None:
    bare = {"consent_on": None, "email": None, "caseworker": None, "order_id": None}
    records = [mediator(), participant("1", **bare), participant("2", **bare | {"last_name": ""})]
    outcomes = jobnetzwerk.outcomes(jobnetzwerk.deliver(1, records))
    assert outcomes == {"1": ACTIVE, "2": ("rejected", "name-missing")}


@pytest.mark.parametrize(
    ("outcome", "reason", "state"),
    [
        ("rejected", "invalid-data", {}),
        ("archived", "mondphase", {"1": ("archived", "mondphase")}),
        ("active", None, {"1": ACTIVE}),
    ],
)
def test_an_outcome_can_be_forced(
    jobnetzwerk: Provider, outcome: str, reason: str | None, state: dict[str, tuple[str, str | None]]
) -> None:
    jobnetzwerk.server.set_mediator(jobnetzwerk.provider_id, "M1", False)
    jobnetzwerk.server.force(jobnetzwerk.provider_id, "1", outcome, reason)
    assert jobnetzwerk.outcomes(jobnetzwerk.deliver(1, people("1"))) == {"1": (outcome, reason)}
    assert jobnetzwerk.state() == state
    jobnetzwerk.server.force(jobnetzwerk.provider_id, "1", None)
    assert jobnetzwerk.outcomes(jobnetzwerk.deliver(2, people("1"))) == {"1": UNKNOWN}


def test_deliveries_are_worked_through_in_their_order(jobnetzwerk: Provider) -> None:
    server = jobnetzwerk.server
    server.change_provider(jobnetzwerk.provider_id, answer_delay_seconds=3600)
    first = jobnetzwerk.deliver(1, people("1"))
    second = jobnetzwerk.deliver(2, [withdrawal("1")], "delta")
    page = jobnetzwerk.call("GET", f"/v1/deliveries/{first}/acknowledgements")
    assert (page.json()["state"], page.json()["items"]) == ("processing", [])
    assert 3000 < int(page.headers["Retry-After"]) <= 3600
    assert jobnetzwerk.state() == {}
    # Whoever creates a mediator now decides about what is not answered yet.
    server.set_mediator(jobnetzwerk.provider_id, "M1", False)
    server.change_provider(jobnetzwerk.provider_id, answer_delay_seconds=0)
    assert jobnetzwerk.outcomes(first) == {"1": UNKNOWN}
    assert jobnetzwerk.outcomes(second) == {"1": WITHDRAWN}
    assert jobnetzwerk.state() == {"1": WITHDRAWN}


def test_what_is_due_is_decided_before_anything_changes(jobnetzwerk: Provider) -> None:
    delivery_id = jobnetzwerk.deliver(1, people("1"))
    jobnetzwerk.server.set_mediator(jobnetzwerk.provider_id, "M1", False)
    assert jobnetzwerk.outcomes(delivery_id) == {"1": ACTIVE}
