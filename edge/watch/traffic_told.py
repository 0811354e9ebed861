"""A camera's traffic as it is told: what is unusual in the words of a heartbeat, and what to do; and as gauges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from evidence.wire import TrafficHealth


def traffic_fault(traffic: TrafficHealth) -> str:
    """What a person reads of it; "" while there is nothing to do."""
    if traffic.state == "acts_jump":
        return (
            f"{traffic.act} told {traffic.acts} times among {traffic.vehicles} vehicles, otherwise "
            f"{traffic.usual_acts} among {traffic.usual_vehicles} at this hour of {traffic.days} other days; all acts "
            f"are held since {traffic.held_at}, {traffic.acts_held} since the start -> see what its lamps and lines "
            "show, then answer at the centre (/desk/switches)"
        )
    if traffic.state == "few_vehicles":
        return (
            "hardly a vehicle, though its picture is as it should be -> see whether the road is closed, or whether it "
            "finds vehicles at all"
        )
    if traffic.state == "plates_unread":
        return "far more plates stay unread than at this hour of other days -> see its focus, its shutter and its light"
    return ""


def traffic_gauges(cameras: Mapping[str, TrafficHealth]) -> Iterator[Metric]:
    """By the id of each camera."""
    usual = GaugeMetricFamily(
        "giaolo_traffic_usual",
        "1 while the traffic is as on other days, or these are not known",
        labels=["camera", "state"],
    )
    held = CounterMetricFamily("giaolo_acts_held_by_traffic", "Acts not told for a jump", labels=["camera"])
    rates = {
        "vehicles_per_hour": GaugeMetricFamily("giaolo_vehicles_per_hour", "Of this hour", labels=["camera"]),
        "acts_per_1000": GaugeMetricFamily("giaolo_acts_per_1000", "Acts in 1000 vehicles", labels=["camera"]),
        "plates_read": GaugeMetricFamily("giaolo_plates_read_share", "Of the plates of acts", labels=["camera"]),
    }
    for camera, traffic in cameras.items():
        usual.add_metric([camera, traffic.state], float(traffic.state in ("learning", "usual")))
        held.add_metric([camera], traffic.acts_held)
        for name, rate in rates.items():
            if (value := getattr(traffic, name)) is not None:
                rate.add_metric([camera], value)
    yield from (usual, held, *rates.values())
