"""What demo data and tests do to a sandbox's file without its server running."""

from collections.abc import Iterable
from pathlib import Path

from sandbox import forced, mediators, providers
from sandbox.database import Database
from sandbox.forced import ForcedOutcome
from sandbox.providers import Provider
from sandbox.words import Network


def ensure_provider(
    database: Path,
    *,
    provider_id: str,
    name: str,
    network: str,
    token: str,
    licensed_until: str | None = providers.DEFAULT_LICENSED_UNTIL,
    unknown_mediators: Iterable[str] = (),
    forced_outcomes: Iterable[tuple[str, str, str | None]] = (),
) -> bool:
    """Create a provider with its token where there is none; True if it was created.

    One that exists keeps everything but its token, which is set to `token`. `unknown_mediators` are not known
    to the network; all others are. `forced_outcomes` are (participant_id, outcome, reason). Both are set at
    creation only.
    """
    store = Database(database)
    store.create_tables()
    with store.write() as db:
        if providers.find_provider(db, provider_id) is not None:
            providers.update_provider(db, provider_id, {"token": token})
            return False
        provider = Provider(provider_id, name, Network(network), licensed_until)
        providers.create_provider(db, provider, token)
        for mediator_id in unknown_mediators:
            mediators.set_known(db, provider_id, mediator_id, False)
        for participant_id, outcome, reason in forced_outcomes:
            forced.force_outcome(db, provider_id, participant_id, ForcedOutcome(outcome), reason=reason)
    return True
