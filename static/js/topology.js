// The drawing is wider than many screens: bring what runs, or what was picked,
// into view once. The reader's own scrolling is left alone after that.
(function () {
  "use strict";
  addEventListener("DOMContentLoaded", function () {
    const frame = document.querySelector(".topo");
    if (!frame) return;
    const target = frame.querySelector(".is-picked, .is-fail, .is-attn, .is-running");
    if (!target) return;
    const box = target.getBoundingClientRect();
    const view = frame.getBoundingClientRect();
    if (box.right > view.right) frame.scrollLeft += box.right - view.right + view.width / 3;
  });
})();
