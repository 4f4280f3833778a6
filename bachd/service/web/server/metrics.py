"""Export figures for Prometheus, from the last status of the daemon.

Law: to be asked costs the daemon nothing; what is not known is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from bachd.service.telemetry.snapshot import ComposingFigures, LatenessFigures
from bachd.service.web.messages import Status
from bachd.service.web.server.feed import Feed


class Metrics:
    """A registry of bachd's figures."""

    def __init__(self, feed: Feed, playing: Callable[[], bool]) -> None:
        """`playing`: whether all is well, as /health says it."""
        self._feed = feed
        self._playing = playing
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """Return the figures in Prometheus' text format, version 0.0.4."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Called by the registry."""
        yield _gauge(
            "bachd_playing",
            "1 while music plays, 0 while it is halted",
            float(self._playing()),
        )
        yield _gauge("bachd_page_clients", "Browsers that look", self._feed.clients)
        status = self._feed.status
        if status is None:
            return
        yield _counter("bachd_events", "Events handed to the player", status["events"])
        yield _counter("bachd_faults", "Warnings in the log", status["faulted"])
        yield _gauge("bachd_uptime_seconds", "Seconds since the start", status["uptime_s"])
        yield _gauge("bachd_tempo_bpm", "Quarter notes a minute", status["tempo"])
        late = status["lateness"]
        yield _counter("bachd_messages", "MIDI messages whose lateness was measured", late["count"])
        yield _quantiles("bachd_lateness_seconds", "How late MIDI messages left", late)
        yield _histogram("bachd_composing_seconds", "How long an event took to compose", status["composing"])
        yield _labelled("bachd_output", "Where the music goes; 0 while it is waited for", status)
        yield _info(status)


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)


def _counter(name: str, what: str, value: float) -> Metric:
    return CounterMetricFamily(name, what, value=value)


def _histogram(name: str, what: str, figures: ComposingFigures) -> Metric:
    buckets = [(str(limit), number) for limit, number in figures["buckets"]]
    return HistogramMetricFamily(name, what, buckets=[*buckets, ("+Inf", figures["count"])], sum_value=figures["sum"])


def _quantiles(name: str, what: str, figures: LatenessFigures) -> Metric:
    family = GaugeMetricFamily(name, what, labels=["quantile"])
    for label, value in (("0.5", figures["p50"]), ("0.99", figures["p99"]), ("1", figures["max"])):
        family.add_metric([label], value)
    return family


def _labelled(name: str, what: str, status: Status) -> Metric:
    family = GaugeMetricFamily(name, what, labels=["port"])
    family.add_metric([status["output"]], 0.0 if status["output"].startswith("waiting") else 1.0)
    return family


def _info(status: Status) -> Metric:
    family = GaugeMetricFamily("bachd_info", "What runs", labels=["version", "model", "device"])
    family.add_metric([status["version"], status["model"], status["device"]], 1.0)
    return family
