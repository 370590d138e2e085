"""Those who speak in a room: over WebSocket, long-polling or plain HTTP, as fast as they are let."""

import threading
import time

from .client import Poller, Sender, connect, event, flood, frame, outcome, request, websocket

PADDING = {"plain": "x", "quotes": '"', "controls": "\x01"}
"""What messages are filled with: quotes double on the wire, control characters become six bytes."""


class Numbered(Sender):
    """A speaker on a WebSocket whose messages are numbered."""

    def __init__(self, sock, speaker, size, fill):
        self.speaker, self.size, self.fill, self.number = speaker, size, fill, 0
        super().__init__(sock, b"")

    def next(self):
        data = frame(event("text", {"msg": text(self.speaker, self.number, self.size, self.fill)}))
        self.number += 1
        return data


def text(speaker, number, size, fill):
    mark = f"#{speaker}:{number}#"
    return mark + PADDING[fill] * (size - len(mark))


def speak(stage, room, count, kinds, size, fill="plain"):
    """Speakers of these kinds in turn, each HTTP one from an address of its own. Call between `connected` and `until`."""
    plan = [kinds[number % len(kinds)] for number in range(count)]
    numbered = [Numbered(websocket(stage.port, room, f"S{number}"), number, size, fill)
                for number, kind in enumerate(plan) if kind == "websocket"]
    others = {"polling": poll, "http": post}
    errors = []
    threads = [threading.Thread(target=others[kind], args=(stage, room, number, size, fill, errors), daemon=True)
               for number, kind in enumerate(plan) if kind != "websocket"]
    stage.begin()
    for thread in threads:
        thread.start()
    result = flood(numbered, stage.until) if numbered else outcome([])
    stage.wait()
    for thread in threads:
        thread.join(5)
    for error in errors:
        result["closed"][error] = result["closed"].get(error, 0) + 1
    result["speakers"] = count
    return result


def poll(stage, room, speaker, size, fill, errors):
    """Polls in one thread, posts packets by the dozen in another."""
    try:
        poller = Poller(stage.port, f"127.0.0.{speaker + 2}")
        poller.join(f"S{speaker}", room)
    except OSError as error:
        errors.append(f"polling speaker: {error}")
        return
    threading.Thread(target=keep_polling, args=(poller,), daemon=True).start()
    number, batch = 0, min(12, 900_000 // (6 * size))
    while time.monotonic() < stage.until:
        packets = [event("text", {"msg": text(speaker, number + each, size, fill)}) for each in range(batch)]
        number += batch
        try:
            poller.posts.settimeout(max(0.1, stage.until - time.monotonic()) + 2)
            status, body = poller.post(b"\x1e".join(packets))
        except TimeoutError:
            return
        except OSError as error:
            errors.append(f"polling speaker: {error}")
            return
        if status != 200:
            errors.append(f"polling speaker: {status} {body[:60]!r}")
            return


def keep_polling(poller):
    try:
        poller.sock.settimeout(60)
        while request(poller.sock, "GET", poller.target)[0] == 200:
            pass
    except OSError:
        pass


def post(stage, room, speaker, size, fill, errors):
    number = 0
    sock = connect(stage.port, f"127.0.0.{speaker + 2}")
    while time.monotonic() < stage.until:
        body = text(speaker, number, size, fill).encode()
        sock.settimeout(max(0.1, stage.until - time.monotonic()) + 2)
        try:
            status, answer = request(sock, "POST", f"/v1/rooms/{room}?name=S{speaker}", body)
        except TimeoutError:
            return
        except OSError as error:
            errors.append(f"HTTP speaker: {error}")
            return
        if status == 202:
            number += 1
        elif status == 429:
            time.sleep(0.1)
        else:
            errors.append(f"HTTP speaker: {status} {answer[:60]!r}")
            return
