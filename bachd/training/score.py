"""How well something predicts some pieces.

Law: the network, its int8 file and the n-gram are all measured by these figures and no others.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """Teacher-forced figures: each decision is made with everything before it given."""

    event_nll: float
    """Negative log-likelihood in nats an event."""
    note_accuracy: float
    """Share of the decisions 'which note next, or none' whose likeliest answer is right."""
    length_accuracy: float
    """The same for 'how long'."""
    events: int
    """Events predicted, ends of pieces among them."""

    def rounded(self) -> dict[str, float]:
        """The figures by name, as a card and a report show them."""
        return {name: round(value, 4) for name, value in asdict(self).items()}
