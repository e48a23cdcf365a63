from datetime import UTC, datetime

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
