import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import UserError
from shared.rules.link import Link, parse_link, require_credentials


@pytest.mark.parametrize(
    ("text", "link", "url"),
    [
        ("http://a.example", Link("http", "a.example", 80, "/", ""), "http://a.example/"),
        ("HTTPS://A.Example:443/x", Link("https", "a.example", 443, "/x", ""), "https://a.example/x"),
        ("https://a:8443/x?y=1&z=?#f", Link("https", "a", 8443, "/x", "y=1&z=?"), "https://a:8443/x?y=1&z=?"),
        (
            "https://a/b c/%20%zz@",
            Link("https", "a", 443, "/b%20c/%20%25zz@", ""),
            "https://a/b%20c/%20%25zz@",
        ),
        ("http://a?q", Link("http", "a", 80, "/", "q"), "http://a/?q"),
        (" ftp://h/d/f.csv\n", Link("ftp", "h", 21, "/d/f.csv", ""), "ftp://h/d/f.csv"),
        ("ftps://h:2121/f", Link("ftps", "h", 2121, "/f", ""), "ftps://h:2121/f"),
        ("ftpsi://h/f", Link("ftpsi", "h", 990, "/f", ""), "ftpsi://h/f"),
        (
            "sftp://h:/a b/ü%20%41.csv",
            Link("sftp", "h", 22, "/a b/ü A.csv", ""),
            "sftp://h/a%20b/%C3%BC%20A.csv",
        ),
        ("sftp://h/a?b#1.csv", Link("sftp", "h", 22, "/a?b#1.csv", ""), "sftp://h/a%3Fb%231.csv"),
        ("sftp://h/100%.csv", Link("sftp", "h", 22, "/100%.csv", ""), "sftp://h/100%25.csv"),
        ("sftp://[::1]:2222/f", Link("sftp", "::1", 2222, "/f", ""), "sftp://[::1]:2222/f"),
        ("http://[2001:DB8:0::1]/", Link("http", "2001:db8::1", 80, "/", ""), "http://[2001:db8::1]/"),
        (
            "http://Müller.example/",
            Link("http", "xn--mller-kva.example", 80, "/", ""),
            "http://xn--mller-kva.example/",
        ),
        ("sftp://127.0.0.1/f", Link("sftp", "127.0.0.1", 22, "/f", ""), "sftp://127.0.0.1/f"),
        ("http://my_host/", Link("http", "my_host", 80, "/", ""), "http://my_host/"),
    ],
)
def test_links(text: str, link: Link, url: str) -> None:
    assert parse_link(text) == link
    assert link.url == url
    assert parse_link(url) == link


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sftp:\\\\h\\f", "link_backslash"),
        ("http://h/a\\b", "link_backslash"),
        ("C:\\f.csv", "link_backslash"),
        ("http://user:secret@h\\f", "link_backslash"),
        ("", "link_scheme"),
        ("people.csv", "link_scheme"),
        ("h/d/f.csv", "link_scheme"),
        ("file:///etc/passwd", "link_scheme"),
        ("gopher://h/f", "link_scheme"),
        ("sftp:h/f", "link_invalid"),
        ("http:/h/f", "link_invalid"),
        ("http://", "link_host_missing"),
        ("http:///f", "link_host_missing"),
        ("sftp://:22/f", "link_host_missing"),
        ("ftp://h", "link_path_missing"),
        ("ftp://h/", "link_path_missing"),
        ("ftps://h?f", "link_path_missing"),
        ("ftpsi://h/", "link_path_missing"),
        ("sftp://h/d/", "link_path_missing"),
        ("ftp://user:secret@h/f", "link_has_credentials"),
        ("https://user@h/f", "link_has_credentials"),
        ("http://@h/f", "link_has_credentials"),
        ("http://h:0/", "link_invalid"),
        ("http://h:65536/", "link_invalid"),
        ("http://h:x/", "link_invalid"),
        ("http://h:٨٠/", "link_invalid"),
        ("http://h:+80/", "link_invalid"),
        ("http://user:se/cret@h/f", "link_invalid"),
        ("http://[::1/", "link_invalid"),
        ("http://[::1]x/", "link_invalid"),
        ("http://[fe80::1%25eth0]/", "link_invalid"),
        ("http://[a]/", "link_invalid"),
        ("http://a..b/", "link_invalid"),
        ("http://a b/", "link_invalid"),
        ("http://-a/", "link_invalid"),
        ("http://%61/", "link_invalid"),
        ("http://" + "a" * 64 + "/", "link_invalid"),
        ("http://h/a\tb", "link_invalid"),
        ("http://h/a\x00", "link_invalid"),
        ("http://h/\x85x", "link_invalid"),
        ("http://h/\ud800", "link_invalid"),
        ("ftp://h/a%0D%0ADELE%20b", "link_invalid"),
        ("sftp://h/%ff", "link_invalid"),
    ],
)
def test_links_refused(text: str, code: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_link(text)
    assert (caught.value.code, caught.value.field) == (code, "source.url")
    assert "secret" not in caught.value.message
    assert "cret" not in caught.value.message


def test_the_message_about_a_backslash_says_what_may_be_used() -> None:
    with pytest.raises(UserError, match='only "/" may be used'):
        parse_link("ftp://h\\f")


def test_an_escaped_backslash_is_none_in_the_link() -> None:
    assert parse_link("sftp://h/a%5Cb").path == "/a\\b"


@given(st.sampled_from(["http", "https", "ftp", "sftp"]), st.text(alphabet="ab/%2?#&=+é ~'\"<>[]:@", max_size=20))
def test_the_canonical_text_reads_as_the_same_link(scheme: str, rest: str) -> None:
    try:
        link = parse_link(f"{scheme}://h/{rest}")
    except UserError as error:
        code: str | None = error.code
    else:
        code = None
        assert parse_link(link.url) == link
        assert link.url.isascii()
    assert code in {None, "link_path_missing", "link_invalid"}


@pytest.mark.parametrize("scheme", ["ftp", "ftps", "ftpsi", "sftp"])
def test_credentials_needed(scheme: str) -> None:
    link = parse_link(f"{scheme}://h/f")
    require_credentials(link, login="u", has_password=True, has_private_key=False)
    for login in (None, "", " \u00a0"):
        with pytest.raises(UserError) as caught:
            require_credentials(link, login=login, has_password=True, has_private_key=False)
        assert (caught.value.code, caught.value.field) == ("login_missing", "source.login")
    with pytest.raises(UserError) as caught:
        require_credentials(link, login="u", has_password=False, has_private_key=False)
    assert (caught.value.code, caught.value.field) == ("password_missing", "source.password")


def test_a_private_key_does_for_sftp() -> None:
    link = parse_link("sftp://h/f")
    require_credentials(link, login="u", has_password=False, has_private_key=True)
    with pytest.raises(UserError) as caught:
        require_credentials(link, login=None, has_password=False, has_private_key=True)
    assert caught.value.code == "login_missing"


@pytest.mark.parametrize("scheme", ["http", "https", "ftp", "ftps", "ftpsi"])
def test_a_private_key_elsewhere(scheme: str) -> None:
    with pytest.raises(UserError) as caught:
        require_credentials(parse_link(f"{scheme}://h/f"), login="u", has_password=True, has_private_key=True)
    assert (caught.value.code, caught.value.field) == ("private_key_unsupported", "source.private_key")


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(("login", "has_password"), [(None, False), ("u", True), ("u", False)])
def test_credentials_are_optional_on_the_web(
    scheme: str,
    login: str | None,
    has_password: bool,  # noqa: FBT001 - a table's column
) -> None:
    link = parse_link(f"{scheme}://h/")
    require_credentials(link, login=login, has_password=has_password, has_private_key=False)
