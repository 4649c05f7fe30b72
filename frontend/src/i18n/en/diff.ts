export default {
  same: "Nothing differs.",
  hidden: "{n} line that is the same | {n} lines that are the same",
  gone: "Before:",
  new: "After:",
};
