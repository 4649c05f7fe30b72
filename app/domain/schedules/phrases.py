"""The words that schedules are told in, one set for each language."""

from dataclasses import dataclass
from typing import Final, Literal

Language = Literal["en", "vi"]


@dataclass(frozen=True, slots=True)
class Phrases:
    """Sentences with gaps, and lists of names."""

    joint: str
    span: str
    every: dict[str, str]
    every_so_many: dict[str, str]
    divisible: dict[str, str]
    at: str
    unit: dict[str, str]
    within: str
    day: str
    last_day: str
    last_weekday: str
    before_last: str
    nearest: str
    the_last: str
    the_nth: str
    weekday: str
    month: str
    year: str
    or_day: str
    and_day: str
    zone: str
    fixed_rate: str
    fixed_delay: str
    once: str
    once_at: str
    manual: str
    starts: str
    ends: str
    most: str
    blackouts: str
    jitter: str
    lengths: dict[str, tuple[str, str]]
    months: tuple[str, ...]
    weekdays: tuple[str, ...]
    ordinals: tuple[str, ...]
    effects: dict[str, str]


ENGLISH: Final = Phrases(
    joint=" and ",
    span="{0} to {1}",
    every={"second": "every second", "minute": "every minute", "hour": "every hour"},
    every_so_many={"second": "every {0} seconds", "minute": "every {0} minutes"},
    divisible={"hour": "the hours divisible by {0}"},
    at="at {0}",
    unit={"second": "second {0}", "minute": "minute {0}", "hour": "hour {0}"},
    within="{0} of {1}",
    day="on day {0} of the month",
    last_day="on the last day of the month",
    last_weekday="on the last day from Monday to Friday of the month",
    before_last="{0} days before the last day of the month",
    nearest="on the day from Monday to Friday nearest to day {0}",
    the_last="on the last {0} of the month",
    the_nth="on the {0} {1} of the month",
    weekday="on {0}",
    month="in {0}",
    year="in {0}",
    or_day="{0} or {1}",
    and_day="{0} if it is also {1}",
    zone="{0} ({1})",
    fixed_rate="every {0}, counted from the first fire",
    fixed_delay="{0} after the end of the last execution",
    once="once, at the job's own time",
    once_at="once, at {0}",
    manual="only when started by hand",
    starts="from {0}",
    ends="until {0}",
    most="at most {0} times",
    blackouts="except in blackouts ({0})",
    jitter="up to {0} later",
    lengths={
        "day": ("1 day", "{0} days"),
        "hour": ("1 hour", "{0} hours"),
        "minute": ("1 minute", "{0} minutes"),
        "second": ("1 second", "{0} seconds"),
    },
    months=(
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    weekdays=("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
    ordinals=("first", "second", "third", "fourth", "fifth"),
    effects={
        "none": "Nothing falls due around this change of the clocks.",
        "real_time": "The job goes by real time: this change adds and removes nothing.",
        "moved": "The times from {0} to {1} do not exist; what falls into them runs once at {1}.",
        "left_out": "The times from {0} to {1} do not exist; what falls into them is left out.",
        "first": "The times from {1} to {0} come twice; the job runs the first time only.",
        "both": "The times from {1} to {0} come twice; the job runs both times.",
    },
)  # fmt: skip

VIETNAMESE: Final = Phrases(
    joint=" và ",
    span="{0} đến {1}",
    every={"second": "mỗi giây", "minute": "mỗi phút", "hour": "mỗi giờ"},
    every_so_many={"second": "cứ {0} giây một lần", "minute": "cứ {0} phút một lần"},
    divisible={"hour": "các giờ chia hết cho {0}"},
    at="lúc {0}",
    unit={"second": "giây {0}", "minute": "phút {0}", "hour": "giờ {0}"},
    within="{0} của {1}",
    day="vào ngày {0} trong tháng",
    last_day="vào ngày cuối tháng",
    last_weekday="vào ngày làm việc cuối cùng của tháng (thứ Hai đến thứ Sáu)",
    before_last="{0} ngày trước ngày cuối tháng",
    nearest="vào ngày làm việc gần ngày {0} nhất",
    the_last="vào {0} cuối cùng của tháng",
    the_nth="vào {1} lần thứ {0} của tháng",
    weekday="vào {0}",
    month="trong {0}",
    year="trong năm {0}",
    or_day="{0} hoặc {1}",
    and_day="{0} nếu cũng là {1}",
    zone="{0} ({1})",
    fixed_rate="cứ {0} một lần, tính từ lần chạy đầu tiên",
    fixed_delay="{0} sau khi lần chạy trước kết thúc",
    once="một lần, vào thời điểm riêng của công việc",
    once_at="một lần, lúc {0}",
    manual="chỉ khi được chạy thủ công",
    starts="từ {0}",
    ends="đến {0}",
    most="tối đa {0} lần",
    blackouts="trừ các khoảng cấm ({0})",
    jitter="trễ tối đa {0}",
    lengths={
        "day": ("1 ngày", "{0} ngày"),
        "hour": ("1 giờ", "{0} giờ"),
        "minute": ("1 phút", "{0} phút"),
        "second": ("1 giây", "{0} giây"),
    },
    months=tuple(f"tháng {number}" for number in range(1, 13)),
    weekdays=("Chủ nhật", "thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy"),
    ordinals=("nhất", "hai", "ba", "tư", "năm"),
    effects={
        "none": "Không có lần chạy nào quanh lần đổi giờ này.",
        "real_time": "Công việc chạy theo thời gian thực: lần đổi giờ này không thêm bớt gì.",
        "moved": "Không có giờ từ {0} đến {1}; lần chạy rơi vào đó sẽ chạy một lần lúc {1}.",
        "left_out": "Không có giờ từ {0} đến {1}; lần chạy rơi vào đó bị bỏ qua.",
        "first": "Giờ từ {1} đến {0} lặp lại; công việc chỉ chạy ở lần đầu.",
        "both": "Giờ từ {1} đến {0} lặp lại; công việc chạy cả hai lần.",
    },
)

LANGUAGES: Final[dict[Language, Phrases]] = {"en": ENGLISH, "vi": VIETNAMESE}
