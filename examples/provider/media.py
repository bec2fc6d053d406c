"""OpenAI's endpoints beside the text ones: moderation, pictures, speech, transcription, the list of models."""

from __future__ import annotations

import base64
import io
import struct
import wave
import zlib

from provider.conversation import count_tokens
from provider.wire import Object, Received, Reply, Turn, as_json

_HARMFUL: dict[str, tuple[str, ...]] = {
    "violence": ("kill", "attack", "hurt", "shoot"),
    "harassment": ("idiot", "stupid", "loser"),
    "hate": ("hate those people",),
    "self-harm": ("harm myself",),
    "sexual": ("explicit",),
}
_MODELS = ("gpt-4o-mini", "gpt-4o", "text-embedding-3-small", "claude-sonnet-4-5")


def moderate(received: Received, turn: Turn) -> Reply:
    """POST /v1/moderations."""
    given = received.body.get("input")
    results = []
    for text in given if isinstance(given, list) else [given]:
        lower = str(text).lower()
        flags = {name: any(word in lower for word in words) for name, words in _HARMFUL.items()}
        scores = {name: 0.93 if flagged else 0.0001 + turn.serial * 1e-8 for name, flagged in flags.items()}
        results.append({"flagged": any(flags.values()), "categories": flags, "category_scores": scores})
    model = received.model or "omni-moderation-latest"
    return as_json({"id": f"modr-{turn.mark}", "model": model, "results": results})


def draw(received: Received, turn: Turn) -> Reply:
    """POST /v1/images/generations, edits and variations: one-pixel pictures, each of another colour."""
    body = received.body
    # The models of this family only ever answer in base64.
    inline = body.get("response_format") == "b64_json" or received.model.startswith("gpt-image")
    data: list[Object] = []
    for index in range(int(body.get("n") or 1)):
        if inline:
            content: Object = {"b64_json": base64.b64encode(_png(turn.serial + index)).decode()}
        else:
            content = {"url": f"{turn.url}/images/{turn.serial + index}.png"}
        data.append({**content, "revised_prompt": f"{body.get('prompt', '')} (answer {turn.mark})"})
    tokens = count_tokens(str(body.get("prompt", "")))
    details = {"text_tokens": tokens, "image_tokens": 0}
    spent = {"input_tokens": tokens, "output_tokens": 1056, "total_tokens": tokens + 1056}
    return as_json({"created": turn.now, "data": data, "usage": {**spent, "input_tokens_details": details}})


def picture(received: Received, turn: Turn) -> Reply:
    """GET of a URL that `draw` gave."""
    number = received.path.rpartition("/")[2].removesuffix(".png")
    return Reply(body=_png(int(number) if number.isdigit() else 0), content_type="image/png")


def speak(received: Received, turn: Turn) -> Reply:
    """POST /v1/audio/speech: a tenth of a second of WAV, whatever format was asked for."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(struct.pack("<h", turn.serial % 32768) * 800)
    return Reply(body=buffer.getvalue(), content_type="audio/wav")


def transcribe(received: Received, turn: Turn) -> Reply:
    """POST /v1/audio/transcriptions: what the file is called and how long it is, in every response format."""
    form = received.body
    upload = form.get("file")
    if not isinstance(upload, dict):
        return as_json({"error": {"message": "the form has no file", "code": "missing_file"}}, status=400)
    text = f"A recording called {upload['filename']} of {len(upload['content'])} bytes (answer {turn.mark})."
    kind = form.get("response_format") or "json"
    if kind in ("text", "srt", "vtt"):
        cue = f"1\n00:00:00,000 --> 00:00:01,000\n{text}\n"
        body = {"text": text + "\n", "srt": cue, "vtt": "WEBVTT\n\n" + cue.replace(",", ".")}[kind]
        return Reply(body=body.encode(), content_type="text/plain; charset=utf-8")
    whole: Object = {"text": text, "usage": {"type": "duration", "seconds": 1}}
    if kind == "verbose_json":
        segment = {"id": 0, "start": 0.0, "end": 1.0, "text": text, "tokens": [], "temperature": 0.0}
        scores = {"seek": 0, "avg_logprob": -0.1, "compression_ratio": 1.0, "no_speech_prob": 0.01}
        whole |= {"task": "transcribe", "language": "english", "duration": 1.0, "segments": [{**segment, **scores}]}
    return as_json(whole)


def models(received: Received, turn: Turn) -> Reply:
    """GET /v1/models."""
    data = [{"id": name, "object": "model", "created": turn.now, "owned_by": "provider"} for name in _MODELS]
    return as_json({"object": "list", "data": data})


def _png(number: int) -> bytes:
    """A valid PNG of one pixel, whose colour is the number."""

    def section(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixel = zlib.compress(b"\0" + (number % 2**24).to_bytes(3))
    return b"\x89PNG\r\n\x1a\n" + section(b"IHDR", header) + section(b"IDAT", pixel) + section(b"IEND", b"")
