// The page of maskfer serve: sends the chosen file as it is to /predict and draws what comes back.
"use strict";

const byId = (id) => document.getElementById(id);
let asked = 0; // only the answer to the latest picture is drawn
let shown = null;

function say(text, bad) {
  byId("status").textContent = text;
  byId("status").classList.toggle("bad", Boolean(bad));
}

function draw(answer) {
  const rows = Object.entries(answer.probabilities).sort((a, b) => b[1] - a[1]);
  byId("label").textContent = answer.label;
  byId("bars").replaceChildren(...rows.flatMap(([name, p]) => {
    const term = document.createElement("dt");
    const what = document.createElement("dd");
    const bar = document.createElement("progress");
    const number = document.createElement("span");
    term.textContent = name;
    bar.value = p;
    bar.setAttribute("aria-hidden", "true");
    number.textContent = (100 * p).toFixed(1) + " %";
    what.append(bar, number);
    return [term, what];
  }));
  byId("result").hidden = false;
  say("Answered in " + Math.round(answer.milliseconds) + " ms.");
}

async function recognise(file) {
  const turn = ++asked;
  byId("result").hidden = true;
  if (shown) URL.revokeObjectURL(shown);
  shown = URL.createObjectURL(file);
  byId("picture").src = shown;
  byId("stage").hidden = false;
  say("Looking …");
  try {
    const response = await fetch("predict", { method: "POST", body: file, cache: "no-store" });
    const answer = await response.json();
    if (turn !== asked) return;
    if (response.ok) draw(answer);
    else say("No answer: " + answer.error + ".", true);
  } catch {
    if (turn === asked) say("The server does not answer.", true);
  }
}

function onDrag(event) {
  event.preventDefault();
  document.body.classList.toggle("over", event.type === "dragover");
  if (event.type === "drop" && event.dataTransfer.files.length > 0) recognise(event.dataTransfer.files[0]);
}

async function begin() {
  byId("file").addEventListener("change", (event) => { if (event.target.files.length > 0) recognise(event.target.files[0]); });
  for (const kind of ["dragover", "dragleave", "drop"]) document.addEventListener(kind, onDrag);
  try {
    const about = await (await fetch("health", { cache: "no-store" })).json();
    byId("about").textContent = about.model + ", " + about.input.width + " × " + about.input.height + " pixels, " +
      about.classes.length + " classes.";
  } catch { /* the page works without */ }
}

begin();
