// The page: opens the model, and joins the map, what is made, and what sounds.

import { setUpBlend } from "./blend.js";
import { setUpDrop } from "./drop.js";
import { setUpEnds } from "./ends.js";
import { setUpKeep } from "./keep.js";
import { setUpKeys } from "./keys.js";
import { SoundMap } from "./map.js";
import { explain, say } from "./messages.js";
import { setUpMorph } from "./morph.js";
import { nameOf, placeOf, refOfPoint } from "./names.js";
import { Player } from "./player.js";
import { setUpSample } from "./sample.js";
import { View, styleOf } from "./spectrogram.js";
import { Store, fromLink, toLink } from "./state.js";
import { setUpVary } from "./vary.js";

const $ = (id) => document.getElementById(id);

const backend = await import(document.documentElement.dataset.backend === "static" ? "./static.js" : "./server.js");

async function start() {
  theme();
  const model = await backend.openModel();
  const defaults = {
    mode: "morph", a: model.ends[0], b: model.ends[1], at: 0.5,
    parts: [["a", 50], ["b", 50]],
    of: "a", amount: 0.3, direction: 1,
    kind: model.class_names[0], draw: 1,
  };
  const store = new Store(fromLink(location.hash, defaults));
  const app = new App(model, store);
  $("model").textContent = `${model.name} · ${model.names.length} sounds · ${model.rate_hz / 1000} kHz`;
  document.title = `${model.name} · audio-vae explorer`;
  setUpEnds(app);
  setUpMap(app);
  app.makers = { morph: setUpMorph(app), blend: setUpBlend(app), vary: setUpVary(app), sample: setUpSample(app) };
  setUpTabs(app);
  setUpKeep(app);
  setUpDrop(app);
  setUpKeys(app);
  setUpHistory(app);
  store.listen(() => app.update());
  app.update();
  document.documentElement.dataset.ready = "yes";
  document.dispatchEvent(new CustomEvent("ready"));
}

class App {
  backend = backend;
  player = new Player();
  view = new View($("view"));
  #sounds = new Map();
  #frame = 0;

  constructor(model, store) {
    this.model = model;
    this.store = store;
  }

  get state() {
    return this.store.state;
  }

  get maker() {
    return this.makers[this.state.mode];
  }

  name(ref) {
    return nameOf(this.resolve(ref), this.model);
  }

  // "a" and "b" stand for what is chosen.
  resolve(ref) {
    return ref === "a" || ref === "b" ? this.state[ref] : ref;
  }

  // The sound of a reference, fetched once.
  async sound(ref, signal) {
    const key = this.resolve(ref);
    if (!this.#sounds.has(key)) {
      const found = await backend.sound(key, signal);
      if (this.#sounds.size >= 300) this.#sounds.delete(this.#sounds.keys().next().value);
      this.#sounds.set(key, found);
    }
    return this.#sounds.get(key);
  }

  async hearRef(ref, event = null) {
    try {
      this.player.wake();
      this.hear(await this.sound(ref), this.name(ref), { event });
    } catch (error) {
      explain(error);
    }
  }

  // Play a sound and show it. `how` is "play", "slide", or "show", which only shows it.
  hear(sound, name, { how = "play", event = null, ...rest } = {}) {
    const loop = $("loop").getAttribute("aria-pressed") === "true" && this.state.mode === "morph";
    if (how === "play") this.player.play(sound, { event, loop, ...rest });
    else if (how === "slide") this.player.slide(sound, { event, loop, ...rest });
    this.view.show(sound);
    $("sounding").textContent = name;
    const seconds = sound.channels[0].length / sound.rate_hz;
    $("length").textContent = `${Math.round(1000 * seconds)} ms · ${sound.rate_hz / 1000} kHz${sound.channels.length > 1 ? " · stereo" : ""}`;
    this.#follow();
  }

  #follow() {
    cancelAnimationFrame(this.#frame);
    const step = () => {
      const position = this.player.position;
      this.view.draw(position);
      if (position !== null) this.#frame = requestAnimationFrame(step);
    };
    this.#frame = requestAnimationFrame(step);
  }

  update() {
    for (const maker of Object.values(this.makers)) maker.update();
    this.onUpdate?.forEach((each) => each());
  }

  whenUpdated(call) {
    (this.onUpdate ??= []).push(call);
  }
}

function setUpTabs(app) {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const show = () => {
    for (const tab of tabs) {
      const isOn = tab.id === `tab-${app.state.mode}`;
      tab.setAttribute("aria-selected", isOn);
      tab.tabIndex = isOn ? 0 : -1;
      $(tab.getAttribute("aria-controls")).hidden = !isOn;
    }
  };
  const names = tabs.map((tab) => tab.id.slice(4)).filter((name) => app.model.can.includes(name));
  tabs.forEach((tab) => {
    tab.hidden = !names.includes(tab.id.slice(4));
    tab.onclick = () => {
      app.store.set({ mode: tab.id.slice(4) });
      app.maker.show?.();
    };
    tab.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.stopPropagation();
      const next = names[(names.indexOf(tab.id.slice(4)) + step + names.length) % names.length];
      app.store.set({ mode: next });
      $(`tab-${next}`).focus();
    };
  });
  if (!names.includes(app.state.mode)) app.store.set({ mode: "morph" });
  app.whenUpdated(show);
}

