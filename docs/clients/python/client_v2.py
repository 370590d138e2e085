"""python client_v2.py URL ROOM NAME: over v2, it misses nothing while it is away, and says each line once."""

import asyncio
import os
import signal
import sys
import uuid

import socketio

url, room, name = (sys.argv[1:] + ["http://localhost:5000", "K7Q-FM2-XD9", "Ada"][len(sys.argv) - 1 :])[:3]


def complain(*words):
    print(*words, file=sys.stderr, flush=True)


async def main():
    client = socketio.AsyncClient(handle_sigint=False)
    ended = asyncio.Event()  # set where the connection that is asked has ended
    joining = None
    position = None  # of the last message that we have
    early = None  # what comes live while the history is read

    async def ask(event, body):
        """The answer; None where the connection ends before."""
        answer = asyncio.get_running_loop().create_future()
        lost = asyncio.ensure_future(ended.wait())
        try:
            await client.emit(event, body, namespace="/v2", callback=lambda it: answer.done() or answer.set_result(it))
            await asyncio.wait([answer, lost], return_when=asyncio.FIRST_COMPLETED)
        except socketio.exceptions.SocketIOError:  # disconnected at this moment
            await asyncio.sleep(0.1)
        finally:
            lost.cancel()
        return answer.result() if answer.done() else None

    def show(message):
        nonlocal position
        position = message["position"]
        print(f"{message['name']}: {message['msg']}", flush=True)

    async def join():
        nonlocal position, early
        is_back = position is not None
        joined = await ask("join", {"room": room, "name": name, "since": position or 20})
        if not joined:
            return
        if not joined["ok"]:
            complain(joined["error"]["message"])
            os._exit(1)
        position = position or joined["position"]
        if joined["gap"]:
            complain(joined["gap"]["missed"] or "some", "messages are not kept any more")
        for message in joined["history"]:
            show(message)
        # One answer has 200 messages at most; whoever was away for long reads the rest in pages.
        more = is_back and joined["more"]
        while more and position != joined["position"]:
            page = await ask("history", {"room": room, "after": position})
            if not page:
                return
            if not page["ok"]:
                complain("messages may be missed:", page["error"]["message"])
                break
            for message in page["messages"]:
                show(message)
                if position == joined["position"]:
                    break
            more = page["more"]
        position = joined["position"]
        live, early = early, None
        for message in live:
            show(message)

    # On every connect, also after a reconnect: a new connection is in no room.
    @client.on("connect", namespace="/v2")
    def connected():
        nonlocal joining, early
        early = []
        ended.clear()
        joining = asyncio.ensure_future(join())

    @client.on("disconnect", namespace="/v2")
    def lost(reason):
        ended.set()
        if reason != client.reason.CLIENT_DISCONNECT:
            complain("disconnected:", reason)

    @client.on("message", namespace="/v2")
    def heard(message):
        if early is None:
            show(message)
        else:
            early.append(message)

    def person(what):
        return lambda who: print(f"* {who['name']} has {what} the room.", flush=True)

    client.on("entered", person("entered"), namespace="/v2")
    client.on("left", person("left"), namespace="/v2")

    await client.connect(url, namespaces="/v2", retry=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        # Until the server has answered. The key makes it one message, and with the name it may go before `join`.
        message = {"room": room, "name": name, "msg": line.rstrip("\n"), "key": str(uuid.uuid4())}
        while not (answer := await ask("send", message)):
            pass
        if not answer["ok"]:
            complain("not sent:", answer["error"]["message"])
    if client.connected:
        await asyncio.wait([asyncio.ensure_future(ask("leave", {"room": room}))], timeout=2)
    await client.shutdown()


signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it, although a thread waits for a line
asyncio.run(main())
