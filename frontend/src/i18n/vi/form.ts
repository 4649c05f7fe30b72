import type en from "../en/form";

const texts: typeof en = {
  optional: "không bắt buộc",
  show: "Hiện giá trị",
  hide: "Ẩn giá trị",
  showAll: "Hiện tất cả",
  name: "Tên",
  value: "Giá trị",
  twice: "Trùng: {names}. Giá trị cuối được dùng.",
  zoneNow: "Hiện là {offset}, ở đó là {time}",
  noZone: "Không có múi giờ này.",
  momentExample: "in 30m, 2030-01-15 09:30 Europe/Berlin",
  pick: "Ngày và giờ",
  unsaved: "Nội dung đã nhập chưa được lưu.",
  keepEditing: "Sửa tiếp",
  tryIt: "Thử ngay:",
  saved: "Đã lưu",
  created: "Đã tạo «{name}»",
  deleted: "Đã xóa «{name}»",
  create: "Tạo",
  none: "không có",
  yes: "Có",
  no: "Không",
  required: "Cần điền mục này.",
  on: "Bật",
  off: "Tắt",
};
export default texts;
