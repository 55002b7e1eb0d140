// Runs before the first paint, so that a chosen theme never flashes. "System"
// is the absence of a choice. Everything else on a page works without it.
(function () {
  "use strict";
  const root = document.documentElement;
  const key = "slipway-theme";
  let saved = null;
  try { saved = localStorage.getItem(key); } catch { /* storage is off: follow the system */ }
  const asked = new URLSearchParams(location.search).get("theme") || saved;
  if (asked === "dark" || asked === "light") root.dataset.theme = asked;
  root.classList.add("scripted");

  addEventListener("DOMContentLoaded", function () {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      button.hidden = false;
      button.addEventListener("click", function () {
        const dark = root.dataset.theme ? root.dataset.theme === "dark"
          : matchMedia("(prefers-color-scheme: dark)").matches;
        root.dataset.theme = dark ? "light" : "dark";
        try { localStorage.setItem(key, root.dataset.theme); } catch { /* this page only, then */ }
      });
    }
  });
})();
