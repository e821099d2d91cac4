// Dialogs, copying, announcements, and no polling in hidden tabs. Everything here has a plain form or link behind it.
"use strict";

// A form with data-dialog leads to a page that asks; with scripts, a dialog asks instead.
document.addEventListener("submit", (event) => {
  const dialog = document.getElementById(event.target.dataset.dialog ?? "");
  if (dialog) {
    event.preventDefault();
    dialog.showModal();
    dialog.dispatchEvent(new CustomEvent("wanted"));
    return;
  }
  document.getElementById(event.target.dataset.closes ?? "")?.close();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  document.getElementById(button.dataset.close ?? "")?.close();
  if (button.dataset.copy) copy(button);
  if ("print" in button.dataset) window.print();
});

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  if (!source) return;
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
  } catch {
    getSelection().selectAllChildren(source); // no clipboard without HTTPS, or forbidden: ready for Ctrl+C
    return;
  }
  announce(button.dataset.copied);
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 2000);
}

// Where the server was not told its address, the browser knows it; what a request says of it may be forged.
for (const place of document.querySelectorAll("[data-own-address]")) {
  place.textContent = new URL(place.textContent.trim(), location.origin).href;
}

// What a live part says of itself is read out when it changes, and only then.
const said = new Map();

function announce(text) {
  const announcer = document.getElementById("announcer");
  if (announcer && text) announcer.textContent = text;
}

function announceChanges() {
  for (const part of document.querySelectorAll("[data-announce]")) {
    const before = said.get(part.id);
    const now = part.dataset.announce;
    said.set(part.id, now);
    if (before !== undefined && before !== now) announce(now);
  }
}

document.addEventListener("htmx:after:swap", announceChanges);
announceChanges();

// Polling pauses in hidden tabs, and asks once when the tab comes back; and wherever somebody paused it.
const paused = () => sessionStorage.getItem("paused") === "1";

function polls(event) {
  const cause = event.detail.ctx?.sourceEvent?.type;
  return cause === "every" || cause === "visibilitychange";
}

document.addEventListener("htmx:config:request", (event) => {
  if (polls(event) && (document.hidden || paused())) event.preventDefault();
});

// A page that cannot refresh says so, and of when it is; whoever did something without an answer is told, too.
let fresh = new Date();

function showStale(stale) {
  const notice = document.getElementById("stale");
  if (!stale) fresh = new Date();
  if (notice.hidden !== stale) return;
  const since = fresh.toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });
  notice.querySelector("[data-stale-since]").textContent = since;
  notice.hidden = !stale;
  if (stale) announce(notice.textContent.trim());
}

document.addEventListener("htmx:after:request", (event) => {
  const failed = event.detail.ctx.response.status >= 500;
  if (!failed || polls(event)) showStale(failed);
});

document.addEventListener("htmx:error", (event) => {
  if (!event.detail.ctx) return;
  if (polls(event)) {
    showStale(true);
    return;
  }
  const notice = document.getElementById("unanswered");
  notice.hidden = false;
  announce(notice.textContent.trim());
});

function showPause() {
  for (const button of document.querySelectorAll("[data-pause]")) button.setAttribute("aria-pressed", paused());
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-pause]")) return;
  sessionStorage.setItem("paused", paused() ? "0" : "1");
  showPause();
});

// Times of the last day say how long ago they are; the exact one stays for screen readers, and under the pointer.
const ago = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });

function inWords(seconds) {
  if (seconds < 60) return ago.format(0, "second");
  return seconds < 3600 ? ago.format(-Math.floor(seconds / 60), "minute") : ago.format(-Math.floor(seconds / 3600), "hour");
}

function showAgo() {
  for (const time of document.querySelectorAll("time.moment")) {
    const exact = time.querySelector(".sr-only")?.textContent ?? time.textContent;
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    if (!(seconds >= 0 && seconds < 86400)) {
      if (time.firstElementChild) time.replaceChildren(exact);
      continue;
    }
    const text = inWords(seconds);
    if (time.firstElementChild?.textContent === text) continue;
    const shown = document.createElement("span");
    shown.setAttribute("aria-hidden", "true");
    shown.textContent = text;
    const read = document.createElement("span");
    read.className = "sr-only";
    read.textContent = exact;
    time.title = exact;
    time.replaceChildren(shown, read);
  }
}

function refresh() {
  showPause();
  showAgo();
}

document.addEventListener("htmx:after:swap", refresh);
setInterval(showAgo, 20000);
refresh();

// Shortcuts, for whoever switched them on; never while somebody types, or in a dialog.
function step(by) {
  const links = [...document.querySelectorAll("main tbody th a")];
  const here = links.findIndex((link) => link.closest("tr").contains(document.activeElement));
  const next = links[here < 0 ? (by > 0 ? 0 : links.length - 1) : here + by];
  next?.focus();
}

const SHORTCUTS = {
  "/": () => document.querySelector("[data-search]")?.select(),
  j: () => step(1),
  k: () => step(-1),
  x: () => document.activeElement.closest("tr")?.querySelector('input[name="participant"]')?.click(),
  "?": () => document.getElementById("shortcuts-dialog")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (!("shortcuts" in document.body.dataset) || event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("input:not([type=checkbox], [type=radio]), select, textarea, dialog");
  const action = typing ? undefined : SHORTCUTS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

// Marking everybody of a page at once, and saying how many are marked.
document.documentElement.classList.add("scripted");

function countMarked() {
  const marked = document.querySelectorAll('input[name="participant"]:checked').length;
  for (const place of document.querySelectorAll("[data-marked]")) place.textContent = marked ? `(${marked})` : "";
}

document.addEventListener("change", (event) => {
  const name = event.target.dataset?.marks;
  if (name) {
    for (const box of document.getElementsByName(name)) box.checked = event.target.checked;
  }
  if (name || event.target.name === "participant") {
    if (event.target.checked) document.getElementById("whom-marked").checked = true;
    countMarked();
  }
});
addEventListener("pageshow", countMarked); // going back, the browser has marked them again by itself
