// The page: takes a log, shows the verdict first and every reason behind a click. It asks only its own host, and only for the log.

import { GROUPS, OUTCOMES, UNSIGNED, verdictOf } from "./words.js";

const MEMORY = "fairdraw.seen";
const byId = (id) => document.getElementById(id);
let worker = null;

/** Make an element; text is never markup. */
function make(tag, { lang, className, ...rest } = {}, ...children) {
  const node = document.createElement(tag);
  if (lang) node.lang = lang;
  if (className) node.className = className;
  Object.assign(node, rest);
  node.append(...children);
  return node;
}

const both = ([zh, en]) => [`${zh} `, make("small", { lang: "en" }, en)];

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(MEMORY)) ?? {};
  } catch {
    return {};
  }
}

function remember({ names, head }) {
  const all = remembered();
  const newer = names.filter((name) => !(all[name]?.size >= head.size));
  try {
    localStorage.setItem(MEMORY, JSON.stringify({ ...all, ...Object.fromEntries(newer.map((name) => [name, head])) }));
  } catch {
    // A browser that keeps nothing still verifies.
  }
}

function clear() {
  worker ??= newWorker();
  for (const id of ["verdict", "self", "from-disk"]) byId(id).hidden = true;
  byId("groups").replaceChildren();
  byId("self-answer").replaceChildren();
  byId("working").hidden = false;
  byId("live").disabled = true;
  progress({ done: 0, of: 1 });
}

function start(target) {
  clear();
  worker.postMessage({
    type: "verify",
    ...target,
    ...outside(),
    remembered: remembered(),
  });
}

/** What comes from somewhere else than the log: its key, and whom the reader trusts besides. */
const outside = () => ({ vkey: byId("vkey").value.trim(), policy: byId("policy").value.trim() && byId("policy").value });

function newWorker() {
  const made = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  made.onmessage = ({ data }) => ({ progress, result, held, self: selfAnswer, failed })[data.type](data);
  made.onerror = (event) => failed({ message: event.message ?? "worker", refusal: false });
  return made;
}

function progress({ done, of }) {
  byId("progress").value = of ? (1000 * done) / of : 0;
  const percent = Math.floor((100 * done) / (of || 1));
  byId("doing").replaceChildren(...both([`正在复核……${percent}%`, `Verifying … ${percent}%`]));
}

function finished() {
  byId("working").hidden = true;
  byId("live").disabled = false;
  byId("verdict").hidden = false;
}

function headline(tone, head, text) {
  byId("first-faults").replaceChildren();
  byId("verdict").className = `verdict ${tone}`;
  byId("headline").replaceChildren(...both(head));
  byId("meaning").replaceChildren(text[0], make("br"), make("small", { lang: "en" }, text[1]));
}

function failed({ message, refusal, held: inHand = false }) {
  finished();
  byId("facts").replaceChildren();
  if (refusal && inHand) {
    headline("broken", ["这份回执或自查单不成立", "This receipt or self-check does not hold"], ["请核对公钥和文件。", message]);
    return;
  }
  headline(
    "unchecked",
    refusal ? ["无法读取", "It cannot be read"] : ["本程序出错", "A fault of this program"],
    ["没有结论。请检查所给的文件、公钥和联署要求。", `No verdict: ${message}`],
  );
}

function result(told) {
  finished();
  const { tone, head, text } = verdictOf(told);
  headline(tone, head, text);
  byId("verdict").dataset.exit = told.exit;
  const facts = [
    ["台账", "log", `${told.origin ?? "—"}${told.origin?.startsWith("demo.") ? "（演示，不是真实抽查）" : ""}`],
    ["记录", "entries", String(told.size)],
    ["抽取", "draws", String(told.draws)],
    ["根哈希", "root", told.root],
    ["用时", "time", `${told.seconds.toFixed(1)} s`],
  ];
  byId("first-faults").replaceChildren(...told.findings.filter((each) => each.outcome === "BROKEN").slice(0, 3).map(reason));
  byId("facts").replaceChildren(...facts.flatMap(([zh, en, value]) => [make("dt", {}, ...both([zh, en])), make("dd", {}, make("code", {}, value))]));
  byId("groups").replaceChildren(...GROUPS.map((group) => section(group, told.findings)).filter(Boolean));
  byId("self").hidden = told.draws === 0;
  if (told.remember) remember(told.remember);
  byId("verdict").scrollIntoView({ block: "nearest" });
}

