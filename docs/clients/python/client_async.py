"""python client_async.py URL ROOM NAME: prints what the room hears, and says each line of its standard input."""

import asyncio
import os
import signal
import sys

import socketio

url, room, name = (sys.argv[1:] + ["http://localhost:5000", "K7Q-FM2-XD9", "Ada"][len(sys.argv) - 1 :])[:3]
me = {"name": name, "headless": True}


async def main():
    client = socketio.AsyncClient(handle_sigint=False)
    in_room = asyncio.Event()
    answers = asyncio.Queue()  # to what was said; None when a connection has ended

    # On every connect, also after a reconnect: a new connection is in no room.
    @client.on("connect")
    async def join():
        await client.emit("joined", {**me, "room": room}, callback=joined)

    def joined(answer):
        if answer["ok"]:
            in_room.set()
        else:
            print(answer["error"]["message"], file=sys.stderr, flush=True)
            os._exit(1)

    @client.on("disconnect")
    def lost(reason):
        in_room.clear()
        answers.put_nowait(None)
        if reason != client.reason.CLIENT_DISCONNECT:
            print("disconnected, messages may be missed:", reason, file=sys.stderr)

    client.on("status", lambda body: print(f"* {body['msg']}", flush=True))
    client.on("message", lambda body: print(body["msg"], flush=True))

    async def say(msg):
        """Returns when the server has acknowledged it: rather heard twice than never."""
        while True:
            await in_room.wait()
            while not answers.empty():
                answers.get_nowait()
            try:
                await client.emit("text", {**me, "msg": msg}, callback=answers.put_nowait)
            except socketio.exceptions.SocketIOError:  # disconnected at this moment
                await asyncio.sleep(0.1)
            else:
                if answer := await answers.get():
                    break
        if not answer["ok"]:
            print("not sent:", answer["error"]["message"], file=sys.stderr)

    await client.connect(url, retry=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        await say(line.rstrip("\n"))
    try:
        await client.call("left", me, timeout=2)
    except socketio.exceptions.SocketIOError:
        pass  # there is no connection to leave by
    await client.shutdown()


signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it, although a thread waits for a line
asyncio.run(main())
