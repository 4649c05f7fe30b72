// Before the first paint: the theme that was chosen, so that nothing flashes.
(function () {
  try {
    var kept = JSON.parse(localStorage.getItem("oneoff.appearance") || "{}");
    var light = kept.theme === "light" || (kept.theme === "system" && matchMedia("(prefers-color-scheme: light)").matches);
    if (light) document.documentElement.dataset.theme = "light";
    if (kept.language) document.documentElement.lang = kept.language;
  } catch (_) {
    // Without storage the page is dark and English.
  }
})();
