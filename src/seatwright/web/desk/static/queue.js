// Check-ins that wait for the server. Each is kept in this browser until the server has taken it: ids, what was tapped and
// when, no names. They belong to the user who tapped them; nobody else's session sends them, and signing out removes them.
"use strict";

const DAY_MS = 24 * 3600 * 1000;
const AT_ONCE = 100;
const SETTLED_MS = 4000;

class Queue extends HTMLElement {
  connectedCallback() {
    this.keys = `desk.kept.${this.getAttribute("user")}.`;
    this.notes = `desk.remark.${this.getAttribute("user")}.`;
    this.ahead = Number(this.getAttribute("now")) - Date.now();  // how far the server's clock is ahead of this device's
    this.last = 0;
    this.taken = [];  // what the server has taken a moment ago; a page that it made before doesn't show that yet
    this.state = "";
    this.forget();
    this.again = () => this.send();
    window.addEventListener("online", this.again);
    window.addEventListener("storage", () => this.show());
    document.addEventListener("desk:live", this.again);
    document.addEventListener("submit", (event) => this.leave(event), true);
    this.show();
    this.remark();
    this.send();
  }
  disconnectedCallback() {
    clearTimeout(this.timer);
    window.removeEventListener("online", this.again);
    document.removeEventListener("desk:live", this.again);
  }
  get now() { return Date.now() + this.ahead; }
  under(prefix) {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix)).map((key) => JSON.parse(localStorage.getItem(key)));
  }
  // All that is kept, in the order in which it was tapped.
  get kept() { return this.under(this.keys).sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1)); }
  // What is older than a day doesn't count any more. Of one's own the server says so; what others left here goes.
  forget() {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(this.keys) || !key.startsWith("desk.kept.") && !key.startsWith("desk.remark.")) continue;
      try { if (JSON.parse(localStorage.getItem(key)).at > this.now - DAY_MS) continue; } catch { /* not ours */ }
      localStorage.removeItem(key);
    }
  }
  // Keeps what was tapped, and sends it. Returns false if the browser keeps nothing.
  add(taps) {
    try {
      for (const tap of taps) {
        this.last = Math.max(Math.round(this.now), this.last + 1);
        const id = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        localStorage.setItem(this.keys + id, JSON.stringify({ id, at: this.last, ...tap }));
      }
    } catch { return false; }
    this.show();
    this.send();
    return true;
  }
  async send() {
    clearTimeout(this.timer);
    if (this.sending || !this.kept.length) return;
    this.sending = true;
    try {
      while (this.kept.length && await this.part()) { /* the next part */ }
    } finally {
      this.sending = false;
      this.show();
      if (this.kept.length && this.state !== "signed-out") this.timer = setTimeout(this.again, 3000);
    }
  }
  // Sends some of it; true if the server has taken it.
  async part() {
    const some = this.kept.slice(0, AT_ONCE);
    let answer;
    try {
      const body = new URLSearchParams({ csrf: this.getAttribute("csrf"), kept: JSON.stringify(some) });
      answer = await fetch(this.getAttribute("action"), { method: "POST", body, redirect: "manual" });
    } catch { this.state = "away"; return false; }
    if (answer.type === "opaqueredirect" || answer.status === 403) { this.state = "signed-out"; return false; }
    if (!answer.ok) { this.state = "away"; return false; }
    const said = await answer.json();
    for (const remark of said.remarks) localStorage.setItem(this.notes + remark.id, JSON.stringify({ at: this.now, ...remark }));
    for (const id of said.taken) localStorage.removeItem(this.keys + id);
    const [noted, remarked] = [new Set(said.taken), new Set(said.remarks.map((remark) => remark.guest))];
    this.taken = [...this.taken, ...some.filter((tap) => noted.has(tap.id))].filter((tap) => !remarked.has(tap.guest));
    clearTimeout(this.settling);
    this.settling = setTimeout(() => { this.taken = []; document.querySelector("desk-live")?.soon(); }, SETTLED_MS);
    this.state = "";
    this.remark();
    if (said.remarks.length) document.dispatchEvent(new CustomEvent("desk:remarked"));
    return said.taken.length > 0;
  }
  show() {
    const many = this.kept.length;
    this.hidden = many === 0 || (this.sending && this.state === "");
    const text = `${many} check-in${many === 1 ? "" : "s"}`;
    if (this.state === "signed-out") {
      const link = document.createElement("a");
      link.href = this.getAttribute("sign-in");
      link.textContent = `Sign in again to send ${text}`;
      this.replaceChildren(link);
    } else if (this.textContent !== `${text} not sent yet`) this.textContent = `${text} not sent yet`;
    document.dispatchEvent(new CustomEvent("desk:kept"));
  }
  // What doesn't count, and why, until somebody has read it. Names are those of the page.
  remark() {
    const place = document.getElementById("remarks");
    place.replaceChildren(...this.under(this.notes).map((each) => {
      const row = document.querySelector(`[data-guest="${CSS.escape(each.guest)}"]`);
      const line = document.createElement("p");
      line.className = "says wait";
      const text = document.createElement("span");
      text.textContent = `${row ? `${row.dataset.name}, ${row.dataset.number},` : each.who} ${each.text}`;
      const read = document.createElement("button");
      read.className = "b plain push";
      read.textContent = "OK";
      read.setAttribute("aria-label", `OK: ${text.textContent}`);
      read.addEventListener("click", () => { localStorage.removeItem(this.notes + each.id); this.remark(); });
      line.append(text, read);
      return line;
    }));
  }
  // Signing out ends what is kept; what the server hasn't taken yet is said before.
  leave(event) {
    if (!event.target.action?.endsWith("/sign-out")) return;
    const many = this.kept.length;
    if (many && !confirm(`${many} check-in${many === 1 ? " is" : "s are"} not sent yet. Sign out and lose ${many === 1 ? "it" : "them"}?`)) {
      event.preventDefault();
      return;
    }
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(this.keys) || key.startsWith(this.notes)) localStorage.removeItem(key);
    }
  }
}
customElements.define("desk-queue", Queue);
