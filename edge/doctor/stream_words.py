"""A camera's streams and the choice among them, in lines for a technician."""

from __future__ import annotations

from collections.abc import Iterator

from edge.doctor.streams import Choice, Found, Judged, StreamMargins, road_m
from edge.doctor.told import Told, fault, good, note
from edge.onvif.media import Profile

_CODECS = {"h264": "H.264", "hevc": "H.265", "mjpeg": "MJPEG", "mpeg4": "MPEG-4"}


def stream_words(profile: Profile) -> tuple[str, str]:
    """`'mainStream' H.264 2560 x 1440, 25 frames a second, ..`, in both languages."""
    codec = _CODECS.get(profile.codec, profile.codec or "?")
    vi, en = [f"{codec} {profile.width} x {profile.height}"], [f"{codec} {profile.width} x {profile.height}"]
    if profile.fps is not None:
        vi.append(f"{profile.fps:g} hình/giây")
        en.append(f"{profile.fps:g} frames a second")
    if profile.kbps is not None:
        vi.append(f"{profile.kbps} kbit/s")
        en.append(f"{profile.kbps} kbit/s")
    if profile.gop is not None and profile.codec != "mjpeg":
        every = "" if profile.key_interval_s is None else f" = {profile.key_interval_s:.1f}"
        vi.append(f"hình chính cách {profile.gop} hình{every and every + ' giây'}")
        en.append(f"a key frame every {profile.gop} frames{every and every + ' s'}")
    name = profile.shown
    return f"'{name}' {', '.join(vi)}", f"'{name}' {', '.join(en)}"


def choice_lines(choice: Choice, m: StreamMargins) -> Iterator[Told | str]:
    for each in choice.judged:
        vi, en = stream_words(each.profile)
        yield good(f"luồng {vi}", f"stream {en}")
        if each.profile.url:
            yield f"    {each.profile.url}"
    if choice.evidence is None:
        for each in choice.judged[:1]:
            for found in each.unfit:
                vi, en, do_vi, do_en = _lack(found, each.profile, m)
                name = each.profile.shown
                yield fault(
                    f"không luồng nào làm bằng chứng được; '{name}': {vi}",
                    f"no stream is fit for evidence; '{name}': {en}",
                    do_vi,
                    do_en,
                )
        return
    yield _advised(choice.evidence, m)
    for found in choice.evidence.poor:
        yield note(*_lack(found, choice.evidence.profile, m))
    yield from _seeing(choice, m)


def _advised(judged: Judged, m: StreamMargins) -> Told:
    profile = judged.profile
    road = f"{road_m(profile.width, m):.1f}"
    codec = _CODECS[profile.codec]
    browsers_vi, browsers_en = {
        "h264": (", trình duyệt nào cũng xem được", ", which every browser plays"),
        "hevc": (", trung tâm làm bản sao để xem", ", of which the centre makes a copy for browsers"),
    }.get(profile.codec, ("", ""))
    vi = [f"{codec}{browsers_vi}", f"rộng {profile.width} px: biển xe máy đọc được trên tối đa {road} m ngang đường"]
    en = [f"{codec}{browsers_en}", f"{profile.width} px wide: motorcycle plates on at most {road} m of road across"]
    if profile.fps is None:
        vi.append("camera không báo số hình/giây")
        en.append("it does not tell its frame rate")
    else:
        vi.append(f"{profile.fps:g} hình/giây (cần {m.least_fps:g})")
        en.append(f"{profile.fps:g} frames a second ({m.least_fps:g} needed)")
    key_s = profile.key_interval_s
    if key_s is None:
        vi.append("camera không báo khoảng cách hình chính")
        en.append("it does not tell its key frame interval")
    else:
        vi.append(f"hình chính cách {key_s:.1f} giây (tối đa {m.most_key_interval_s:g})")
        en.append(f"a key frame every {key_s:.1f} s (at most {m.most_key_interval_s:g})")
    name = profile.shown
    return good(f"làm bằng chứng: '{name}': {'; '.join(vi)}", f"for evidence: '{name}': {'; '.join(en)}")


