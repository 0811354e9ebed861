"""Draws moments of a run with OpenGL (Mesa's software renderer is enough): sun, shadows, gloss, lamps, plates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import moderngl
import numpy as np
from numpy.typing import NDArray

from evidence.acts import LampState, VehicleClass
from tools.render import plates
from tools.render.ground import paint
from tools.render.mesh import Builder
from tools.render.vehicles import Model, PlatePlace, build
from tools.simulate.world import Camera, HeadState, Moment, Run, VehicleState

Image = NDArray[np.uint8]
_SHADOW = 3072
_STREET_LAMPS = ((-10.5, -34.0), (10.5, -24.0), (-10.5, -4.0), (10.5, 8.0))
_GROUND = (-24.0, -46.0, 26.0, 34.0)
"""West, south, east and north end of the ground that is drawn, in metres."""

_MESH_VERTEX = """
#version 330
in vec3 position; in vec3 normal; in vec3 colour; in float finish;
uniform mat4 view; uniform mat4 model; uniform mat4 light;
out vec3 world; out vec3 n; out vec3 paint; out float gloss; out vec4 lit;
void main() {
    vec4 w = model * vec4(position, 1.0);
    world = w.xyz; n = mat3(model) * normal; paint = colour; gloss = finish;
    lit = light * w; gl_Position = view * w;
}"""
_LIGHT = """
uniform vec3 sun; uniform vec3 sun_colour; uniform vec3 sky; uniform vec3 eye; uniform sampler2DShadow shadow;
float sunlit(vec4 lit, float slope) {
    vec3 p = lit.xyz / lit.w * 0.5 + 0.5;
    if (p.x < 0.0 || p.x > 1.0 || p.y < 0.0 || p.y > 1.0) return 1.0;
    float sum = 0.0; float bias = 0.0012 + 0.002 * slope;
    for (int i = -1; i <= 1; i++) for (int j = -1; j <= 1; j++)
        sum += texture(shadow, vec3(p.xy + vec2(i, j) / SHADOW.0, p.z - bias));
    return sum / 9.0;
}
vec3 tone(vec3 c) { return pow(c / (c + vec3(0.62)) * 1.42, vec3(1.0 / 1.9)); }
""".replace("SHADOW", str(_SHADOW))
_MESH_FRAGMENT = (
    "#version 330\n"
    + _LIGHT
    + """
in vec3 world; in vec3 n; in vec3 paint; in float gloss; in vec4 lit; out vec4 result;
void main() {
    vec3 albedo = pow(paint, vec3(2.2));
    if (gloss > 1.5) { result = vec4(tone(albedo * 2.6), 1.0); return; }
    vec3 normal = normalize(n); vec3 to_eye = normalize(eye - world);
    if (dot(normal, to_eye) < 0.0) normal = -normal;
    float facing = max(dot(normal, sun), 0.0);
    float s = sunlit(lit, 1.0 - facing);
    float up = 0.5 + 0.5 * normal.z;
    vec3 ambient = mix(sky * 0.42, sky, up) * mix(0.45, 1.0, smoothstep(-0.2, 0.9, world.z));
    vec3 mirror = reflect(-to_eye, normal);
    float fresnel = 0.04 + 0.5 * pow(1.0 - max(dot(normal, to_eye), 0.0), 4.0);
    vec3 reflected = mix(vec3(0.16, 0.16, 0.15), sky * 1.5, smoothstep(-0.15, 0.35, mirror.z)) * fresnel * gloss * 1.4;
    float spark = pow(max(dot(mirror, sun), 0.0), 60.0) * gloss * s;
    result = vec4(tone(albedo * (ambient + sun_colour * facing * s) + reflected + sun_colour * spark * 0.6), 1.0);
}"""
)
_PICTURE_VERTEX = """
#version 330
in vec3 position; in vec2 uv; uniform mat4 view; uniform mat4 model; uniform mat4 light;
out vec3 world; out vec2 at; out vec4 lit;
void main() { vec4 w = model * vec4(position, 1.0); world = w.xyz; at = uv; lit = light * w; gl_Position = view * w; }"""
_PICTURE_FRAGMENT = (
    "#version 330\n"
    + _LIGHT
    + """
