"""The local web editor of one scene file: one page with a canvas, live checks, atomic saving.

It runs on the technician's own machine for as long as the command runs. Every call carries the key that stands in the
printed address, so that no other page in the browser, and nobody else on the network, can change the scene.
"""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import cv2
import yaml
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from countries.here import HERE
from evidence.acts import ActCode
from evidence.errors import GiaoLoError
from zones.advice import LEAST_PLATE_PX
from zones.check import check, scene_schema_json
from zones.faults import Fault, SceneError, both
from zones.ground_estimate import KnownGap, estimate_ground
from zones.load import read_scene_data, scene_from_data
from zones.schema import Picture, Scene
from zones.statable import statable
from zones.trying import Surveying, Trying
from zones.upgrade import questions, upgraded

STATIC = Path(__file__).with_name("static")
_PAGES = {"": "editor.html"} | {file.name: file.name for file in STATIC.iterdir() if file.suffix in {".js", ".css"}}


class SaveError(GiaoLoError):
    """The scene was not written; the file is as it was."""


class SaveRequest(BaseModel):
    """`base`: the mark of the file that the editor opened (`Editor.mark`), so that no other change is overwritten."""

    scene: dict[str, Any]
    base: str


class MarkedGaps(BaseModel):
    """What the page knows of the road: the size of the picture, and edges with their distance."""

    picture: Picture
    gaps: list[KnownGap] = Field(max_length=30)
    vehicles: bool = False


class Editor:
    """One scene file and the stills it is drawn on: name and `[H, W, 3]` BGR, all of one size.

    `trying`: a video to try the scene on; `surveying`: whose vehicles lay the ground; None: there is none.
    """

    def __init__(
        self,
        path: Path,
        *stills: tuple[str, NDArray[Any]],
        key: str = "",
        trying: Trying | None = None,
        surveying: Surveying | None = None,
    ) -> None:
        self.path = path
        self.stills = stills
        self.trying = trying
        self.surveying = surveying
        self.key = key or secrets.token_urlsafe(16)

    def mark(self) -> str:
        """What the file is now, in one word; empty when there is none yet."""
        try:
            return sha256(self.path.read_bytes()).hexdigest()
        except FileNotFoundError:
            return ""

    def data(self) -> dict[str, Any]:
        """The file's plain data, with its faults if it has some; a bare scene when there is no file."""
        height, width = self.stills[0][1].shape[:2]
        if not self.path.exists():
            return {"schema_version": 2, "id": "camera-1", "picture": {"width": width, "height": height}}
        data = read_scene_data(self.path)
        if not isinstance(data, dict):
            raise SceneError(
                str(self.path),
                [
                    Fault(
                        "",
                        both("không chứa cảnh nào", "holds no scene"),
                        both("chọn tệp cảnh khác hoặc tên mới", "choose a scene file or a new name"),
                    )
                ],
            )
        return data

    def opened(self) -> tuple[dict[str, Any], list[Fault]]:
        """What the page shows of the file, in the fields of today, and its faults with what an old file leaves open."""
        data = self.data()
        return upgraded(data), self.faults(data)

    def faults(self, data: dict[str, Any]) -> list[Fault]:
        """Faults of the fields or, when these are right, of the sense."""
        try:
            scene = scene_from_data(data, str(self.path))
        except SceneError as error:
            return list(error.faults)
        return [*self._size_fault(scene), *questions(data), *check(scene)]

    def stated(self, data: dict[str, Any]) -> list[dict[str, Any]] | None:
        """Of each act, whether the scene can state it and what is missing; None where the fields are wrong."""
        try:
            scene = scene_from_data(data, str(self.path))
        except SceneError:
            return None
        return [
            {"act": one.act, "wanted": one.wanted, "lacks": [lack.as_dict() for lack in one.lacks]}
            for one in statable(scene)
        ]

    @property
    def draft(self) -> str:
        """The name under which a browser keeps what was not saved: another for each file, and no path in it."""
        return sha256(str(self.path.resolve()).encode()).hexdigest()[:16]

    def _usable(self, data: dict[str, Any]) -> None:
        """Raises `SceneError` where the scene has errors; warnings may stand."""
        errors = [fault for fault in self.faults(data) if fault.severity == "error"]
        if errors:
            raise SceneError(str(self.path), errors)

    def try_now(self, trying: Trying, data: dict[str, Any]) -> None:
        """Begin a run with the scene as drawn now, whatever was saved. Raises `SceneError`, `BusyError`."""
        self._usable(data)
        trying.start(scene_yaml(scene_from_data(data)))

    def _size_fault(self, scene: Scene) -> list[Fault]:
        height, width = self.stills[0][1].shape[:2]
        if (scene.picture.width, scene.picture.height) == (width, height):
            return []
        drawn, still = f"{scene.picture.width} x {scene.picture.height}", f"{width} x {height}"
        what = both(
            f"cảnh là của khung hình {drawn}, ảnh mở là {still}", f"the scene is of {drawn}, the still of {still}"
        )
        remedy = both("lấy ảnh đúng cỡ đầy đủ của camera", "take a still in the camera's full size")
        return [Fault("picture", what, remedy, "warning")]

    def save(self, data: dict[str, Any], base: str) -> Scene:
        """Write the next version; the last one is kept beside it as `.bak`.

        Raises
        ------
        SceneError: the scene has errors (warnings may stand).
        SaveError: the file was changed by somebody else, or cannot be written.
        """
        self._usable(data)
        if self.mark() != base:
            what = both("tệp đã bị sửa từ khi mở ở đây", "the file was changed since it was opened here")
            remedy = both("tải lại trang để thấy tệp hiện nay", "reload the page: it shows the file as it is now")
            raise SaveError(what, where=str(self.path), remedy=remedy)
        scene = scene_from_data(data)
        scene = scene.model_copy(update={"version": scene.version + 1 if base else scene.version})
        try:
            replace_scene(self.path, scene_yaml(scene))
        except OSError as error:
            what = both(f"không ghi được: {error.strerror}", f"cannot be written: {error.strerror}")
            remedy = both("kiểm tra thư mục, quyền và chỗ trống", "check folder, rights and free space")
            raise SaveError(what, where=str(self.path), remedy=remedy) from error
        return scene


