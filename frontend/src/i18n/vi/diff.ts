import type en from "../en/diff";

const diff: typeof en = {
  same: "Không có gì khác.",
  hidden: "{n} dòng giống nhau | {n} dòng giống nhau",
  gone: "Trước:",
  new: "Sau:",
};
export default diff;
