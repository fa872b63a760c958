// Pins passages of an assessment, with notes, in the memory of this page alone: nothing is stored and nothing is sent.
"use strict";

(() => {
  const box = document.getElementById("pins");
  const list = document.getElementById("pins-list");
  const words = document.getElementById("pins-words");
  if (!box || !list || !words) return;
  let count = 0;

  const make = (name, text, attributes = {}) => {
    const node = document.createElement(name);
    if (text) node.textContent = text;
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };

  // `button` is the one to give the focus back to; a pin out of a dossier has none on this page
  const add = ({ id, citation, href, quote, lang, note: written }, button) => {
    count += 1;
    const item = make("li", "", { class: "pin", "data-id": id });
    const link = make("a", citation, { href });
    const shown = make("p", "");
    shown.append(link);
    const text = make("blockquote", quote, { class: "words", lang, dir: "auto" });
    const label = make("label", words.dataset.note, { for: `note-${count}` });
    const note = make("textarea", written, { id: `note-${count}`, rows: "2", autocomplete: "off", maxlength: "6000", dir: "auto" });
    const remove = make("button", words.dataset.remove, {
      type: "button", class: "button button--small", "aria-label": `${words.dataset.remove}: ${citation}`,
    });
    remove.addEventListener("click", () => {
      item.remove();
      box.hidden = list.children.length === 0;
      if (button) {
        button.setAttribute("aria-pressed", "false");
        button.disabled = false;
        button.focus();
      }
    });
    item.append(shown, text, label, note, remove);
    list.append(item);
    box.hidden = false;
  };

  const pin = (button) => {
    const quote = button.closest(".hit").querySelector(".words");
    const whole = quote.textContent.trim();
    const shown = whole.length > 300 ? `${whole.slice(0, 300).replace(/\s+\S*$/, "")} …` : whole;
    add({
      id: button.dataset.id, citation: button.dataset.pin, href: button.dataset.href, quote: shown, lang: quote.lang, note: "",
    }, button);
    button.setAttribute("aria-pressed", "true");
    button.disabled = true;
    const live = document.getElementById("live");
    if (live) {
      live.textContent = `${document.getElementById("pins-title").textContent}: ${button.dataset.pin}`;
      window.setTimeout(() => { live.textContent = ""; }, 2500);
    }
  };

  for (const button of document.querySelectorAll("button[data-pin]")) {
    button.hidden = false;
    button.addEventListener("click", () => pin(button));
  }

  // -- for the dossier: what is pinned, and pins that were saved ----------------------------------------------------------------
  document.addEventListener("pins-collect", (event) => {
    for (const item of list.children) {
      const link = item.querySelector("a");
      const quote = item.querySelector("blockquote");
      event.detail.push({
        id: item.dataset.id, citation: link.textContent, href: link.getAttribute("href"), quote: quote.textContent, lang: quote.lang,
        note: item.querySelector("textarea").value,
      });
    }
  });

  document.addEventListener("pins-restore", (event) => {
    list.replaceChildren();
    box.hidden = true;
    for (const button of document.querySelectorAll("button[data-pin]")) {
      button.setAttribute("aria-pressed", "false");
      button.disabled = false;
    }
    const text = (value, limit) => (typeof value === "string" ? value.slice(0, limit) : "");
    for (const held of event.detail) {
      // a file comes from outside: it may name documents of this site and nothing else
      if (!held || !/^\/documents\/[^\\]*$/.test(text(held.href, 2000))) continue;
      const button = Array.from(document.querySelectorAll("button[data-pin]")).find((each) => each.dataset.href === held.href);
      add({
        id: text(held.id, 500), citation: text(held.citation, 500), href: held.href, quote: text(held.quote, 310), lang: text(held.lang, 8), note: text(held.note, 6000),
      }, button);
      if (button) {
        button.setAttribute("aria-pressed", "true");
        button.disabled = true;
      }
    }
  });

  // -- an assessment takes a few seconds: say that it is under way -------------------------------------------------------------
  const working = document.getElementById("live");
  document.getElementById("case-form").addEventListener("submit", (event) => {
    const exporting = event.submitter && event.submitter.hasAttribute("formaction");
    if (working && !exporting) working.textContent = words.dataset.working;
  });
  window.addEventListener("pageshow", () => { if (working) working.textContent = ""; });

  // -- as a file: the ids of what is pinned are sent, in their order, and nothing else -------------------------------------------
  document.getElementById("pins-form").addEventListener("submit", (event) => {
    const form = event.currentTarget;
    for (const old of form.querySelectorAll("input[name=id]")) old.remove();
    for (const item of list.children) {
      if (item.dataset.id) form.append(make("input", "", { type: "hidden", name: "id", value: item.dataset.id }));
    }
  });

  document.getElementById("pins-copy").addEventListener("click", async (event) => {
    const lines = Array.from(list.children, (item) => {
      const note = item.querySelector("textarea").value.trim();
      return [item.querySelector("a").textContent, item.querySelector("blockquote").textContent, note].filter(Boolean).join("\n");
    });
    const said = document.getElementById("words").dataset;
    let answer = said.copied;
    try {
      await navigator.clipboard.writeText(lines.join("\n\n"));
    } catch {
      answer = said.failed;
    }
    const before = event.target.dataset.label || event.target.textContent;
    event.target.dataset.label = before;
    event.target.textContent = answer;
    window.setTimeout(() => { event.target.textContent = before; }, 2500);
  });
})();
