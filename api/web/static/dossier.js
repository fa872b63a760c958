// Saves a case into an encrypted file of the user's own, and opens it again. Everything happens in this page: nothing is sent or stored.
//
// The file is one line of JSON: { head, data }. `head` is a string of JSON (format, version, ends_on, kdf, cipher) that is
// authenticated with the data, so that its end date cannot be changed; `data` is AES-256-GCM over the case, in base64. The key comes
// from the password by PBKDF2-HMAC-SHA-256. Without the password nobody can read it, we neither.
"use strict";

(() => {
  const box = document.getElementById("dossier");
  const form = document.getElementById("case-form");
  if (!box || !form) return;
  const words = box.dataset;
  const FORMAT = "dublin-kb dossier";
  const ITERATIONS = 600000; // OWASP Password Storage Cheat Sheet, 2023: PBKDF2-HMAC-SHA256
  const MAX_ITERATIONS = 10000000;
  const MAX_BYTES = 4 * 1024 * 1024;
  const MIN_PASSWORD = 12;
  const MAX_YEARS = 5;
  const element = (id) => document.getElementById(id);

  box.hidden = false;
  if (!window.isSecureContext || !window.crypto || !window.crypto.subtle) {
    element("dossier-insecure").hidden = false;
    element("dossier-tools").hidden = true;
    return;
  }

  // -- days, as the calendar of this device has them -----------------------------------------------------------------------------
  const iso = (date) => `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
  const ahead = (years, months, days) => {
    const now = new Date();
    return iso(new Date(now.getFullYear() + years, now.getMonth() + months, now.getDate() + days));
  };
  const end = element("dossier-end");
  end.min = ahead(0, 0, 1);
  end.max = ahead(MAX_YEARS, 0, 0);
  end.value = ahead(0, 6, 0);

  const say = (where, text, wrong = false) => {
    const line = element(where);
    line.textContent = text;
    line.classList.toggle("said--wrong", wrong);
  };

  // -- bytes ---------------------------------------------------------------------------------------------------------------------
  const bytes = (text) => new TextEncoder().encode(text);
  const base64 = (buffer) => {
    const array = new Uint8Array(buffer);
    let text = "";
    for (let at = 0; at < array.length; at += 8192) text += String.fromCharCode(...array.subarray(at, at + 8192));
    return btoa(text);
  };
  const unbase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

  const keyOf = async (password, salt, iterations, use) => {
    const material = await crypto.subtle.importKey("raw", bytes(password.normalize("NFC")), "PBKDF2", false, ["deriveKey"]);
    return crypto.subtle.deriveKey(
      { name: "PBKDF2", hash: "SHA-256", salt, iterations }, material, { name: "AES-GCM", length: 256 }, false, [use]);
  };

  // -- what is in the page -------------------------------------------------------------------------------------------------------
  const collect = () => {
    const facts = {};
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && value !== "" && name !== "confirm") facts[name] = value;
    }
    const pins = [];
    document.dispatchEvent(new CustomEvent("pins-collect", { detail: pins }));
    return { facts, pins };
  };

  const restore = (held) => {
    for (const field of form.elements) {
      if (!field.name || field.name === "confirm") continue;
      const given = typeof held.facts[field.name] === "string" ? held.facts[field.name] : "";
      if (field.type === "radio" || field.type === "checkbox") field.checked = field.value === given;
      else if (field.tagName !== "BUTTON") field.value = given.slice(0, 20000);
    }
    document.dispatchEvent(new CustomEvent("pins-restore", { detail: Array.isArray(held.pins) ? held.pins.slice(0, 200) : [] }));
  };

  // -- saving --------------------------------------------------------------------------------------------------------------------
  element("dossier-save").addEventListener("click", async () => {
    const password = element("dossier-password");
    const again = element("dossier-again");
    if ([...password.value].length < MIN_PASSWORD) { say("dossier-saved", words.short, true); password.focus(); return; }
    if (password.value !== again.value) { say("dossier-saved", words.differ, true); again.focus(); return; }
    if (!end.value || end.value < end.min || end.value > end.max) { say("dossier-saved", words.endWrong, true); end.focus(); return; }
    say("dossier-saved", words.working);
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const head = JSON.stringify({
      format: FORMAT, version: 1, ends_on: end.value,
      kdf: { name: "PBKDF2", hash: "SHA-256", iterations: ITERATIONS, salt: base64(salt) },
      cipher: { name: "AES-GCM", length: 256, iv: base64(iv) },
    });
    const key = await keyOf(password.value, salt, ITERATIONS, "encrypt");
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv, additionalData: bytes(head) }, key, bytes(JSON.stringify(collect())));
    const file = new Blob([`${JSON.stringify({ head, data: base64(sealed) })}\n`], { type: "application/octet-stream" });
    const address = URL.createObjectURL(file);
    const link = document.createElement("a");
    link.href = address;
    link.download = `dossier-${ahead(0, 0, 0)}.dublinkb`;
    document.body.append(link);
    link.click();
    link.remove();
    window.setTimeout(() => URL.revokeObjectURL(address), 10000);
    password.value = "";
    again.value = "";
    say("dossier-saved", words.saved.replace("{date}", end.value));
  });

  // -- opening -------------------------------------------------------------------------------------------------------------------
  const read = (text) => {
    const { head, data } = JSON.parse(text);
    const told = JSON.parse(head);
    const { kdf, cipher } = told;
    const known = told.format === FORMAT && told.version === 1 && kdf.name === "PBKDF2" && kdf.hash === "SHA-256" &&
      Number.isInteger(kdf.iterations) && kdf.iterations >= 100000 && kdf.iterations <= MAX_ITERATIONS &&
      cipher.name === "AES-GCM" && /^\d{4}-\d{2}-\d{2}$/.test(told.ends_on) && typeof data === "string";
    if (!known) throw new Error("unknown format");
    return { head, ends: told.ends_on, iterations: kdf.iterations, salt: unbase64(kdf.salt), iv: unbase64(cipher.iv), data: unbase64(data) };
  };

  element("dossier-open").addEventListener("click", async () => {
    const chosen = element("dossier-file");
    const password = element("dossier-key");
    const file = chosen.files[0];
    if (!file) { say("dossier-opened", words.noFile, true); chosen.focus(); return; }
    let sealed;
    try {
      if (file.size > MAX_BYTES) throw new Error("too large");
      sealed = read(await file.text());
    } catch {
      say("dossier-opened", words.notOne, true);
      return;
    }
    if (sealed.ends < ahead(0, 0, 0)) {
      say("dossier-opened", words.ended.replace("{date}", sealed.ends), true);
      return;
    }
    say("dossier-opened", words.working);
    try {
      const key = await keyOf(password.value, sealed.salt, sealed.iterations, "decrypt");
      const opened = await crypto.subtle.decrypt(
        { name: "AES-GCM", iv: sealed.iv, additionalData: bytes(sealed.head) }, key, sealed.data);
      const held = JSON.parse(new TextDecoder().decode(opened));
      restore({ facts: held.facts && typeof held.facts === "object" ? held.facts : {}, pins: held.pins });
    } catch {
      say("dossier-opened", words.wrong, true);
      password.focus();
      return;
    }
    password.value = "";
    chosen.value = "";
    end.value = sealed.ends;
    say("dossier-opened", words.opened.replace("{date}", sealed.ends));
    form.scrollIntoView({ block: "start" });
    const first = form.querySelector("input, textarea, select");
    if (first) first.focus({ preventScroll: true });
  });
})();
