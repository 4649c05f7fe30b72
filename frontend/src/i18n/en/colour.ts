export default {
  hint: "One of these, or another as #rrggbb. Empty: none.",
};
