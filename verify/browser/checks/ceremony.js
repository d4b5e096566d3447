// The ceremony (SPEC 9): commitments, reveals, beacons and the seed that they give.

import { compare, hex, same, unhex } from "../lib/bytes.js";
import { BeaconError, beaconOf, isKnown } from "../lib/beacon.js";
import { secondsOf } from "../lib/calendar.js";
import { commitment, commitSet, revealSet, seed } from "../lib/seed.js";

const list = (names) => [...names].sort(compare);
const equal = (a, b) => a.length === b.length && a.every((each, n) => each === b[n]);

export class Ceremony {
  constructor(log) {
    this.log = log;
  }

  take(draw, entry, say, anchors) {
    if (!draw.freeze) return undefined;
    switch (entry.kind) {
      case "draw.contribution-committed":
        anchors.take(draw, entry, draw.frozenAt, "draw.frozen", say);
        return this._commit(draw, entry, say);
      case "draw.commitments-closed":
        return this._closeCommitments(draw, entry, say);
      case "draw.contribution-revealed":
        anchors.take(draw, entry, draw.commitmentsClosed ?? Infinity, "draw.commitments-closed", say);
        return this._reveal(draw, entry, say);
      case "draw.contribution-withheld":
        return this._withhold(draw, entry, say);
      case "draw.reveals-closed":
        return this._closeReveals(draw, entry, say);
      case "draw.beacon-recorded":
        anchors.take(draw, entry, draw.revealsClosed ?? Infinity, "draw.reveals-closed", say);
        return this._beacon(draw, entry, say);
      case "draw.seed-derived":
        return this._seed(draw, entry, say);
      default:
        return undefined;
    }
  }

  _commit(draw, { data, at, actor }, say) {
    const party = draw.parties.get(data.party);
    if (!party) say("V3", `${data.party} 不是参与方`, `${data.party} is no party of the freeze`);
    else if (party.account !== actor.account) say("V3", `${data.party} 的承诺出自 ${actor.account}`, `the contribution of ${data.party} came from ${actor.account}, the freeze names ${party.account}`);
    if (draw.committed.has(data.party)) say("V3", `${data.party} 两次承诺`, `${data.party} committed twice`);
    else draw.committed.set(data.party, unhex(data.commitment));
    const late = secondsOf(at) - draw.freeze.t_commit;
    if (late > 0) say("F06", `${data.party} 的承诺迟于期限 ${late} 秒`, `${data.party} committed ${late} s after the deadline`);
  }

  _closeCommitments(draw, { data, at, index }, say) {
    draw.commitmentsClosed ??= index;
    if (!equal(data.parties, list(draw.committed.keys()))) say("V3", "承诺的参与方不符", "the parties stated are not those that committed");
    if (secondsOf(at) < draw.freeze.t_commit && draw.committed.size < draw.parties.size) {
      say("V3", "未到期限且有参与方未承诺即关闭", "commitments were closed early though a party had not committed");
    }
    draw.c1 = commitSet(draw.c0, draw.committed);
    if (hex(draw.c1) !== data.c1) say("V3", "C1 与记录不符", `the commitments give C1 ${hex(draw.c1)}, not as recorded`);
  }

  _reveal(draw, { data, at, actor }, say) {
    const { party } = data;
    const secret = unhex(data.secret);
    const committed = draw.committed.get(party);
    if (!committed) say("V4", `${party} 未曾承诺`, `${party} reveals without a commitment`);
    else if (!same(commitment(draw.c0, party, secret), committed)) say("V4", `${party} 的揭示与承诺不符`, `the reveal of ${party} does not open its commitment`);
    const known = draw.parties.get(party);
    if (known && known.account !== actor.account) say("V4", `${party} 的揭示出自 ${actor.account}`, `the reveal of ${party} came from ${actor.account}, the freeze names ${known.account}`);
    if (draw.revealed.has(party) || draw.withheld.has(party)) say("V4", `${party} 两次揭示`, `${party} reveals twice`);
    else draw.revealed.set(party, secret);
    const late = secondsOf(at) - draw.freeze.t_reveal;
    if (late > 0) say("F06", `${party} 的揭示迟于期限 ${late} 秒`, `${party} revealed ${late} s after the deadline`);
  }

