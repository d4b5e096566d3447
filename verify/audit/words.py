"""The words of the audit: what each family of questions supposes, and what would be a next step, in plain sentences."""

from __future__ import annotations

from verify.audit.asked import Family

FAMILIES = (
    Family(
        "selection",
        ("每户企业的抽中次数", "How often each business was drawn"),
        (
            "假设：每次抽取中，同一层的每户企业机会相同。",
            "Supposed: in each draw every business of a stratum had the same chance.",
        ),
        (
            "下一步：查看这些抽取的种子由谁、在何时贡献，是否有人弃权或重来。",
            "Next: see who gave the parts of the seeds of these draws, and whether anybody withheld or tried again.",
        ),
    ),
    Family(
        "groups",
        ("各区县、各类型的抽中户数", "How many of each district and type were drawn"),
        (
            "假设：抽中与否同区县、类型无关（层已按比例分开计算）。",
            "Supposed: district and type made no difference within a stratum.",
        ),
        (
            "下一步：核对该类企业在名录库中的登记是否完整。",
            "Next: compare the registry of this group with its source.",
        ),
    ),
    Family(
        "outside",
        ("被排除或冻结前移出的企业，本来会否抽中", "Whether those outside the pool would have been drawn"),
        (
            "假设：排除或移出时无人知道种子，所以他们的号码和别人一样随机。",
            "Supposed: nobody knew the seed when they were excluded, so their tickets are as random as anybody's.",
        ),
        (
            "下一步：逐户查问排除、移出的依据，并核对种子各部分的时间。",
            "Next: ask for the ground of each of them, and when the parts of the seed were known.",
        ),
    ),
    Family(
        "away",
        ("恰在冻结时不在名录的企业", "Businesses that were away just when a pool was frozen"),
        (
            "假设：离开名录的时段与冻结时间无关，可落在任何时候。",
            "Supposed: the time away had nothing to do with the freeze and could have been any.",
        ),
        (
            "下一步：查问该户移出、恢复的依据和经办账号。",
            "Next: ask for the papers of its leaving and return, and who entered them.",
        ),
    ),
    Family(
        "teams",
        ("人员与企业、人员之间的重复搭配", "Repeats of inspector and business, and of two inspectors"),
        (
            "假设：选派只由种子决定；以同样的名单、回避和上限，用新种子重新选派作比较。",
            "Supposed: the seed alone made the teams; compared with new keys on the same lists, recusals and caps.",
        ),
        (
            "下一步：查看重复搭配的人员、企业及其回避记录（回避本身不在此检验之内）。",
            "Next: look at those pairs and at their recusals, which this question takes as given.",
        ),
    ),
    Family(
        "conduct",
        ("各账号的弃权与中止", "Withheld reveals and aborted attempts of each account"),
        (
            "假设：各账号弃权、中止的可能相同。",
            "Supposed: every account withholds or aborts equally often.",
        ),
        (
            "下一步：请该账号逐次说明原因；次数多不等于故意。",
            "Next: ask the account for the reason of each; many do not mean intent.",
        ),
    ),
)
METHODS = {
    "selection": ("泊松二项分布，精确，双侧", "Poisson-binomial, exact, two-sided"),
    "groups": ("超几何分布，精确，双侧", "hypergeometric, exact, two-sided"),
    "outside": ("负超几何分布，精确，上侧", "negative hypergeometric, exact, upper tail"),
    "away": ("泊松二项分布，精确，上侧", "Poisson-binomial, exact, upper tail"),
    "teams": ("蒙特卡洛，上侧，种子为固定计数器", "Monte Carlo, upper tail, keys from a fixed counter"),
    "conduct": ("超几何分布，精确，上侧", "hypergeometric, exact, upper tail"),
}
TERMS = {
    "inspector and business": "同一人员与同一企业",
    "most often one pair": "单个人员—企业组合最多次数",
    "inspector and inspector": "同一对人员",
    "removed before a freeze": "冻结前移出",
    "closed after the deadline": "逾时截止",
    "before a freeze": "（冻结前10日内）",
    "contributions": "承诺",
    "withheld": "弃权",
    "aborted": "中止",
    "beacon failed": "信标缺失",
    "plans voided": "作废计划",
    "frozen": "冻结",
    "drawn": "完成抽取",
    "district:": "区县 ",
    "type:": "类型 ",
    "status:": "状态 ",
    "added": "增",
    "changed": "改",
    "removed": "删",
    "else": "（其他时间）",
}


def in_chinese(name: str) -> str:
    """Return what a name of ours means, its own words replaced."""
    for word, term in TERMS.items():
        name = name.replace(word, term)
    return name
