// One sound out of up to four, of each as much as its slider says.

import { explain, say } from "./messages.js";
import { refOf } from "./names.js";

const MOST = 4;
const $ = (id) => document.getElementById(id);

export function setUpBlend(app) {
  const { store, backend, model } = app;
  let shown = "";
  let stop = new AbortController();
  const made = new Map();

  const parts = () => app.state.parts.map(([ref, weight]) => [app.resolve(ref), weight]);
  const total = () => app.state.parts.reduce((sum, [, weight]) => sum + weight, 0);
  const share = (weight) => Math.round((100 * weight) / total());
  const label = () => `Blend: ${app.state.parts.filter(([, weight]) => weight).map(([ref, weight]) => `${share(weight)} % ${app.name(ref)}`).join(" + ")}`;

  async function hear(event, how = "play") {
    if (!(total() > 0)) return;
    stop.abort();
    stop = new AbortController();
    const { signal } = stop;
    const wanted = parts();
    const key = (render) => JSON.stringify([wanted, render]);
    const get = async (render) => {
      if (!made.has(key(render))) {
        if (made.size > 60) made.clear();
        made.set(key(render), await backend.blend(wanted, render, signal));
      }
      return made.get(key(render));
    };
    try {
      const isMade = made.has(key(model.render)) || model.render === "model";
      if (!isMade) {
        $("blend-render").textContent = "a sketch by the model …";
        app.hear(await get("model"), label(), { how, event });
      }
      const finished = await get(model.render);
      $("blend-render").textContent = model.render === "model" ? "" : "made of the sounds, as the command line writes it";
      if (signal.aborted || app.state.mode !== "blend") return;
      if (isMade) app.hear(finished, label(), { how, event });
      else app.hear(finished, label(), { how: app.player.isPlaying ? "slide" : "show", mayBegin: false });
    } catch (error) {
      explain(error);
    }
  }

  function row(number) {
    const [ref, weight] = app.state.parts[number];
    const root = document.createElement("div");
    root.className = "part";
    const choose = document.createElement("input");
    choose.className = "choose";
    choose.setAttribute("list", "names");
    choose.setAttribute("aria-label", `Sound ${number + 1} of the blend`);
    choose.value = ref === "a" || ref === "b" ? `${ref.toUpperCase()}: ${app.name(ref)}` : app.name(ref);
    choose.onfocus = () => choose.select();
    choose.onchange = (event) => {
      const typed = choose.value.trim();
      const found = /^[ab]$/i.test(typed) ? typed.toLowerCase() : refOf(typed, model);
      if (!found) return say(`There is no sound called ${typed}: choose one from the list.`);
      change((each, i) => (i === number ? [found, each[1]] : each));
      hear(event);
    };
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: 0, max: 100, step: 1, value: weight });
    slider.setAttribute("aria-label", `Share of sound ${number + 1}`);
    const output = document.createElement("output");
    output.textContent = `${share(weight)} %`;
    slider.oninput = (event) => {
      change((each, i) => (i === number ? [each[0], Number(slider.value)] : each), false);
      hear(event, "slide");
    };
    slider.onchange = () => change((each) => each);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `Leave out sound ${number + 1}`);
    remove.disabled = app.state.parts.length <= 2;
    remove.onclick = () => store.set({ parts: app.state.parts.filter((_, i) => i !== number) });
    root.append(choose, slider, output, remove);
    return root;
  }

  function change(each, keep = true) {
    store.set({ parts: app.state.parts.map(each) }, keep);
  }

  $("add-part").onclick = () => {
    const used = app.state.parts.map(([ref]) => app.resolve(ref));
    const free = model.centres.map((name) => `class:${name}`).find((ref) => !used.includes(ref)) ?? "a";
    store.set({ parts: [...app.state.parts, [free, 50]] });
  };
  $("play-blend").onclick = (event) => hear(event);

  return {
    play: hear,
    again() {},
    pad() {},
    update() {
      $("add-part").disabled = app.state.parts.length >= MOST;
      const now = JSON.stringify(parts().map(([ref]) => ref));
      if (now !== shown) {
        shown = now;
        $("parts").replaceChildren(...app.state.parts.map((_, number) => row(number)));
      }
      [...$("parts").children].forEach((root, number) => {
        const [, slider, output] = root.children;
        const weight = app.state.parts[number][1];
        if (Number(slider.value) !== weight) slider.value = weight;
        output.textContent = total() > 0 ? `${share(weight)} %` : "–";
      });
    },
    keepable: () => ({ make: "blend", parts: parts(), render: model.render }),
    whole: "The blend",
  };
}
