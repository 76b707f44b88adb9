// The two cards, A and B: which sound each is, and how to choose another.

import { bare, isForgotten, nameOf, refOf, remember } from "./names.js";
import { explain, say } from "./messages.js";

export function setUpEnds(app) {
  const { model, store } = app;
  let active = "a";

  for (const name of [...model.class_names, ...model.names]) {
    const option = document.createElement("option");
    option.value = name;
    document.getElementById("names").append(option);
  }
  for (const ref of [store.state.a, store.state.b]) {
    if (isForgotten(ref)) say("This link holds a file of one's own, which a link cannot keep: drop it here again.");
  }

  // Choose a sound as A or B, by default as the one whose turn it is.
  app.choose = (ref, end = active) => {
    active = end === "a" ? "b" : "a";
    store.set({ [end]: ref });
  };

  app.useFile = async (file, end = active) => {
    try {
      const { ref, name, near, notes } = await app.backend.upload(file);
      remember(ref, bare(name), near);
      app.choose(ref, end);
      for (const note of notes) say(note);
      await app.hearRef(ref);
    } catch (error) {
      explain(error);
    }
  };

  const cards = ["a", "b"].map((end) => card(app, end, () => {
    active = end;
    show();
  }));
  const show = () => {
    for (const each of cards) each.show(active);
  };
  app.whenUpdated(show);
  document.getElementById("swap").onclick = () => store.set({ a: app.state.b, b: app.state.a, at: 1 - app.state.at });
}

function card(app, end, activate) {
  const root = document.getElementById(`end-${end}`);
  root.append(document.getElementById("end-template").content.cloneNode(true));
  const [name, badge, choose, file, picker, hear] = [".name", ".badge", ".choose", ".file", "[type=file]", ".hear"].map((each) => root.querySelector(each));
  badge.textContent = end.toUpperCase();
  choose.setAttribute("aria-label", `Choose sound ${end.toUpperCase()} by its name`);
  file.setAttribute("aria-label", `Own file as ${end.toUpperCase()}`);
  picker.setAttribute("aria-label", `Own file as ${end.toUpperCase()}`);
  root.addEventListener("pointerdown", activate);
  root.addEventListener("focusin", activate);
  hear.onclick = (event) => app.hearRef(end, event);
  choose.onchange = (event) => {
    const ref = refOf(choose.value, app.model);
    if (!ref) return say(`There is no sound called ${choose.value}: choose one from the list, or drop a file.`);
    choose.value = "";
    app.choose(ref, end);
    app.hearRef(ref, event);
  };
  file.onclick = () => picker.click();
  picker.onchange = () => {
    if (picker.files[0]) app.useFile(picker.files[0], end);
    picker.value = "";
  };
  return {
    show(active) {
      root.classList.toggle("active", active === end);
      name.textContent = nameOf(app.state[end], app.model);
      name.title = name.textContent;
    },
  };
}
