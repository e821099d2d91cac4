"""What the control door may be told."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox import forced, misbehaviour, providers
from sandbox.messages import IsoDate
from sandbox.words import Network, Operation

_Seconds = Annotated[float, Field(ge=0, le=10_000_000)]
_PartBytes = Annotated[int, Field(ge=1, le=1_000_000_000)]
_Encodings = list[Literal["gzip", "zstd"]]


class _Order(BaseModel):
    """Unknown fields are typing errors."""

    model_config = ConfigDict(extra="forbid")


class NewProvider(_Order):
    """A provider to create."""

    provider_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    name: str | None = None
    network: Network
    token: Annotated[str, Field(min_length=8)] | None = None
    licensed_until: IsoDate | None = providers.DEFAULT_LICENSED_UNTIL
    max_part_bytes: _PartBytes = providers.DEFAULT_MAX_PART_BYTES
    encodings: _Encodings = ["gzip", "zstd"]
    mediators_known: bool = True
    answer_delay_seconds: _Seconds | None = None


class ProviderChanges(_Order):
    """What may change about a provider; what is left out stays."""

    name: str = ""
    token: Annotated[str, Field(min_length=8)] = ""
    licensed_until: IsoDate | None = None
    max_part_bytes: _PartBytes = 1
    encodings: _Encodings = []
    mediators_known: bool = True
    answer_delay_seconds: _Seconds | None = None


class MediatorOrder(_Order):
    """Whether a mediator is known; null goes back to the provider's default."""

    known: bool | None


class OutcomeOrder(_Order):
    """What is forced upon a participant."""

    outcome: forced.ForcedOutcome
    reason: str | None = None
    detail: str | None = None


class DelayOrder(_Order):
    """Seconds between commit and answer; null: as the process was started."""

    seconds: _Seconds | None


class NewRule(_Order):
    """A rule of misbehaviour."""

    kind: misbehaviour.Kind
    operation: Operation | None = None
    provider_id: str | None = None
    count: Annotated[int, Field(ge=1)] | None = None
    parameters: misbehaviour.Parameters = misbehaviour.Parameters()
