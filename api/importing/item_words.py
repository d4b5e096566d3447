"""The words in which published check item lists speak of methods and of the businesses an item concerns."""

METHODS = {
    **dict.fromkeys(("onsite", "现场检查", "实地检查", "实地核查", "现场核查"), "onsite"),
    **dict.fromkeys(("document", "书面检查", "书面审查"), "document"),
    **dict.fromkeys(("online", "网络监测", "网络检查", "线上检查", "非现场检查"), "online"),
    **dict.fromkeys(("expert", "委托专业机构辅助", "专业机构辅助"), "expert"),
    **dict.fromkeys(("dept_opinion", "行政部门检查结果或专业意见"), "dept_opinion"),
    **dict.fromkeys(("lab_test", "检验检测"), "lab_test"),
}
# What lists write in the column of methods, though it says how a check begins and not how it is done.
NOT_A_METHOD = {
    *("双随机一公开", "双随机、一公开", "双随机", "一公开", "信用监管", "重点监管", "随机抽查", "抽查", "日常检查"),
    *("举报检查", "依职权启动"),
}
OBJECT_TYPES = {
    **{kind: kind for kind in ("market_entity", "product", "project", "behaviour")},
    **{"市场主体": "market_entity", "企业": "market_entity", "产品": "product", "项目": "project", "行为": "behaviour"},
}
TAGS = {
    **dict.fromkeys(("单用途", "预付卡", "发卡企业"), "单用途预付卡发卡企业"),
    **dict.fromkeys(("汽车销售", "新车销售", "新车"), "汽车销售"),
    **dict.fromkeys(("二手车", "旧机动车"), "二手车"),
    **dict.fromkeys(("报废机动车", "报废汽车"), "报废机动车回收"),
    **dict.fromkeys(("再生资源", "废旧物资回收"), "再生资源回收"),
    **dict.fromkeys(("旧电器", "旧货"), "旧货流通"),
    **dict.fromkeys(("特许经营", "特许人"), "商业特许经营"),
    **dict.fromkeys(("美容美发", "美容", "美发"), "美容美发"),
    **dict.fromkeys(("洗染", "洗衣"), "洗染"),
    **dict.fromkeys(("家庭服务", "家政"), "家庭服务"),
    **dict.fromkeys(("家电维修", "家用电器维修"), "家电维修"),
    **dict.fromkeys(("对外劳务", "外派劳务"), "对外劳务合作"),
    **dict.fromkeys(("展览", "会展", "展会"), "会展"),
    **dict.fromkeys(("酒类",), "酒类流通"),
    **dict.fromkeys(("外商投资", "外国投资者"), "外商投资"),
    **dict.fromkeys(("现货市场",), "商品现货市场"),
    **dict.fromkeys(("应急储备", "应急管理"), "应急储备"),
    **{word: word for word in ("成品油", "拍卖", "典当", "餐饮", "直销", "对外承包工程", "外贸", "住宿", "电子商务")},
    **{word: word for word in ("商品批发", "融资租赁", "商业保理")},
    **dict.fromkeys(("零售", "零售商", "零供"), "零售"),
}


def tag(*texts: str) -> str | None:
    """Return the tag of the longest known word in the texts, None where there is none.

    The longest, because 成品油零售 is about 成品油 and not about 零售; of equal ones the first in the table,
    where 零售商 comes last.
    """
    found = [word for word in TAGS if any(word in text for text in texts)]
    return TAGS[max(found, key=len)] if found else None
