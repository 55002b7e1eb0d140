// One stream per visible tab: everything that moves on a page arrives over it.
// A hidden tab closes its stream and, when shown again, resumes after the last
// line it has, so a browser's few connections per server are never used up.
(function () {
  "use strict";
  const slowest = 30000;

  function start(page) {
    let source = null;
    let pause = 500;
    let timer = 0;
    const log = document.querySelector("[data-log]");
    const banner = document.getElementById("stream-state");

    function address() {
      const url = new URL(page.dataset.stream, location.href);
      if (log && log.dataset.root) url.searchParams.set("last", log.dataset.root + ":" + (log.dataset.seen || log.dataset.last));
      return url;
    }
    // Once the page is drawn again, its first sentence says how it ended.
    function announce() {
      document.body.addEventListener("htmx:afterRequest", function () {
        const region = document.getElementById("announce");
        const words = document.querySelectorAll(".head h1, .head .badge");
        if (region) region.textContent = Array.from(words, function (w) { return w.textContent.trim(); }).join(", ");
      }, { once: true });
    }
    function refresh() { document.body.dispatchEvent(new Event("slipway:changed")); }
    function close() { clearTimeout(timer); if (source) { source.close(); source = null; } }
    function fallBack() {
      close();
      // One broken connection is ordinary; tell of it when the next try fails too.
      if (banner && pause > 500) banner.hidden = false;
      timer = setTimeout(open, pause);
      pause = Math.min(pause * 2, slowest);
    }
    function open() {
      if (source || document.hidden) return;
      source = new EventSource(address());
      source.addEventListener("open", function () {
        pause = 500;
        if (banner) banner.hidden = true;
      });
      source.addEventListener("log", function (event) {
        const cut = event.lastEventId.lastIndexOf(":");
        if (log && event.lastEventId.slice(0, cut) === log.dataset.root) {
          log.dataset.seen = event.lastEventId.slice(cut + 1);
          log.appendLines(JSON.parse(event.data));
        }
      });
      source.addEventListener("page", refresh);
      // Another execution has become the newest: its page is another log.
      source.addEventListener("root", function () { location.reload(); });
      // The execution is over; the page may still hear of a next one.
      source.addEventListener("done", function () {
        refresh();
        if (log) { log.dataset.live = "false"; log.appendLines([]); }
        announce();
      });
      source.addEventListener("end", close);
      source.addEventListener("error", fallBack);
    }
    document.addEventListener("visibilitychange", function () {
      if (document.hidden) close(); else { open(); refresh(); }
    });
    addEventListener("pagehide", close);
    open();
  }

  addEventListener("DOMContentLoaded", function () {
    const page = document.querySelector("[data-stream]");
    if (page && window.EventSource) start(page);
  });
})();
