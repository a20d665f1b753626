// Check-in on a departure's page: a tap or a scan counts at once, and is kept until the server has it (queue.js).
"use strict";

const queue = document.querySelector("desk-queue");
const rows = (filter = "") => [...document.querySelectorAll(`li[data-guest]${filter}`)];
const SAME_CODE_MS = 4000;

class CheckIn extends HTMLElement {
  connectedCallback() {
    this.clock = new Intl.DateTimeFormat(this.getAttribute("locale"), { hour: "numeric", minute: "2-digit", timeZone: this.getAttribute("zone") });
    this.show();
  }
  say(text, kind = "good") {
    const line = this.querySelector("[data-said]");
    line.className = `says ${kind}`;
    line.hidden = false;
    line.textContent = text;
  }
  time(at) { return this.clock.format(at).replace(/\s?([AP])M/, (_, half) => ` ${half.toLowerCase()}m`); }
  // Notes the same of some guests. Without a place to keep it, the form is sent as it would be without script.
  note(some, mark) {
    const departure = this.getAttribute("departure");
    return queue.add(some.map((row) => ({ order: row.dataset.order, departure, guest: row.dataset.guest, mark })));
  }
  // Shows the guests as they are with what is kept.
  show() {
    const kept = queue.kept;
    const own = new Map();
    for (const tap of [...queue.taken, ...kept]) own.set(tap.guest, [...(own.get(tap.guest) || []), tap]);
    const waiting = new Set(kept.map((tap) => tap.guest));
    for (const row of rows()) {
      const guest = row.dataset.guest;
      if (own.has(guest)) this.draw(row, own.get(guest));
      if (waiting.has(guest)) this.label(row);
      else row.querySelector(".kept")?.remove();
    }
    const count = document.querySelector("[data-there]");
    if (count) count.textContent = rows("[data-state=in]").length;
  }
  draw(row, taps) {
    let { state, since } = row.dataset;
    for (const tap of taps) {
      const now = { in: "in", missing: "missing" }[tap.mark] || "";
      if (now !== state) since = this.time(tap.at);
      state = now;
    }
    if (state !== row.dataset.state) {
      const focused = row.contains(document.activeElement);
      const words = { "{since}": since, "{name}": row.dataset.name, "{number}": row.dataset.number, "{order}": row.dataset.order, "{guest}": row.dataset.guest };
      const filled = (text) => text.replace(/\{\w+\}/g, (word) => words[word] ?? word);
      const part = this.querySelector(`template[data-state="${state}"]`).content.cloneNode(true);
      const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) texts.currentNode.data = filled(texts.currentNode.data);
      for (const each of part.querySelectorAll("[aria-label], input")) {
        for (const name of ["aria-label", "value"]) if (each.hasAttribute(name)) each.setAttribute(name, filled(each.getAttribute(name)));
      }
      row.querySelector(".arrival").replaceChildren(part);
      Object.assign(row.dataset, { state, since });
      if (focused) row.querySelector("button")?.focus();
    }
  }
  label(row) {
    if (row.querySelector(".kept")) return;
    const mark = document.createElement("span");
    mark.className = "kept muted small";
    mark.textContent = "not sent yet";
    row.querySelector(".arrival").prepend(mark);
  }
  // Takes a code that was scanned or typed: of somebody on this page at once, of anybody else by the server.
  async scan(code) {
    const party = rows().filter((row) => (row.dataset.order === code || row.dataset.number === code) && row.dataset.state !== "pending");
    const missing = party.filter((row) => row.dataset.state !== "in");
    if (!party.length) return this.elsewhere(code);
    const name = `${party[0].closest("[data-party]").dataset.party}, ${party[0].dataset.number}`;
    if (!missing.length) {
      return this.say(`${name}: scanned before. This party has been checked in since ${party.at(-1).dataset.since}.`, "wait");
    }
    if (!this.note(missing, "in")) return this.say("This browser keeps nothing; tap Check in beside the guests.", "bad");
    return this.say(`${name}: ${missing.length} guest${missing.length === 1 ? "" : "s"} checked in.`);
  }
  async elsewhere(code) {
    const form = this.querySelector("[data-scan]");
    const body = new URLSearchParams(new FormData(form));
    body.set("code", code);
    try {
      const answer = await fetch(form.action, { method: "POST", body });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const said = page.querySelector("main > .says");
      if (!said) { location.assign(answer.url); return; }
      this.say(said.textContent.trim(), ["good", "bad", "wait"].find((kind) => said.classList.contains(kind)));
    } catch {
      this.say("Nobody on this page has this code, and the server can’t be asked now.", "bad");
    }
  }
}
customElements.define("desk-checkin", CheckIn);

