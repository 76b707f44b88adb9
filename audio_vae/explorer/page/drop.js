// A file that is dropped anywhere on the page becomes A or B.

import { say } from "./messages.js";

export function setUpDrop(app) {
  const zone = document.getElementById("drop");
  const halves = [...zone.children];
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;

  const show = (isOn) => {
    zone.hidden = !isOn;
    if (!isOn) halves.forEach((half) => half.classList.remove("over"));
  };
  document.addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth++;
    show(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (hasFiles(event) && --depth <= 0) show(false);
  });
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    halves.forEach((half) => half.classList.toggle("over", half.contains(event.target)));
  });
  document.addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    show(false);
    const files = [...event.dataTransfer.files];
    const end = event.target.closest?.("[data-end]")?.dataset.end;
    if (files.length > 2) say("Two files at most: one becomes A, the other B.");
    if (files.length >= 2) {
      await app.useFile(files[0], "a");
      await app.useFile(files[1], "b");
    } else if (files.length) await app.useFile(files[0], end);
  });
}
