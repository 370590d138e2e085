"""What the cases of v1 and v2 have in common: a server for each class, and clients of the class's kind."""

from server import Server


class Cases:
    """The classes that a test runs say with which client and transport."""

    kind = None
    transport = None
    namespace = "/"

    @classmethod
    def setUpClass(cls):
        heartbeat = ("--ping-interval", "3s", "--ping-timeout", "10s")
        cls.server = Server("--event-rate", "0", "--leave-grace", "200ms", *heartbeat)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def connect(self, url=None):
        client = self.kind(url or self.server.url, self.transport, self.namespace)
        self.addCleanup(client.close)
        return client
