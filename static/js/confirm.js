// Type-the-name: the button of a form with data-confirm-name stays off until its
// field holds exactly that name. The server checks the name again.
(function () {
  "use strict";
  function arm(form) {
    const field = form.querySelector("[name=confirm]");
    const button = form.querySelector("[type=submit]");
    if (!field || !button) return;
    function check() { button.disabled = field.value !== form.dataset.confirmName; }
    field.addEventListener("input", check);
    check();
  }
  addEventListener("DOMContentLoaded", function () {
    for (const form of document.querySelectorAll("form[data-confirm-name]")) arm(form);
    // The summary of a form's faults takes the focus.
    const summary = document.querySelector("[data-focus]");
    if (summary) summary.focus();
  });
  // A second press on Launch must not launch twice.
  addEventListener("submit", function (event) {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method === "post" && !form.hasAttribute("hx-post")) form.dataset.sent = "true";
  });
  addEventListener("pageshow", function () {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
})();
