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
});

async function copy(button) {
  const text = document.getElementById(button.dataset.copy)?.textContent ?? "";
  await navigator.clipboard.writeText(text);
  announce(button.dataset.copied);
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

// Polling pauses in hidden tabs, and asks once when the tab comes back.
document.addEventListener("htmx:config:request", (event) => {
  const cause = event.detail.ctx.sourceEvent?.type;
  if (document.hidden && (cause === "every" || cause === "visibilitychange")) event.preventDefault();
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
