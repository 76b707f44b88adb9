// Neighbours of a sound: one amount, and a direction that can be changed.

import { explain } from "./messages.js";

const REST_MS = 120;
const $ = (id) => document.getElementById(id);

export function setUpVary(app) {
  const { store } = app;
  let stop = new AbortController();
  let rest = 0;

  const ref = () => `vary:${app.state.amount}:${app.state.direction}:${app.resolve(app.state.of)}`;

  // The latest wish is fetched; those before it are dropped.
  async function hear(event, how = "play") {
    stop.abort();
    stop = new AbortController();
    const { signal } = stop;
    const wanted = ref();
    const waits = setTimeout(() => ($("vary-status").textContent = "making it …"), 150);
    try {
      const sound = await app.sound(wanted, signal);
      if (!signal.aborted && app.state.mode === "vary") app.hear(sound, app.name(wanted), { how, event });
    } catch (error) {
      explain(error);
    } finally {
      clearTimeout(waits);
      if (!signal.aborted) $("vary-status").textContent = "";
    }
  }

  // A variation takes a moment, so that it is made where the slider rests.
  const slider = $("amount");
  slider.oninput = (event) => {
    store.set({ amount: Number(slider.value) }, false);
    clearTimeout(rest);
    rest = setTimeout(() => hear(event), REST_MS);
  };
  slider.onchange = () => store.set({ amount: Number(slider.value) });
  $("vary-of").onchange = (event) => {
    store.set({ of: $("vary-of").value });
    hear(event);
  };
  $("direction").onclick = (event) => maker.again(event);
  $("play-vary").onclick = (event) => hear(event);
  for (const end of ["a", "b"]) $(`vary-as-${end}`).onclick = () => app.choose(ref(), end);

  const maker = {
    play: hear,
    again(event) {
      store.set({ direction: app.state.direction + 1 });
      hear(event);
    },
    pad() {},
    update() {
      const { of, amount } = app.state;
      $("vary-of").value = of;
      if (Number(slider.value) !== amount) slider.value = amount;
      $("amount-value").textContent = `${Math.round(100 * amount)} %`;
      [...$("vary-of").options].forEach((option) => (option.textContent = `${option.value.toUpperCase()}: ${app.name(option.value)}`));
    },
    keepable: () => ({ make: "vary", sound: ref(), ref: app.resolve(app.state.of), amount: app.state.amount, direction: app.state.direction }),
    whole: "Eight variations",
  };
  return maker;
}
