// Script of the desk. Every page works without it: links and forms do everything; this makes it quicker.
"use strict";

const editable = (target) => target instanceof Element && target.closest("input, select, textarea, [contenteditable]");

// Counts down to the end of a hold. The server says how many seconds are left, so the device's clock doesn't matter.
class Countdown extends HTMLElement {
  connectedCallback() {
    this.ends = performance.now() + Number(this.getAttribute("seconds")) * 1000;
    this.timer = setInterval(() => this.show(), 1000);
    this.show();
  }
  disconnectedCallback() { clearInterval(this.timer); }
  show() {
    const left = Math.max(0, Math.round((this.ends - performance.now()) / 1000));
    this.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (left === 0) {
      clearInterval(this.timer);
      this.dispatchEvent(new CustomEvent("desk:over", { bubbles: true }));
    }
  }
}
customElements.define("desk-countdown", Countdown);

// Keeps the line of the present time at its place on the day's timeline.
class NowLine extends HTMLElement {
  connectedCallback() {
    this.began = performance.now();
    this.timer = setInterval(() => this.show(), 30000);
    this.show();
  }
  disconnectedCallback() { clearInterval(this.timer); }
  show() {
    const minutes = Number(this.getAttribute("minute")) + Math.floor((performance.now() - this.began) / 60000);
    const share = minutes / Number(this.getAttribute("of"));
    const shown = share >= 0 && share <= 1;
    for (const each of this.closest(".grid").querySelectorAll(".nowline, .nowtag")) {
      each.hidden = !shown;
      each.style.left = `${share * 100}%`;
    }
  }
}
customElements.define("desk-now", NowLine);

// A list of choices under a text field: arrows move, Enter chooses, Escape closes. The choices come from the server.
class Finder extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("input");
    this.list = this.querySelector(".found");
    this.field.setAttribute("role", "combobox");
    this.field.setAttribute("aria-autocomplete", "list");
    this.field.setAttribute("aria-expanded", "false");
    this.field.setAttribute("autocomplete", "off");
    if (this.list.id) this.field.setAttribute("aria-controls", this.list.id);
    // Not by `autofocus`: until now the field was hidden.
    if (this.hasAttribute("focused") && document.activeElement === document.body) this.field.focus();
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("focusout", (event) => { if (!this.contains(event.relatedTarget)) this.close(); });
    // What was typed before this script ran is looked for as well.
    window.addEventListener("load", () => {
      if (this.field.value !== this.field.defaultValue) this.field.dispatchEvent(new Event("input", { bubbles: true }));
    }, { once: true });
    new MutationObserver(() => this.field.setAttribute("aria-expanded", String(this.choices.length > 0)))
      .observe(this.list, { childList: true, subtree: true });
  }
  get choices() { return [...this.list.querySelectorAll("[role=option]")]; }
  key(event) {
    const choices = this.choices;
    const at = choices.findIndex((each) => each.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!choices.length) return;
      event.preventDefault();
      this.select(choices, (at + (event.key === "ArrowDown" ? 1 : choices.length - 1 + (at < 0))) % choices.length);
    } else if (event.key === "Enter") {
      // Without a choice it sends the form around the field only where that is what the field is for.
      if (at >= 0 || !this.hasAttribute("sends")) event.preventDefault();
      if (at >= 0) choices[at].click();
    } else if (event.key === "Escape" && choices.length) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
  }
  select(choices, at) {
    choices.forEach((each, place) => each.setAttribute("aria-selected", String(place === at)));
    if (choices[at].id) this.field.setAttribute("aria-activedescendant", choices[at].id);
    choices[at].scrollIntoView({ block: "nearest" });
  }
  close() { this.list.replaceChildren(); this.field.removeAttribute("aria-activedescendant"); }
}
customElements.define("desk-finder", Finder);

// A choice of the finder that fills in a form: its data-* values go into the fields of the same names.
document.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-fill]");
  if (!choice) return;
  const form = choice.closest("form");
  for (const [name, value] of Object.entries(JSON.parse(choice.dataset.fill))) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value;
  }
  choice.closest("desk-finder").close();
  const next = form.querySelector("[data-after-fill]");
  if (next) next.focus();
});

// Ticking the head of a table ticks all of its rows; a row that is ticked is marked.
document.addEventListener("change", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || box.type !== "checkbox") return;
  const table = box.closest("table");
  if (!table) return;
  if (box.hasAttribute("data-all")) {
    for (const each of table.querySelectorAll("tbody input[type=checkbox]")) {
      if (!each.disabled && each.checked !== box.checked) each.click();
    }
  }
  const row = box.closest("tbody tr");
  if (row) row.classList.toggle("on", box.checked);
});

