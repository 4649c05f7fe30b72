import type en from "../en/why";

const texts: typeof en = {
  title: "Vì sao?",
  isNext: "kế tiếp",
  ahead: "còn {n} việc trước | còn {n} việc trước",
  farBack: "còn xa",
  expected: "Dự kiến bắt đầu khoảng",
  steps: {
    schedule: "Lịch",
    blackout: "Giờ cấm",
    origin: "Nguồn gốc",
    retry: "Thử lại",
    "catch-up": "Chạy bù",
    jitter: "Xê dịch",
    "hand-off": "Bàn giao",
    queue: "Hàng đợi",
    claim: "Nhận việc",
    pause: "Tạm dừng",
    wait: "Đang chờ",
    policy: "Quy tắc",
    end: "Kết thúc",
    ledger: "Sổ ghi",
  },
};
export default texts;