function setUpMap(app) {
  const { model, store } = app;
  const label = [...model.labels, ...model.centres.map((name) => model.class_names.indexOf(name))];
  const n = model.names.length;
  const points = {
    x: model.x, y: model.y, label,
    isReal: label.map((_, i) => i >= n || model.is_real[i]),
    isCentre: label.map((_, i) => i >= n),
  };
  const tip = $("tip");
  let wait = 0;
  let hearing = null;
  const map = new SoundMap($("map"), points, [], {
    hover(index) {
      clearTimeout(wait);
      hearing?.abort();
      tip.hidden = index < 0;
      if (index < 0) return;
      const ref = refOfPoint(index, model);
      const [x, y] = map.place(index);
      const width = $("map").clientWidth;
      tip.textContent = index < n ? `${nameOf(ref, model)} · ${model.class_names[model.labels[index]]}` : `${nameOf(ref, model)}, the class`;
      tip.style.left = `${Math.min(Math.max(x, 90), width - 90)}px`;
      tip.style.top = `${Math.max(y, 42)}px`;
      hearing = new AbortController();
      const { signal } = hearing;
      const event = new Event("hover");
      // A pointer that only passes makes no sound.
      wait = setTimeout(async () => {
        try {
          const sound = await app.sound(ref, signal);
          if (!signal.aborted && navigator.userActivation?.hasBeenActive !== false) app.hear(sound, nameOf(ref, model), { event });
        } catch (error) {
          explain(error);
        }
      }, 35);
    },
    choose(index, event, end = event.shiftKey ? "b" : undefined) {
      app.player.wake();
      app.choose(refOfPoint(index, model), end);
      app.hearRef(refOfPoint(index, model), event);
    },
  });
  app.map = map;
  const colour = () => {
    const isDark = styleOf($("map")).isDark;
    map.colours = model.class_names.map((_, i) => classColour(i, model.class_names.length, isDark));
    [...$("classes").children].forEach((chip, i) => chip.style.setProperty("--colour", map.colours[chip.dataset.number]));
    map.draw();
    app.view.redraw();
  };
  for (const [number, name] of model.class_names.entries()) {
    if (!label.includes(number)) continue;
    const chip = document.createElement("button");
    chip.type = "button";
    chip.dataset.number = number;
    chip.append(document.createElement("i"), name);
    chip.setAttribute("aria-pressed", "true");
    chip.onclick = () => {
      const isOn = map.hidden.has(number);
      if (isOn) map.hidden.delete(number);
      else map.hidden.add(number);
      chip.setAttribute("aria-pressed", isOn);
      map.draw();
    };
    $("classes").append(chip);
  }
  $("zoom-in").onclick = () => map.zoom(1.5);
  $("zoom-out").onclick = () => map.zoom(1 / 1.5);
  $("zoom-all").onclick = () => map.showAll();
  const how = matchMedia("(hover: none)").matches
    ? "Tap a sound to hear it and choose it as A, then another as B."
    : "Point at a sound to hear it, click it to choose it as A, then another as B.";
  $("map-hint").textContent = `${how} Or drop sound files of your own anywhere on this page. Diamonds are the classes`
    + (model.is_real.includes(false) ? "; rings are sounds that the model knows and makes, but that do not come with it." : ".");
  $("method").textContent = model.method;
  colour();
  document.addEventListener("theme", colour);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", colour);
  const mark = () => map.mark({ a: placeOf(app.state.a, model), b: placeOf(app.state.b, model) });
  app.whenUpdated(mark);
  if (model.has_layout) {
    // Sounds first: the map can wait.
    sounding(model.render).then(backend.layout).then(({ x, y, method }) => {
      map.moveTo(x, y);
      $("method").textContent = method;
    }).catch(explain);
  }
}

// Until the first morph is made, or will not be.
function sounding(rendered) {
  return new Promise((resolve) => {
    setTimeout(resolve, 8000);
    document.addEventListener("made", ({ detail: { render } }) => render === rendered && resolve());
  });
}

// Hues as far apart as they can be for neighbours in the list, all as light as one another.
function classColour(number, count, isDark) {
  const hue = (25 + (360 * number) / count) % 360;
  const chroma = number % 2 ? 0.11 : 0.15;
  const lightness = (isDark ? 0.74 : 0.6) + (number % 2 ? 0.06 : -0.02);
  return `oklch(${lightness} ${chroma} ${hue})`;
}

function setUpHistory(app) {
  const { store } = app;
  $("undo").onclick = () => store.undo();
  $("redo").onclick = () => store.redo();
  const show = () => {
    $("undo").disabled = !store.canUndo;
    $("redo").disabled = !store.canRedo;
    history.replaceState(null, "", toLink(store.state));
  };
  app.whenUpdated(() => {
    clearTimeout(setUpHistory.timer);
    setUpHistory.timer = setTimeout(show, 60);
    $("undo").disabled = !store.canUndo;
    $("redo").disabled = !store.canRedo;
  });
  window.addEventListener("hashchange", () => store.set(fromLink(location.hash, store.state)));
  $("link").onclick = async () => {
    show();
    try {
      await navigator.clipboard.writeText(location.href);
      $("link").textContent = "Copied";
    } catch {
      say(`The link is the address of this page: ${location.href}`);
    }
    setTimeout(() => ($("link").textContent = "Copy link"), 1500);
  };
}

function theme() {
  const root = document.documentElement;
  try {
    const kept = localStorage.getItem("theme");
    if (kept) root.dataset.theme = kept;
  } catch { /* a page whose storage is off has the system's colours */ }
  $("theme").onclick = () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch { /* likewise */ }
    document.dispatchEvent(new CustomEvent("theme"));
  };
}

start().catch((error) => say(`The page cannot start: ${error.message}`));
