"""What was found of a camera by ONVIF, in lines for a technician; each fault with its remedy."""

from __future__ import annotations

from collections.abc import Iterator

from edge.doctor.stream_words import choice_lines
from edge.doctor.streams import Choice, StreamMargins
from edge.doctor.told import Told, fault, good, note
from edge.onvif.device import Device, Trouble


def lines_of(device: Device, choices: list[Choice], m: StreamMargins) -> Iterator[Told | str]:
    """All of one camera; a bare text is an address that stands below the line before."""
    at = device.place.shown
    yield at
    for line in _device(device, m):
        yield _with(f"{at}: ", f"{at}: ", line)
    for choice in choices:
        lens_vi, lens_en = (f"ống kính {choice.source}: ", f"lens {choice.source}: ") if len(choices) > 1 else ("", "")
        for one in choice_lines(choice, m):
            if isinstance(one, str):
                yield one
            else:
                yield _with(f"{at}: {lens_vi}", f"{at}: {lens_en}", one, lens_vi, lens_en)


def _with(vi: str, en: str, line: Told, good_vi: str = "", good_en: str = "") -> Told:
    """What is to be done says where; what is well stands below the camera's address."""
    if line.level == "good":
        return good(good_vi + line.vi, good_en + line.en)
    return Told(line.level, vi + line.vi, en + line.en, line.do_vi, line.do_en)


def _device(device: Device, m: StreamMargins) -> Iterator[Told]:
    told = device.information
    name = " ".join(each for each in (told.maker, told.model) if each)
    if name:
        firmware, serial = told.firmware or "?", told.serial or "?"
        yield good(f"{name}, phần mềm {firmware}, số máy {serial}", f"{name}, firmware {firmware}, serial {serial}")
    elif device.hint:
        yield good(f"tự xưng là {device.hint}", f"calls itself {device.hint}")
    inner = device.inner_host or next((each.inner_host for each in device.profiles if each.inner_host), "")
    if inner:
        yield note(
            f"tự báo địa chỉ khác ({inner}), đã giữ đường dẫn và hỏi tại {device.place.host}",
            f"names another address of itself ({inner}): {device.place.host} was asked by its path",
            "nếu camera ở sau NAT: mở cả cổng RTSP; nếu không: sửa địa chỉ trong camera",
            "behind NAT let its RTSP port through as well; else set its own address right",
        )
    if device.clock is not None:
        yield _clock(device, m)
    for trouble in device.troubles:
        yield _trouble(trouble, device)
    if device.profiles and not device.signed:
        yield note(
            "cho xem luồng mà không hỏi mật khẩu",
            "tells its streams to anybody without a password",
            "đặt mật khẩu trong camera",
            "set a password in the camera",
        )


def _clock(device: Device, m: StreamMargins) -> Told:
    assert device.clock is not None
    off, by = device.clock.offset_s, f" ({device.clock.by})" if device.clock.by else ""
    vi = f"giờ của camera lệch khoảng {off:+.1f} giây so với hộp{by}"
    en = f"the camera's clock is about {off:+.1f} s off the box's{by}"
    if abs(off) <= m.clock_off_s and device.clock.by.lower() != "manual":
        return good(vi, en)
    # one that was set by hand is right today
    return note(vi, en, "đặt máy chủ NTP trong camera, xem giờ của hộp", "set its NTP server, see the box's clock")


def _trouble(trouble: Trouble, device: Device) -> Told:
    detail = f" ({trouble.detail})" if trouble.detail else ""
    if trouble.about == "time" and trouble.kind in ("refused", "unsupported", "login", "clock", "plain"):
        return note(
            f"không nói giờ của nó{detail}",
            f"does not tell its time{detail}",
            "đặt giờ và NTP trong camera",
            "set time and NTP in the camera",
        )
    if trouble.about == "information" and trouble.kind in ("refused", "unsupported"):
        return note(
            f"không nói hãng và kiểu máy{detail}",
            f"does not tell its maker and model{detail}",
            "xem nhãn trên camera",
            "see its label",
        )
    if trouble.kind == "login":
        return _login(detail, device)
    if trouble.about == "stream":
        return note(
            f"không cho địa chỉ của luồng{detail}",
            f"gives no address of a stream{detail}",
            "xem quyền của người dùng trong camera; cập nhật phần mềm của camera",
            "see the user's rights in the camera; update its firmware",
        )
    if trouble.kind == "large":
        detail = f" (> {trouble.detail})"
    vi, en, do_vi, do_en = _TROUBLES[trouble.kind]
    return fault(vi + detail, en + detail, do_vi, do_en)


