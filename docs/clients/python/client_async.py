"""python client_async.py URL ROOM NAME: prints what the room hears, and says each line of its standard input."""

import asyncio
import sys

import socketio

url, room, name = (sys.argv[1:] + ["http://localhost:5000", "D5DB", "Ada"][len(sys.argv) - 1 :])[:3]
me = {"name": name, "headless": True}


async def main():
    client = socketio.AsyncClient()

    # On every connect, also after a reconnect: a new connection is in no room.
    @client.on("connect")
    async def join():
        def answered(answer):
            if not answer["ok"]:
                print(answer["error"]["message"], file=sys.stderr)

        await client.emit("joined", {**me, "room": room}, callback=answered)

    client.on("status", lambda body: print(f"* {body['msg']}", flush=True))
    client.on("message", lambda body: print(body["msg"], flush=True))
    client.on("disconnect", lambda reason: print("disconnected, messages may be missed:", reason, file=sys.stderr))

    await client.connect(url, retry=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        if client.connected:
            await client.emit("text", {**me, "msg": line.rstrip("\n")})
        else:
            print("not connected, not sent", file=sys.stderr)
    if client.connected:
        await client.call("left", me)
    await client.disconnect()


asyncio.run(main())