const checkIn = () => document.querySelector("desk-checkin");
document.addEventListener("desk:kept", () => checkIn()?.show());
// The guest isn't as they were tapped: the page shows them as they are.
document.addEventListener("desk:remarked", () => document.querySelector("desk-live")?.soon());

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!checkIn()) return;
  if (form.matches("[data-scan]")) {
    event.preventDefault();
    const field = form.elements.namedItem("code");
    const code = field.value.trim();
    field.value = "";
    if (code) checkIn().scan(code);
  } else if (form.matches("[data-tap]")) {
    const order = form.elements.namedItem("order").value;
    const guest = form.elements.namedItem("guest");
    const some = guest
      ? rows().filter((row) => row.dataset.guest === guest.value)
      : rows().filter((row) => row.dataset.order === order && !["in", "pending"].includes(row.dataset.state));
    if (checkIn().note(some, guest ? event.submitter.value : "in")) event.preventDefault();
  }
}, true);

// Reads codes with the device's camera: by the browser itself where it can, and otherwise by a decoder that is loaded then.
class Camera extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.label = this.button.querySelector("span");
    this.video = this.querySelector("video");
    this.button.addEventListener("click", () => (this.stream ? this.stop() : this.start()));
    this.hidden = false;
  }
  disconnectedCallback() { this.stop(); }
  say(text, kind) { this.closest("desk-checkin").say(text, kind); }
  async start() {
    if (!navigator.mediaDevices) {
      this.say("This page can’t use a camera: that needs a browser with one, and an address with https.", "bad");
      return;
    }
    this.button.disabled = true;
    try {
      const [stream, detector] = await Promise.all([
        navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false }),
        this.detector(),
      ]);
      this.stream = stream;
      this.video.srcObject = stream;
      this.video.hidden = false;
      this.label.textContent = "Stop the camera";
      await this.video.play();
      this.seen = { code: "", at: 0 };
      this.look(detector);
    } catch (error) {
      this.stop();
      this.say({
        NotAllowedError: "The camera isn’t allowed for this page. Allow it in the browser’s settings, or type the number.",
        NotFoundError: "There is no camera here. Type the number, or use a scanner that types.",
        NotReadableError: "The camera is in use by another program.",
      }[error.name] || "The camera can’t be used now. Type the number instead.", "bad");
    } finally {
      this.button.disabled = false;
    }
  }
  async detector() {
    const options = { formats: ["qr_code"] };
    if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
      return new BarcodeDetector(options);
    }
    const decoder = await import(this.getAttribute("decoder"));
    return new decoder.BarcodeDetector(options);
  }
  // Looks at the picture again and again. A code that stays in sight counts once.
  async look(detector) {
    if (!this.stream) return;
    try {
      const [found] = this.video.readyState >= 2 ? await detector.detect(this.video) : [];
      const now = performance.now();
      if (found && (found.rawValue !== this.seen.code || now - this.seen.at > SAME_CODE_MS)) {
        navigator.vibrate?.(80);
        this.closest("desk-checkin").scan(found.rawValue.trim());
      }
      if (found) this.seen = { code: found.rawValue, at: now };
    } catch { /* this picture can't be read; the next one may */ }
    setTimeout(() => this.look(detector), 120);
  }
  stop() {
    for (const track of this.stream?.getTracks() || []) track.stop();
    this.stream = null;
    if (!this.video) return;
    this.video.srcObject = null;
    this.video.hidden = true;
    this.label.textContent = "Scan with the camera";
  }
}
customElements.define("desk-camera", Camera);
