"""The second half of a forgery: whatever follows from an edit is derived anew, entry by entry.

Only what a test says stays as the cheat left it.
"""

from __future__ import annotations

import hashlib
from collections import Counter

from tests.forge import Forge, Json, spell
from verify import canonical, documents, pool, replay, seed
from verify.personal import field_commitment, recusal_label, recusal_value
from verify.rows import Rows
from verify.tree import leaf_hash, root


class Settling:
    """One pass over the entries that derives anew whatever follows from the ones before."""

    def __init__(self, forge: Forge, leave: frozenset[str]) -> None:
        self.forge, self.leave = forge, leave
        self.versions: dict[str, int] = {}
        self.states: dict[str, dict[str, Json]] = {}
        self.types: dict[str, str] = {}
        self.draws: dict[str, Json] = {}

    def run(self) -> None:
        forge = self.forge
        forge.leaves = []
        for index, entry in enumerate(forge.entries):
            entry["index"], stream = index, entry["stream"]
            if index:
                entry["prev"] = forge.leaves[-1].hex()
            if "version" not in self.leave:
                entry["version"] = self.versions.get(stream, 0) + 1
            self._data(entry, index)
            self.versions[stream] = entry["version"]
            forge.leaves.append(leaf_hash(spell(entry)))

    def _data(self, entry: Json, index: int) -> None:
        data, kind = entry["data"], entry["kind"]
        if kind == "registry.created":
            self.types[entry["stream"]] = data["type"]
        elif kind == "registry.imported":
            self._import(entry["stream"], data)
        elif kind == "draw.frozen":
            self._freeze(entry, index)
        elif entry["stream"].startswith("draw/"):
            if "covered" in data and "covered" not in self.leave:
                data["covered"] = self.forge.covered(index)
            part = self.draws.setdefault(entry["stream"], {"commitments": {}, "reveals": {}, "b": []})
            self._ceremony(entry["stream"], kind, data, part)

    def _import(self, stream: str, data: Json) -> None:
        rows, state = self.forge.rows(data["document"]), self.states.setdefault(stream, {})
        for row in rows:
            if row["op"] == "removed":
                del state[row["id"]]
            else:
                state[row["id"]] = row["row"]
        if "summary" not in self.leave:
            data["state"] = documents.listing(state.values()).fingerprint
            data |= {op: sum(row["op"] == op for row in rows) for op in ("added", "changed", "removed")}

    def _freeze(self, entry: Json, index: int) -> None:
        freeze, forge = entry["data"]["freeze"], self.forge
        if "head" not in self.leave:
            freeze["ledger_head"] = {"size": index, "root": root(forge.leaves).hex()}
        objects, inspectors = (
            Rows.of(self.states[freeze[kind]["registry"]].values()) for kind in ("objects", "inspectors")
        )
        if "versions" not in self.leave:
            for kind in ("objects", "inspectors"):
                freeze[kind]["version"] = self.versions[freeze[kind]["registry"]]
        if "objects" not in self.leave:
            forge.set_pool(entry, "objects", list(pool.object_lines(objects)))
        if "inspectors" not in self.leave:
            forge.set_pool(entry, "inspectors", list(pool.inspector_lines(inspectors, freeze["item"], freeze["as_of"])))
        if "exclusions" not in self.leave:
            rows = forge.rows(entry["data"]["documents"]["objects"])
            lines = [{"id": row["id"], "ground": row["excluded"]} for row in rows if "excluded" in row]
            forge.set_pool(entry, "exclusions", lines)
            freeze["exclusions"]["by_ground"] = dict(Counter(line["ground"] for line in lines))
        if "recusals" not in self.leave:
            self._recuse(entry)
        if "c0" not in self.leave:
            entry["data"]["c0"] = seed.freeze_hash(canonical.encode(freeze)).hex()
        part = {"c0": bytes.fromhex(entry["data"]["c0"]), "frozen": entry, "commitments": {}, "reveals": {}, "b": []}
        self.draws[entry["stream"]] = part

    def _recuse(self, entry: Json) -> None:
        """Recuse one inspector from every second object; the forger knows every salt, since he makes them."""
        draw = entry["stream"].partition("/")[2]
        lines = []
        for row in self.forge.rows(entry["data"]["documents"]["objects"])[::2]:
            value = field_commitment(recusal_label(draw, row["id"]), salt(row["id"]), recusal_value(self.forge.recused))
            lines.append({"id": row["id"], "recused": {"commitment": value.hex()}})
        self.forge.set_pool(entry, "recusals", lines)

    def _ceremony(self, stream: str, kind: str, data: Json, part: Json) -> None:
        leave = self.leave
        match kind:
            case "draw.contribution-committed":
                if "commitments" not in leave:
                    secret = self.forge.secrets[stream, data["party"]]
                    data["commitment"] = seed.commitment(part["c0"], data["party"], secret).hex()
                part["commitments"][data["party"]] = bytes.fromhex(data["commitment"])
            case "draw.commitments-closed":
                part["c1"] = seed.commit_set(part["c0"], part["commitments"])
                if "c1" not in leave:
                    data |= {"c1": part["c1"].hex(), "parties": sorted(part["commitments"])}
            case "draw.contribution-revealed":
                part["reveals"][data["party"]] = bytes.fromhex(data["secret"])
            case "draw.reveals-closed":
                reveals = {party: part["reveals"].get(party) for party in part["commitments"]}
                part["c2"] = seed.reveal_set(part["c1"], reveals)
                if "c2" not in leave:
                    data |= {"c2": part["c2"].hex(), "revealed": sorted(part["reveals"])}
            case "draw.beacon-recorded":
                part["b"].append(bytes.fromhex(data["b"]))
            case "draw.seed-derived":
                if "seed" not in leave:
                    data["seed"] = seed.seed(part["c0"], part["c1"], part["c2"], part["b"]).hex()
                part["seed"] = bytes.fromhex(data["seed"])
            case "draw.objects-drawn":
                self._draw(data, part)
            case "draw.inspectors-assigned":
                self._assign(data, part)

    def _draw(self, data: Json, part: Json) -> None:
        frozen = part["frozen"]["data"]
        drawn = replay.draw_objects(part["seed"], frozen["freeze"], self.forge.rows(frozen["documents"]["objects"]))
        if "drawn" not in self.leave:
            data |= self.forge.put(drawn.lines) | {"strata": drawn.strata}
        part["drawn"] = [line["id"] for line in self.forge.rows(data["document"])]

    def _assign(self, data: Json, part: Json) -> None:
        frozen = part["frozen"]["data"]
        recused = {line["id"] for line in self.forge.rows(frozen["documents"]["recusals"])} & set(part["drawn"])
        if "opened" not in self.leave:
            lines = [{"id": name, "inspectors": self.forge.recused, "salt": salt(name).hex()} for name in recused]
            data["opened"] = self.forge.put(lines)["document"]
        if "assigned" not in self.leave:
            people = self.forge.rows(frozen["documents"]["inspectors"])
            known = {line["id"]: line["inspectors"] for line in self.forge.rows(data["opened"])}
            teams = replay.assign_inspectors(part["seed"], frozen["freeze"], people, part["drawn"], known)
            data |= self.forge.put(teams.lines) | {"rung": teams.rung, "unassigned": teams.unassigned}


def salt(object_id: str) -> bytes:
    return hashlib.sha256(f"salt of {object_id}".encode()).digest()
