import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.notifier.domain.webhook_signature import signed_headers
from shared.rules.webhook_secret import SECRET_BYTES, secret_key, secret_text


def test_the_signature_of_the_specification() -> None:
    """Its own example."""
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        now=datetime.fromtimestamp(1614265330, UTC),
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_each_secret_signs() -> None:
    now = datetime.fromtimestamp(1614265330.9, UTC)
    one, two = secret_text(bytes(32)), secret_text(bytes(range(32)))
    both = signed_headers("msg_1", b"{}", [one, two], now=now)["webhook-signature"]
    assert both == " ".join(signed_headers("msg_1", b"{}", [each], now=now)["webhook-signature"] for each in (one, two))


def test_a_secret_is_read_as_it_was_made() -> None:
    random = bytes(range(SECRET_BYTES))
    text = secret_text(random)
    assert text.startswith("whsec_")
    assert secret_key(text) == random


def test_the_example_of_the_documentation_knows_our_messages() -> None:
    page = (Path(__file__).resolve().parents[5] / "docs" / "webhooks.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    is_ours = names["is_ours"]
    now = datetime.fromtimestamp(time.time(), UTC)
    old, new = secret_text(bytes(32)), secret_text(bytes(range(32)))
    headers = signed_headers("msg_1", b'{"a": 1}', [new, old], now=now)
    assert is_ours(old, headers, b'{"a": 1}')
    assert is_ours(new, headers, b'{"a": 1}')
    assert not is_ours(secret_text(bytes(range(1, 33))), headers, b'{"a": 1}')
    assert not is_ours(new, headers, b'{"a": 2}')
    assert not is_ours(new, headers | {"webhook-id": "msg_2"}, b'{"a": 1}')
    late = signed_headers("msg_1", b'{"a": 1}', [new], now=now - timedelta(minutes=6))
    assert not is_ours(new, late, b'{"a": 1}')
