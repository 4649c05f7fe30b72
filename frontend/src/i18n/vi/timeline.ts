import type en from "../en/timeline";

const texts: typeof en = {
  range: "Khoảng",
  ranges: { "1h": "1 giờ", "5h": "5 giờ", "24h": "24 giờ", "7d": "7 ngày" },
  now: "Lúc này",
  earlier: "Trước đó",
  later: "Sau đó",
  span: "{from} đến {to}",
  hint: "Kéo để di chuyển, Ctrl và con lăn để phóng",
  table: "Dạng bảng",
  chart: "Dạng biểu đồ",
  job: "Công việc",
  status: "Trạng thái",
  at: "Lúc",
  duration: "Thời lượng",
  planned: "Theo lịch",
  legend: { completed: "Hoàn thành", failed: "Thất bại, một vạch cắt", timeout: "Quá giờ, hai vạch cắt", running: "Đang chạy, nét đứt đến lúc thường kết thúc", planned: "Theo lịch" },
  counts: "{past} lần chạy, {planned} theo lịch",
  some: "Chỉ hiện {shown} lần chạy mới nhất trên {total}. Chọn khoảng ngắn hơn để xem tất cả.",
  until: "Các lần theo lịch được hiện đến {time}.",
  empty: "Không có gì chạy hay theo lịch trong khoảng này.",
  heat: {
    good: "Tất cả đều ổn",
    bad: "Thất bại: càng nhiều càng đậm",
    counts: "{runs} lần kết thúc, {failed} lần thất bại",
    of: "{runs} lần kết thúc, {failed} thất bại ({percent} %)",
    empty: "Không có gì kết thúc trong tuần này.",
    more: "Chỉ hiện {shown} công việc thất bại nhiều nhất.",
    day: "Ngày",
    ended: "Kết thúc",
    failed: "Thất bại",
    hours: "Giờ có thất bại",
  },
  late: "trễ {length}",
};

export default texts;
