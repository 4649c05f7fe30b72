import type en from "../en/execution";

const texts: typeof en = {
  id: "Lần chạy",
  ofUsually: "thường mất {length}",
  started: "bắt đầu",
  on: "trên {worker}",
  toJob: "Mở công việc",
  again: "Chạy lại",
  force: "Buộc dừng",
  cancelTitle: "Hủy lần chạy #{number}",
  cancelText: "Tiến trình được yêu cầu dừng trong 5 giây. Những gì đã làm vẫn giữ nguyên.",
  cancelVerb: "Hủy lần chạy",
  forceText: "Tiến trình và mọi tiến trình con bị dừng ngay lập tức.",
  definition: "Định nghĩa",
  revision: "bản {n}",
  due: "Đến hạn",
  queued: "Vào hàng",
  waited: "Đã chờ",
  ended: "Kết thúc",
  queue: "Hàng đợi",
  exitCode: "Mã thoát",
  attempt: "Lần thử",
  memory: "Bộ nhớ cao nhất",
  place: "Vị trí trong hàng",
  attempts: "Các lần thử",
  usualEnd: "thường kết thúc",
};
export default texts;