def _login(detail: str, device: Device) -> Told:
    if not device.signed:
        return note(
            f"muốn có tên và mật khẩu{detail}",
            f"asks for user and password{detail}",
            "thêm --username TÊN --password-file TỆP",
            "add --username NAME --password-file FILE",
        )
    if device.clock is None:
        return fault(
            f"từ chối đăng nhập{detail}: tên hoặc mật khẩu sai, hoặc giờ của camera sai (nó không nói giờ)",
            f"refuses the login{detail}: user or password are wrong, or its clock is (it does not tell its time)",
            "đặt giờ và NTP trong camera, rồi xem lại tên và mật khẩu",
            "set its time and NTP, then see user and password",
        )
    return fault(
        f"từ chối đăng nhập{detail}: tên hoặc mật khẩu sai",
        f"refuses the login{detail}: user or password are wrong",
        "sửa --username và tệp mật khẩu; nhiều camera có người dùng ONVIF riêng, và khóa tài khoản sau vài lần sai",
        "correct --username and the password file; many cameras have users of their own for ONVIF, and lock an account "
        "after some wrong tries",
    )


_TROUBLES = {
    "away": (
        "không kết nối được",
        "takes no connection",
        "xem địa chỉ, dây mạng, nguồn; hộp phải có địa chỉ trong cùng mạng; cổng ONVIF thường là 80, 8000, 8080, 8899, "
        "2020: --at ĐỊA_CHỈ:CỔNG",
        "see address, cable and power; the box needs an address in the same network; ONVIF is often at port 80, 8000, "
        "8080, 8899 or 2020: --at HOST:PORT",
    ),
    "silent": (
        "không trả lời kịp",
        "does not answer in time",
        "thử lại; khởi động lại camera; xem dây mạng",
        "try again; restart the camera; see the cable",
    ),
    "large": (
        "trả lời quá dài, đã ngừng đọc",
        "answers more than is read",
        "xem có đúng là camera; cập nhật phần mềm của camera",
        "see whether it is a camera; update its firmware",
    ),
    "rubbish": (
        "trả lời không đọc được",
        "answers what cannot be read",
        "xem có đúng là camera và cổng của ONVIF; bật ONVIF trong camera",
        "see whether it is a camera, and its port for ONVIF; switch ONVIF on in it",
    ),
    "elsewhere": (
        "chỉ sang địa chỉ khác",
        "sends us to another address",
        "thử --at https://ĐỊA_CHỈ, hoặc cổng ONVIF của camera",
        "try --at https://HOST, or its port for ONVIF",
    ),
    "clock": (
        "từ chối chữ ký vì giờ",
        "refuses the signature for its time",
        "đặt máy chủ NTP trong camera và trong hộp",
        "set an NTP server in the camera and in the box",
    ),
    "plain": (
        "đòi gửi mật khẩu không che, đã không gửi",
        "wants the password itself over the network: it was not sent",
        "đặt xác thực Digest trong camera",
        "set its authentication to Digest",
    ),
    "unsupported": (
        "không biết câu hỏi này",
        "does not know the question",
        "cập nhật phần mềm của camera",
        "update its firmware",
    ),
    "refused": (
        "không chịu trả lời",
        "does not answer the question",
        "xem quyền của người dùng trong camera; cập nhật phần mềm của camera",
        "see the user's rights in the camera; update its firmware",
    ),
    "no_profile": (
        "không có luồng hình nào",
        "has no stream of pictures",
        "tạo lại luồng (profile) trong camera, hoặc đặt camera về mặc định",
        "set up a stream (profile) in the camera, or reset it",
    ),
    "no_media": (
        "không có dịch vụ hình (media), nên không cho biết luồng nào",
        "has no media service, so it tells of no stream",
        "xem có đúng là camera; bật ONVIF trong camera, hoặc lấy địa chỉ RTSP từ sách hướng dẫn",
        "see whether it is a camera; switch ONVIF on in it, or take its RTSP address from its manual",
    ),
}
