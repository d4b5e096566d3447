// The terms of a freeze (SPEC 8): what a draw may and may not promise before anybody can know its outcome.

import { base64, hex } from "../lib/bytes.js";
import { CHAINS, roundAt } from "../lib/beacon.js";
import { plusDays, secondsOf } from "../lib/calendar.js";
import { readCosigner } from "./anchors.js";
import { LAW } from "./papers.js";

const MOST_RUNGS = 16;
const asText = (value) => JSON.stringify(value);

/** The caps of a freeze in the order in which they are tried. */
export const ladder = (freeze) => [freeze.cap, ...freeze.fallback.map((each) => each.cap)];

/** Check everything about a freeze that needs no list; `draw` is the state of the draw, `say(check, zh, en)` complains. */
export function checkTerms(log, draw, entry, say) {
  const { freeze, c0 } = entry.data;
  const v2 = (zh, en) => say("V2", zh, en);
  const due = { alg: "FAIRDRAW/1", attempt: 1, draw: draw.stream, plan: draw.plan, item: draw.item };
  for (const [name, value] of Object.entries(due)) {
    if (freeze[name] !== value) v2(`${name} 是 ${freeze[name]}，应为 ${value}`, `${name} is ${freeze[name]}, not ${value}`);
  }
  if (asText(freeze.seats) !== "[0,0]") v2("席位不是两席", `seats is ${asText(freeze.seats)}, not [0, 0]`);
  if (asText(freeze.groups) !== '[{"name":"certified","rule":"eligible"}]') v2("组别不合规定", "groups are not those of the rules");
  if (hex(draw.c0) !== c0) v2("C0 与记录不符", `C0 is ${hex(draw.c0)}, not as recorded`);
  const day = entry.at.slice(0, 10);
  if (freeze.as_of !== day && freeze.as_of !== plusDays(day, -1)) v2(`as_of ${freeze.as_of} 不是当日或前一日`, `as_of ${freeze.as_of} is not its day or the one before`);
  ledgerHead(log, draw, entry, v2);
  deadlines(entry, v2);
  parties(log, freeze, v2);
  beacons(log, freeze, v2);
  quorum(freeze, v2);
  const caps = ladder(freeze);
  if (caps.length > MOST_RUNGS) v2(`有 ${caps.length} 级上限`, `${caps.length} caps, ${MOST_RUNGS} are the most`);
  if (caps.at(-1) !== null) v2("最后一级有上限，对象可能无人检查", `objects could stay without a team: the last cap is ${caps.at(-1)}, it must be null`);
  for (const kind of ["objects", "inspectors"]) {
    if (freeze[kind].registry !== draw[kind]) v2(`${kind} 名录不是开启时的`, `the ${kind} are of ${freeze[kind].registry}, opened was ${draw[kind]}`);
    const registry = log.registries.all.get(freeze[kind].registry);
    const version = registry?.version ?? 0;
    if (freeze[kind].version !== version) v2(`冻结的 ${kind} 版本是 ${freeze[kind].version}，当时是 ${version}`, `froze version ${freeze[kind].version}, it was ${version}`);
  }
}

function ledgerHead(log, draw, { index, data }, v2) {
  const { size, root } = data.freeze.ledger_head;
  if (size > index) v2("所引账本头在冻结之后", `its ledger head of ${size} entries is not before it`);
  else if (size > log.tree.size || hex(log.tree.root(size)) !== root) v2("所引账本头的根不符", `its ledger head of ${size} entries has another root`);
  const covers = Math.max(draw.index, draw.checkIns.get("freeze") ?? -1);
  if (size <= covers) v2("所引账本头未覆盖开启和签到", `its ledger head of ${size} entries does not cover the opening and the check-in (#${covers})`);
}

function deadlines({ at, data: { freeze } }, v2) {
  const now = secondsOf(at);
  if (!(now < freeze.t_commit && freeze.t_commit < freeze.t_reveal)) v2("冻结、承诺、揭示的时间次序不对", "freeze, t_commit and t_reveal are not in this order");
  if (freeze.delta < 600) v2(`delta 为 ${freeze.delta} 秒`, `delta is ${freeze.delta} s, at least 600 is needed`);
}

function parties(log, { parties }, v2) {
  const distinct = (key) => new Set(parties.map((each) => each[key])).size === parties.length;
  if (parties.length < 2 || !distinct("id") || !distinct("account")) v2("参与方不足两个或重复", "fewer than two different parties");
  for (const role of ["organiser", "discipline"]) {
    if (!parties.some((each) => each.role === role)) v2(`没有 ${role} 参与方`, `no party has the role ${role}`);
  }
  for (const { id, role, account } of parties) {
    const opened = log.actors.accounts.get(account);
    if (opened?.role !== role) v2(`参与方 ${id} 的账号 ${account} 不是 ${role}`, `the account ${account} of the party ${id} is no ${role}`);
    if (role !== "organiser" && role !== "discipline") v2(`参与方 ${id} 的角色是 ${role}`, `the party ${id} has the role ${role}`);
  }
}

