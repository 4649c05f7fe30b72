import type en from "../en/palette";

const texts: typeof en = {
  placeholder: "Công việc, lần chạy, trang, lệnh",
  results: "Kết quả",
  none: "Không có gì khớp «{text}».",
  count: "không có gì khớp | 1 dòng | {count} dòng",
  recent: "Mở gần đây",
  goTo: "Đi đến",
  commands: "Lệnh",
  do: "Thao tác với {name}",
  kinds: { job: "Công việc", execution: "Lần chạy", chain: "Chuỗi", error: "Lỗi", person: "Người dùng" },
  signs: { commands: "lệnh", executions: "lần chạy", people: "người dùng" },
  move: "di chuyển",
  open: "mở",
  newTab: "thẻ mới",
  times: "{count} lần",
  wall: "Hiện tổng quan trên màn hình treo",
  cancel: "Hủy…",
  retry: "Thử lại lần lỗi gần nhất",
  log: "Mở log",
  lastLog: "Mở log gần nhất",
  told: { cancel: "Đã yêu cầu {name} dừng.", replay: "{name} chạy lại." },
};

export default texts;
