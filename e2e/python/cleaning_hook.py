"""For schemathesis: names, room codes and keys are cleaned before they count, which no schema can say.

Where a request has a text that cleaning changes, whether it was to be accepted is left open (the server's own tests say);
everything else about the answer is still checked. The same is so for `since` and `before`, which exclude each other.
"""

import unicodedata

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

# Variation selectors and characters that look empty, besides those that Unicode calls formats (Cf).
UNSEEN = set("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    is_about_validity = isinstance(failure, (AcceptedNegativeData, RejectedPositiveData))
    both_ways = {"since", "before"} <= (case.query or {}).keys()
    return not (is_about_validity and (both_ways or any(is_cleaned(text) for text in cleaned_texts(case))))


def cleaned_texts(case):
    body = case.body if isinstance(case.body, dict) else {}
    headers = [case.headers.get(name) for name in ("Alert-Name", "Idempotency-Key")] if case.headers else []
    texts = [(case.path_parameters or {}).get("room"), (case.query or {}).get("name"), body.get("name"), *headers]
    return [text for text in texts if isinstance(text, str)]


def is_cleaned(text):
    return (
        unicodedata.normalize("NFC", text.strip()) != text
        or any(unicodedata.category(char) == "Cf" or char in UNSEEN or "\ufe00" <= char <= "\ufe0f" for char in text)
        or any("\U000e0000" <= char <= "\U000e01ef" for char in text)
    )