function quorum({ quorum: { threshold, cosigners } }, v2) {
  if (threshold === 0 && cosigners.length === 0) return;
  const keys = cosigners.map(readCosigner);
  if (keys.some((key) => key === null)) v2("联署方的公钥不可用", "a cosigner's key is none of the type 0x04");
  else {
    const distinct = (of) => new Set(keys.map(of)).size === keys.length;
    if (!distinct((key) => key.name) || !distinct((key) => hex(key.id)) || !distinct((key) => base64(key.key))) v2("联署方重复", "a cosigner stands there twice");
  }
  if (threshold < 1 || threshold > cosigners.length) v2("联署的门槛不合规定", `the threshold is ${threshold} of ${cosigners.length} cosigners`);
}

/** Check at the end of the log that no cosigner of a freeze is the log itself, by any key that it ever had: one announced later may have been its own all along. */
export function checkCosigners(log, freeze, say) {
  const own = new Set(log.keys.all.map((each) => base64(each.key.key)));
  const keys = freeze.quorum.cosigners.map(readCosigner).filter(Boolean);
  if (keys.some((key) => own.has(base64(key.key)))) say("V2", "联署方就是日志自己", "a cosigner is the log itself");
}

function beacons(log, freeze, v2) {
  const { beacons: named } = freeze;
  if (named.length === 0) v2("没有信标", "no beacon is named");
  if (named.length === 1 && named[0].kind === "lottery") v2("只有一种彩票", "one lottery alone is too little: name two, or dice or drand besides");
  named.forEach((each, n) => {
    if (each.kind === "dice") {
      const least = { 10: 40, 6: 50 }[each.sides];
      if (least === undefined || each.rolls < least) v2(`信标 ${n} 的掷数太少`, `beacon ${n}: ${each.rolls} rolls of a die with ${each.sides} sides are too few: 40 of ten sides or 50 of six`);
      if (each.simulated && !log.origin?.startsWith("demo.")) v2(`信标 ${n} 是模拟的`, `beacon ${n}: only the dice of a demonstration may be simulated`);
    } else if (each.kind === "drand") drand(each, n, freeze, v2);
  });
}

function drand({ chain_hash: hash, round }, n, freeze, v2) {
  const chain = Object.hasOwn(CHAINS, hash) ? CHAINS[hash] : null;
  const due = chain && roundAt(chain, freeze.t_reveal + freeze.delta);
  if (!chain) v2(`信标 ${n} 的 drand 网络不在规则之内`, `beacon ${n}: the drand network ${hash} is none of the rules`);
  else if (round !== due) v2(`信标 ${n} 的轮次应为 ${due}`, `beacon ${n}: round ${round} is named, ${due} is the first one after the reveals`);
}

/** Check the ratios of a freeze (F03): the plan's, within the law, with a waiver for exactly the tiny strata. */
export function checkRatios(log, draw, freeze, counts, say) {
  const f03 = (zh, en) => say("F03", zh, en);
  const planned = log.papers.plans.get(draw.plan)?.data.items.find((each) => each.item === draw.item);
  if (planned && Object.keys(planned.quota_bp).some((name) => planned.quota_bp[name] !== freeze.quota_bp[name])) {
    f03("比例不是计划的比例", "the ratios are not those of the plan");
  }
  const line = log.papers.itemOf(draw.plan, draw.item);
  if (line && line.class !== freeze.item_class) f03(`事项类别是 ${line.class}`, `${draw.item} is ${line.class}, not ${freeze.item_class}`);
  const [least, most] = LAW[freeze.item_class];
  for (const [name, bp] of Object.entries(freeze.quota_bp)) {
    if (bp < least || bp > most) f03(`${name} 层比例 ${bp / 100}% 超出范围`, `the ratio ${bp / 100}% of stratum ${name} is outside the bounds`);
  }
  const due = freeze.item_class === "general" ? 2000 : undefined;
  if (freeze.hi_bp !== due) f03("法定上限不符", `the legal maximum is ${freeze.hi_bp}, not ${due}`);
  if (counts) waivers(freeze, counts, f03);
}

function waivers(freeze, counts, f03) {
  for (const name of new Set([...Object.keys(freeze.waivers), ...counts.keys()])) {
    const n = counts.get(name) ?? 0;
    const needed = freeze.item_class === "general" && n >= 1 && n <= 4;
    const given = Object.hasOwn(freeze.waivers, name);
    if (needed && !given) f03(`${name} 层只有 ${n} 个对象，没有豁免`, `stratum ${name} has only ${n} objects and no recorded waiver`);
    if (given && !needed) f03(`${name} 层有 ${n} 个对象，豁免无据`, `stratum ${name} has ${n} objects, its waiver has no ground`);
  }
}

/** Whether k of n keeps the law; a stratum with a recorded waiver is not asked. */
export function keepsTheLaw(freeze, name, n, k) {
  if (n === 0 || (Object.hasOwn(freeze.waivers, name) && freeze.item_class === "general" && n <= 4)) return true;
  return freeze.item_class === "general" ? 20 * k >= n && 5 * k <= n : 5 * k >= n;
}
