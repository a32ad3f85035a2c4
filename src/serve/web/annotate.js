// The page of maskfer annotate. One request at a time: an answer is kept here (also over closing the page) until the
// server has said that it is on disk, and carries a name of its own, so that sending it twice counts once.
"use strict";

const token = location.hash.slice(1);
const byId = (id) => document.getElementById(id);
const settleMs = 120; // a picture that has just appeared takes no answer yet: the key was meant for the one before
const patience = [300, 600, 1200, 2500, 5000];
const pendingKey = "maskfer-pending-" + token.slice(0, 8);

let state = null;         // as /api/state says
let pending = null;       // {kind: "vote" | "undo", body} that is not acknowledged yet
let shownAt = 0;          // when the present picture appeared, 0 while there is none
const pictures = new Map(); // task id -> promise of an object URL
const given = new Map();  // task id -> answer of this visit, to show it again after an undo

class Refused extends Error {
  constructor(status, text) { super(text); this.status = status; }
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

function newName() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

// The response, or Refused for what will not get better by asking again; anything else is worth another try.
async function ask(path, body) {
  const options = { headers: { Authorization: "Bearer " + token }, cache: "no-store" };
  if (AbortSignal.timeout) options.signal = AbortSignal.timeout(20000);
  if (body) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await fetch(path, options);
  if (response.ok) return response;
  let text = "the server answered " + response.status;
  try { text = (await response.json()).error || text; } catch { /* not JSON: keep the number */ }
  if (response.status >= 500) throw new Error(text);
  throw new Refused(response.status, text);
}

async function insist(path, body) {
  for (let tries = 0; ; tries++) {
    try {
      return await ask(path, body);
    } catch (error) {
      if (error instanceof Refused) throw error;
      say(body ? "Not saved yet: the server does not answer. Your answer is kept; trying again …"
               : "The server does not answer; trying again …", true);
      await sleep(patience[Math.min(tries, patience.length - 1)]);
    }
  }
}

// ---- what is seen ----

function say(text, bad) {
  byId("status").textContent = text;
  byId("status").classList.toggle("bad", Boolean(bad));
}

function tell(title, text, mayUndo) {
  byId("work").hidden = true;
  byId("message").hidden = false;
  byId("message-title").textContent = title;
  byId("message-text").textContent = text;
  byId("message-undo").hidden = !mayUndo;
  byId("message").focus();
}

function classButton(name, index) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.label = name;
  button.append(name + " ");
  if (index < 9) {
    const key = document.createElement("kbd");
    key.textContent = String(index + 1);
    button.append(key);
    button.setAttribute("aria-keyshortcuts", String(index + 1));
  }
  button.addEventListener("click", () => choose(name));
  return button;
}

function makeButtons() {
  const box = byId("classes");
  if (box.childElementCount === state.classes.length) return;
  box.replaceChildren(...state.classes.map(classButton));
  byId("help-keys").textContent = "1 to " + Math.min(9, state.classes.length);
}

function markButtons() {
  const before = given.get(state.task.id);
  for (const button of document.querySelectorAll("#answers button")) {
    const own = button.dataset.label;
    button.classList.remove("chosen");
    button.classList.toggle("before", before !== undefined &&
      (own === undefined ? button.id === before : own === before));
    if (own !== undefined) button.disabled = own === state.task.label;
  }
  byId("undo").disabled = state.undo === null;
}

function picture(id) {
  if (!pictures.has(id)) {
    const wanted = insist("api/picture/" + id).then((r) => r.blob()).then((b) => URL.createObjectURL(b));
    wanted.catch(() => {});
    pictures.set(id, wanted);
  }
  return pictures.get(id);
}

function forgetPictures(...keep) {
  for (const [id, url] of pictures) {
    if (keep.includes(id)) continue;
    pictures.delete(id);
    url.then((u) => URL.revokeObjectURL(u), () => {});
  }
}

async function showPicture() {
  const task = state.task;
  const image = byId("picture");
  shownAt = 0;
  byId("work").dataset.ready = "";
  byId("stage").classList.add("waiting");
  try {
    image.src = await picture(task.id);
    await image.decode();
    image.alt = "Picture " + (state.done + 1) + " of " + state.total;
    if (byId("status").classList.contains("bad")) say("");
  } catch (error) {
    if (error instanceof Refused && error.status === 401) throw error;
    image.removeAttribute("src");
    image.alt = "This picture cannot be shown";
    say("This picture cannot be shown. Please answer “cannot tell”.", true);
  }
  if (state.task !== task) return;
  byId("stage").classList.remove("waiting");
  await sleep(settleMs);
  if (state.task !== task) return;
  shownAt = performance.now();
  byId("work").dataset.ready = String(task.id);
  if (state.next) picture(state.next.id);
}

