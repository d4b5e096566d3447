"""What goes wrong on the way to another machine, in two languages: the words of the library are English and terse."""

from __future__ import annotations

_WORDS = {
    "TimeoutError": "对方没有在时限内答复",
    "ConnectionRefusedError": "对方拒绝连接，那里可能没有服务",
    "ConnectionResetError": "连接被对方中断",
    "ConnectionAbortedError": "连接中断",
    "BrokenPipeError": "连接被对方中断",
    "gaierror": "找不到这个主机名",
    "SSLCertVerificationError": "对方的证书不可信",
    "SSLError": "未能建立加密连接",
    "IncompleteRead": "答复没有收完",
    "InvalidURL": "地址无效",
    "HTTPException": "答复不是 HTTP",
    "error": "答复的压缩数据已损坏",
    "OSError": "网络不通",
    "ValueError": "地址无效",
}
"""Names of errors of socket, ssl, http.client and zlib, by which none of them has to be loaded."""


def told(error: Exception | str) -> tuple[str, str]:
    """Return what an error of the network means, Chinese and English; the English one has the words of the library."""
    if isinstance(error, str):
        return "无法连接", error
    zh = next((_WORDS[each.__name__] for each in type(error).__mro__ if each.__name__ in _WORDS), "网络错误")
    return zh, f"{type(error).__name__}: {error}"
