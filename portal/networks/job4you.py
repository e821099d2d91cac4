"""Job4You: takes profiles, too, of participants whose consent, contact and order are complete."""

from portal.networks.spec import ConsentProof, NetworkSpec, Requirement

SPEC = NetworkSpec(
    key="job4you",
    label="Job4You",
    consent=ConsentProof.RECORDED,
    requires=frozenset(Requirement),
    sends_profile=True,
)
