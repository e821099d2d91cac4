"""Jobnetzwerk: takes master data; the user who releases may confirm that consent is at hand."""

from portal.networks.spec import ConsentProof, NetworkSpec

SPEC = NetworkSpec(
    key="jobnetzwerk",
    label="Jobnetzwerk",
    consent=ConsentProof.CONFIRMED,
    requires=frozenset(),
    sends_profile=False,
)
