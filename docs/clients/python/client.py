"""python client.py URL ROOM NAME: prints what the room hears, and says each line of its standard input.

Each event is handled in a thread of its own, so what comes at the same moment may be printed out of order; client_async.py
keeps the order.
"""

import sys

import socketio

url, room, name = (sys.argv[1:] + ["http://localhost:5000", "D5DB", "Ada"][len(sys.argv) - 1 :])[:3]
me = {"name": name, "headless": True}
client = socketio.Client()


# On every connect, also after a reconnect: a new connection is in no room.
@client.on("connect")
def join():
    client.emit("joined", {**me, "room": room}, callback=joined)


def joined(answer):
    if not answer["ok"]:
        print(answer["error"]["message"], file=sys.stderr)


client.on("status", lambda body: print(f"* {body['msg']}", flush=True))
client.on("message", lambda body: print(body["msg"], flush=True))
client.on("disconnect", lambda reason: print("disconnected, messages may be missed:", reason, file=sys.stderr))

client.connect(url, retry=True)
for line in sys.stdin:
    if client.connected:
        client.emit("text", {**me, "msg": line.rstrip("\n")})
    else:
        print("not connected, not sent", file=sys.stderr)
if client.connected:
    client.call("left", me)
client.disconnect()
