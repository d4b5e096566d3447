"""Who hands a web page, an empty file or nothing to `receipt` is told what was read, and nobody is accused."""

import pytest

from verify import __main__ as verifier

SOMETHING_ELSE = {
    b"": ("空文件", "an empty file"),
    b"{}": ("JSON", "other JSON"),
    b"[1, 2]": ("[1, 2]", "begins with [1, 2]"),
    b"[" * 100_000: ("[[[[", "begins with [[[["),
    b"\xff" * 100: ("其他内容", "something else"),
    b"\n<!DOCTYPE html><title>502 Bad Gateway</title>": ("网页：502 Bad Gateway", "a web page: 502 Bad Gateway"),
    "<html><body>见 c2sp.org/tlog-proof</body></html>".encode(): ("网页", "a web page"),
    '{"title":"没有这一条","status":404}'.encode(): ("没有这一条", "other JSON: 没有这一条"),
    b"hello \x1b[31mworld": ("hello", "begins with hello"),
}


@pytest.mark.parametrize("content", SOMETHING_ELSE)
def test_what_does_not_even_claim_to_be_a_receipt_is_wrong_usage(content, tmp_path, capsys):
    (tmp_path / "r").write_bytes(content)

    assert verifier.main(["receipt", str(tmp_path / "r"), "--json"]) == verifier.WRONG_USAGE

    told = capsys.readouterr()
    zh, en = told.err.splitlines()[:2]
    assert (told.out, SOMETHING_ELSE[content][0] in zh, SOMETHING_ELSE[content][1] in en) == ("", True, True)
    assert "\x1b" not in told.err


def test_a_receipt_that_is_not_there_is_wrong_usage(tmp_path, capsys):
    assert verifier.main(["receipt", str(tmp_path / "missing")]) == verifier.WRONG_USAGE
    capsys.readouterr()
