"""docs/openapi.yaml is right: a validator reads it, and schemathesis finds nothing that the server does otherwise."""

import os
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from openapi_spec_validator import validate

from server import Server

E2E = Path(__file__).resolve().parents[1]
DOCUMENT = E2E.parent / "docs" / "openapi.yaml"
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
TOKEN = "token-of-the-openapi-tests"
# Nothing is refused for coming too fast; naming too many rooms without a token is.
FAST = ("--event-rate", "0")
# Nobody may list the rooms of a server without tokens: that is 403, but the check knows only 401.
NO_TOKENS = ("--exclude-checks", "missing_required_header")


def schemathesis(url, *arguments, document=DOCUMENT):
    """A run as `schemathesis.toml` says: its exit code, and all that it printed."""
    command = [SCHEMATHESIS, "--config-file", "schemathesis.toml", "--no-color", "run", document, "--url", url]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=400, cwd=E2E)
    return done.returncode, done.stdout + done.stderr


class OpenApi(unittest.TestCase):
    def serve(self, *flags):
        server = Server(*FAST, *flags)
        self.addCleanup(server.stop)
        return server.url

    def test_the_validator_finds_nothing(self):
        validate(yaml.safe_load(DOCUMENT.read_text()))

    def test_it_finds_nothing(self):
        header = f"Authorization: Bearer {TOKEN}"
        runs = {
            "a server with a token, asked with it": (self.serve("--api-token", TOKEN), "-H", header),
            "a server with a token, asked without": (self.serve("--api-token", TOKEN),),
            "a server without tokens": (self.serve(), *NO_TOKENS),
        }
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            done = {name: pool.submit(schemathesis, *run) for name, run in runs.items()}
        for name, run in done.items():
            with self.subTest(name):
                code, output = run.result()
                self.assertEqual(code, 0, output)
                self.assertIn("34 selected / 35 total", output)
                self.assertRegex(output, r"\d{3,} generated", "a run that tried next to nothing proves nothing")

    def test_a_document_that_says_something_else_is_found(self):
        url = self.serve("--api-token", TOKEN)
        text = DOCUMENT.read_text()
        for right, wrong in (
            ('"202": { $ref: "#/components/responses/Accepted" }', '"201": { $ref: "#/components/responses/Accepted" }'),
            ("required: [room, members, count]", "required: [room, members, number]"),
        ):
            self.assertIn(right, text)
            with self.subTest(wrong), tempfile.NamedTemporaryFile("w", suffix=".yaml") as altered:
                altered.write(text.replace(right, wrong))
                altered.flush()
                header = ("-H", f"Authorization: Bearer {TOKEN}")
                code, output = schemathesis(url, *header, "--phases", "examples", document=altered.name)
                self.assertEqual(code, 1, output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
