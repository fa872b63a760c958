// Copies citations and moves through passages by key. Everything on a page can be read, selected and reached without this script.
"use strict";

(() => {
  const words = document.getElementById("words");
  const live = document.getElementById("live");
  if (!words || !live) return;

  // -- saying what happened ---------------------------------------------------------------------------------------------------
  let quiet = 0;
  const say = (text) => {
    live.textContent = text;
    window.clearTimeout(quiet);
    quiet = window.setTimeout(() => { live.textContent = ""; }, 3000);
  };

  const select = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };

  const copy = async (text, shown) => {
    try {
      await navigator.clipboard.writeText(text);
      return words.dataset.copied;
    } catch {
      if (shown) {
        const fold = shown.closest("details");
        if (fold) fold.open = true;
        select(shown);
      }
      return words.dataset.failed;
    }
  };

  // -- buttons ----------------------------------------------------------------------------------------------------------------
  for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = false;

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    const said = await copy(button.dataset.copy, button.parentElement.querySelector(".cites__text"));
    say(said);
    const before = button.dataset.label || button.textContent;
    button.dataset.label = before;
    button.textContent = said;
    window.setTimeout(() => { button.textContent = before; }, 2500);
  });

  // -- a table of contents is open where there is room beside the text ----------------------------------------------------------
  if (window.matchMedia("(min-width: 62em)").matches) {
    for (const fold of document.querySelectorAll("details[data-open-wide]")) fold.open = true;
  }

  // -- keys; they can be switched off (WCAG 2.1.4) ------------------------------------------------------------------------------
  const remembered = () => {
    try { return window.localStorage.getItem("keys") !== "off"; } catch { return true; }
  };
  let active = remembered();
  const control = document.getElementById("keys-switch");
  const show = () => {
    for (const node of document.querySelectorAll("[data-needs-keys]")) node.hidden = !active;
    if (control) control.textContent = active ? control.dataset.on : control.dataset.off;
  };
  const box = document.getElementById("keys");
  if (box) box.hidden = false;
  show();
  if (control) {
    control.addEventListener("click", () => {
      active = !active;
      try { window.localStorage.setItem("keys", active ? "on" : "off"); } catch { /* this page only */ }
      show();
    });
  }

  const passages = Array.from(document.querySelectorAll("[data-passage]"));
  const stop = (passage) => passage.querySelector("[data-stop]") || passage;
  const seen = (node) => {
    const box = node.getBoundingClientRect();
    return box.bottom > 0 && box.top < window.innerHeight;
  };
  const focused = () => document.activeElement && document.activeElement.closest("[data-passage]");

  const current = () => {
    const target = document.querySelector("[data-passage]:target");
    return focused() || (target && seen(target) ? target : null) || passages.find(seen) || document.getElementById("cite-document");
  };

  const move = (step) => {
    const target = document.querySelector("[data-passage]:target");
    const from = focused() || (target && seen(target) ? target : null);
    const at = from ? passages.indexOf(from) + step : passages.findIndex((p) => p.getBoundingClientRect().top >= 0);
    const next = passages[Math.max(0, Math.min(passages.length - 1, at))];
    if (!next) return;
    next.scrollIntoView({ block: "start" });
    stop(next).focus({ preventScroll: true });
  };

  const typing = (node) => node instanceof Element && (
    node.closest("textarea, select, [contenteditable]") !== null ||
    (node.matches("input") && !["checkbox", "radio", "submit", "button"].includes(node.type)));

  document.addEventListener("keydown", async (event) => {
    if (!active || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target)) return;
    const key = event.key.toLowerCase();
    if (key === "/") {
      const box = document.getElementById("q");
      event.preventDefault();
      if (box) {
        box.focus();
        box.select();
      } else {
        const home = new URL(document.querySelector(".brand").href);
        home.hash = "q"; // a browser puts the focus where the fragment leads
        window.location.assign(home);
      }
    } else if ((key === "j" || key === "k") && passages.length) {
      event.preventDefault();
      move(key === "j" ? 1 : -1);
    } else if (key === "c") {
      const from = current();
      event.preventDefault();
      if (!from) {
        say(words.dataset.nothing);
        return;
      }
      const text = event.shiftKey ? from.dataset.citeEn : from.dataset.citeNl;
      const shown = Array.from(from.querySelectorAll(".cites__text")).find((node) => node.textContent === text);
      const said = await copy(text, shown);
      say(`${said}: ${text}`);
    }
  });
})();
