"""`/v1/rooms/{room}/events` as programs read it: with requests and urllib3, straight and behind HAProxy."""

import itertools
import json
import socket
import unittest
from contextlib import closing

import requests
import urllib3

from proxy import DEADLINE, Proxy
from server import Server

NDJSON = {"Accept": "application/x-ndjson"}
number = itertools.count(1)


class Streams(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.proxy = Proxy(cls.server)
        cls.urls = {"straight": cls.server.url, "behind HAProxy": cls.proxy.url}

    @classmethod
    def tearDownClass(cls):
        cls.proxy.stop()
        cls.server.stop()

    def say(self, text):
        answer = requests.post(f"{self.server.url}/v1/rooms/{self.room}", data=text.encode(), timeout=DEADLINE)
        self.assertEqual((answer.status_code, answer.json()["connections"]), (202, 1))

    def hears(self, lines, prefix):
        """The next line that says something; each is said only when the one before has been heard."""
        for count in range(5):
            self.say(f"hello {count}")
            line = next(line for line in lines if line.startswith(prefix))
            self.assertEqual(json.loads(line.removeprefix(prefix))["msg"], f"http: hello {count}")

    def listens(self, url, headers=None):
        """A response with its lines, once the first, which is a comment or empty, has come."""
        response = requests.get(f"{url}/v1/rooms/{self.room}/events", headers=headers, stream=True, timeout=DEADLINE)
        lines = response.iter_lines(decode_unicode=True)
        self.assertIn(next(lines), (":", ""))
        return response, lines

    def test_requests_hears_each_event_at_once(self):
        for name, url in self.urls.items():
            for headers, prefix in ((None, "data: "), (NDJSON, "")):
                with self.subTest(name, headers=headers):
                    self.room = f"streams-{next(number)}"
                    response, lines = self.listens(url, headers)
                    with response:
                        self.hears((line for line in lines if line), prefix)

    def test_urllib3_hears_each_event_in_a_chunk(self):
        for name, url in self.urls.items():
            for headers, first in ((None, b":\n\n"), (NDJSON, b"\n")):
                with self.subTest(name, headers=headers):
                    self.room = f"streams-{next(number)}"
                    http = urllib3.PoolManager(timeout=DEADLINE)
                    response = http.request(
                        "GET", f"{url}/v1/rooms/{self.room}/events", headers=headers, preload_content=False
                    )
                    chunks = response.stream()
                    start = next(chunks)
                    # A proxy may put the two into one chunk.
                    while headers is None and b"id: " not in start:
                        start += next(chunks)
                    self.assertRegex(start, b"^" + first + (b"id: [0-9a-f]{13,}-0\n\n$" if headers is None else b"$"))
                    for count in range(5):
                        self.say(f"hello {count}")
                        self.assertIn(f'"msg":"http: hello {count}"'.encode(), next(chunks))
                    response.close()

    def test_a_program_that_comes_back_goes_on_where_it_was(self):
        for name, url in self.urls.items():
            with self.subTest(name):
                self.room = f"streams-{next(number)}"
                response, lines = self.listens(url)
                with response:
                    self.say("heard")
                    last = [line for line in itertools.islice(lines, 6) if line.startswith("id: ")][-1]
                for count in range(100):
                    requests.post(f"{url}/v1/rooms/{self.room}", data=f"missed {count}", timeout=DEADLINE)
                for query, headers, prefix in (
                    ("", {"Last-Event-ID": last.removeprefix("id: ")}, "data: "),
                    (f"?since={last.removeprefix('id: ')}", NDJSON, "{"),
                ):
                    address = f"{url}/v1/rooms/{self.room}/events{query}"
                    with requests.get(address, headers=headers, stream=True, timeout=DEADLINE) as back:
                        said = (line for line in back.iter_lines(decode_unicode=True) if line.startswith(prefix))
                        heard = [json.loads(line.removeprefix("data: "))["msg"] for line in itertools.islice(said, 100)]
                    self.assertEqual(heard, [f"http: missed {count}" for count in range(100)])

    def test_a_client_that_ends_its_side_hears_on(self):
        self.room = f"streams-{next(number)}"
        with closing(socket.create_connection(("127.0.0.1", self.server.port), DEADLINE)) as stream:
            stream.sendall(f"GET /v1/rooms/{self.room}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            stream.shutdown(socket.SHUT_WR)
            reader = stream.makefile("rb")
            next(line for line in reader if line == b":\n")
            self.say("hello")
            self.assertIn(b"http: hello", next(line for line in reader if line.startswith(b"data: ")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