/** A receipt or a self-check is not refused; what it does not show is said too, and that it shows nothing without its signature. */
function held(told) {
  finished();
  byId("verdict").dataset.exit = told.exit;
  const only = ["其余须复核整本台账", "Only the whole log shows the rest."];
  if (told.exit) headline("unchecked", UNSIGNED.head, UNSIGNED.text);
  else if (told.reached) {
    const one = verdictWithoutResult(told);
    headline("holds", ["自查单成立", "This self-check holds"], [`${told.object}，${told.draw}：${one[0]}${only[0]}。`, `${one[1]} ${only[1]}`]);
  } else if (told.result) {
    const one = verdictOnOne({ ...told, excluded: told.result === "excluded" ? "excluded" : null, drawn: told.result === "drawn" });
    headline("holds", ["自查单成立", "This self-check holds"], [`${told.object}，${told.draw}：${one[0]}${only[0]}。`, `${one[1]} ${only[1]}`]);
  } else {
    headline("holds", ["回执成立", "This receipt holds"], [`第 ${told.index} 条记录在 ${told.size} 条的已签名台账中。${only[0]}。`, `Entry ${told.index} is in the signed log of ${told.size} entries. ${only[1]}`]);
  }
  const [name, shown] = factOf(told);
  const seen = told.cosigned?.length ? [make("dt", {}, ...both(["联署", "cosigned by"])), make("dd", {}, told.cosigned.join("、"))] : [];
  byId("facts").replaceChildren(make("dt", {}, ...both(name)), make("dd", {}, make("code", {}, shown)), ...seen);
}

function factOf(told) {
  if (told.entry) return [["记录", "entry"], JSON.stringify(told.entry)];
  if (told.reached) return [["这次抽取所示最近一步", "the latest act of the draw that is shown"], told.reached];
  const odds = told.likely === false ? ["抽签号与中签线（中签线偏离 k/n 较远，可能只是运气，请复核整本台账）", "ticket, threshold (far from k/n: perhaps luck, verify the whole log)"] : ["抽签号与中签线", "ticket, threshold"];
  return [odds, `${told.ticket} / ${told.threshold ?? "—"}`];
}

/** What the freeze alone shows of a business: that it is not in the pool, or that it is and nothing was drawn. */
function verdictWithoutResult({ result, count, excluded, reason }) {
  if (result === "absent") return [`冻结名录的 ${count} 户之中没有它：名录中相邻的两户之间没有别的户。它没有参加抽取。`, `It is not in the frozen pool of ${count}: its two neighbours there are next to each other. It took no part.`];
  const why = reason === null ? ["", ""] : [`记录的原因：${reason}。`, ` The reason on record: ${reason}.`];
  if (excluded) return [`在名录中，但不参加抽取（${excluded}）。${why[0]}`, `In the pool, but not in the lot: ${excluded}.${why[1]}`];
  return [`在冻结名录的 ${count} 户之中；这次抽取没有结果，不能说它是否被抽中。${why[0]}`, `In the frozen pool of ${count}; the draw has no result, whether it is drawn cannot be told.${why[1]}`];
}

function section([title, checks], findings) {
  const rows = Object.entries(checks).map(([check, name]) => row(check, name, findings.filter((each) => each.check === check)));
  const there = rows.filter(Boolean);
  return there.length ? make("section", {}, make("h2", {}, ...both(title)), ...there) : null;
}