uniform sampler2D picture; uniform vec3 facing_to; uniform float own_light; uniform float wet;
in vec3 world; in vec2 at; in vec4 lit; out vec4 result;
void main() {
    vec3 albedo = pow(texture(picture, at).rgb, vec3(2.2)) * (1.0 - 0.5 * wet);
    float facing = max(dot(facing_to, sun), 0.0);
    float s = sunlit(lit, 1.0 - facing);
    vec3 ambient = sky * (0.55 + 0.45 * facing_to.z);
    result = vec4(tone(albedo * (ambient + sun_colour * facing * s) + albedo * own_light), 1.0);
}"""
)
_CONTACT_VERTEX = """
#version 330
in vec2 corner; uniform mat4 view; uniform mat4 model; uniform vec2 half_size; out vec2 at;
void main() { at = corner; gl_Position = view * model * vec4(corner * (half_size + 0.35), 0.015, 1.0); }"""
_CONTACT_FRAGMENT = """
#version 330
in vec2 at; uniform vec2 half_size; out vec4 result;
void main() {
    vec2 p = abs(at) * (half_size + 0.35);
    vec2 d = smoothstep(half_size + 0.30, half_size - 0.30, p);
    result = vec4(0.0, 0.0, 0.0, 0.80 * d.x * d.y);
}"""
_BEAM_VERTEX = """
#version 330
in vec2 corner; uniform mat4 view; uniform mat4 model; uniform vec2 half_size; uniform float ahead; out vec2 at;
void main() { at = corner; gl_Position = view * model * vec4(corner * half_size + vec2(ahead, 0.0), 0.02, 1.0); }"""
_BEAM_FRAGMENT = """
#version 330
in vec2 at; uniform vec3 shine; uniform float beam; out vec4 result;
void main() {
    float pool = smoothstep(1.0, 0.0, length(at));
    float spread = 0.25 + 0.75 * (at.x * 0.5 + 0.5);
    float cone = smoothstep(-1.0, -0.75, at.x) * smoothstep(1.0, -0.4, at.x) * exp(-pow(at.y / spread * 1.6, 2.0));
    result = vec4(shine * mix(pool * pool, cone, beam), 0.0);
}"""
_SHADOW_VERTEX = """
#version 330
in vec3 position; uniform mat4 light; uniform mat4 model;
void main() { gl_Position = light * model * vec4(position, 1.0); }"""
_SHADOW_FRAGMENT = "#version 330\nvoid main() {}"


@dataclass(frozen=True)
class Weather:
    """Light of a time of day. `sun`: direction to it; colours linear; `lamps`: strength of vehicles' own lights."""

    name: str
    sun: tuple[float, float, float]
    sun_colour: tuple[float, float, float]
    sky: tuple[float, float, float]
    exposure: float = 1.0
    noise: float = 1.6
    headlights: bool = False
    beams: float = 0.0
    """How much brighter headlights and street lamps make the road they shine on."""
    rain: float = 0.0
    """Streaks in the air, haze, and a road dark with water, 0..1."""


WEATHER = {
    "day": Weather("day", (0.60, 0.30, 0.62), (1.25, 1.20, 1.08), (0.42, 0.47, 0.55)),
    "dusk": Weather("dusk", (-0.86, 0.20, 0.30), (0.34, 0.22, 0.13), (0.17, 0.19, 0.26), 1.25, 3.0, True, 0.3),
    "rain": Weather("rain", (0.3, 0.2, 0.9), (0.28, 0.28, 0.28), (0.50, 0.54, 0.58), 0.85, 2.4, True, 0.25, 1.0),
    "night": Weather("night", (0.3, 0.2, 0.9), (0.040, 0.036, 0.028), (0.030, 0.032, 0.038), 2.1, 5.0, True, 1.2),
}


