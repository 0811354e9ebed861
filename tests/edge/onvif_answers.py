"""Answers of ONVIF in the form of real ones (prefixes, order of the schema), for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from xml.sax.saxutils import escape

_SPACES = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema" '
    'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" '
    'xmlns:tr2="http://www.onvif.org/ver20/media/wsdl" xmlns:ter="http://www.onvif.org/ver10/error"'
)


@dataclass(frozen=True)
class Stream:
    """One profile. `codec`: as Media2 names it; `path`: of its RTSP address, with what follows."""

    token: str
    name: str
    codec: str = "H264"
    width: int = 1920
    height: int = 1080
    fps: float = 25
    kbps: int = 4096
    gop: int = 50
    path: str = "/Streaming/Channels/101"
    source: str = "VideoSource_1"


MAIN = Stream("Profile_1", "mainStream")
SUB = Stream("Profile_2", "subStream", width=640, height=360, fps=15, kbps=512, gop=30, path="/Streaming/Channels/102")


def time_answer(now: datetime, by: str) -> str:
    return (
        f"<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>{by}</tt:DateTimeType>"
        "<tt:DaylightSavings>false</tt:DaylightSavings><tt:TimeZone><tt:TZ>CST-7</tt:TZ></tt:TimeZone>"
        f"<tt:UTCDateTime><tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute>"
        f"<tt:Second>{now.second}</tt:Second></tt:Time><tt:Date><tt:Year>{now.year}</tt:Year>"
        f"<tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day></tt:Date></tt:UTCDateTime>"
        "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


def information() -> str:
    return (
        "<tds:GetDeviceInformationResponse><tds:Manufacturer>ACME</tds:Manufacturer><tds:Model>Eye 4</tds:Model>"
        "<tds:FirmwareVersion>V5.7.3</tds:FirmwareVersion><tds:SerialNumber>K12345678</tds:SerialNumber>"
        "<tds:HardwareId>88</tds:HardwareId></tds:GetDeviceInformationResponse>"
    )


def services(media: Sequence[int], host: str) -> str:
    known = [("http://www.onvif.org/ver10/device/wsdl", "/onvif/device_service")]
    known += [(f"http://www.onvif.org/ver{n}0/media/wsdl", f"/onvif/Media{n}") for n in media]
    each = "".join(
        f"<tds:Service><tds:Namespace>{space}</tds:Namespace><tds:XAddr>{escape(f'http://{host}{path}')}</tds:XAddr>"
        "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
        for space, path in known
    )
    return f"<tds:GetServicesResponse>{each}</tds:GetServicesResponse>"


def capabilities(media: Sequence[int], host: str) -> str:
    one = (
        f"<tt:Media><tt:XAddr>{escape(f'http://{host}/onvif/Media1')}</tt:XAddr><tt:StreamingCapabilities/></tt:Media>"
    )
    return (
        f"<tds:GetCapabilitiesResponse><tds:Capabilities>{one if 1 in media else ''}</tds:Capabilities>"
        "</tds:GetCapabilitiesResponse>"
    )


def profiles_1(streams: Sequence[Stream]) -> str:
    """Media1 has no name for H.265: cameras leave such profiles out."""
    names = {"H264": "H264", "JPEG": "JPEG", "MPV4-ES": "MPEG4"}
    made = []
    for each in streams:
        if each.codec not in names:
            continue
        gop = "" if each.codec == "JPEG" else _gop_1(names[each.codec], each.gop)
        made.append(
            f'<trt:Profiles token="{each.token}" fixed="true"><tt:Name>{escape(each.name)}</tt:Name>'
            f'<tt:VideoSourceConfiguration token="vsc"><tt:Name>vsc</tt:Name><tt:UseCount>2</tt:UseCount>'
            f"<tt:SourceToken>{each.source}</tt:SourceToken>"
            '<tt:Bounds x="0" y="0" width="1920" height="1080"/></tt:VideoSourceConfiguration>'
            f'<tt:VideoEncoderConfiguration token="vec"><tt:Name>vec</tt:Name><tt:UseCount>1</tt:UseCount>'
            f"<tt:Encoding>{names[each.codec]}</tt:Encoding>{_resolution(each)}<tt:Quality>3</tt:Quality>"
            f"<tt:RateControl><tt:FrameRateLimit>{each.fps:g}</tt:FrameRateLimit>"
            f"<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>{each.kbps}</tt:BitrateLimit>"
            f"</tt:RateControl>{gop}{_MULTICAST}<tt:SessionTimeout>PT5S</tt:SessionTimeout>"
            "</tt:VideoEncoderConfiguration></trt:Profiles>"
        )
    return f"<trt:GetProfilesResponse>{''.join(made)}</trt:GetProfilesResponse>"


def profiles_2(streams: Sequence[Stream]) -> str:
    made = "".join(
        f'<tr2:Profiles token="{each.token}" fixed="true"><tr2:Name>{escape(each.name)}</tr2:Name>'
        '<tr2:Configurations><tr2:VideoSource token="vsc"><tt:Name>vsc</tt:Name><tt:UseCount>2</tt:UseCount>'
        f"<tt:SourceToken>{each.source}</tt:SourceToken>"
        '<tt:Bounds x="0" y="0" width="1920" height="1080"/></tr2:VideoSource>'
        f'<tr2:VideoEncoder token="vec" GovLength="{each.gop}" Profile="Main"><tt:Name>vec</tt:Name>'
        f"<tt:UseCount>1</tt:UseCount><tt:Encoding>{each.codec}</tt:Encoding>{_resolution(each)}"
        f'<tt:RateControl ConstantBitRate="false"><tt:FrameRateLimit>{each.fps:.1f}</tt:FrameRateLimit>'
        f"<tt:BitrateLimit>{each.kbps}</tt:BitrateLimit></tt:RateControl><tt:Quality>3</tt:Quality>"
        "</tr2:VideoEncoder></tr2:Configurations></tr2:Profiles>"
        for each in streams
    )
    return f"<tr2:GetProfilesResponse>{made}</tr2:GetProfilesResponse>"


def uri(streams: Sequence[Stream], token: str, host: str, *, second: bool) -> str:
    path = next(each.path for each in streams if each.token == token)
    told = escape(path if "://" in path else f"rtsp://{host}:554{path}")
    if second:
        return f"<tr2:GetStreamUriResponse><tr2:Uri>{told}</tr2:Uri></tr2:GetStreamUriResponse>"
    return (
        f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{told}</tt:Uri>"
        "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
        "<tt:Timeout>PT60S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>"
    )


_MULTICAST = (
    "<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address>"
    "<tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>"
)


def _resolution(each: Stream) -> str:
    return f"<tt:Resolution><tt:Width>{each.width}</tt:Width><tt:Height>{each.height}</tt:Height></tt:Resolution>"


def _gop_1(codec: str, gop: int) -> str:
    profile = f"<tt:{codec}Profile>{'Main' if codec == 'H264' else 'SP'}</tt:{codec}Profile>".replace(
        "MPEG4P", "Mpeg4P"
    )
    return f"<tt:{codec}><tt:GovLength>{gop}</tt:GovLength>{profile}</tt:{codec}>"


def envelope(body: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope {_SPACES}><s:Body>{body}</s:Body></s:Envelope>'.encode()


def fault(subcode: str, reason: str = "refused") -> bytes:
    return envelope(
        f"<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:{subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{reason}</s:Text></s:Reason></s:Fault>'
    )


def but(stream: Stream, **changes: object) -> Stream:
    return replace(stream, **changes)  # type: ignore[arg-type]
