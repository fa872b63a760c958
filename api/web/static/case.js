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

  const pin = (button) => {
    count += 1;
    const item = make("li", "", { class: "pin" });
    const quote = button.closest(".hit").querySelector(".words");
    const link = make("a", button.dataset.pin, { href: button.dataset.href });
    const shown = make("p", "");
    shown.append(link);
    const text = make("blockquote", quote.textContent.trim().slice(0, 300), { class: "words", lang: quote.lang });
    const label = make("label", words.dataset.note, { for: `note-${count}` });
    const note = make("textarea", "", { id: `note-${count}`, rows: "2", autocomplete: "off" });
    const remove = make("button", words.dataset.remove, {
      type: "button", class: "button button--small", "aria-label": `${words.dataset.remove}: ${button.dataset.pin}`,
    });
    remove.addEventListener("click", () => {
      item.remove();
      button.setAttribute("aria-pressed", "false");
      button.disabled = false;
      box.hidden = list.children.length === 0;
      button.focus();
    });
    item.append(shown, text, label, note, remove);
    list.append(item);
    box.hidden = false;
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
