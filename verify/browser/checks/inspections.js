// Inspections and results (SPEC 12): the right people went, on days that fit, and the public heard of it in time.

import { Calendars, isDate } from "../lib/calendar.js";
import * as s from "../lib/shapes.js";
import { excludedInspector } from "./registries.js";
import { valueOf } from "./documents.js";

const STEPS = ["inspection.notified", "inspection.completed", "result.recorded", "result.published"];
const METHODS = ["onsite", "document", "dept_opinion", "lab_test", "online", "expert"];
const PROBLEMS = ["NOT_DISCLOSED", "FALSE_DISCLOSURE", "UNREACHABLE", "CORRECTED", "REFUSED", "NOT_OPERATING", "PROBLEM_PENDING"];
const STATES = ["CLOSED_LIQUIDATING", "DEREGISTERED", "LICENCE_REVOKED", "REGISTRATION_CANCELLED", "MOVED_AWAY"];
const CALENDAR = s.object({
  year: s.integer(1, 9999),
  holidays: s.list(s.date),
  makeup_workdays: s.list(s.date),
  papers: s.list(s.text),
});
const [DUE, OVERDUE] = [7, 20];
const names = (team) => (Array.isArray(team) ? team.join(", ") : "nobody");
const sameTeam = (a, b) => Array.isArray(a) && Array.isArray(b) && String([...a].sort()) === String([...b].sort());

export class Inspections {
  constructor(log) {
    this.log = log;
    this.calendars = new Calendars();
    this.all = new Map();
    this.published = 0;
    this.lost = false; // whether a calendar could not be read
  }

  _say(check, index, stream, zh, en) {
    this.log.findings.broken(check, index, `${stream}：${zh}。`, `${stream}: ${en}.`);
  }

  calendar({ stream, index, data }, documents) {
    const bytes = documents.get(data.document.sha256);
    const say = (zh, en) => this._say("F15", index, stream, zh, en);
    if (!bytes) {
      this.lost = true;
      this.log.findings.unchecked("F15", index, `${stream} 的日历不在，期限未校验。`, `${stream}: its calendar is not here, no deadline can be checked.`);
      return;
    }
    const record = valueOf(bytes);
    const said = record === null ? "not canonical" : CALENDAR(record, "calendar");
    if (said) {
      this.lost = true;
      this._say("documents", index, stream, `日历不合规定：${said}`, `the calendar does not fit: ${said}`);
      return;
    }
    if (this.calendars.years.has(data.year)) {
      this.log.findings.noted("F15", index, `${stream} 再次记录。`, `${stream} was recorded again.`);
    }
    if (stream !== `calendar/${data.year}`) say("日历不在其年份的流中", `its entry is of ${data.year}`);
    if (record.year !== data.year) say("日历属于另一年", `its document is of ${record.year}`);
    for (const [field, what] of [["holidays", "holidays"], ["makeup_workdays", "make-up working days"]]) {
      const days = record[field];
      if (days.some((day, n) => n && days[n - 1] >= day)) say(`${what} 未排序或重复`, `its ${what} are not sorted, or one occurs twice`);
      if (days.some((day) => Number(day.slice(0, 4)) !== data.year)) say(`${what} 有别的年份的日子`, `its ${what} have days of another year`);
    }
    const both = record.holidays.filter((day) => record.makeup_workdays.includes(day));
    if (both.length) say(`${both[0]} 既是假日又是补班日`, `${both[0]} is a holiday and a make-up day`);
    if (record.papers.length === 0) say("未写明依据的文件", "it names no paper that it rests on");
    this.calendars.record(data.year, record.holidays, record.makeup_workdays);
  }

  take(entry) {
    const { stream, kind } = entry;
    if (!this.all.has(stream)) this.all.set(stream, { stream, steps: [], later: [], deadlines: [] });
    const inspection = this.all.get(stream);
    inspection.steps.push({ kind, index: entry.index });
    const step = kind.split(".")[1];
    const say = (check, index, zh, en) => inspection.later.push(() => this._say(check, index, stream, zh, en));
    this[`_${step}`](inspection, entry, say);
  }

