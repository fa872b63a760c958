// Copies citations. Everything on the page can be read and selected without this script.
"use strict";

(() => {
  const words = document.getElementById("words");
  const live = document.getElementById("live");
  if (!words || !live) return;

  const buttons = document.querySelectorAll("button[data-copy]");
  for (const button of buttons) button.hidden = false;

  const select = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };

  const copy = async (button) => {
    const shown = button.parentElement.querySelector(".cites__text");
    let said = words.dataset.copied;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      select(shown);
      said = words.dataset.failed;
    }
    live.textContent = said;
    const before = button.textContent;
    button.textContent = said;
    window.setTimeout(() => {
      button.textContent = before;
      live.textContent = "";
    }, 2500);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-copy]");
    if (button) copy(button);
  });
})();
