// Who acted (SPEC 6): every entry is by an open account, in its role and unit, and nothing personal stands in it.

import { KINDS, UNITS_OF } from "../lib/kinds.js";
import { findIn, findNumber } from "../lib/personal.js";

export class Actors {
  constructor(log) {
    this.log = log;
    this.units = new Map();
    this.accounts = new Map();
    this.entries = 0;
  }

  _say(index, zh, en) {
    this.log.findings.broken("actors", index, zh, en);
  }

  take(entry) {
    this.entries++;
    this._personal(entry);
    this._actor(entry);
    const { kind, data, index, stream } = entry;
    if (kind === "unit.registered") this._register(index, data);
    else if (kind === "account.opened") this._open(index, data);
    else if (kind === "account.closed") {
      const account = this.accounts.get(stream.slice("account/".length));
      if (account) account.closed ??= index;
    }
  }

  _actor({ index, kind, actor }) {
    if (!KINDS[kind].roles.includes(actor.role)) {
      this._say(index, `角色 ${actor.role} 不得作出 ${kind}。`, `The role ${actor.role} is not allowed to cause ${kind}.`);
    }
    if (actor.account === "system") return this._system(index, kind, actor);
    const account = this.accounts.get(actor.account);
    if (!account) return this._say(index, `账号 ${actor.account} 从未开设。`, `The account ${actor.account} was never opened.`);
    if (account.closed !== undefined) {
      this._say(index, `账号 ${actor.account} 已在第 ${account.closed} 条关闭。`, `The account ${actor.account} was closed in entry ${account.closed}.`);
    }
    if (account.role !== actor.role || account.unit !== actor.unit) {
      this._say(index, `账号 ${actor.account} 是 ${account.role}/${account.unit}，记录称 ${actor.role}/${actor.unit}。`, `The account ${actor.account} is ${account.role}/${account.unit}, the entry says ${actor.role}/${actor.unit}.`);
    }
    return undefined;
  }

  _system(index, kind, actor) {
    const first = { "unit.registered": this.units.size === 0, "account.opened": this.accounts.size === 0 };
    const may = ["log.created", "log.recovered", "checkpoint.anchored"].includes(kind) || first[kind];
    if (!may || actor.role !== "system" || actor.unit !== "system") {
      this._say(index, `系统不得作出 ${kind}。`, `The system is not allowed to cause ${kind} here.`);
    }
  }

  _register(index, { unit, kind, parent }) {
    if (parent !== null && !this.units.has(parent)) this._say(index, `上级单位 ${parent} 未登记。`, `The parent unit ${parent} is not registered.`);
    this.units.set(unit, kind);
  }

  _open(index, { account, role, unit }) {
    if (account === "system") this._say(index, "账号 system 是日志本身，不属于任何人。", "The account system is the log itself and nobody's.");
    const kind = this.units.get(unit);
    if (kind === undefined) this._say(index, `账号 ${account} 的单位 ${unit} 未登记。`, `The unit ${unit} of the account ${account} was never registered.`);
    else if (role in UNITS_OF && !UNITS_OF[role].includes(kind)) {
      this._say(index, `账号 ${account} 在 ${kind} 类单位 ${unit} 中不得任 ${role}。`, `The account ${account} has the role ${role} in ${unit}, a unit of the kind ${kind}.`);
    }
    if (account !== "system") this.accounts.set(account, { role, unit });
  }

  _personal({ index, kind, data, command }) {
    const found = findIn(data) ?? findNumber(command);
    if (found) this.log.findings.broken("personal", index, `${kind} 中疑有个人号码 ${found}。`, `The data of ${kind} holds what looks like a person's ${found}.`);
  }

  finish() {
    const { findings } = this.log;
    if (!this.entries) return;
    const [units, accounts] = [this.units.size, this.accounts.size];
    if (findings.sound("actors")) {
      findings.holds("actors", `所有记录都由当时有效、角色相符的账号作出（${accounts} 个账号，${units} 个单位）。`, `Every entry was caused by an open account whose role may do so (${accounts} accounts).`);
    }
    if (findings.sound("personal")) {
      findings.holds("personal", `${this.entries} 条记录的文字中没有身份证号码或手机号码。`, `No text of ${this.entries} entries looks like an identity number or a mobile phone.`);
    }
  }
}