  _withhold(draw, { data: { party }, at, index }, say) {
    if (!draw.committed.has(party) || draw.revealed.has(party) || draw.withheld.has(party)) say("V4", `${party} 不能被记为未揭示`, `${party} cannot be recorded as withholding`);
    draw.withheld.add(party);
    this.log.findings.noted("V4", index, `${draw.stream}：${party} 已承诺而未揭示。`, `${draw.stream}: ${party} committed, but withheld its reveal.`);
    if (secondsOf(at) <= draw.freeze.t_reveal) say("V4", `${party} 在期限之前被记为未揭示`, `${party} is recorded as withholding before the deadline`);
  }

  _closeReveals(draw, { data, at, index }, say) {
    const v4 = (zh, en) => say("V4", zh, en);
    draw.revealsClosed ??= index;
    const { freeze, committed, revealed, withheld } = draw;
    if (!equal(data.revealed, list(revealed.keys())) || !equal(data.withheld, list(withheld))) v4("揭示和未揭示的参与方不符", "those stated as revealing and withholding are not those recorded");
    const open = list(committed.keys()).filter((party) => !revealed.has(party) && !withheld.has(party));
    if (open.length) v4(`${open.join("、")} 既未揭示也未记为未揭示`, `every party that committed either reveals or is recorded as withholding: ${open.join(", ")}`);
    if (revealed.size < 2) v4(`只有 ${revealed.size} 方揭示`, `only ${revealed.size} parties revealed, two are needed`);
    for (const role of ["organiser", "discipline"]) {
      if (![...revealed.keys()].some((party) => draw.parties.get(party)?.role === role)) v4(`${role} 无人揭示`, `nobody with the role ${role} revealed, the draw cannot go on`);
    }
    const now = secondsOf(at);
    if (now < freeze.t_reveal && revealed.size < committed.size) v4("未到期限且有参与方未揭示即关闭", "reveals were closed early though a party had not revealed");
    const late = now - (freeze.t_reveal + freeze.delta);
    if (late >= 0) v4(`揭示在信标时间之后 ${late} 秒才关闭`, `the reveals were closed ${late} s after the time of the beacon`);
    const reveals = new Map([...committed.keys()].map((party) => [party, revealed.get(party) ?? null]));
    draw.c2 = revealSet(draw.c1 ?? new Uint8Array(32), reveals);
    if (hex(draw.c2) !== data.c2) v4("C2 与记录不符", `the reveals give C2 ${hex(draw.c2)}, not as recorded`);
  }

  async _beacon(draw, { data, at, index }, say) {
    const early = draw.freeze.t_reveal + draw.freeze.delta - secondsOf(at);
    if (early > 0) say("F06", `信标早于揭示关闭和 delta ${early} 秒`, `the beacon came ${early} s before the reveals were closed and delta`);
    const named = draw.freeze.beacons[data.position];
    if (!named || data.position !== draw.beacons.length) {
      say("V5", `信标 ${data.position} 不在次序中`, `beacon ${data.position} is not the next one of the freeze`);
      draw.beacons.push(null);
      return;
    }
    draw.beacons.push(await this._value(draw, named, data, index, say));
  }

  async _value(draw, named, data, index, say) {
    try {
      const value = await beaconOf(named, data);
      if (named.kind === "drand" && !isKnown(named)) {
        this.log.findings.unchecked("V5", index, `${draw.stream}：不认识这个 drand 网络，签名未校验。`, `${draw.stream}: a drand network unknown here, its signature is unchecked.`);
      }
      if (hex(value) !== data.b) say("V5", "信标的 B 与记录不符", `the beacon gives B ${hex(value)}, not as recorded`);
      return value;
    } catch (error) {
      if (!(error instanceof BeaconError)) throw error;
      say("V5", `信标不成立：${error.message}`, `the beacon does not hold: ${error.message}`);
      return null;
    }
  }

  _seed(draw, { data, index }, say) {
    const due = draw.freeze.beacons.length;
    if (draw.beacons.length !== due) say("V5", `种子出自 ${draw.beacons.length} 个信标，应为 ${due} 个`, `the seed was derived from ${draw.beacons.length} of ${due} beacons`);
    const whole = draw.beacons.length === draw.freeze.beacons.length && draw.beacons.every(Boolean) && draw.c1 && draw.c2;
    draw.seed = whole ? seed(draw.c0, draw.c1, draw.c2, draw.beacons) : unhex(data.seed);
    if (!whole) {
      this.log.findings.unchecked("V6", index, `${draw.stream}：种子的部分缺失，未校验。`, `${draw.stream}: parts of the seed are missing, it is unchecked.`);
    } else if (hex(draw.seed) !== data.seed) {
      say("V6", "种子与记录不符", `commitments, reveals and beacons give another seed, ${hex(draw.seed)}`);
    }
  }
}
