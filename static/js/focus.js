// What is drawn again keeps the keyboard's place: the element that had the focus
// is found in its new form by where it leads or what it says. Those with an id
// htmx finds by itself.
(function () {
  "use strict";
  let lost = null;
  function likeness(element) {
    return element.localName + " " + (element.getAttribute("href") || element.getAttribute("aria-label") || element.textContent.trim());
  }
  addEventListener("htmx:oobBeforeSwap", function (event) {
    const focused = document.activeElement;
    if (focused && !focused.id && focused !== document.body && event.detail.target.contains(focused)) {
      lost = { within: event.detail.target.id, likeness: likeness(focused) };
    }
  });
  addEventListener("htmx:oobAfterSwap", function () {
    const within = lost && document.getElementById(lost.within);
    if (!within) return;
    for (const element of within.querySelectorAll("a, button, summary, [tabindex]")) {
      if (likeness(element) === lost.likeness) { element.focus({ preventScroll: true }); break; }
    }
    lost = null;
  });
})();