def scene_yaml(scene: Scene) -> str:
    """The scene as a file people can read: no defaults, coordinates on one line."""
    data = scene.model_dump(mode="json", exclude_defaults=True)
    data = {"schema_version": scene.schema_version, "id": scene.id, "version": scene.version, **data}
    return yaml.safe_dump(_whole(data), allow_unicode=True, sort_keys=False, default_flow_style=None, width=120)


def _whole(value: Any) -> Any:
    """300.0 becomes 300: a file for people."""
    if isinstance(value, dict):
        return {key: _whole(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def replace_scene(path: Path, text: str) -> None:
    """New file beside the old, flushed to disk, then renamed: a power cut leaves the one or the other, whole."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copy2(path, path.with_name(path.name + ".bak"))
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def create_app(editor: Editor) -> FastAPI:
    """The editor's pages and its calls; see `static/editor.js` for the other side."""
    app = FastAPI(title="Giao Lộ: vùng quan sát", docs_url=None, redoc_url=None, openapi_url=None)

    def keyed(request: Request, x_key: Annotated[str, Header()] = "") -> None:
        given = x_key or request.query_params.get("key", "")
        if not secrets.compare_digest(given.encode(), editor.key.encode()):
            raise HTTPException(403, "open the address which the command printed")

    guard = [Depends(keyed)]

    @app.exception_handler(GiaoLoError)
    async def told(_: Request, error: GiaoLoError) -> JSONResponse:
        faults = [fault.as_dict() for fault in error.faults] if isinstance(error, SceneError) else []
        body = {"what": error.what, "where": error.where, "remedy": error.remedy, "faults": faults}
        return JSONResponse(body, status_code=422 if faults else 409)

    @app.get("/{page}", include_in_schema=False)
    def static(page: str) -> Response:
        if page not in _PAGES:
            raise HTTPException(404)
        return FileResponse(STATIC / _PAGES[page], headers={"Cache-Control": "no-store"})

    @app.get("/api/scene", dependencies=guard)
    def scene() -> dict[str, Any]:
        data, faults = editor.opened()
        return {
            "file": editor.path.name,
            "scene": data,
            "base": editor.mark(),
            "draft": editor.draft,
            "stills": [name for name, _ in editor.stills],
            "schema": scene_schema_json(),
            "plates": {"width_m": HERE.plate_width_m, "least_px": LEAST_PLATE_PX},
            "signs": {
                sign.code: {"says": sign.says, "movements": sign.movements, "classes": sign.classes}
                for sign in HERE.signs.all
            },
            "words": {act.value: HERE.acts.act_words(act) for act in ActCode},
            "faults": [fault.as_dict() for fault in faults],
            "acts": editor.stated(data),
            "survey": editor.surveying is not None,
            "trial": editor.trying and {"video": editor.trying.video.name, "seconds": editor.trying.seconds},
        }

    @app.get("/api/still", dependencies=guard)
    def still(n: int = 0) -> Response:
        if not 0 <= n < len(editor.stills):
            raise HTTPException(404)
        _, data = cv2.imencode(".png", editor.stills[n][1])
        return Response(data.tobytes(), media_type="image/png", headers={"Cache-Control": "no-store"})

    @app.post("/api/check", dependencies=guard)
    def checked(data: dict[str, Any]) -> dict[str, Any]:
        return {"faults": [fault.as_dict() for fault in editor.faults(data)], "acts": editor.stated(data)}

    @app.post("/api/ground", dependencies=guard)
    def proposed(marked: MarkedGaps) -> dict[str, Any]:
        if marked.vehicles:
            found = surveying().proposed(marked.picture, marked.gaps)
        else:
            found = estimate_ground(marked.picture, marked.gaps)
        return {**asdict(found), "ground": found.ground.model_dump(mode="json"), "unsure": found.unsure}

    def surveying() -> Surveying:
        if editor.surveying is None:
            raise HTTPException(404)
        return editor.surveying

    @app.get("/api/survey", dependencies=guard)
    def survey() -> dict[str, Any]:
        return surveying().told()

    @app.post("/api/survey", dependencies=guard)
    def surveyed() -> dict[str, Any]:
        surveying().start()
        return surveying().told()

    @app.post("/api/survey/stop", dependencies=guard)
    def survey_stopped() -> dict[str, Any]:
        surveying().stop()
        return surveying().told()

    def trying() -> Trying:
        if editor.trying is None:
            raise HTTPException(404)
        return editor.trying

    @app.get("/api/trial", dependencies=guard)
    def trial() -> dict[str, Any]:
        return trying().told()

    @app.post("/api/trial", dependencies=guard)
    def tried(data: dict[str, Any]) -> dict[str, Any]:
        editor.try_now(trying(), data)
        return trying().told()

    @app.post("/api/trial/stop", dependencies=guard)
    def stopped() -> dict[str, Any]:
        trying().stop()
        return trying().told()

    @app.post("/api/save", dependencies=guard)
    def saved(request: SaveRequest) -> dict[str, Any]:
        scene = editor.save(request.scene, request.base)
        return {"version": scene.version, "base": editor.mark()}

    @app.get("/", include_in_schema=False)
    def index() -> Response:
        return static("")

    return app
