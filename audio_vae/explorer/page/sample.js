// New sounds of a class, drawn from where the class lies.

import { explain } from "./messages.js";

const $ = (id) => document.getElementById(id);

export function setUpSample(app) {
  const { store, backend, model } = app;
  let drawn = "";
  let sounds = [];
  let chosen = 0;
  let drawing = null;
  let stop = new AbortController();

  for (const name of model.centres) $("sample-class").append(new Option(name, name));

  const ref = (number) => `new:${app.state.kind}:${app.state.draw}:${number}`;

  // Draw what the state says, unless it is drawn already or on its way.
  function draw() {
    const now = JSON.stringify([app.state.kind, app.state.draw]);
    if (now === drawn) return drawing;
    drawn = now;
    stop.abort();
    stop = new AbortController();
    drawing = fetchSounds(stop.signal);
    return drawing;
  }

  async function fetchSounds(signal) {
    [sounds, chosen] = [[], 0];
    $("samples").replaceChildren();
    $("sample-status").textContent = "drawing eight new sounds; the first time takes a while …";
    try {
      sounds = await backend.sample(app.state.kind, app.state.draw, signal);
      $("samples").replaceChildren(...sounds.map((_, number) => {
        const pad = document.createElement("button");
        pad.type = "button";
        pad.textContent = number + 1;
        pad.setAttribute("aria-label", `New sound ${number + 1}`);
        pad.onclick = (event) => maker.pad(number, event);
        return pad;
      }));
      mark();
    } catch (error) {
      // What did not come is asked for again.
      if (!signal.aborted) drawn = "";
      explain(error);
    } finally {
      if (!signal.aborted) $("sample-status").textContent = "";
    }
  }

  function mark() {
    [...$("samples").children].forEach((pad, number) => pad.classList.toggle("on", number === chosen));
  }

  $("sample-class").onchange = () => store.set({ kind: $("sample-class").value });
  $("again").onclick = (event) => maker.again(event);
  for (const end of ["a", "b"]) $(`sample-as-${end}`).onclick = () => app.choose(ref(chosen), end);

  const maker = {
    play: (event) => maker.pad(chosen, event),
    async again(event) {
      store.set({ draw: app.state.draw + 1 });
      const { draw: wanted } = app.state;
      await draw();
      if (app.state.draw === wanted) maker.pad(0, event);
    },
    pad(number, event) {
      if (!sounds[number]) return;
      chosen = number;
      mark();
      app.hear(sounds[number], app.name(ref(number)), { event });
    },
    update() {
      $("sample-class").value = app.state.kind;
      if (app.state.mode === "sample") draw();
    },
    keepable: () => ({ make: "sample", kind: app.state.kind, draw: app.state.draw, sound: ref(chosen) }),
    whole: "All of them",
  };
  return maker;
}
