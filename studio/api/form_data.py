"""Streams the only file of a form, as `curl -F file=@photo.jpg` sends it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from studio.core.errors import InvalidInput

MEDIA_TYPE = "multipart/form-data"
_ADVICE = (
    'Send the bytes alone, as `curl -H "$T" --data-binary @photo.jpg "$A/files?name=photo.jpg"` does; '
    "kind and name belong into the address."
)


def is_form(request: Request) -> bool:
    """Returns whether the body is a form rather than the bytes of a file."""
    return _parse_media_type(request)[0] == MEDIA_TYPE.encode()


class FilePart:
    """The file in a form that contains nothing else.

    Attributes:
        name: the file name; "" if the form has none.
    """

    def __init__(self, request: Request):
        self.name = ""
        self._part_count, self._header, self._value = 0, b"", b""
        self._packets: list[bytes] = []
        self._ended = False
        self._stream = self._parse(request)

    async def read_first_bytes(self) -> None:
        """Reads up to the first bytes of the file, and sets its name.

        Raises:
            InvalidInput: if it is not a form, or its first part is not a file.
        """
        while not self._packets and await anext(self._stream, None) is not None:
            pass
        if not self._part_count:
            raise _form_error("has no file")

    async def read_packets(self) -> AsyncIterator[bytes]:
        """Yields the bytes of the file as they arrive. Raises `InvalidInput` if another part follows."""
        async with aclosing(self._stream) as stream:
            while True:
                for packet in self._packets:
                    yield packet
                self._packets.clear()
                if await anext(stream, None) is None:
                    break
            for packet in self._packets:
                yield packet

    async def _parse(self, request: Request) -> AsyncGenerator[bool]:
        """Parses the body; yields after each packet, when `_packets` may have new bytes of the file."""
        boundary = _parse_media_type(request)[1].get(b"boundary", b"")
        try:
            parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._append_header_name,
                    "on_header_value": self._append_header_value,
                    "on_header_end": self._end_header,
                    "on_part_data": self._append_packet,
                    "on_end": self._end_form,
                },
            )
            async for packet in request.stream():
                parser.write(packet)
                yield True
            if not self._ended:
                raise _form_error("is damaged or cut")
        except FormParserError:
            raise _form_error("is damaged or cut") from None

    def _begin_part(self) -> None:
        self._part_count += 1
        if self._part_count > 1:
            raise _form_error("has more than one part")

    def _append_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _append_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            options = parse_options_header(self._value)[1]
            if b"filename" not in options:
                raise _form_error("has a part that is no file")
            self.name = options[b"filename"].decode("utf-8", "replace")
        self._header = self._value = b""

    def _end_form(self) -> None:
        self._ended = True

    def _append_packet(self, data: bytes, start: int, end: int) -> None:
        self._packets.append(data[start:end])


def _parse_media_type(request: Request) -> tuple[bytes, dict[bytes, bytes]]:
    return parse_options_header(request.headers.get("content-type", ""))


def _form_error(reason: str) -> InvalidInput:
    return InvalidInput(f"The form {reason}; one file is taken. {_ADVICE}")
