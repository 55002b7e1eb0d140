// A value that somebody revealed stays shown while the rest of the page is drawn
// again; a reload masks it.
(function () {
  "use strict";
  addEventListener("htmx:oobBeforeSwap", function (event) {
    for (const shown of event.detail.target.querySelectorAll("[data-revealed]")) {
      const fresh = event.detail.fragment.querySelector("#" + CSS.escape(shown.id));
      if (fresh) fresh.replaceWith(shown.cloneNode(true));
    }
  });
})();