function row(check, name, findings) {
  if (!findings.length) return null;
  const worst = ["BROKEN", "UNCHECKED", "NOTED", "HOLDS"].find((each) => findings.some(({ outcome }) => outcome === each));
  const shown = findings.filter((each) => each.outcome !== "HOLDS" || worst === "HOLDS" || worst === "NOTED");
  const badge = make("span", { className: `badge ${worst}`, title: OUTCOMES[worst][1] }, OUTCOMES[worst][0]);
  const label = make("span", { className: "name" }, ...both(name));
  const details = make("details", { className: "check", open: worst === "BROKEN" }, make("summary", {}, badge, label, make("small", {}, check)));
  details.append(make("ul", {}, ...shown.slice(0, 200).map(reason)));
  if (shown.length > 200) details.append(make("p", {}, ...both([`另有 ${shown.length - 200} 条未列出`, `${shown.length - 200} more`])));
  return details;
}

function reason({ index, outcome, reason_zh: zh, reason: en }) {
  const place = index === null ? "" : `第 ${index} 条：`;
  return make("li", { className: outcome }, place + zh, make("br"), make("small", { lang: "en" }, en));
}

function selfAnswer({ id, draws }) {
  const answers = draws.map((each) => make("article", {}, ...why(each)));
  if (!answers.length) answers.push(make("p", {}, ...both([`任何一次抽取的名单中都没有 ${id}。`, `No draw's pool names ${id}.`])));
  byId("self-answer").replaceChildren(...answers);
}

function why(each) {
  const [zh, en] = verdictOnOne(each);
  const lines = [make("p", {}, make("strong", {}, `${each.draw}：${zh}`), make("br"), make("small", { lang: "en" }, en))];
  if (each.ticket) {
    const facts = [
      ["抽签号", "ticket", each.ticket],
      ["中签线", "threshold", each.threshold ?? "—"],
      ["层", "stratum", `${each.stratum}：${each.n ?? "—"} 取 ${each.k ?? "—"}`],
    ];
    if (each.inspectors) facts.push(["检查人员", "inspectors", each.inspectors.join("、")]);
    lines.push(make("dl", {}, ...facts.flatMap(([name, small, value]) => [make("dt", {}, ...both([name, small])), make("dd", {}, make("code", {}, value))])));
  }
  return lines;
}

function verdictOnOne({ excluded, drawn, rank, stratum, n, k }) {
  if (excluded) return [`不参加抽取（${excluded}）。`, `Not in the lot: ${excluded}.`];
  if (drawn === null) return ["还没有抽取。", "Nothing was drawn yet."];
  if (drawn) return [`抽中。${stratum} 层 ${n} 个对象中抽签号排第 ${rank}，前 ${k} 名抽中。`, `Drawn: its ticket is number ${rank} of ${n} in stratum ${stratum}, the first ${k} are drawn.`];
  return [`未抽中。${stratum} 层 ${n} 个对象只取抽签号最小的 ${k} 个，它的抽签号大于中签线。`, `Not drawn: of ${n} in stratum ${stratum} the ${k} smallest tickets are drawn, its own is above the threshold.`];
}

/** Return [{path, file}] of what was dropped: folders are walked. */
async function dropped(items) {
  const found = [];
  const walk = async (entry) => {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push({ path: entry.fullPath.replace(/^\//, ""), file });
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return;
      for (const each of some) await walk(each);
    }
  };
  for (const entry of [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean)) await walk(entry);
  return found;
}

const chosen = (files) => {
  if (files.length === 1 && !files[0].path.includes("/")) one(files[0].file);
  else if (files.length) start({ files });
};

byId("live").onclick = () => start({ live: true });
/** A file alone is an archive, a receipt or a self-check. */
function one(file) {
  if (!/\.(?:tlog-proof|json|txt)$/.test(file.name)) return start({ archive: file });
  clear();
  return worker.postMessage({ type: "hand", file, ...outside() });
}

byId("archive").onchange = ({ target }) => target.files.length && one(target.files[0]);
byId("folder").onchange = ({ target }) => chosen([...target.files].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
byId("self-form").onsubmit = (event) => {
  event.preventDefault();
  worker?.postMessage({ type: "self", id: byId("self-id").value.trim() });
};
for (const type of ["dragenter", "dragover"]) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    document.body.classList.add("dragging");
  });
}
document.addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("dragging"));
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  document.body.classList.remove("dragging");
  chosen(await dropped(event.dataTransfer.items));
});
