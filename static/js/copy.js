// Copy buttons: data-copy holds the text, data-copy-from names the element that
// shows it. Delegated, so that fragments swapped in later work too.
(function () {
  "use strict";
  function say(text) {
    const region = document.getElementById("announce");
    if (!region) return;
    region.textContent = "";
    requestAnimationFrame(function () { region.textContent = text; });
  }
  addEventListener("click", function (event) {
    const button = event.target.closest("[data-copy], [data-copy-from]");
    if (!button) return;
    const from = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
    const text = from ? from.textContent : button.dataset.copy;
    if (!text || !navigator.clipboard) return;
    navigator.clipboard.writeText(text).then(function () {
      say("Copied " + (button.dataset.copyName || "to the clipboard"));
      button.dataset.copied = "true";
      setTimeout(function () { delete button.dataset.copied; }, 1500);
    }, function () { say("The browser did not allow copying."); });
  });
  // Copying needs scripting, so the buttons appear only with it.
  addEventListener("DOMContentLoaded", function () {
    for (const button of document.querySelectorAll(".copy[hidden]")) button.hidden = false;
  });
  addEventListener("htmx:load", function (event) {
    for (const button of event.target.querySelectorAll(".copy[hidden]")) button.hidden = false;
  });
})();