  _notified(inspection, { data, index, at }, say) {
    const draw = this.log.draws.all.get(data.draw);
    Object.assign(inspection, { draw: data.draw, object: data.object, item: data.item, visitors: data.inspectors, visitOn: data.visit_on });
    const day = at.slice(0, 10);
    if (!draw) return say("F14", index, `${data.draw} 不存在`, `${data.draw} does not exist`);
    inspection.of = draw;
    const period = this.log.papers.plans.get(draw.plan)?.data.period;
    if (data.visit_on < day || (period && (data.visit_on < period.from || data.visit_on > period.to))) {
      say("inspections", index, `检查日 ${data.visit_on} 不合规定`, `the visit on ${data.visit_on} is before the notice or outside the plan's period`);
    }
    if (data.item !== draw.item) say("inspections", index, `事项是 ${data.item}`, `its item is ${data.item}, drawn was ${draw.item}`);
    draw.notified = true;
    if (!draw.signedOff) say("F05", index, "在纪检签字之前通知", "it was notified before the discipline office signed the draw off");
    const team = draw.teams?.get(data.object);
    if (!draw.drawn?.has(data.object)) return say("F14", index, `${data.object} 未被抽中却被检查`, `${data.object} was not drawn, but is inspected`);
    if (team && !sameTeam(team.inspectors, data.inspectors)) say("F14", index, `检查人员与抽取不符`, `visitors ${names(data.inspectors)}, drawn were ${names(team.inspectors)}`);
    return undefined;
  }

  _completed(inspection, { data, index, at }, say) {
    const { completed_on: day, inspectors, methods } = data;
    Object.assign(inspection, { completedOn: day, completedAt: index });
    if (inspection.visitors && !sameTeam(inspection.visitors, inspectors)) say("F14", index, "到场人员与通知不符", `${names(inspectors)} came, ${names(inspection.visitors)} were notified`);
    if (inspection.visitOn && day < inspection.visitOn) say("inspections", index, `完成于 ${day}，早于检查日`, `completed on ${day}, before the visit on ${inspection.visitOn}`);
    if (day > at.slice(0, 10)) say("inspections", index, `完成于 ${day}，晚于记录`, `completed on ${day}, after the entry`);
    if (methods.length === 0 || new Set(methods).size !== methods.length || methods.some((each) => !METHODS.includes(each))) {
      say("inspections", index, `检查方式 ${methods} 不合规定`, `the methods ${methods} are not some of ${METHODS}, each once`);
    }
    const registry = this.log.registries.all.get(inspection.of?.freeze?.inspectors.registry ?? inspection.of?.inspectors);
    if (!registry?.known) return;
    for (const name of new Set(inspectors)) {
      const row = registry.rows.get(name);
      const ground = row ? excludedInspector(row, null, day) : "not in the registry";
      if (ground) say("F12", index, `${name} 当日不能检查（${ground}）`, `${name} could not inspect on ${day} (${ground})`);
    }
  }

  _recorded(inspection, { data, index }, say) {
    const { categories, not_checkable: state } = data;
    inspection.recorded = true;
    const known = categories.every((each) => each === "NO_PROBLEM" || PROBLEMS.includes(each)) && new Set(categories).size === categories.length;
    const right = state === null ? categories.length > 0 && known : categories.length === 0 && STATES.includes(state);
    if (!right) say("inspections", index, `结果 ${categories} ${state} 不合规定`, `the result ${categories}, ${state} is neither of the eight categories nor one not-checkable state`);
    else if (categories.length > 1 && categories.includes("NO_PROBLEM")) say("inspections", index, "未发现问题不能与其他结果并列", `NO_PROBLEM excludes every other result: ${categories}`);
  }

