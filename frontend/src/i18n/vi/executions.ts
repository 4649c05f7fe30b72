import type en from "../en/executions";

const texts: typeof en = {
  job: "Công việc",
  number: "Số",
  status: "Trạng thái",
  started: "Bắt đầu",
  origin: "Nguồn",
  late: "Trễ",
  duration: "Thời lượng",
  worker: "Worker",
  result: "Kết quả",
  attempt: "lần thử {n}",
  exit: "mã thoát {code}",
  empty: "Chưa có lần chạy nào.",
  search: "Công việc, lỗi, id",
  origins: {
    schedule: "lịch",
    api: "thủ công",
    chain: "chuỗi",
    replay: "phát lại",
    catchup: "bù",
    manual: "thủ công",
    trigger: "kích hoạt",
  },
};
export default texts;
