"""Draws moments of a run with OpenGL (Mesa's software renderer is enough): sun, shadows, gloss, lamps, plates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from evidence.acts import LampState, VehicleClass
from tools.render import plates, shaders
from tools.render.ground import paint
from tools.render.parts import PlatePlace
from tools.render.street import furniture, signal_heads
from tools.render.vehicles import Model, build
from tools.render.weather import WEATHER, Image
from tools.simulate.world import Camera, HeadState, Moment, Run, VehicleState

_STREET_LAMPS = ((-10.5, -34.0), (10.5, -24.0), (-10.5, -4.0), (10.5, 8.0))
_GROUND = (-24.0, -46.0, 26.0, 34.0)
"""West, south, east and north end of the ground that is drawn, in metres."""
_STREET_GROUND = (-36.0, -50.0, 52.0, 40.0)
"""The same where the street is looked at from afar."""


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
        depth = self._gl.depth_texture((shaders.SHADOW_PX, shaders.SHADOW_PX))
        depth.compare_func = "<="
        depth.filter = (moderngl.LINEAR, moderngl.LINEAR)
        self._shadow_map, self._shadow = depth, self._gl.framebuffer(depth_attachment=depth)
        self._mesh: Any = self._gl.program(vertex_shader=shaders.MESH_VERTEX, fragment_shader=shaders.MESH_FRAGMENT)
        self._picture: Any = self._gl.program(
            vertex_shader=shaders.PICTURE_VERTEX, fragment_shader=shaders.PICTURE_FRAGMENT
        )
        self._cast: Any = self._gl.program(vertex_shader=shaders.SHADOW_VERTEX, fragment_shader=shaders.SHADOW_FRAGMENT)
        self._contact: Any = self._gl.program(
            vertex_shader=shaders.CONTACT_VERTEX, fragment_shader=shaders.CONTACT_FRAGMENT
        )
        self._beam: Any = self._gl.program(vertex_shader=shaders.BEAM_VERTEX, fragment_shader=shaders.BEAM_FRAGMENT)
        square = np.array([[-1, -1], [1, -1], [1, 1], [-1, -1], [1, 1], [-1, 1]], np.float32)
        self._square = self._gl.vertex_array(self._contact, [(self._gl.buffer(square.tobytes()), "2f", "corner")])
        self._beams = self._gl.vertex_array(self._beam, [(self._gl.buffer(square.tobytes()), "2f", "corner")])
        self._view = _projection(self.camera)
        self._light = _sunlight(np.asarray(self.weather.sun, float))
        self._models: dict[str, tuple[Model, Any, Any, Any, Any]] = {}
        self._plates: dict[str, tuple[Any, Any]] = {}
        self._ground = self._make_ground()
        self._street = self._vao(furniture(run).mesh().vertices)
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
        x0, y0, x1, y1 = _STREET_GROUND if self.run.ground.signs else _GROUND
        made = paint(self.run.ground, x0=x0, y0=y0, x1=x1, y1=y1)
        corners = [(x0, y0, 0, 1), (x1, y0, 1, 1), (x1, y1, 1, 0), (x0, y0, 0, 1), (x1, y1, 1, 0), (x0, y1, 0, 0)]
        vertices = np.array([[x, y, 0.0, u, v] for x, y, u, v in corners], np.float32)
        return self._textured(vertices, np.ascontiguousarray(made.image[..., ::-1]))

    def _lamps(self, heads: Mapping[str, HeadState]) -> Any:
        key = tuple((name, state.lamp, state.countdown_s) for name, state in sorted(heads.items()))
        if key not in self._heads:
            self._heads[key] = self._vao(signal_heads(self.run, heads).mesh().vertices)[0]
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


def _unit(v: Sequence[float]) -> NDArray[np.float64]:
    a = np.asarray(v, float)
    return np.asarray(a / np.linalg.norm(a))


def _bytes(matrix: NDArray[np.float64]) -> bytes:
    return np.ascontiguousarray(matrix.T, np.float32).tobytes()
