"""What the sign-in page says, in each of its languages."""

from dataclasses import dataclass
from typing import Final

from flask import request

DEFAULT: Final = "en"


@dataclass(frozen=True, slots=True)
class Texts:
    """The words of one language; ``{minutes}`` and ``{name}`` are filled in."""

    name: str
    title: str
    username: str
    password: str
    sign_in: str
    wrong: str
    locked: str
    expired: str
    stale: str
    unavailable: str
    change_title: str
    change_why: str
    new_password: str
    repeat: str
    rule: str
    change: str
    different: str
    weak: str
    same: str
    long: str


TEXTS: Final = {
    "en": Texts(
        name="English",
        title="Sign in to OneOff",
        username="Username",
        password="Password",  # noqa: S106 - a label
        sign_in="Sign in",
        wrong="Wrong username or password.",
        locked="Too many tries. Try again in {minutes} min.",
        expired="Your session has ended. Sign in again.",
        stale="This page was open for too long. Try again.",
        unavailable="OneOff can't reach its database at present. Try again in a moment.",
        change_title="Choose a new password",
        change_why="Your password was set by somebody else. Choose one that only you know.",
        new_password="New password",  # noqa: S106
        repeat="New password again",
        rule="8 to 128 characters. Four words by chance make a good one.",
        change="Save and sign in",
        different="The two passwords are not the same.",
        weak="This password is too short or too easily guessed. Choose another one.",
        same="This is the password you had before. Choose another one.",
        long="This password is too long: 128 characters at most.",
    ),
    "vi": Texts(
        name="Tiếng Việt",
        title="Đăng nhập OneOff",
        username="Tên đăng nhập",
        password="Mật khẩu",  # noqa: S106
        sign_in="Đăng nhập",
        wrong="Tên đăng nhập hoặc mật khẩu không đúng.",
        locked="Bạn đã thử quá nhiều lần. Hãy thử lại sau {minutes} phút.",
        expired="Phiên làm việc đã kết thúc. Hãy đăng nhập lại.",
        stale="Trang này đã mở quá lâu. Hãy thử lại.",
        unavailable="OneOff hiện không kết nối được cơ sở dữ liệu. Hãy thử lại sau giây lát.",
        change_title="Chọn mật khẩu mới",
        change_why="Mật khẩu của bạn do người khác đặt. Hãy chọn mật khẩu chỉ mình bạn biết.",
        new_password="Mật khẩu mới",  # noqa: S106
        repeat="Nhập lại mật khẩu mới",
        rule="Từ 8 đến 128 ký tự. Bốn từ ngẫu nhiên là một mật khẩu tốt.",
        change="Lưu và đăng nhập",
        different="Hai mật khẩu không giống nhau.",
        weak="Mật khẩu này quá ngắn hoặc quá dễ đoán. Hãy chọn mật khẩu khác.",
        same="Đây là mật khẩu cũ của bạn. Hãy chọn mật khẩu khác.",
        long="Mật khẩu này quá dài: tối đa 128 ký tự.",
    ),
}


def language() -> str:
    """Return the language of whoever asks: ``?lang=``, else what the browser prefers."""
    given = request.args.get("lang", "")
    return given if given in TEXTS else request.accept_languages.best_match(TEXTS, DEFAULT)