class Studio:
    """Everything of a run on the graphics side. `draw` a moment, get a picture `[H, W, 3]` BGR."""

    def __init__(self, run: Run, *, weather: str = "day", samples: int = 4) -> None:
        self.run, self.camera, self.weather = run, run.camera, WEATHER[weather]
        create: Any = moderngl.create_context
        self._gl = create(standalone=True, backend="egl")
        self._gl.enable(moderngl.DEPTH_TEST)
        size = (self.camera.width, self.camera.height)
        self._target = self._gl.framebuffer(
            [self._gl.renderbuffer(size, 4, samples=samples)], self._gl.depth_renderbuffer(size, samples=samples)
        )
        self._resolved = self._gl.framebuffer([self._gl.renderbuffer(size, 4)])
        depth = self._gl.depth_texture((_SHADOW, _SHADOW))
        depth.compare_func = "<="
        depth.filter = (moderngl.LINEAR, moderngl.LINEAR)
        self._shadow_map, self._shadow = depth, self._gl.framebuffer(depth_attachment=depth)
        self._mesh: Any = self._gl.program(vertex_shader=_MESH_VERTEX, fragment_shader=_MESH_FRAGMENT)
        self._picture: Any = self._gl.program(vertex_shader=_PICTURE_VERTEX, fragment_shader=_PICTURE_FRAGMENT)
        self._cast: Any = self._gl.program(vertex_shader=_SHADOW_VERTEX, fragment_shader=_SHADOW_FRAGMENT)
        self._contact: Any = self._gl.program(vertex_shader=_CONTACT_VERTEX, fragment_shader=_CONTACT_FRAGMENT)
        self._beam: Any = self._gl.program(vertex_shader=_BEAM_VERTEX, fragment_shader=_BEAM_FRAGMENT)
        square = np.array([[-1, -1], [1, -1], [1, 1], [-1, -1], [1, 1], [-1, 1]], np.float32)
        self._square = self._gl.vertex_array(self._contact, [(self._gl.buffer(square.tobytes()), "2f", "corner")])
        self._beams = self._gl.vertex_array(self._beam, [(self._gl.buffer(square.tobytes()), "2f", "corner")])
        self._view = _projection(self.camera)
        self._light = _sunlight(np.asarray(self.weather.sun, float))
        self._models: dict[str, tuple[Model, Any, Any, Any, Any]] = {}
        self._plates: dict[str, tuple[Any, Any]] = {}
        self._ground = self._make_ground()
        self._street = self._vao(_street(run).mesh().vertices)
        self._heads: dict[tuple[tuple[str, LampState, int | None], ...], Any] = {}

    def look_from(self, camera: Camera) -> None:
        """Move the camera; its picture must be as large as before."""
        if (camera.width, camera.height) != (self.camera.width, self.camera.height):
            raise ValueError(f"the picture is {self.camera.width} x {self.camera.height}")
        self.camera, self._view = camera, _projection(camera)

    def draw(self, moment: Moment) -> Image:
        """The picture of a moment, before anything that optics and sensor do."""
        vehicles = [v for v in moment.vehicles if is_drawn(v)]
        heads = self._lamps(moment.heads)
        self._shadow.use()
        self._shadow.clear()
        self._cast["light"].write(_bytes(self._light))
        self._cast["model"].write(_bytes(np.eye(4)))
        self._street[1].render()
        for vehicle in vehicles:
            self._cast["model"].write(_bytes(_placed(vehicle)))
            self._model(vehicle.id)[2].render()
        self._target.use()
        self._target.clear(0.5, 0.52, 0.5, 1.0)
        self._shadow_map.use(location=1)
        for program in (self._mesh, self._picture):
            program["view"].write(_bytes(self._view))
            program["light"].write(_bytes(self._light))
            program["sun"].value = tuple(_unit(self.weather.sun))
            program["sun_colour"].value = tuple(c * self.weather.exposure for c in self.weather.sun_colour)
            program["sky"].value = tuple(c * self.weather.exposure for c in self.weather.sky)
            if "eye" in program:
                program["eye"].value = self.camera.position
            program["shadow"].value = 1
        self._picture["wet"].value = self.weather.rain
        self._quad(self._ground, np.eye(4), (0.0, 0.0, 1.0), 0.0)
        self._picture["wet"].value = 0.0
        if self.weather.beams:
            self._shine(vehicles)
        self._contacts(vehicles)
        self._mesh["model"].write(_bytes(np.eye(4)))
        self._street[0].render()
        heads.render()
        for vehicle in vehicles:
            _, body, _, brake, front = self._model(vehicle.id)
            placed = _placed(vehicle)
            self._mesh["model"].write(_bytes(placed))
            body.render()
            if vehicle.braking or self.weather.headlights:
                brake.render()
            if self.weather.headlights:
                front.render()
            plate = self._plates.get(vehicle.id)
            if plate is not None:
                back = placed[:3, :3] @ np.array([-1.0, 0, 0])
                self._quad(plate, placed, tuple(back), 0.25 if self.weather.headlights else 0.04)
        self._gl.copy_framebuffer(self._resolved, self._target)
        data = np.frombuffer(self._resolved.read(components=3), np.uint8)
        picture = data.reshape(self.camera.height, self.camera.width, 3)[::-1, :, ::-1]
        return np.ascontiguousarray(picture)

    def _contacts(self, vehicles: Sequence[VehicleState]) -> None:
        """The dark under a vehicle, where neither sun nor sky reaches."""
        self._gl.enable(moderngl.BLEND)
        self._gl.blend_func = moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA
        self._target.depth_mask = False
        self._contact["view"].write(_bytes(self._view))
        for vehicle in vehicles:
            spec = self.run.specs[vehicle.id]
            narrow = 0.4 if spec.cls in (VehicleClass.MOTORCYCLE, VehicleClass.BICYCLE) else 0.92
            self._contact["model"].write(_bytes(_placed(vehicle)))
            self._contact["half_size"].value = (spec.length_m / 2 * 0.92, spec.width_m / 2 * narrow)
            self._square.render(moderngl.TRIANGLES)
        self._target.depth_mask = True
        self._gl.disable(moderngl.BLEND)

    def _shine(self, vehicles: Sequence[VehicleState]) -> None:
        """Headlights and street lamps on the road: the ground is made brighter where they fall."""
        self._gl.enable(moderngl.BLEND)
        self._gl.blend_func = moderngl.DST_COLOR, moderngl.ONE
        self._target.depth_mask = False
        self._beam["view"].write(_bytes(self._view))
        self._beam["beam"].value = 0.0
        self._beam["ahead"].value = 0.0
        for x, y in _STREET_LAMPS:
            lamp = np.eye(4)
            lamp[:2, 3] = x, y
            self._beam["model"].write(_bytes(lamp))
            self._beam["half_size"].value = (11.0, 11.0)
            self._beam["shine"].value = tuple(0.45 * self.weather.beams * c for c in (1.0, 0.78, 0.50))
            self._beams.render(moderngl.TRIANGLES)
        self._beam["beam"].value = 1.0
        for vehicle in vehicles:
            spec = self.run.specs[vehicle.id]
            if spec.cls == VehicleClass.BICYCLE:
                continue
            two = spec.cls == VehicleClass.MOTORCYCLE
            reach = 4.5 if two else 6.5
            self._beam["model"].write(_bytes(_placed(vehicle)))
            self._beam["half_size"].value = (reach, 1.7 if two else 2.6)
            self._beam["ahead"].value = spec.length_m / 2 + reach - 0.4
            self._beam["shine"].value = tuple((0.7 if two else 1.0) * self.weather.beams * c for c in (1.0, 0.95, 0.82))
            self._beams.render(moderngl.TRIANGLES)
        self._target.depth_mask = True
        self._gl.disable(moderngl.BLEND)

    def _quad(self, quad: tuple[Any, Any], model: NDArray[np.float64], facing: Sequence[float], own: float) -> None:
        vao, texture = quad
        texture.use(location=0)
        self._picture["picture"].value = 0
        self._picture["model"].write(_bytes(model))
        self._picture["facing_to"].value = tuple(float(f) for f in facing)
        self._picture["own_light"].value = own
        vao.render(moderngl.TRIANGLES)

    def _vao(self, vertices: NDArray[np.float32]) -> tuple[Any, Any]:
        buffer = self._gl.buffer(np.ascontiguousarray(vertices, np.float32).tobytes())
        seen = self._gl.vertex_array(
            self._mesh, [(buffer, "3f 3f 3f 1f", "position", "normal", "colour", "finish")], mode=moderngl.TRIANGLES
        )
        cast = self._gl.vertex_array(self._cast, [(buffer, "3f 28x", "position")], mode=moderngl.TRIANGLES)
        return seen, cast

    def _model(self, name: str) -> tuple[Model, Any, Any, Any, Any]:
        if name not in self._models:
            spec = self.run.specs[name]
            model = build(spec)
            seen, cast = self._vao(model.body.vertices)
            brake, _ = self._vao(model.brake.vertices)
            front, _ = self._vao(model.front.vertices)
            self._models[name] = (model, seen, cast, brake, front)
            if model.plate is not None and spec.plate:
                picture = plates.draw(spec.plate, spec.cls.value, spec.plate_colour, model.plate.lines)
                self._plates[name] = self._textured(_plate_quad(model.plate), picture)
        return self._models[name]

    def _textured(self, vertices: NDArray[np.float32], picture: Image) -> tuple[Any, Any]:
        texture = self._gl.texture(
            (picture.shape[1], picture.shape[0]), 3, np.ascontiguousarray(picture).tobytes(), alignment=1
        )
        texture.build_mipmaps()
        texture.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        texture.anisotropy = 16.0
        buffer = self._gl.buffer(vertices.astype(np.float32).tobytes())
        return self._gl.vertex_array(self._picture, [(buffer, "3f 2f", "position", "uv")]), texture

    def _make_ground(self) -> tuple[Any, Any]:
        x0, y0, x1, y1 = _GROUND
        made = paint(self.run.ground, x0=x0, y0=y0, x1=x1, y1=y1)
        corners = [(x0, y0, 0, 1), (x1, y0, 1, 1), (x1, y1, 1, 0), (x0, y0, 0, 1), (x1, y1, 1, 0), (x0, y1, 0, 0)]
        vertices = np.array([[x, y, 0.0, u, v] for x, y, u, v in corners], np.float32)
        return self._textured(vertices, np.ascontiguousarray(made.image[..., ::-1]))

    def _lamps(self, heads: Mapping[str, HeadState]) -> Any:
        key = tuple((name, state.lamp, state.countdown_s) for name, state in sorted(heads.items()))
        if key not in self._heads:
            self._heads[key] = self._vao(_heads(self.run, heads).mesh().vertices)[0]
        return self._heads[key]


