"""The junction as SUMO wants it: nodes, edges and connections, made into a net by its own netconvert.

The approach is split where the lane line becomes solid: from there each lane is an edge of its own, so that SUMO's
lawful drivers cannot overlap the line. Lanes end at the junction box and vehicles stop before the stop line
(`stopOffset`), so one who stops between both blocks nobody.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from evidence.errors import GiaoLoError
from tools.simulate.junction import ARM, BOX, LEFT_LANE, RIGHT_LANE, SOLID_FROM, STOP_LINE, STOP_LINE_WIDTH

# Who keeps to the rules keeps off the paint: so far from the middle of the double line and of the lane line.
_OFF_CENTRE = 0.3
_OFF_LANE = 0.12
ROUTES: dict[str, dict[str, tuple[str, ...]]] = {
    "S": {
        "straight": ("S_far", "S_left", "N_out"),
        "straight_right": ("S_far", "S_right", "N_out"),
        "right": ("S_far", "S_right", "E_out"),
    },
    "N": {"straight": ("N_in", "S_out"), "right": ("N_in", "W_out"), "left": ("N_in", "E_out")},
    "E": {"straight": ("E_in", "W_out"), "right": ("E_in", "N_out"), "left": ("E_in", "S_out")},
    "W": {"straight": ("W_in", "E_out"), "right": ("W_in", "S_out"), "left": ("W_in", "N_out")},
}


class SimulationError(GiaoLoError):
    """SUMO or its netconvert refused."""


def sumo_binary(name: str) -> str:
    """Path of one of SUMO's programmes. Raises `SimulationError` when the extra is not installed."""
    try:
        import sumo
    except ImportError as error:
        raise SimulationError(
            "SUMO is not installed", where="simulation", remedy="pip install 'giaolo[simulate]'"
        ) from error
    return str(Path(sumo.SUMO_HOME) / "bin" / name)


def write_network(folder: Path) -> Path:
    """Write the sources into `folder` and run netconvert. Returns the net file."""
    (folder / "j.nod.xml").write_text(_nodes())
    (folder / "j.edg.xml").write_text(_edges())
    (folder / "j.con.xml").write_text(_connections())
    net = folder / "j.net.xml"
    command = [
        sumo_binary("netconvert"),
        "-n", str(folder / "j.nod.xml"), "-e", str(folder / "j.edg.xml"), "-x", str(folder / "j.con.xml"),
        "-o", str(net), "--no-turnarounds", "true", "--junctions.corner-detail", "0",
        "--default.junctions.keep-clear", "false", "--no-internal-links", "false",
        "--offset.disable-normalization", "true",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not net.exists():
        raise SimulationError("netconvert failed: " + done.stderr.strip()[-400:], where=str(folder))
    return net


def _nodes() -> str:
    b, far = BOX, ARM
    box = f"{-b},{-b} {-b},{b} {b},{b} {b},{-b}"
    return f"""<nodes>
  <node id="C" x="0" y="0" type="traffic_light" shape="{box}"/>
  <node id="S1" x="0" y="{-SOLID_FROM}" type="priority" shape="0,{-SOLID_FROM} 7.5,{-SOLID_FROM}"/>
  <node id="S" x="0" y="{-far}"/> <node id="N" x="0" y="{far}"/>
  <node id="E" x="{far}" y="0"/> <node id="W" x="{-far}" y="0"/>
</nodes>"""


def _edges() -> str:
    offset = STOP_LINE + STOP_LINE_WIDTH - BOX
    stop = f'<stopOffset value="{offset}"/>'
    out = []

    def edge(name: str, a: str, b: str, shape: str, widths: tuple[float, ...], inner: str = "") -> None:
        lanes = "".join(f'<lane index="{i}" width="{w}"/>' for i, w in enumerate(widths))
        out.append(
            f'<edge id="{name}" from="{a}" to="{b}" numLanes="{len(widths)}" speed="11.1" spreadType="right" '
            f'shape="{shape}">{lanes}{inner}</edge>'
        )

    far, box = ARM, BOX
    left, right = LEFT_LANE[1] - LEFT_LANE[0], RIGHT_LANE[1] - RIGHT_LANE[0]
    edge("S_far", "S", "S1", f"{_OFF_CENTRE},{-far} {_OFF_CENTRE},{-SOLID_FROM}", (right, left - _OFF_CENTRE))
    x = _OFF_CENTRE
    edge("S_left", "S1", "C", f"{x},{-SOLID_FROM} {x},{-box}", (left - x - _OFF_LANE,), stop)
    x = LEFT_LANE[1] + _OFF_LANE
    edge("S_right", "S1", "C", f"{x},{-SOLID_FROM} {x},{-box}", (right - _OFF_LANE,), stop)
    edge("S_out", "C", "S", f"{-_OFF_CENTRE},{-box} {-_OFF_CENTRE},{-far}", (3.5, 3.5))
    edge("N_in", "N", "C", f"0,{far} 0,{box}", (right, left), stop)
    edge("N_out", "C", "N", f"0,{box} 0,{far}", (right, left))
    edge("E_in", "E", "C", f"{far},0 {box},0", (3.5, 3.5), stop)
    edge("E_out", "C", "E", f"{box},0 {far},0", (3.5, 3.5))
    edge("W_in", "W", "C", f"{-far},0 {-box},0", (3.5, 3.5), stop)
    edge("W_out", "C", "W", f"{-box},0 {-far},0", (3.5, 3.5))
    return "<edges>" + "\n".join(out) + "</edges>"


def _connections() -> str:
    rows = [("S_far", "S_left", 1, 0), ("S_far", "S_right", 0, 0)]
    rows += [("S_left", "N_out", 0, 1), ("S_right", "N_out", 0, 0), ("S_right", "E_out", 0, 0)]
    for a, straight, right, left in (
        ("N", "S_out", "W_out", "E_out"),
        ("E", "W_out", "N_out", "S_out"),
        ("W", "E_out", "S_out", "N_out"),
    ):
        rows += [(f"{a}_in", straight, 0, 0), (f"{a}_in", straight, 1, 1), (f"{a}_in", right, 0, 0)]
        rows.append((f"{a}_in", left, 1, 1))
    links = "".join(f'<connection from="{a}" to="{b}" fromLane="{i}" toLane="{j}"/>' for a, b, i, j in rows)
    return f"<connections>{links}</connections>"