  _published(inspection, { data, index, at }) {
    inspection.published = true;
    const { completedOn } = inspection;
    if (!completedOn || !isDate(completedOn)) return;
    const day = at.slice(0, 10);
    this.published++;
    if (!this.calendars.years.has(Number(completedOn.slice(0, 4)))) {
      inspection.deadlines.push(() => this.log.findings.unchecked("F15", inspection.completedAt, `${inspection.stream}：完成于没有日历的年份，期限未校验。`, `${inspection.stream}: completed on ${completedOn}, a year without a recorded calendar: its deadline is unchecked.`));
    }
    const deadline = this.calendars.after(completedOn, DUE);
    const late = deadline !== null && day > deadline;
    if (data.deadline !== deadline || data.late !== late || data.provisional !== (deadline === null)) {
      inspection.deadlines.push(() => this._say("F15", index, inspection.stream, `期限应为 ${deadline}`, `completed on ${completedOn}, the deadline is ${deadline}, publication on ${day} is ${late ? "late" : "in time"}; the entry says ${data.deadline}, ${data.late ? "late" : "in time"}`));
    } else if (late) {
      inspection.deadlines.push(() => this.log.findings.noted("F15", index, `${inspection.stream}：应于 ${deadline} 前公示，${day} 才公示，已如实显示。`, `${inspection.stream}: due on ${deadline}, published on ${day}: late, and shown as late.`));
    }
  }

  finish(last) {
    const today = last.at.slice(0, 10);
    for (const inspection of this.all.values()) {
      const { steps, stream } = inspection;
      if (steps.some(({ kind }, n) => kind !== STEPS[n])) {
        this._say("inspections", steps.at(-1).index, stream, "步骤次序不对", `the steps are ${steps.map((each) => each.kind).join(", ")}`);
        continue;
      }
      for (const tell of inspection.later) tell();
      if (this.lost) continue; // a deadline counted without one of the calendars would be guessed
      for (const tell of inspection.deadlines) tell();
      if (inspection.completedOn && !inspection.published) this._unpublished(inspection, today);
    }
    this._withoutResult(today);
    this._hold();
  }

  _unpublished({ stream, completedOn, completedAt }, today) {
    const { findings } = this.log;
    if (!this.calendars.years.has(Number(completedOn.slice(0, 4)))) {
      findings.unchecked("F15", completedAt, `${stream}：完成于没有日历的年份，期限未校验。`, `${stream}: completed on ${completedOn}, a year without a recorded calendar.`);
      return;
    }
    const [deadline, end] = [this.calendars.after(completedOn, DUE), this.calendars.after(completedOn, OVERDUE)];
    if (end !== null && today > end) this._say("F15", completedAt, stream, "超过 20 个工作日仍未公示", `completed on ${completedOn}, not published by ${today}, beyond 20 working days`);
    else if (deadline !== null && today > deadline) findings.noted("F15", completedAt, `${stream}：应于 ${deadline} 前公示，尚未公示。`, `${stream}: overdue since ${deadline}, not published by ${today}.`);
  }

  _withoutResult(today) {
    const { findings, papers, draws } = this.log;
    const recorded = new Set([...this.all.values()].filter((each) => each.recorded).map((each) => `${each.draw} ${each.object}`));
    for (const draw of draws.all.values()) {
      const period = papers.plans.get(draw.plan)?.data.period;
      if (!draw.drawn || !period) continue;
      const open = [...draw.drawn.keys()].filter((id) => !recorded.has(`${draw.stream} ${id}`));
      if (!open.length) continue;
      const some = open.slice(0, 5).join(", ");
      if (today > period.to) findings.broken("F16", draw.index, `${draw.stream}：计划已结束，${open.length} 个抽中对象没有结果：${some}。`, `${draw.stream}: its plan ended on ${period.to}, ${open.length} drawn objects have no result: ${some}.`);
      else findings.noted("F16", draw.index, `${draw.stream}：${open.length} 个抽中对象尚无结果。`, `${draw.stream}: ${open.length} drawn objects have no result yet.`);
    }
  }

  _hold() {
    const { findings } = this.log;
    const count = this.all.size;
    if (count && findings.sound("F14") && findings.sound("inspections")) findings.holds("F14", `${count} 次检查的人员、日期和步骤都成立。`, `${count} inspections: visitors, days and steps hold.`);
    if (this.published && !this.lost && findings.sound("F15")) findings.holds("F15", `${this.published} 个公示结果的期限重算一致。`, `The deadlines of ${this.published} published results were recomputed.`);
    if (this.log.draws.all.size && findings.sound("F16")) findings.holds("F16", "已结束的计划没有缺少结果的抽中对象。", "No drawn object of a plan that has ended is without a result.");
  }
}
