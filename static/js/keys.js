// Keyboard: "/" focuses the page's search, "g" then a letter goes to a section,
// j and k walk the rows of a list. Never while typing, never with a modifier.
(function () {
  "use strict";
  const places = { e: "/environments", c: "/catalogue", x: "/executions", b: "/blueprints", s: "/secrets" };
  let going = 0;
  function typing(target) { return target.closest("input, textarea, select, [contenteditable]"); }
  function walk(step) {
    const rows = Array.from(document.querySelectorAll("[data-row]"));
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement);
    rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + step))].focus();
  }
  addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const soon = event.timeStamp - going < 900;
    going = 0;
    if (soon && places[event.key]) { location.assign(places[event.key]); return; }
    switch (event.key) {
      case "/": {
        const search = document.querySelector("[data-search]");
        if (search) { event.preventDefault(); search.focus(); search.select(); }
        break;
      }
      case "g": going = event.timeStamp; break;
      case "j": walk(1); break;
      case "k": walk(-1); break;
    }
  });
})();
