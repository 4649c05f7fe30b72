"""What the sign-in page says, in each of its languages."""

from dataclasses import dataclass
from typing import Final

from flask import request

DEFAULT: Final = "en"
#: Texts that tell somebody why there was no sign-in through the identity provider.
REFUSALS: Final = frozenset(
    {
        *("provider_away", "provider_denied", "provider_failed", "provider_stale"),
        *("disabled", "no_name", "no_role", "name_taken"),
    }
)


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
    through: str
    provider_away: str
    provider_denied: str
    provider_failed: str
    provider_stale: str
    disabled: str
    no_name: str
    no_role: str
    name_taken: str


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
        through="Sign in with {name}",
        provider_away="{name} can't be reached at present. Try again in a moment.",
        provider_denied="{name} has not let you in.",
        provider_failed="Signing in with {name} did not work. Try again, or ask an admin.",
        provider_stale="That took too long, or was begun elsewhere. Sign in again.",
        disabled="Your account is disabled. Ask an admin.",
        no_name="{name} tells no name that OneOff could use for you. Ask an admin.",
        no_role="You have no role in OneOff. Ask an admin for one.",
        name_taken="Somebody else has your name in OneOff. If it is you, ask an admin for a link.",
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
        through="Đăng nhập bằng {name}",
        provider_away="Hiện không kết nối được với {name}. Hãy thử lại sau giây lát.",
        provider_denied="{name} không cho phép bạn đăng nhập.",
        provider_failed="Không đăng nhập được bằng {name}. Hãy thử lại hoặc hỏi quản trị viên.",
        provider_stale="Quá lâu, hoặc bạn đã bắt đầu ở nơi khác. Hãy đăng nhập lại.",
        disabled="Tài khoản của bạn đã bị vô hiệu hóa. Hãy hỏi quản trị viên.",
        no_name="{name} không cho biết tên nào mà OneOff dùng được. Hãy hỏi quản trị viên.",
        no_role="Bạn chưa có vai trò nào trong OneOff. Hãy hỏi quản trị viên.",
        name_taken="Tên của bạn đã có người dùng. Nếu đó là bạn, quản trị viên có thể liên kết.",
    ),
}


def language() -> str:
    """Return the language of whoever asks: ``?lang=``, else what the browser prefers."""
    given = request.args.get("lang", "")
    return given if given in TEXTS else request.accept_languages.best_match(TEXTS, DEFAULT)
