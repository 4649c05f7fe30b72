import type en from "../en/shortcuts";

const texts: typeof en = {
  title: "Bàn phím",
  off: "Phím tắt một chữ cái đang tắt.",
  switch: "Phím tắt một chữ cái không hoạt động khi bạn đang gõ. Có thể tắt chúng trong",
  where: "Cài đặt, Giao diện",
  groups: { everywhere: "Mọi nơi", list: "Trong danh sách", job: "Với công việc hoặc lần chạy", timeline: "Dòng thời gian", form: "Trong trình soạn", go: "Đi đến" },
  names: {
    palette: "Tìm hoặc chạy lệnh",
    search: "Tìm trong trang này",
    help: "Bảng phím này",
    rail: "Thu gọn thanh bên",
    notices: "Các thông báo đã hiện",
    close: "Đóng, rồi bỏ chọn",
    down: "Dòng kế tiếp",
    up: "Dòng trước",
    open: "Mở dòng",
    openTab: "Mở trong thẻ mới",
    select: "Chọn dòng",
    menu: "Trình đơn của dòng",
    create: "Công việc mới",
    run: "Chạy ngay",
    pause: "Tạm dừng hoặc tiếp tục",
    edit: "Sửa",
    log: "Log gần nhất",
    cancel: "Hủy (có hỏi lại)",
    present: "Về lúc này",
    save: "Lưu",
    saveAndRun: "Lưu và chạy",
  },
};

export default texts;
