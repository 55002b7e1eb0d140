// The log: view switches, line anchors, and appending what follow.js receives.
// Lines go in as text, never as markup; a chunk holds 500 of them in three text
// nodes (numbers, times, words) and a span only around a warning or an error. On
// an execution's page each line goes to the step that it belongs to.
(function () {
  "use strict";
  const chunkLines = 500;

  function remember(key, value) { try { localStorage.setItem(key, value); } catch { /* not kept */ } }
  function remembered(key) { try { return localStorage.getItem(key); } catch { return null; } }

  // A switch is a button with aria-pressed that sets a class on the log.
  function switches(log) {
    for (const button of log.querySelectorAll("[data-log-switch]")) {
      const name = button.dataset.logSwitch;
      const key = "slipway-log-" + name;
      const set = function (on) {
        button.setAttribute("aria-pressed", on ? "true" : "false");
        log.classList.toggle("log-" + name, on);
      };
      button.hidden = false;
      const saved = remembered(key);
      if (saved !== null) set(saved === "true");
      button.addEventListener("click", function () {
        const on = button.getAttribute("aria-pressed") !== "true";
        set(on);
        remember(key, String(on));
      });
    }
  }

  function rows(text) { return text.split("\n").length; }

  function append(pre, text, level, number) {
    if (level) {
      const span = document.createElement("span");
      span.className = "line-" + level;
      span.id = "L" + number;
      span.textContent = text + "\n";
      pre.append(span);
      return;
    }
    const last = pre.lastChild;
    if (last && last.nodeType === Node.TEXT_NODE) last.appendData(text + "\n");
    else pre.append(text + "\n");
  }

  function newChunk(into, first) {
    const chunk = document.createElement("div");
    chunk.className = "chunk";
    chunk.dataset.first = first;
    chunk.dataset.count = "0";
    for (const name of ["nums", "times", "words"]) {
      const pre = document.createElement("pre");
      pre.className = name;
      if (name !== "words") pre.setAttribute("aria-hidden", "true");
      chunk.append(pre);
    }
    into.append(chunk);
    return chunk;
  }

  // A step that speaks for the first time; its head is drawn again by the server
  // with the rest of the page.
  function newStep(body, key) {
    const step = document.createElement("details");
    step.className = "step";
    step.dataset.group = key;
    step.open = true;
    const head = document.createElement("summary");
    head.id = "step-" + key;
    head.textContent = key.replace(/_[^_]*$/, "");
    step.append(head);
    body.append(step);
    return step;
  }

  // place is where a line goes: the log itself, or its step.
  function place(body, line) {
    if (!line.g) return body;
    return body.querySelector('[data-group="' + CSS.escape(line.g) + '"]') || newStep(body, line.g);
  }

  // add takes [{n, t, l, x}]: number, time, level ("warning", "error" or ""), text.
  function add(log, lines) {
    const body = log.querySelector(".log-body");
    const empty = body.querySelector(".log-empty");
    if (empty && lines.length) empty.remove();
    let into = null;
    let chunk = null;
    for (const line of lines) {
      if (line.n <= Number(log.dataset.last)) continue;
      const next = place(body, line);
      if (next !== into) {
        into = next;
        chunk = into.querySelector(":scope > .chunk:last-of-type");
      }
      if (!chunk || Number(chunk.dataset.count) >= chunkLines) {
        if (chunk) chunk.classList.add("chunk-full");
        chunk = newChunk(into, line.n);
      }
      const pad = "\n".repeat(rows(line.x) - 1);
      append(chunk.querySelector(".nums"), line.n + pad, "");
      append(chunk.querySelector(".times"), line.t + pad, "");
      append(chunk.querySelector(".words"), line.x, line.l, line.n);
      chunk.dataset.count = String(Number(chunk.dataset.count) + 1);
      log.dataset.last = String(line.n);
    }
    return chunk;
  }

  // Following keeps the newest line in view until the reader scrolls away. Steps
  // may speak at the same time, so a log that has them follows only when asked.
  function follow(log) {
    const body = log.querySelector(".log-body");
    const pill = log.querySelector("[data-log-newer]");
    const state = log.querySelector("[data-log-state]");
    const toggle = log.querySelector("[data-log-follow]");
    const grouped = log.hasAttribute("data-grouped");
    let on = log.dataset.live === "true" && !grouped;
    let missed = 0;
    let newest = null; // the chunk that grew last
    function show() {
      const live = log.dataset.live === "true";
      if (state) state.textContent = !live ? "Complete" : on ? "Following" : "Not following";
      if (toggle) {
        toggle.hidden = !live;
        toggle.setAttribute("aria-pressed", on ? "true" : "false");
      }
      if (pill) {
        pill.hidden = on || missed === 0;
        pill.textContent = missed === 1 ? "1 new line" : missed + " new lines";
      }
    }
    function end() {
      if (!grouped || !newest) return body.scrollHeight - body.clientHeight;
      const step = newest.closest("details");
      if (step) step.open = true;
      return body.scrollTop + newest.getBoundingClientRect().bottom - body.getBoundingClientRect().bottom + 8;
    }
    function toEnd() { body.scrollTop = end(); }
    function set(value) {
      on = value;
      if (on) { missed = 0; toEnd(); }
      show();
    }
    // Only a reader scrolls away from the end: what we scroll ourselves is there.
    body.addEventListener("scroll", function () {
      const atEnd = Math.abs(end() - body.scrollTop) < 24;
      if (on && !atEnd) { on = false; show(); }
      if (!on && atEnd && !grouped) set(true);
    }, { passive: true });
    if (pill) pill.addEventListener("click", function () {
      if (grouped) { missed = 0; toEnd(); show(); } else set(true);
    });
    if (toggle) toggle.addEventListener("click", function () { set(!on); });
    if (on && !location.hash) toEnd();
    show();
    return function (lines) {
      const before = Number(log.dataset.last);
      newest = add(log, lines) || newest;
      if (on) toEnd(); else missed += lines.filter(function (l) { return l.n > before; }).length;
      show();
      const where = log.querySelector("[data-log-line]");
      if (where && log.dataset.last !== "0") where.textContent = "line " + log.dataset.last;
      // Numbers run from 1 without a gap, so the last one is the count of all.
      const total = log.parentElement.querySelector("[data-log-total]");
      if (total && !log.hasAttribute("data-narrowed") && log.hasAttribute("data-whole") && log.dataset.last !== "0") {
        total.textContent = log.dataset.last === "1" ? "1 line" : log.dataset.last + " lines";
      }
    };
  }

  // All steps open at once, or fold.
  function openAll(log) {
    const button = log.querySelector("[data-log-open]");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      const steps = Array.from(log.querySelectorAll(".step"));
      const open = steps.some(function (s) { return !s.open; });
      for (const step of steps) step.open = open;
      button.textContent = open ? "Fold all" : "Open all";
    });
  }

  // #L413 is line 413: find its chunk, then its row, and mark it.
  function goTo(log) {
    const match = /^#L(\d+)$/.exec(location.hash);
    const old = log.querySelector(".line-mark");
    if (old) old.remove();
    if (!match) return;
    for (const chunk of log.querySelectorAll(".chunk")) {
      const nums = chunk.querySelector(".nums").textContent.split("\n");
      const row = nums.indexOf(match[1]);
      if (row < 0) continue;
      const step = chunk.closest("details");
      if (step) step.open = true;
      const height = parseFloat(getComputedStyle(chunk).lineHeight);
      const mark = document.createElement("div");
      mark.className = "line-mark";
      chunk.append(mark);
      mark.style.top = row * height + "px"; // the CSSOM is not inline style
      mark.scrollIntoView({ block: "center" });
      return;
    }
  }

  // A press on a number puts the line's address into the URL.
  function anchors(log) {
    log.addEventListener("click", function (event) {
      const nums = event.target.closest(".nums");
      if (!nums) return;
      const height = parseFloat(getComputedStyle(nums).lineHeight);
      const row = Math.floor((event.clientY - nums.getBoundingClientRect().top) / height);
      const lines = nums.textContent.split("\n");
      for (let i = row; i >= 0; i--) {
        if (lines[i]) { history.replaceState(null, "", "#L" + lines[i]); goTo(log); return; }
      }
    });
  }

  addEventListener("DOMContentLoaded", function () {
    const log = document.querySelector("[data-log]");
    if (!log) return;
    switches(log);
    openAll(log);
    anchors(log);
    log.appendLines = follow(log);
    goTo(log);
    // Of a log that is complete, what went wrong first is what one looks for.
    const wrong = log.dataset.live !== "true" && !location.hash && log.querySelector(".line-error");
    if (wrong) {
      const body = log.querySelector(".log-body");
      body.scrollTop += wrong.getBoundingClientRect().top - body.getBoundingClientRect().top - body.clientHeight / 3;
    }
    addEventListener("hashchange", function () { goTo(log); });
  });
})();
