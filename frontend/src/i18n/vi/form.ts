import type en from "../en/form";

const texts: typeof en = {
  unsaved: "Nội dung đã nhập chưa được lưu.",
  keepEditing: "Sửa tiếp",
  tryIt: "Thử ngay:",
  optional: "Không bắt buộc",
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
