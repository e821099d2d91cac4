"""What misbehaviour makes of the answers to a delivery: pure, on lists of answers."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

from sandbox.answers import Answer, Fate
from sandbox.misbehaviour import Kind, Rule
from sandbox.words import Outcome, Reason

_Answers = list[Answer]


def distort(answers: _Answers, rule: Rule) -> _Answers:
    """Give the answers as they are given under one rule."""
    return _DISTORTIONS[rule.kind](answers, rule)


def _concerns(answer: Answer, rule: Rule) -> bool:
    """Say whether a rule means this answer: by name, or by a fraction that is the same on every run."""
    parameters = rule.parameters
    if parameters.participants is not None:
        return answer.subject == "participant" and answer.subject_id in parameters.participants
    share = int.from_bytes(hashlib.sha256(answer.subject_id.encode()).digest()[:4]) / 2**32
    return share < parameters.fraction


def _lose(answers: _Answers, rule: Rule) -> _Answers:
    return [replace(a, fate=Fate.LOST) if _concerns(a, rule) else a for a in answers]


def _hold(answers: _Answers, rule: Rule) -> _Answers:
    return [
        replace(a, fate=Fate.HELD, rule_id=rule.rule_id) if a.fate is Fate.GIVEN and _concerns(a, rule) else a
        for a in answers
    ]


def _double(answers: _Answers, rule: Rule) -> _Answers:
    return [copy for a in answers for copy in ([a, a] if _concerns(a, rule) else [a])]


def _reorder(answers: _Answers, _rule: Rule) -> _Answers:
    return answers[::-1]


def _contradict(answers: _Answers, rule: Rule) -> _Answers:
    """Say the opposite of each participant's answer right behind it."""
    result: _Answers = []
    for answer in answers:
        result.append(answer)
        if answer.subject == "participant" and _concerns(answer, rule):
            result.append(_opposite(answer))
    return result


def _opposite(answer: Answer) -> Answer:
    if answer.outcome == Outcome.ACTIVE:
        return replace(
            answer,
            outcome=Outcome.ARCHIVED,
            reason=Reason.INVALID_DATA,
            detail="Widerspricht der Zeile davor.",
        )
    number = answer.applicant_id or "BW-WIDERSPRUCH"
    return replace(answer, outcome=Outcome.ACTIVE, applicant_id=number, reason=None, detail=None)


def _add_foreign(answers: _Answers, rule: Rule) -> _Answers:
    if not answers:
        return answers
    foreign = [
        Answer(
            subject="participant",
            subject_id=subject_id,
            outcome=Outcome.ACTIVE,
            applicant_id=rule.parameters.applicant_id or f"BW-FREMD-{number}",
            at=answers[0].at,
        )
        for number, subject_id in enumerate(rule.parameters.ids, start=1)
    ]
    return [*foreign, *answers]


def _reword(answers: _Answers, rule: Rule) -> _Answers:
    return [
        replace(a, reason=rule.parameters.reason) if a.reason is not None and _concerns(a, rule) else a
        for a in answers
    ]


_DISTORTIONS: dict[Kind, Callable[[_Answers, Rule], _Answers]] = {
    Kind.ANSWERS_LOST: _lose,
    Kind.ANSWERS_COMPLETE_EARLY: _lose,
    Kind.ANSWERS_HELD: _hold,
    Kind.ANSWERS_DOUBLED: _double,
    Kind.ANSWERS_REORDERED: _reorder,
    Kind.ANSWERS_CONTRADICTORY: _contradict,
    Kind.ANSWERS_FOREIGN: _add_foreign,
    Kind.ANSWERS_UNKNOWN_REASON: _reword,
}
