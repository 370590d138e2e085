"""python-socketio's two clients with one face: events in order, and waiting for them."""

import asyncio
import threading

import engineio
import socketio

# None lets the client begin with long-polling and upgrade.
TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": None}
IN_USE = {"polling": "polling", "websocket": "websocket", "upgrade": "websocket"}
DEADLINE = 20
RECONNECT = {"reconnection_delay": 0.05, "reconnection_delay_max": 0.2}


class Heard:
    """What a client hears, in order, for other threads to wait for."""

    def __init__(self):
        self.events = []
        self._changed = threading.Condition()

    def add(self, event, *args):
        with self._changed:
            self.events.append((event, *args))
            self._changed.notify_all()

    def wait(self, what, condition):
        with self._changed:
            done = self._changed.wait_for(lambda: condition(self.events), DEADLINE)
            assert done, f"waited {DEADLINE} s for {what}; heard {self.events[-5:]}"
            return list(self.events)


class InOrder(engineio.Client):
    """The threading client starts a thread for each message, and threads overtake each other: not here."""

    def _trigger_event(self, event, *args, run_async=False, **more):
        run_async = run_async and event != "message"
        return super()._trigger_event(event, *args, run_async=run_async, **more)


class ClientInOrder(socketio.Client):
    def _engineio_client_class(self):
        return InOrder


def listen(client, namespace, heard, hear):
    client.on("*", hear, namespace=namespace)
    client.on("connect", lambda: heard.add("connect"), namespace=namespace)
    client.on("disconnect", lambda reason: heard.add("disconnect", reason), namespace=namespace)


class SyncClient:
    def __init__(self, url, transport, namespace="/"):
        self.heard = Heard()
        self.namespace = namespace
        self.client = ClientInOrder(**RECONNECT)
        listen(self.client, namespace, self.heard, self.heard.add)
        self.client.connect(url, transports=TRANSPORTS[transport], namespaces=[namespace])

    def in_use(self):
        return self.client.transport()

    def ask(self, event, body):
        return self.client.call(event, body, namespace=self.namespace, timeout=DEADLINE)

    def send(self, event, body):
        self.client.emit(event, body, namespace=self.namespace)

    def wait(self, what, condition):
        return self.heard.wait(what, condition)

    def close(self):
        # A disconnect while a POST is under way is never sent by this client, which then waits for the next ping.
        self.client.eio.queue.join()
        self.client.disconnect()


class AsyncClient:
    """The asyncio client on a loop of its own, with the same face."""

    def __init__(self, url, transport, namespace="/"):
        self.heard = Heard()
        self.namespace = namespace
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self._run(self._connect(url, TRANSPORTS[transport]))

    async def _connect(self, url, transports):
        self.client = socketio.AsyncClient(**RECONNECT)
        listen(self.client, self.namespace, self.heard, self._hear)
        await self.client.connect(url, transports=transports, namespaces=[self.namespace])

    async def _hear(self, event, *args):
        self.heard.add(event, *args)

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(DEADLINE)

    def in_use(self):
        return self.client.transport()

    def ask(self, event, body):
        return self._run(self.client.call(event, body, namespace=self.namespace, timeout=DEADLINE))

    def send(self, event, body):
        self._run(self.client.emit(event, body, namespace=self.namespace))

    def wait(self, what, condition):
        return self.heard.wait(what, condition)

    def close(self):
        self._run(self.client.eio.queue.join())
        self._run(self.client.disconnect())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(DEADLINE)
        self.loop.close()
