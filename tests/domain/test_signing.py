"""One contract for every signer, embedded or in a process of its own; and where a key may come from."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from domain.errors import Conflict, Invalid, NotFound, Unavailable
from domain.signer import Signer
from domain.signing import CheckpointSigner, keys, secrets, wire
from domain.signing.remote import RemoteSigner
from domain.signing.server import SignerServer, inherited, listen
from tests.domain.signers import LEAVES, ORIGIN, ROOT, answering, of_kind, short_folder, signed
from tests.installing import program
from verify import note
from verify.checkpoint import open_checkpoint
from verify.tree import consistency_path, leaf_hash, root

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
FORKED = [*LEAVES[:10], leaf_hash(b"forged"), *LEAVES[11:30]]


@pytest.fixture(params=["embedded", "remote"])
def signer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CheckpointSigner]:
    with of_kind(request.param, tmp_path) as made:
        yield made


# -- the contract


def test_it_signs_what_extends_what_it_signed(signer: CheckpointSigner) -> None:
    key = note.parse_vkey(signer.vkey)

    heads = [open_checkpoint(signed(signer, size), key) for size in (7, 7, 20)]

    assert [(head.origin, head.size, head.root) for head in heads] == [
        (ORIGIN, size, root(LEAVES[:size])) for size in (7, 7, 20)
    ]
    assert signer.signed_last() == (20, root(LEAVES[:20])) == (signer.size, signer.root)


@pytest.mark.parametrize(
    ("size", "leaves"),
    [(30, FORKED), (20, FORKED[:20]), (19, LEAVES[:19]), (0, [])],
    ids=["fork", "same size", "smaller", "empty"],
)
def test_it_signs_nothing_else(signer: CheckpointSigner, size: int, leaves: list[bytes]) -> None:
    signed(signer, 20)

    with signer.alone(), pytest.raises(Unavailable, match="does not extend"):
        signer.sign(size, root(leaves), consistency_path(leaves, 20) if size > 20 else [])

    assert signer.signed_last() == (20, root(LEAVES[:20]))


def test_a_proof_that_is_none_is_refused(signer: CheckpointSigner) -> None:
    signed(signer, 20)

    with pytest.raises(Unavailable, match="does not extend"):
        signer.sign(30, root(LEAVES[:30]), [])


def test_it_signs_with_the_keys_that_are_named_and_no_other(signer: CheckpointSigner, tmp_path: Path) -> None:
    old = signer.vkey
    new = Signer(tmp_path / "signer").add_key()
    with signer.alone():
        both = signed(signer, 8, old, new)
        alone = signed(signer, 9, new)

    assert signer.vkeys == [old, new]
    assert [note.format_vkey(key.name, key.public) for key in opened(both, old, new)] == [old, new]
    assert [note.format_vkey(key.name, key.public) for key in opened(alone, old, new)] == [new]
    with pytest.raises(Unavailable, match="does not have the key"):
        signed(signer, 10, note.format_vkey(ORIGIN, bytes(31) + b"\x09"))
    assert signer.signed_last()[0] == 9


def opened(raw: bytes, *vkeys: str) -> tuple[note.VerifierKey, ...]:
    return note.open_note(raw, [note.parse_vkey(each) for each in vkeys])[1]


def test_a_second_process_goes_on_from_what_the_first_one_signed(tmp_path: Path) -> None:
    own = Signer.create(tmp_path / "signer", ORIGIN)
    with short_folder() as short, answering(own, short / "s"):
        first, second = (RemoteSigner(short / "s", tmp_path) for _ in range(2))
        signed(first, 20)

        with second.alone():
            assert (second.size, second.root) == (20, root(LEAVES[:20]))
            with pytest.raises(Unavailable, match="does not extend"):
                second.sign(30, root(FORKED), consistency_path(FORKED, 20))
            signed(second, 25)
        with first.alone():
            assert first.size == 25


def test_a_key_that_was_dropped_is_gone_and_the_last_one_stays(signer: CheckpointSigner, tmp_path: Path) -> None:
    own = Signer(tmp_path / "signer")
    old, new = own.vkey, own.add_key()

    own.drop_key(old)

    with signer.alone():
        assert signer.vkeys == [new]
    assert not (tmp_path / "signer" / "key.pem").exists()
    with pytest.raises(Conflict, match="the only key"):
        own.drop_key(new)
    with pytest.raises(NotFound):
        own.drop_key(old)


# -- the socket


def test_only_the_users_that_were_named_are_answered(tmp_path: Path) -> None:
    own = Signer.create(tmp_path / "signer", ORIGIN)

    with short_folder() as short, answering(own, short / "s", clients=[os.geteuid() + 1]):
        assert (short / "s").stat().st_mode & 0o777 == 0o600
        with pytest.raises(Unavailable, match=f"uid {os.geteuid()} may not use this signer"):
            RemoteSigner(short / "s", tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_cannot_open_the_socket(tmp_path: Path) -> None:
    own = Signer.create(tmp_path / "signer", ORIGIN)
    with short_folder() as short, answering(own, short / "s"):
        short.chmod(0o755)
        program = f"import socket; socket.socket(socket.AF_UNIX).connect({str(short / 's')!r})"
        asked = ["setpriv", "--reuid", "65534", "--clear-groups", "--regid", "65534", "/usr/bin/python3", "-c", program]
        refused = subprocess.run(asked, capture_output=True, text=True, check=False)

    assert "PermissionError" in refused.stderr


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"[]\n",
        b'{"do":"sign"}\n',
        b'{"do":"sign","size":-1,"root":"","path":[],"vkeys":[]}\n',
        b"x" * 70_000 + b"\n",
    ],
)
def test_nonsense_is_refused_and_the_next_one_is_answered(line: bytes, tmp_path: Path) -> None:
    own = Signer.create(tmp_path / "signer", ORIGIN)
    with short_folder() as short, answering(own, short / "s"):
        with socket.socket(socket.AF_UNIX) as channel:
            channel.connect(str(short / "s"))
            channel.sendall(line)
            try:
                answer = channel.recv(4096)
            except ConnectionResetError:
                answer = b""

        assert answer == b"" or "refused" in json.loads(answer)
        assert RemoteSigner(short / "s", tmp_path).size == 0


def test_a_log_takes_no_note_that_it_did_not_ask_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Signer.create(tmp_path / "signer", ORIGIN)
    stale = signed(own, 5)
    with short_folder() as short, answering(own, short / "s"):
        remote = RemoteSigner(short / "s", tmp_path)
        monkeypatch.setattr(Signer, "sign", lambda *_: stale)

        with pytest.raises(Unavailable, match="not what was asked"):
            signed(remote, 9)


def test_where_nobody_answers_the_log_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no signer answers"):
        RemoteSigner(tmp_path / "nobody", tmp_path)


def test_a_socket_of_the_dead_is_taken_over_and_one_of_the_living_is_not(tmp_path: Path) -> None:
    with short_folder() as short:
        listen(short / "s").close()
        channel = listen(short / "s")
        with pytest.raises(Conflict, match="listens at"):
            listen(short / "s")
        channel.close()


def test_the_socket_that_systemd_opened_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
    monkeypatch.setenv("LISTEN_FDS", "1")

    assert inherited() is None


# -- where a key comes from


@pytest.fixture
def phrase(tmp_path: Path) -> Path:
    path = tmp_path / "phrase"
    path.write_text("第二把锁\n", "utf-8")
    path.chmod(0o600)
    return path


def test_an_encrypted_key_opens_with_its_pass_phrase_only(tmp_path: Path, phrase: Path) -> None:
    source = {"file": "key.pem", "passphrase": str(phrase)}
    made = Signer.create(tmp_path / "signer", ORIGIN, source)
    pem = (tmp_path / "signer" / "key.pem").read_bytes()

    assert b"ENCRYPTED PRIVATE KEY" in pem
    assert Signer(tmp_path / "signer").vkey == made.vkey
    open_checkpoint(signed(made, 3), note.parse_vkey(made.vkey))
    phrase.write_text("another\n")
    with pytest.raises(Unavailable, match="cannot be read"):
        Signer(tmp_path / "signer")


def test_the_next_key_has_a_pass_phrase_of_its_own(tmp_path: Path, phrase: Path) -> None:
    made = Signer.create(tmp_path / "signer", ORIGIN)

    new = made.add_key({"passphrase": str(phrase)})

    assert b"ENCRYPTED" in (tmp_path / "signer" / "key-2.pem").read_bytes()
    assert Signer(tmp_path / "signer").vkeys == [made.vkey, new]


def test_beside_a_key_with_a_pass_phrase_none_is_made_without(tmp_path: Path, phrase: Path) -> None:
    made = Signer.create(tmp_path / "signer", ORIGIN, {"file": "key.pem", "passphrase": str(phrase)})

    with pytest.raises(Conflict, match="name --passphrase"):
        made.add_key()

    assert made.vkeys == Signer(tmp_path / "signer").vkeys == [made.vkey]
    assert not (tmp_path / "signer" / "key-2.pem").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
@pytest.mark.parametrize("what", ["signer/key.pem", "phrase"])
def test_a_secret_that_others_can_read_is_not_used(tmp_path: Path, phrase: Path, what: str, mode: int) -> None:
    Signer.create(tmp_path / "signer", ORIGIN, {"file": "key.pem", "passphrase": str(phrase)})
    (tmp_path / what).chmod(mode)

    with pytest.raises(Unavailable, match="nobody else can read"):
        Signer(tmp_path / "signer")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_of_another_user_is_not_used(tmp_path: Path) -> None:
    Signer.create(tmp_path / "signer", ORIGIN)
    os.chown(tmp_path / "signer" / "key.pem", 65534, 65534)

    with pytest.raises(Unavailable, match="of this user"):
        Signer(tmp_path / "signer")


def test_a_key_of_another_kind_is_not_used(tmp_path: Path) -> None:
    Signer.create(tmp_path / "signer", ORIGIN)
    other = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "signer" / "key.pem").write_bytes(other)

    with pytest.raises(Unavailable, match="not Ed25519"):
        Signer(tmp_path / "signer")


def test_systemd_hands_over_key_and_pass_phrase(tmp_path: Path, phrase: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    laid = tmp_path / "credentials"
    laid.mkdir()
    keys.make_missing(laid, {"file": "log-key", "passphrase": str(phrase)})
    shutil.move(phrase, laid / "log-phrase")
    source = {"file": "credential:log-key", "passphrase": "credential:log-phrase"}
    with pytest.raises(Unavailable, match="CREDENTIALS_DIRECTORY is not set"):
        Signer.create(tmp_path / "signer", ORIGIN, source)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(laid))

    signer = Signer.create(tmp_path / "signer", ORIGIN, source)

    open_checkpoint(signed(signer, 3), note.parse_vkey(signer.vkey))
    assert not (tmp_path / "signer" / "key.pem").exists()
    with pytest.raises(Unavailable, match="no systemd credential"):
        secrets.read_secret(tmp_path, "credential:../phrase")


@pytest.mark.parametrize("source", [{}, {"file": ""}, {"passphrase": "x"}, {"module": "m"}, {"file": 3}])
def test_a_place_that_is_none_is_refused(source: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        keys.source_of(source)


# -- PKCS#11


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the source of a key that SoftHSM made and keeps."""
    program("softhsm2-util", "softhsm2")
    module = next((path for path in MODULES if Path(path).exists()), None)
    if module is None:
        pytest.skip("the library of softhsm2 is not where Debian has it")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(
        f"directories.tokendir = {tmp_path / 'tokens'}\nobjectstore.backend = file\n"
    )
    (tmp_path / "pin").touch(0o600)
    (tmp_path / "pin").write_text("1234\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    return {"module": module, "token": "fairdraw", "label": "log", "pin": str(tmp_path / "pin")}


IN_A_TOKEN = """
import json, sys
from pathlib import Path
import pkcs11
from domain.errors import Unavailable
from domain.signer import Signer
from domain.signing.keys import load
from tests.domain.signers import ORIGIN, signed

folder, source = Path(sys.argv[1]), json.loads(sys.argv[2])
with pkcs11.lib(source["module"]).get_token(token_label="fairdraw").open(rw=True, user_pin="1234") as session:
    curve = bytes.fromhex("06032b6570")  # the object identifier of Ed25519, RFC 8410
    parameters = session.create_domain_parameters(pkcs11.KeyType.EC_EDWARDS, {pkcs11.Attribute.EC_PARAMS: curve}, local=True)
    attributes = {"mechanism": pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN, "store": True}
    parameters.generate_keypair(label="log", **attributes)
    other = parameters.generate_keypair(label="mixed-1", **attributes)
    other[0][pkcs11.Attribute.LABEL] = "mixed"
    another = parameters.generate_keypair(label="mixed-2", **attributes)
    another[1][pkcs11.Attribute.LABEL] = "mixed"
signer = Signer.create(folder / "signer", ORIGIN, source)
print(json.dumps({"vkey": signer.vkey, "note": signed(signer, 5).decode()}))
for change in ({"label": "nobody"}, {"token": "nowhere"}, {"label": "mixed"}, {"module": "/nowhere.so"}):
    try:
        load(folder, source | change)
    except Unavailable as refused:
        print(json.dumps({"refused": refused.en}))
"""
WITH_ITS_PIN = """
import sys
from pathlib import Path
from domain.signer import Signer

print(Signer(Path(sys.argv[1])).vkey)
"""


def in_a_process(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program beside this process: a PKCS#11 library lives in a process once, with its configuration."""
    asked = [sys.executable, "-c", program, *arguments]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_key_in_a_token_signs_and_never_leaves_it(tmp_path: Path, token: dict[str, str]) -> None:
    made = ["softhsm2-util", "--init-token", "--free", "--label", "fairdraw", "--pin", "1234", "--so-pin", "5678"]
    subprocess.run(made, check=True, capture_output=True)

    done = in_a_process(IN_A_TOKEN, str(tmp_path), json.dumps(token))

    assert done.returncode == 0, done.stderr
    first, *refused = map(json.loads, done.stdout.splitlines())
    head = open_checkpoint(first["note"].encode(), note.parse_vkey(first["vkey"]))
    assert (head.size, head.root) == (5, root(LEAVES[:5]))
    assert sorted(path.name for path in (tmp_path / "signer").iterdir()) == ["head.json", "keys.json"]
    assert len(refused) == 4
    assert "no pair" in refused[2]["refused"]
    assert in_a_process(WITH_ITS_PIN, str(tmp_path / "signer")).stdout.strip() == first["vkey"]
    (tmp_path / "pin").write_text("4321")
    assert "PinIncorrect" in in_a_process(WITH_ITS_PIN, str(tmp_path / "signer")).stderr


def test_a_server_that_is_closed_leaves_quietly(tmp_path: Path) -> None:
    own = Signer.create(tmp_path / "signer", ORIGIN)
    with short_folder() as short:
        server = SignerServer(own, listen(short / "s"), [os.geteuid()])
        server.close()
        server.serve()
    assert wire.SECONDS > 0
