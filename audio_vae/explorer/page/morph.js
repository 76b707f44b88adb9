// From A to B: steps that are made ahead, a slider that sounds as it moves, pads, and the cross-fade beside it.

import { explain } from "./messages.js";

const AHEAD = 17; // steps that are made ahead; every second one is a step of the nine of a morph
const PADS = 9;
const REST_MS = 140; // a slider that has not moved for so long rests

const $ = (id) => document.getElementById(id);

export function setUpMorph(app) {
  const { store, backend, model } = app;
  let ends = "";
  let made = {}; // render → the steps
  let exact = new Map(); // render and position → a sound between two steps
  let stop = new AbortController();
  let rest = 0;
  let isMix = false;

  const best = () => (isMix ? made.crossfade : made[model.render] ?? made.model);
  const render = () => (isMix ? "crossfade" : made[model.render] ? model.render : "model");
  const label = () => {
    const percent = Math.round(1000 * app.state.at) / 10;
    return `${isMix ? "Cross-fade" : "Morph"} ${percent} %: ${app.name("a")} → ${app.name("b")}`;
  };

  function make() {
    stop.abort();
    stop = new AbortController();
    [made, exact] = [{}, new Map()];
    const { a, b } = app.state;
    const { signal } = stop;
    const kinds = model.render === "model" ? ["model"] : ["model", model.render];
    $("render").textContent = "…";
    for (const kind of kinds) {
      backend.morph(a, b, AHEAD, kind, signal).then((steps) => {
        if (signal.aborted) return;
        made[kind] = steps;
        tell();
        document.dispatchEvent(new CustomEvent("made", { detail: { render: kind, steps } }));
        if (!isMix) showMade();
      }).catch((error) => {
        if (kind === "model") $("render").textContent = "";
        explain(error);
      });
    }
    if (isMix) mix().then(() => isMix && !signal.aborted && showMade()).catch(explain);
  }

  function showMade() {
    if (!app.player.isPlaying && app.state.mode === "morph") showAt("show");
  }

  async function mix() {
    const { signal } = stop;
    made.crossfade ??= await backend.morph(app.state.a, app.state.b, AHEAD, "crossfade", signal);
  }

  function tell() {
    if (model.render === "model") $("render").textContent = "";
    else if (made[model.render]) $("render").textContent = "made of both sounds, as the command line writes it";
    else if (made.model) $("render").textContent = "a sketch by the model; the finished sounds are on their way …";
  }

  // Play or show the step at the slider. Between two steps, the sound of that very place follows when it is made.
  function showAt(how, event = null) {
    const place = app.state.at * (AHEAD - 1);
    const key = `${render()} ${app.state.at}`;
    const steps = best();
    const sound = exact.get(key) ?? steps?.[Math.round(place)];
    if (sound) app.hear(sound, label(), { how, event });
    clearTimeout(rest);
    if (sound && (Number.isInteger(place) || exact.has(key))) return;
    rest = setTimeout(() => between(sound ? "swap" : how, event), sound ? REST_MS : 0);
  }

  async function between(how, event) {
    const { at, a, b } = app.state;
    const kind = render();
    const { signal } = stop;
    try {
      const sound = await backend.between(a, b, at, kind, signal);
      if (signal.aborted) return;
      exact.set(`${kind} ${at}`, sound);
      if (at !== app.state.at || app.state.mode !== "morph") return;
      if (how === "swap") {
        if (app.player.isPlaying) app.hear(sound, label(), { how: "slide", mayBegin: false });
        else app.hear(sound, label(), { how: "show" });
      } else app.hear(sound, label(), { how, event });
    } catch (error) {
      explain(error);
    }
  }

  $("crossfade").hidden = !model.can.includes("crossfade");
  const slider = $("at");
  slider.addEventListener("input", (event) => {
    store.set({ at: Number(slider.value) }, false);
    showAt("slide", event);
  });
  slider.addEventListener("change", () => store.set({ at: Number(slider.value) }));

  const pads = Array.from({ length: PADS }, (_, number) => {
    const pad = document.createElement("button");
    pad.type = "button";
    const percent = (100 * number) / (PADS - 1);
    const small = document.createElement("small");
    small.textContent = `${Math.round(percent)} %`;
    pad.append(String(number + 1), small);
    pad.setAttribute("aria-label", `Step ${number + 1}, ${percent} percent of the way`);
    pad.style.setProperty("--at", number / (PADS - 1));
    pad.onclick = (event) => maker.pad(number, event);
    $("pads").append(pad);
    return pad;
  });

  $("play").onclick = (event) => maker.play(event);
  $("crossfade").onclick = (event) => maker.setMix(!isMix, event);
  $("loop").onclick = (event) => {
    const isOn = $("loop").getAttribute("aria-pressed") !== "true";
    $("loop").setAttribute("aria-pressed", isOn);
    if (isOn) maker.play(event);
    else app.player.stop();
  };

  const maker = {
    play: (event) => showAt("play", event),
    show: () => showAt("show"),
    again() {},
    pad(number, event) {
      if (number >= PADS) return;
      store.set({ at: number / (PADS - 1) });
      showAt("play", event);
    },
    async setMix(isOn, event) {
      if ($("crossfade").hidden) return;
      isMix = isOn;
      $("crossfade").setAttribute("aria-pressed", isMix);
      try {
        if (isMix) await mix();
        // Where a sound plays, the other takes its place.
        if (isMix === isOn) showAt(app.player.isPlaying ? "slide" : "play", event);
      } catch (error) {
        explain(error);
      }
    },
    update() {
      const { a, b, at } = app.state;
      if (ends !== JSON.stringify([a, b])) {
        ends = JSON.stringify([a, b]);
        make();
      }
      if (Number(slider.value) !== at) slider.value = at;
      slider.setAttribute("aria-valuetext", `${Math.round(100 * at)} percent from ${app.name("a")} to ${app.name("b")}`);
      pads.forEach((pad, number) => pad.classList.toggle("on", Math.abs(at - number / (PADS - 1)) < 0.001));
    },
    // What can be kept: this sound, and all.
    keepable: () => ({ make: "morph", a: app.state.a, b: app.state.b, at: app.state.at, render: isMix ? "crossfade" : model.render }),
    whole: "The whole morph",
  };
  return maker;
}