// Shows what others change: the server says that something has changed, and the page's main part is fetched again. Who is
// typing or has ticked something is asked first. A tab that nobody looks at has no stream. The pages of many tabs are not
// fetched at the same moment, and none more often than once in PAUSE: whoever books at that time comes first.
const SPREAD = 300;
const PAUSE = 1000;
class Live extends HTMLElement {
  connectedCallback() {
    this.seen = null;
    this.watch = () => (document.hidden ? this.close() : this.open());
    document.addEventListener("visibilitychange", this.watch);
    this.watch();
  }
  disconnectedCallback() { document.removeEventListener("visibilitychange", this.watch); this.close(); }
  open() {
    if (this.source) return;
    this.source = new EventSource(this.getAttribute("src"));
    this.source.onmessage = (event) => this.changed(event.data);
    this.source.onerror = () => this.say("away", "Not connected");
  }
  close() { if (this.source) this.source.close(); this.source = null; }
  say(state, text) { this.setAttribute("state", state); if (this.textContent !== text) this.textContent = text; }
  changed(number) {
    const first = this.seen === null;
    this.say("live", "Live");
    // What goes on by itself may have changed, and even ended, before this stream began.
    if (first ? document.querySelector("main [data-running]") : number !== this.seen) this.soon();
    this.seen = number;
    document.dispatchEvent(new CustomEvent("desk:live"));
  }
  soon(pause = 0) {
    this.due = true;
    if (this.fetching) return;
    this.fetching = true;
    setTimeout(async () => {
      this.due = false;
      const done = await this.fetch().catch(() => false);
      this.fetching = false;
      if (this.due || !done) this.soon(PAUSE);
    }, Math.max(pause, (this.fetched || 0) + PAUSE - performance.now(), 0) + Math.random() * SPREAD);
  }
  busy() {
    const main = document.getElementById("main");
    const field = main.contains(document.activeElement) && editable(document.activeElement);
    return field && !field.closest("[data-stays]")
      || main.querySelector("input:checked, details[open], .says.bad:not([data-stays] *)") !== null
      || [...main.querySelectorAll("input, textarea")].some((each) => each.value !== each.defaultValue && !each.closest("[data-stays]"));
  }
  // The numbers in the navigation change even where somebody is typing.
  count(page) {
    for (const here of document.querySelectorAll("[data-count]")) {
      const now = page.querySelector(`[data-count="${here.dataset.count}"]`);
      if (now) { here.textContent = now.textContent; here.hidden = now.hidden; }
    }
  }
  // Where the focus is, in words that fit the page when it is fetched again.
  place(element) {
    if (element.id) return `#${CSS.escape(element.id)}`;
    if (element.hasAttribute("href")) return `a[href="${CSS.escape(element.getAttribute("href"))}"]`;
    const guest = element.closest("[data-guest]");
    return guest ? `[data-guest="${CSS.escape(guest.dataset.guest)}"] button` : null;
  }
  // A part that stays, such as a camera that is looking, isn't even moved: what is around it is replaced.
  replace(here, main) {
    const [stays, same] = [here, main].map((each) => each.querySelector(":scope > [data-stays]"));
    if (!stays || !same) { here.replaceChildren(...main.childNodes); return; }
    for (const each of [...here.childNodes]) if (each !== stays) each.remove();
    const parts = [...main.childNodes];
    const at = parts.indexOf(same);
    stays.before(...parts.slice(0, at));
    stays.after(...parts.slice(at + 1));
  }
  async fetch() {
    this.fetched = performance.now();
    const answer = await fetch(location.href, { headers: { "HX-Request": "true", "Desk-Refresh": "1" } });
    if (answer.status === 429 || answer.status === 503) return false;
    const page = answer.ok && !answer.redirected ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    if (page) this.count(page);
    if (this.busy()) {
      const button = document.createElement("button");
      button.textContent = "Changed: show";
      button.addEventListener("click", () => location.reload());
      this.replaceChildren(button);
      return true;
    }
    const main = page && page.getElementById("main");
    const here = document.getElementById("main");
    if (!main || main.innerHTML === here.innerHTML) return true;
    const focused = here.contains(document.activeElement) ? this.place(document.activeElement) : null;
    this.replace(here, main);
    if (focused) here.querySelector(focused)?.focus();
    htmx.process(here);
    document.dispatchEvent(new CustomEvent("desk:kept"));
    return true;
  }
}
customElements.define("desk-live", Live);

// Keys: / searches, n books, t today, arrows move between the departures of the day, g then a letter goes to a screen.
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && editable(event.target)) { event.target.blur(); return; }
  if (editable(event.target)) return;
  const grid = event.target instanceof Element && event.target.closest("[data-arrows]");
  if (grid && move(grid, event)) return;
  for (const each of document.querySelectorAll("[aria-keyshortcuts]")) {
    if (each.getAttribute("aria-keyshortcuts").toLowerCase() === event.key.toLowerCase() && each.offsetParent !== null) {
      event.preventDefault();
      if (each.matches("input")) { each.focus(); each.select(); } else each.click();
      return;
    }
  }
});
function move(grid, event) {
  const lanes = [...grid.querySelectorAll("[data-lane]")].map((lane) => [...lane.querySelectorAll("a")]).filter((lane) => lane.length);
  const y = lanes.findIndex((lane) => lane.includes(document.activeElement));
  if (y < 0) return false;
  const x = lanes[y].indexOf(document.activeElement);
  const to = {
    ArrowRight: lanes[y][x + 1], ArrowLeft: lanes[y][x - 1],
    ArrowDown: lanes[y + 1] && lanes[y + 1][Math.min(x, lanes[y + 1].length - 1)],
    ArrowUp: lanes[y - 1] && lanes[y - 1][Math.min(x, lanes[y - 1].length - 1)],
  };
  if (!(event.key in to)) return false;
  event.preventDefault();
  if (to[event.key]) to[event.key].focus();
  return true;
}

// A form is sent once, however often its button is pressed; it can be sent again when the page is shown again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
});
window.addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });
