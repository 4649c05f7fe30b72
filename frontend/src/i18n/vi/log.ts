import type en from "../en/log";

const texts: typeof en = {
  title: "Log",
  stream: "Luồng",
  stdout: "stdout",
  stderr: "stderr",
  system: "hệ thống",
  find: "Tìm trong log",
  hit: "{at} trong {of}",
  noHit: "không có",
  next: "Kết quả sau",
  previous: "Kết quả trước",
  wrap: "Xuống dòng",
  times: "Giờ",
  follow: "Theo dõi",
  following: "Đang theo dõi",
  waiting: "Chưa in gì.",
  empty: "Lần chạy này không in gì.",
  gap: "thiếu dòng {from} đến {to}",
  count: "{lines} dòng, {size}",
  errors: "{count} trên stderr",
  keys: "G: về cuối, [ ]: dòng stderr kế tiếp",
};
export default texts;
