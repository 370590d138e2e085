"""python client.py URL ROOM NAME: prints what the room hears, and says each line of its standard input.

Each event is handled in a thread of its own, so what comes at the same moment may be printed out of order; client_async.py
keeps the order.
"""

import os
import queue
import sys
import threading
import time

import socketio

url, room, name = (sys.argv[1:] + ["http://localhost:5000", "K7Q-FM2-XD9", "Ada"][len(sys.argv) - 1 :])[:3]
me = {"name": name, "headless": True}
client = socketio.Client()
in_room = threading.Event()
answers = queue.Queue()  # to what was said; None when a connection has ended


def show(line, file=sys.stdout):
    """Writes the line in one piece; print() writes its end apart, and another thread may come between."""
    file.write(line + "\n")
    file.flush()


# On every connect, also after a reconnect: a new connection is in no room.
@client.on("connect")
def join():
    client.emit("joined", {**me, "room": room}, callback=joined)


def joined(answer):
    if answer["ok"]:
        in_room.set()
    else:
        show(answer["error"]["message"], sys.stderr)
        os._exit(1)


@client.on("disconnect")
def lost(reason):
    in_room.clear()
    answers.put(None)
    if reason != client.reason.CLIENT_DISCONNECT:
        show(f"disconnected, messages may be missed: {reason}", sys.stderr)


client.on("status", lambda body: show(f"* {body['msg']}"))
client.on("message", lambda body: show(body["msg"]))


def say(msg):
    """Returns when the server has acknowledged it: rather heard twice than never."""
    while True:
        in_room.wait()
        while not answers.empty():
            answers.get()
        try:
            client.emit("text", {**me, "msg": msg}, callback=answers.put)
        except socketio.exceptions.SocketIOError:  # disconnected at this moment
            time.sleep(0.1)
        else:
            if answer := answers.get():
                break
    if not answer["ok"]:
        show(f"not sent: {answer['error']['message']}", sys.stderr)


try:
    client.connect(url, retry=True)
    for line in sys.stdin:
        say(line.rstrip("\n"))
    client.call("left", me, timeout=2)
except (KeyboardInterrupt, socketio.exceptions.SocketIOError):
    pass  # Ctrl-C, or there is no connection to leave by
client.shutdown()