async function show(next) {
  state = next;
  byId("top").hidden = false;
  byId("name").textContent = state.name;
  byId("set").textContent = state.set;
  byId("count").textContent = state.done + " of " + state.total;
  byId("progress").max = Math.max(1, state.total);
  byId("progress").value = state.done;
  document.title = state.done + "/" + state.total + " · Label checking";
  forgetPictures(state.task && state.task.id, state.next && state.next.id);
  if (!state.task) {
    shownAt = 0;
    byId("work").dataset.ready = "";
    tell("Done", "All " + state.total + " pictures are answered and saved. Thank you, " + state.name + "!", state.undo !== null);
    return;
  }
  byId("message").hidden = true;
  byId("work").hidden = false;
  byId("label").textContent = state.task.label;
  makeButtons();
  markButtons();
  byId("spoken").textContent = "Picture " + (state.done + 1) + " of " + state.total + ". The label says " + state.task.label + ".";
  byId("question").focus({ preventScroll: true });
  await showPicture();
}

// ---- what is answered ----

function keep(request) {
  pending = request;
  try {
    if (request) localStorage.setItem(pendingKey, JSON.stringify(request));
    else localStorage.removeItem(pendingKey);
  } catch { /* storage is switched off: the answer then lives as long as the page */ }
}

function kept() {
  try { return JSON.parse(localStorage.getItem(pendingKey)); } catch { return null; }
}

async function reload(text) {
  const response = await insist("api/state");
  await show(await response.json());
  say(text || "", Boolean(text));
}

function giveUp(error) {
  if (error instanceof Refused && error.status === 401)
    tell("This link is not valid", "Ask the person who sent it for a new one.", false);
  else
    tell("Something went wrong", error.message + ". Load the page again.", false);
}

async function send(request) {
  keep(request);
  try {
    const response = await insist("api/" + request.kind, request.body);
    const next = await response.json();
    keep(null);
    say(request.kind === "vote" ? "Saved." : "Taken back.");
    await show(next);
  } catch (error) {
    keep(null);
    if (!(error instanceof Refused) || error.status === 401) throw error;
    await reload("Not saved: " + error.message + ".");
  }
}

function busy() {
  return pending !== null || state === null || byId("help").open;
}

function answer(verdict, label, button) {
  if (busy() || !state.task || shownAt === 0) return;
  const body = { client: newName(), task: state.task.id, verdict, ms: Math.min(86400000, Math.round(performance.now() - shownAt)) };
  if (label !== undefined) body.label = label;
  button.classList.add("chosen");
  given.set(state.task.id, label === undefined ? button.id : label);
  send({ kind: "vote", body }).catch(giveUp);
}

function choose(name) {
  if (!state || !state.task) return;
  if (name === state.task.label) answer("agree", undefined, byId("agree"));
  else answer("other", name, document.querySelector("#classes button[data-label=" + CSS.escape(name) + "]"));
}

function undo() {
  if (busy() || state.undo === null) return;
  send({ kind: "undo", body: { client: newName(), task: state.undo } }).catch(giveUp);
}

// A digit by its place on the keyboard too, for layouts that want Shift for it.
function digit(event) {
  const place = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
  if (/^[0-9]$/.test(event.key)) return Number(event.key);
  return place ? Number(place[1]) : -1;
}

function onKey(event) {
  if (event.repeat || byId("help").open || state === null) return;
  if (event.altKey || event.metaKey || event.ctrlKey) {
    if (event.key.toLowerCase() === "z" && !event.altKey) { event.preventDefault(); undo(); }
    return;
  }
  const number = digit(event);
  const onButton = event.target instanceof HTMLButtonElement;
  if (event.key === "?") byId("help").showModal();
  else if (event.key === "Backspace" || event.key.toLowerCase() === "z") undo();
  else if (number === 0) answer("unsure", undefined, byId("unsure"));
  else if (number > 0 && number <= state.classes.length) choose(state.classes[number - 1]);
  else if ((event.key === "Enter" || event.key === " ") && !onButton) answer("agree", undefined, byId("agree"));
  else return;
  event.preventDefault();
}

async function begin() {
  if (token === "") {
    tell("This address is not complete", "Open the whole link that you were sent, with the part after the # sign.", false);
    return;
  }
  byId("agree").addEventListener("click", () => answer("agree", undefined, byId("agree")));
  byId("unsure").addEventListener("click", () => answer("unsure", undefined, byId("unsure")));
  byId("undo").addEventListener("click", undo);
  byId("message-undo").addEventListener("click", undo);
  byId("help-open").addEventListener("click", () => byId("help").showModal());
  document.addEventListener("keydown", onKey);
  window.addEventListener("hashchange", () => location.reload());
  const left = kept();
  if (left) {
    state = await (await insist("api/state")).json();
    await send(left);
  } else {
    await reload();
  }
}

begin().catch(giveUp);