def _seeing(choice: Choice, m: StreamMargins) -> Iterator[Told]:
    if choice.seeing is not None:
        vi, en = stream_words(choice.seeing)
        yield good(
            f"để nhìn cũng đủ: {vi}; đặt substream thì hộp nhìn luồng này",
            f"would do for seeing: {en}; set as substream it is looked at instead",
        )
        return
    if not choice.not_seeing:
        yield good("không có luồng phụ", "there is no second stream")
        return
    profile, lacks = choice.not_seeing[0]
    vi, en, do_vi, do_en = _lack(lacks[0], profile, m, seeing=True)
    name = profile.shown
    yield note(
        f"luồng phụ '{name}' chưa đủ để nhìn: {vi}",
        f"the second stream '{name}' would not do for seeing: {en}",
        do_vi,
        do_en,
    )


def _lack(found: Found, profile: Profile, m: StreamMargins, *, seeing: bool = False) -> tuple[str, str, str, str]:
    """What is lacking, and what to do, in both languages."""
    value, limit = found.value or 0.0, found.limit or 0.0
    if found.lack == "secret":
        return (
            "địa chỉ chứa mật khẩu nên không in ra",
            "its address holds a password and is not printed",
            "cập nhật phần mềm của camera, hoặc tự ghi địa chỉ theo sách hướng dẫn vào `url`",
            "update its firmware, or write the address into `url` yourself as its manual says",
        )
    if found.lack == "address":
        return (
            "không có địa chỉ RTSP",
            "it has no address of RTSP",
            "bật RTSP trong camera, xem quyền của người dùng",
            "switch RTSP on in the camera, see the user's rights",
        )
    if found.lack in ("codec", "mjpeg"):
        codec = _CODECS.get(profile.codec, profile.codec or "?")
        return (
            f"mã hóa {codec}",
            f"codec {codec}",
            "đặt H.264 hoặc H.265 trong camera",
            "set the stream to H.264 or H.265",
        )
    if found.lack == "fps":
        return (
            f"{value:g} hình/giây, cần {limit:g}",
            f"{value:g} frames a second, {limit:g} are needed",
            "đặt camera 12 đến 25 hình/giây",
            "set it to 12 to 25 a second",
        )
    if found.lack == "key":
        return (
            f"hình chính (I) cách {value:.1f} giây, tối đa {limit:g}",
            f"a key frame every {value:.1f} s, at most {limit:g}",
            "đặt khoảng cách hình chính là 2 giây",
            "set the key frame (I-frame) interval to 2 s",
        )
    if found.lack == "ring":
        return (
            f"{profile.kbps} kbit/s cần {value:.0f} MiB bộ nhớ, mặc định {limit:.0f}",
            f"{profile.kbps} kbit/s need {value:.0f} MiB of memory, the default is {limit:.0f}",
            f"giảm tốc độ bit, hoặc giữ ring_mib: {value:.0f} như dưới đây",
            f"lower the bit rate, or keep ring_mib: {value:.0f} as below",
        )
    if found.lack == "shape":
        return (
            f"{profile.width} x {profile.height} có tỷ lệ khác luồng chính",
            f"{profile.width} x {profile.height} has another shape than the main stream",
            "đặt luồng phụ cùng tỷ lệ, như 640 x 360",
            "set it to the same shape, like 640 x 360",
        )
    if found.lack == "size":
        return (
            f"cỡ hình {profile.width} x {profile.height} không dùng được"
            if not seeing
            else "không nhỏ hơn luồng chính",
            f"a picture of {profile.width} x {profile.height}" if not seeing else "it is not smaller than the main one",
            "đặt lại cỡ hình trong camera",
            "set the size of the picture in the camera",
        )
    if seeing:
        return (
            f"rộng {value:.0f} px, cần {limit:.0f}",
            f"{value:.0f} px wide, {limit:.0f} are needed",
            "đặt luồng phụ rộng hơn, như 640 x 360",
            "set it wider, like 640 x 360",
        )
    road = f"{road_m(value, m):.1f}"
    return (
        f"rộng {value:.0f} px: biển xe máy chỉ đọc được trên {road} m ngang đường",
        f"{value:.0f} px wide: motorcycle plates can be read on {road} m of road across only",
        f"đặt luồng này rộng {limit:.0f} px hoặc hơn",
        f"set the stream to {limit:.0f} px or wider",
    )