def _projection(camera: Camera) -> NDArray[np.float64]:
    """World to clip space."""
    axes = camera.axes()
    look = np.eye(4)
    look[:3, :3] = np.stack([axes[0], -axes[1], -axes[2]])
    look[:3, 3] = -look[:3, :3] @ np.asarray(camera.position)
    near, far = 1.0, 400.0
    fx, fy = 2 * camera.focal_px / camera.width, 2 * camera.focal_px / camera.height
    lens = np.array(
        [
            [fx, 0, 0, 0],
            [0, fy, 0, 0],
            [0, 0, -(far + near) / (far - near), -2 * far * near / (far - near)],
            [0, 0, -1, 0],
        ]
    )
    return np.asarray(lens @ look)


def _sunlight(sun: NDArray[np.float64]) -> NDArray[np.float64]:
    """World to the shadow map, which covers what the camera sees."""
    z = sun / np.linalg.norm(sun)
    x = np.cross([0, 1.0, 0], z)
    x /= np.linalg.norm(x)
    turn = np.eye(4)
    turn[:3, :3] = np.stack([x, np.cross(z, x), z])
    turn[:3, 3] = -turn[:3, :3] @ np.array([2.0, -12.0, 0.0])
    reach = np.diag([1 / 27.0, 1 / 34.0, -1 / 70.0, 1.0])
    return np.asarray(reach @ turn)


