import type en from "../en/colour";

const texts: typeof en = {
  hint: "Một trong các màu này, hoặc màu khác dạng #rrggbb. Để trống: không màu.",
};
export default texts;
