// Item lists and plans (SPEC 7): who drafted, reviewed and published them, and the ratios they set.

import * as s from "../lib/shapes.js";
import { findIn } from "../lib/personal.js";
import { ListError, Fingerprint, lines } from "../lib/lists.js";
import { hex } from "../lib/bytes.js";

const LINE = s.object({
  id: s.code,
  name: s.text,
  class: s.one("key", "general"),
  ratio_min_bp: s.bp,
  ratio_max_bp: s.bp,
  object_type: s.one("market_entity", "product", "project", "behaviour"),
  lead_office: s.text,
  legal_basis: s.text,
  methods: s.list(s.text),
  tag: s.nullable(s.text),
});
export const LAW = { general: [500, 2000], key: [2000, 10000] };
const percent = (bp) => `${bp / 100}%`;

export class Papers {
  constructor(log) {
    this.log = log;
    this.lists = new Map();
    this.plans = new Map();
  }

  async take(entry, documents) {
    const [noun, step] = entry.kind.split(".");
    if (step === "drafted") {
      const paper = { stream: entry.stream, data: entry.data, actor: entry.actor, ended: null, published: null, items: null };
      (noun === "plan" ? this.plans : this.lists).set(entry.stream, paper);
      if (entry.actor.unit !== entry.data.unit) {
        this._say(entry.index, entry.stream, `由 ${entry.actor.unit} 起草，不是 ${entry.data.unit}`, `drafted by ${entry.actor.unit}, not by ${entry.data.unit}`);
      }
      if (noun === "plan") this._plan(entry, paper);
      else this._list(entry, paper, documents.get(entry.data.document.sha256));
      return;
    }
    const paper = (noun === "plan" ? this.plans : this.lists).get(entry.stream);
    if (paper) this._step(step, entry, paper);
  }

  _say(index, stream, zh, en, check = "reviews") {
    this.log.findings.broken(check, index, `${stream}：${zh}。`, `${stream}: ${en}.`);
  }

  _step(step, { index, stream, actor, data }, paper) {
    const say = (zh, en) => this._say(index, stream, zh, en);
    if (paper.ended) say(`已经终结（${paper.ended}）`, `a step after its end (${paper.ended})`);
    const { account, unit } = paper.actor;
    if (step === "published") {
      if (!paper.legality?.passed) say("未通过合法性审查即公布", "published without a passed legality review");
      if (!paper.justice?.passed) say("未通过司法行政部门审查即公布", "published without a passed justice review");
      if (actor.unit !== paper.data.unit) say("公布者不是起草单位", `published by ${actor.unit}, drafted by ${paper.data.unit}`);
      paper.published ??= index;
      paper.ended ??= "published";
      return;
    }
    const name = step === "legality-reviewed" ? "legality" : "justice";
    if (actor.unit === unit) say("审查单位就是起草单位", `the ${name} review was made by the unit ${unit} that drafted it`);
    if (actor.account === account) say("审查人就是起草人", `the ${name} review was made by the account that drafted it`);
    if (name === "justice") {
      if (!paper.legality?.passed) say("司法审查先于合法性审查的通过", "the justice review came before a passed legality review");
      if (paper.legality && (paper.legality.unit === actor.unit || paper.legality.account === actor.account)) {
        say("两次审查出自同一单位或账号", "both reviews were made by one unit or account");
      }
    }
    if (paper[name]) say("重复审查", `a second ${name} review`);
    paper[name] ??= { ...actor, passed: data.passed };
    if (!data.passed) paper.ended ??= `${name} review: not passed`;
  }

  _list({ index, stream, data }, paper, bytes) {
    if (!bytes) return;
    paper.items = new Map();
    const found = new Fingerprint();
    let numbers = 0;
    try {
      for (const { value, line } of lines(bytes)) {
        found.add(line);
        if (findIn(value, "id")) numbers++;
        const said = LINE(value, value.id);
        if (said) this._say(index, stream, `清单行不合规定：${said}`, `a line does not fit: ${said}`, "documents");
        else {
          this._ratio(index, stream, value);
          paper.items.set(value.id, value);
        }
      }
    } catch (error) {
      if (!(error instanceof ListError)) throw error;
      this._say(index, stream, `不是规范的有序清单：${error.message}`, `not a canonical sorted list: ${error.message}`, "documents");
    }
    if (numbers) this._say(index, stream, `${numbers} 处疑有个人号码`, `${numbers} texts look like a person's number`, "personal");
    if (found.count !== data.count || hex(found.root()) !== data.root) {
      this._say(index, stream, "清单的行数或根与记录不符", "count or root of the list are not as stated");
    }
  }

  _ratio(index, stream, { id, class: kind, ratio_min_bp: low, ratio_max_bp: high }) {
    const [least, most] = LAW[kind];
    if (low < least || high > most || low > high) {
      this._say(index, stream, `事项 ${id} 的比例 ${percent(low)}–${percent(high)} 超出法定范围`, `item ${id} (${kind}) has ${percent(low)}–${percent(high)}, legal is ${percent(least)}–${percent(most)}`, "F03");
    }
  }

  _plan({ index, stream, data }) {
    const { year, period } = data;
    if (Number(period.from.slice(0, 4)) !== year || Number(period.to.slice(0, 4)) !== year || period.from > period.to) {
      this._say(index, stream, `期间 ${period.from} 至 ${period.to} 不在 ${year} 年内`, `the period ${period.from} to ${period.to} leaves the year ${year}`);
    }
    const list = this.lists.get(data.itemlist);
    if (!list || list.published === null) {
      this._say(index, stream, `所引清单 ${data.itemlist} 尚未公布`, `the item list ${data.itemlist} was not published before`);
    }
    const seen = new Set();
    for (const { item, quota_bp: quotas } of data.items) {
      if (seen.has(item)) this._say(index, stream, `事项 ${item} 出现两次`, `the item ${item} occurs twice`);
      seen.add(item);
      if (!list?.items) continue;
      const line = list.items.get(item);
      if (!line) this._say(index, stream, `事项 ${item} 不在清单上`, `the item ${item} is not on ${data.itemlist}`, "F04");
      else this._quotas(index, stream, line, quotas);
    }
  }

  _quotas(index, stream, line, quotas) {
    const [least, most] = LAW[line.class];
    const [low, high] = [Math.max(least, line.ratio_min_bp), Math.min(most, line.ratio_max_bp)];
    for (const [stratum, bp] of Object.entries(quotas)) {
      if (bp < low || bp > high) {
        this._say(index, stream, `事项 ${line.id} 的 ${stratum} 层比例 ${percent(bp)} 超出 ${percent(low)}–${percent(high)}`, `item ${line.id}: the ratio ${percent(bp)} of stratum ${stratum} is outside ${percent(low)}–${percent(high)}`, "F03");
      }
    }
  }

  /** Return the line of an item of a plan, or null where plan, list or item are not there. */
  itemOf(plan, item) {
    const paper = this.plans.get(plan);
    return (paper && this.lists.get(paper.data.itemlist)?.items?.get(item)) ?? null;
  }

  finish() {
    const { findings } = this.log;
    if (!findings.sound("reviews")) return;
    if (this.lists.size) findings.holds("reviews", `${this.lists.size} 份抽查事项清单的比例和审查程序合规。`, `${this.lists.size} item lists keep ratios and reviews.`);
    if (this.plans.size) findings.holds("reviews", `${this.plans.size} 份抽查计划的比例和审查程序合规。`, `${this.plans.size} plans keep ratios and reviews.`);
  }
}