def _placed(v: VehicleState) -> NDArray[np.float64]:
    c, s = np.cos(v.heading_rad), np.sin(v.heading_rad)
    return np.array([[c, -s, 0, v.x_m], [s, c, 0, v.y_m], [0, 0, 1, 0], [0, 0, 0, 1.0]])


def is_drawn(v: VehicleState) -> bool:
    """Whether a vehicle stands on the ground that is drawn."""
    return -26 < v.x_m < 28 and -52 < v.y_m < 36


def _plate_quad(p: PlatePlace) -> NDArray[np.float32]:
    """Seen from behind: left of the picture is the vehicle's left."""
    w, h = p.width / 2, p.height / 2
    corners = [(w, -h, 0, 1), (-w, -h, 1, 1), (-w, h, 1, 0), (w, -h, 0, 1), (-w, h, 1, 0), (w, h, 0, 0)]
    return np.array([[p.x, y, p.z + z, u, v] for y, z, u, v in corners], np.float32)


_OFF = {"red": (52, 14, 14), "yellow": (52, 44, 12), "green": (12, 44, 34)}
_ON = {"red": (255, 34, 28), "yellow": (255, 196, 30), "green": (40, 255, 170)}
_SEGMENTS = {"0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgedc",
             "7": "abc", "8": "abcdefg", "9": "abcdfg"}  # fmt: skip


