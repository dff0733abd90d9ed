"""Count answers for Prometheus: plain counters and histograms, which add up over several worker processes."""

from functools import cache

from prometheus_client import Counter, Histogram

generated = Histogram(
    "recommendation_generation_latency_seconds",
    "Time to make one answer, by the algorithm that leads its list.",
    ["algorithm"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
)
cache_hits = Counter("redis_cache_hits_total", "Answers made from candidates that Redis held.")
cache_misses = Counter("redis_cache_misses_total", "Answers whose candidates had to be made.")
degraded = Counter("recommendation_degraded_total", "Answers made without a part that was gone.", ["without"])


def answered(algorithm: str, is_hit: bool, seconds: float) -> None:
    """Count an answer that took so long to make."""
    (cache_hits if is_hit else cache_misses).inc()
    _generated(algorithm).observe(seconds)


@cache
def _generated(algorithm: str) -> Histogram:
    """Keep the histogram of a label: looking it up takes as long as counting."""
    return generated.labels(algorithm)
