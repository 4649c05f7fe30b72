import type en from "../en/audit";

const texts: typeof en = {
  when: "Lúc",
  who: "Ai",
  action: "Thao tác",
  object: "Đối tượng",
  result: "Kết quả",
  address: "Từ địa chỉ",
  done: "Đã làm",
  denied: "Bị từ chối",
  failed: "Thất bại",
  from: "Từ",
  to: "Đến",
  export: "Xuất CSV",
  onlyThis: "Chỉ xem thao tác của người này",
  seal: "Niêm phong",
  unsealed: "chưa",
  field: "Trường",
  before: "Trước",
  after: "Sau",
};
export default texts;
