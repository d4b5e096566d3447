"""A receipt is read in its one spelling, and what is none is refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verify import proof
from verify.proof import HEADER, Proof
from verify.tree import ProofError

NOTE = b"demo.example/1\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\xe2\x80\x94 demo.example/1 AAAAAAAA\n"
HASH = base64.b64encode(bytes(32))


@given(
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.none() | st.binary(max_size=300),
)
def test_what_is_written_is_read_again(index, path, extra):
    assert proof.parse(Proof(index, path, NOTE, extra).to_bytes()) == Proof(index, path, NOTE, extra)


NONE = {
    "another header": b"c2sp.org/tlog-proof@v2\nindex 1\n\n" + NOTE,
    "no index": HEADER + b"\n" + NOTE,
    "a leading zero": HEADER + b"index 01\n\n" + NOTE,
    "a sign": HEADER + b"index +1\n\n" + NOTE,
    "a negative index": HEADER + b"index -1\n\n" + NOTE,
    "an index in another script": HEADER + "index １\n\n".encode() + NOTE,
    "extra behind the index": HEADER + b"index 1\nextra Yg==\n\n" + NOTE,
    "extra twice": HEADER + b"extra Yg==\nextra Yg==\nindex 1\n\n" + NOTE,
    "unused bits in base64": HEADER + b"extra Yh==\nindex 1\n\n" + NOTE,
    "a short hash": HEADER + b"index 1\n" + base64.b64encode(bytes(31)) + b"\n\n" + NOTE,
    "64 hashes": HEADER + b"index 1\n" + (HASH + b"\n") * 64 + b"\n" + NOTE,
    "a hash with a carriage return": HEADER + b"index 1\n" + HASH + b"\r\n\n" + NOTE,
    "no checkpoint": HEADER + b"index 1\n\n",
    "no blank line": HEADER + b"index 1\n" + HASH + b"\n",
}


@pytest.mark.parametrize("raw", NONE.values(), ids=NONE.keys())
def test_what_is_no_receipt_is_refused(raw):
    with pytest.raises(ProofError):
        proof.parse(raw)
