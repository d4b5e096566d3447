"""A log with three witnesses that can be taken away and brought back: a fixture for what cosigners are for."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from domain import cosigning
from domain.ledger import Ledger
from tests.story import Story
from tests.witnessing import key_of, serving, watching
from verify import note
from verify.witness.server import Server
from verify.witness.state import Memory

NAMES = ("a.example", "b.example", "c.example")


@dataclass
class Commission:
    """A log with three witnesses, of whom two are needed; each can be taken away and brought back."""

    folder: Path
    story: Story
    ports: dict[str, int] = field(default_factory=dict)
    running: dict[str, ExitStack] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)
    seconds: float = 1_780_000_000.0
    """What the clocks of the witnesses say."""

    @property
    def ledger(self) -> Ledger:
        return self.story.ledger

    @property
    def cosigning(self) -> cosigning.Cosigning:
        assert self.ledger.cosigning is not None
        return self.ledger.cosigning

    @property
    def plain(self) -> bytes:
        """The checkpoint as the log alone has signed it."""
        return self.ledger.store.checkpoint() or b""

    def start(self, *names: str) -> None:
        for name in names:
            witness = watching(self.folder / name, name, [self.ledger.vkey], lambda: self.seconds)
            stack = self.running[name] = ExitStack()
            self.servers[name] = stack.enter_context(serving(witness, self.ports.get(name, 0)))
            self.ports[name] = int(self.servers[name].server_address[1])

    def stop(self, *names: str) -> None:
        for name in names:
            self.running.pop(name).close()

    def reopen(self, *policy: str) -> None:
        """Close the log and open it again, with another policy where one is given."""
        if policy:
            (self.ledger.folder / "policy.txt").write_text("\n".join(policy) + "\n", "utf-8")
        self.ledger.close()
        self.story.ledger = Ledger.open(self.ledger.folder)

    def lines(self) -> list[str]:
        return [f"witness {name} {key_of(name).vkey} http://127.0.0.1:{port}" for name, port in self.ports.items()]

    def sizes(self) -> dict[str, int]:
        """Return the size that each witness has cosigned last."""
        return {name: Memory.of(self.folder / name, self.ledger.origin).head().size for name in self.ports}

    def cosigners(self, signed: bytes | None) -> list[str]:
        keys = [note.parse_vkey(self.ledger.vkey), *(note.parse_vkey(key_of(name).vkey) for name in NAMES)]
        return [key.name for key in note.open_note(signed or b"", keys)[1]][1:]