def _heads(run: Run, states: Mapping[str, HeadState]) -> Builder:
    """Signal heads with what they show."""
    b = Builder()
    for post in run.ground.posts:
        c, s = np.cos(post.faces_rad), np.sin(post.faces_rad)
        right = np.array([-s, c, 0.0])
        front = np.array([c, s, 0.0])
        middle = np.array([post.x_m, post.y_m, post.z_m])
        back = middle - front * 0.14
        b.box(tuple(back), (0.20, 0.44, 1.18), (28, 30, 28), 0.2, yaw=post.faces_rad)
        state = states.get(post.id)
        for i, colour in enumerate(("red", "yellow", "green")):
            centre = middle + np.array([0, 0, (1 - i) * 0.36])
            lit = state is not None and state.lamp == LampState(colour)
            paint_ = _ON[colour] if lit else _OFF[colour]
            b.tube(tuple(centre - front * 0.06), tuple(centre + front * 0.005), 0.15, paint_, 2.0 if lit else 0.5)
            b.tube(
                tuple(centre + np.array([0, 0, 0.17]) - front * 0.02),
                tuple(centre + np.array([0, 0, 0.17]) + front * 0.16),
                0.02,
                (24, 26, 24),
            )
        if post.countdown and state is not None and state.countdown_s is not None:
            text = f"{min(max(state.countdown_s, 0), 99):02d}"
            base = middle - np.array([0, 0, 0.86])
            b.box(tuple(base - front * 0.10), (0.14, 0.46, 0.40), (24, 24, 24), 0.2, yaw=post.faces_rad)
            shine = _ON.get(state.lamp.value, (90, 90, 90))
            for k, digit in enumerate(text):
                origin = base + right * (-0.10 if k == 0 else 0.10) + front * 0.012
                _digit(b, digit, origin, right, shine)
    return b


def _digit(
    b: Builder, digit: str, origin: NDArray[np.float64], right: NDArray[np.float64], colour: tuple[int, int, int]
) -> None:
    up = np.array([0, 0, 1.0])
    w, h = 0.055, 0.13
    ends = {"a": ((-w, h), (w, h)), "b": ((w, h), (w, 0)), "c": ((w, 0), (w, -h)), "d": ((-w, -h), (w, -h)),
            "e": ((-w, 0), (-w, -h)), "f": ((-w, h), (-w, 0)), "g": ((-w, 0), (w, 0))}  # fmt: skip
    for segment in _SEGMENTS[digit]:
        (x0, z0), (x1, z1) = ends[segment]
        b.tube(tuple(origin + right * x0 + up * z0), tuple(origin + right * x1 + up * z1), 0.014, colour, 2.0)


