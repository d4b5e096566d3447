// How the page calls outcomes and checks: Chinese first, English second.

export const OUTCOMES = {
  HOLDS: ["成立", "holds"],
  BROKEN: ["不成立", "broken"],
  UNCHECKED: ["未校验", "unchecked"],
  NOTED: ["注意", "noted"],
};

/** The groups of the page, and what each check asks. */
export const GROUPS = [
  [
    ["日志本身", "the log itself"],
    {
      whose: ["这是谁的日志", "whose log it is"],
      checkpoint: ["检查点的签名", "the signature of the checkpoint"],
      policy: ["联署", "cosignatures"],
      keys: ["公钥的交接", "the key, handed over"],
      anchors: ["时间戳", "time stamps"],
      since: ["与较早检查点的延续", "it grew from an older checkpoint"],
      remembered: ["与本浏览器上次所见的延续", "it grew from what this browser saw last"],
      F01: ["记录首尾相连", "the chain of entries"],
      entries: ["记录的格式", "the form of entries"],
      tree: ["哈希树、瓦片与条目包", "tree, tiles and bundles"],
      folder: ["没有多余文件", "no stray file"],
      documents: ["公开文档", "public documents"],
      actors: ["谁作出的记录", "who caused the entries"],
      personal: ["没有个人号码", "no person's numbers"],
      verifier: ["发布的校验程序", "the verifier that was released"],
      log: ["日志的说明", "about the log"],
    },
  ],
  [
    ["计划与名录", "plans and registries"],
    {
      reviews: ["清单和计划的审查与公布", "reviews of lists and plans"],
      F03: ["抽取比例合法", "legal ratios"],
      registries: ["名录库逐批重放", "registries, folded batch by batch"],
      F04: ["先公布计划、备案名录，再抽取", "plan and registries before the draw"],
      F07: ["参加抽取的名单就是名录", "the pool is the registry"],
      F08: ["冻结前的名录变动", "registry changes before a freeze"],
      F09: ["排除都有理由", "exclusions have their grounds"],
    },
  ],
  [
    ["抽取与选派", "draws and teams"],
    {
      F02: ["整个抽取重放一致", "the draw, replayed"],
      V1: ["抽取的编号和次序", "numbers and order of draws"],
      V2: ["冻结的条件", "the terms of the freeze"],
      V3: ["各方的承诺", "commitments"],
      V4: ["各方的揭示", "reveals"],
      V5: ["公共信标", "beacons"],
      V6: ["种子", "the seed"],
      V7: ["抽签号、名次和层", "tickets, ranks, strata"],
      V9: ["回避", "recusals"],
      V10: ["检查组由种子选派", "teams by the seed"],
      F05: ["纪检全程在场", "the discipline office was present"],
      F06: ["种子的各部分都按时、有据", "the seed came in its time"],
      cosigned: ["抽取的各步都经联署", "draws, cosigned"],
      F12: ["两名合资格的检查人员", "two eligible inspectors"],
      F17: ["没有重抽，也没有搁置", "no redraw, none left lying"],
      V13: ["约定的校验程序", "the verifier that was named"],
    },
  ],
  [
    ["检查与公示", "inspections and results"],
    {
      F14: ["去检查的就是被抽中的人", "the visitors are those drawn"],
      inspections: ["检查的步骤和日期", "steps and days of inspections"],
      F15: ["公示期限", "deadlines of publication"],
      F16: ["抽中的都有结果", "every drawn object has a result"],
    },
  ],
];

/** What is said of a receipt or a self-check whose signature nobody could check. */
export const UNSIGNED = {
  head: ["未核验签名，不能证明什么", "The signature was not checked: this proves nothing"],
  text: [
    "此浏览器不能校验 Ed25519 签名（未校验）。文件前后相符，但谁都可以编出这样的文件。请换一个较新的浏览器再核验。",
    "UNCHECKED: this browser cannot check Ed25519. The file agrees with itself, but anybody can make one that does. Try a newer browser.",
  ],
};

/** The headline and the sentence under it, for a whole verdict. */
export function verdictOf({ exit, findings }) {
  const open = findings.filter((each) => each.outcome === "UNCHECKED");
  const broken = findings.filter((each) => each.outcome === "BROKEN").length;
  if (exit === 1) {
    return {
      tone: "broken",
      head: ["不成立：发现问题", "It does not hold"],
      text: [`有 ${broken} 处违反规则或与记录不符，详见下面标红的项目。`, `${broken} faults were found; open the red lines below for the reasons.`],
    };
  }
  if (exit === 0) {
    return {
      tone: "holds",
      head: ["全部成立", "Everything holds"],
      text: ["每一条记录、每一次抽取和选派都已在本机重算，全部一致。", "Every entry, draw and assignment was recomputed on this machine and is as recorded."],
    };
  }
  if (open.every((each) => each.check === "whose")) {
    return {
      tone: "unchecked",
      head: ["记录自洽，但未给出公钥", "Consistent, but whose log is it?"],
      text: ["没有发现问题。要断定这是谁的台账，请从公告栏或纸质记录取得公钥，填在上面再复核。", "No fault was found. Enter the log's key, from somewhere else than this page, to know whose log it is."],
    };
  }
  return {
    tone: "unchecked",
    head: ["没有发现问题，但有项目未能校验", "No fault found, but not everything could be checked"],
    text: [`有 ${open.length} 项未能校验，详见下面标黄的项目。`, `${open.length} checks stay open; see the yellow lines below.`],
  };
}
