"""The shapes of the network's answers, as the contract gives them; unknown fields are passed over."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=False)


class Account(_Answer):
    provider_id: str
    name: str
    network: Literal["jobnetzwerk", "job4you"]
    licensed_until: dt.date | None
    last_sequence: int
    encodings: list[str]
    max_part_bytes: int


class RemoteDelivery(_Answer):
    delivery_id: str
    sequence: int
    mode: Literal["full", "delta"]
    state: Literal["open", "committed", "complete"]
    parts: list[int]


class Receipt(_Answer):
    receipt_id: str
    delivery_id: str
    sequence: int
    received_at: dt.datetime


class Acknowledgement(_Answer):
    subject: str
    id: str
    outcome: str
    applicant_id: str | None = None
    reason: str | None = None
    detail: str | None = None
    at: dt.datetime


class AcknowledgementPage(_Answer):
    delivery_id: str
    sequence: int
    state: Literal["processing", "complete"]
    items: list[Acknowledgement]
    next: str


class ProblemBody(_Answer):
    type: str = "about:blank"
    title: str = ""
    status: int = 0
    detail: str = ""
    line: int | None = None
    last_sequence: int | None = None

    @property
    def word(self) -> str:
        """The last word of the type, which the contract enumerates."""
        return self.type.rstrip("/").replace("#", "/").rpartition("/")[2][:60] or "refused"