def _street(run: Run) -> Builder:
    """What stands at the road: posts, trees, bollards, stalls."""
    rng = np.random.default_rng(31)
    b = Builder()
    for foot in {p.foot for p in run.ground.posts}:
        b.tube((*foot, 0.0), (*foot, 3.6), 0.07, (150, 152, 150), 0.3)
        b.tube((*foot, 0.0), (*foot, 0.25), 0.16, (110, 112, 110), 0.2)
    for side in (-1, 1):
        for y in (-40.0, -33.0, -24.5, 21.0, 29.0):
            x = side * (11.2 + float(rng.uniform(-0.4, 0.6)))
            b.tube((x, y, 0), (x + 0.1, y, 3.6), 0.17, (88, 74, 62), 0.02, taper=0.7)
            b.box((x, y, 0.02), (1.2, 1.2, 0.04), (70, 58, 46))
            for _ in range(9):
                offset = rng.normal(0, 1.0, 3) * [1.2, 1.2, 0.5]
                radius = float(rng.uniform(0.7, 1.4))
                shade = float(rng.uniform(0.7, 1.15))
                b.ball(
                    (x + offset[0], y + offset[1], 4.7 + offset[2]),
                    (radius, radius, radius * 0.7),
                    (46 * shade, 88 * shade, 40 * shade),
                    0.02,
                )
        for y in np.arange(-43.0, -14.5, 2.0):
            if not -19.5 < y < -15.5:
                b.tube((side * 9.15, y, 0), (side * 9.15, y, 0.55), 0.05, (190, 190, 186), 0.2)
                b.tube((side * 9.15, y, 0.40), (side * 9.15, y, 0.50), 0.053, (190, 40, 36), 0.2)
    for i in range(9):  # goods and plant pots before the shops
        x, y = 12.9 + float(rng.uniform(-0.3, 0.8)), -42 + i * 3.1
        tint = rng.uniform(60, 220, 3)
        b.box((x, y, 0.35), (0.7, 0.9, 0.7), (float(tint[0]), float(tint[1]), float(tint[2])), 0.1)
        b.ball((-12.8, y, 0.75), (0.4, 0.4, 0.5), (50, 110, 50), 0.02)
        b.tube((-12.8, y, 0), (-12.8, y, 0.45), 0.22, (150, 90, 60), 0.1)
    return b


def _unit(v: Sequence[float]) -> NDArray[np.float64]:
    a = np.asarray(v, float)
    return np.asarray(a / np.linalg.norm(a))


def _bytes(matrix: NDArray[np.float64]) -> bytes:
    return np.ascontiguousarray(matrix.T, np.float32).tobytes()


def _rain(image: NDArray[Any], strength: float, rng: np.random.Generator) -> NDArray[Any]:
    """Haze that takes contrast away, and streaks that fall a little aslant, near ones long and far ones short."""
    height, width = image.shape[:2]
    image = image * (1 - 0.16 * strength) + 0.16 * strength * 150
    for length, share, light in ((9, 8e-4, 240.0), (23, 3.5e-4, 800.0)):
        drops = (rng.random((height, width)) < share * strength).astype(np.float32)
        fall = np.zeros((length, length), np.float32)
        cv2.line(fall, (length // 2 + length // 8, 0), (length // 2 - length // 8, length - 1), 1.0 / length, 1)
        image = image + (cv2.filter2D(drops, -1, fall) * light)[..., None]
    return image


def photograph(picture: Image, weather: Weather, rng: np.random.Generator, *, shake_px: float = 0.25) -> Image:
    """Optics and sensor: a slight blur, vibration, glow of bright lamps, noise."""
    image: NDArray[Any] = picture.astype(np.float32)
    if weather.headlights:
        bright = np.maximum(image - 215, 0)
        image = image + 1.6 * cv2.GaussianBlur(bright, (0, 0), 9) + 0.8 * cv2.GaussianBlur(bright, (0, 0), 28)
    if weather.rain:
        image = _rain(image, weather.rain, rng)
    image = cv2.GaussianBlur(image, (0, 0), 0.55)
    dx, dy = rng.normal(0, shake_px, 2)
    shift = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    image = cv2.warpAffine(image, shift, (image.shape[1], image.shape[0]), borderMode=cv2.BORDER_REPLICATE)
    small = rng.normal(0, weather.noise, (image.shape[0], image.shape[1], 1)).astype(np.float32)
    return np.asarray((image + small).clip(0, 255), np.uint8)
