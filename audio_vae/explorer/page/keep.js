// What was found is kept: this sound as a WAV file, all of it as a folder, or as a kit for a sampler.

import { explain } from "./messages.js";

const $ = (id) => document.getElementById(id);

export function setUpKeep(app) {
  const { model, backend } = app;

  for (const [format, name] of Object.entries(model.kits)) $("kit-format").append(new Option(name, format));
  $("kit-group").hidden = !Object.keys(model.kits).length;
  $("keep-zip").hidden = !model.keeps.includes("zip");
  $("left-out").hidden = !model.left_out;
  $("left-out").textContent = model.left_out ?? "";

  async function keep(what, button) {
    button.disabled = true;
    $("kept").textContent = "making it …";
    try {
      const { blob, name } = await backend.keep(what, { ...app.maker.keepable(), format: $("kit-format").value, layout: $("kit-layout").value });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
      $("kept").textContent = `kept ${name}`;
    } catch (error) {
      $("kept").textContent = "";
      explain(error);
    } finally {
      button.disabled = false;
    }
  }
  for (const what of ["wav", "zip", "kit"]) $(`keep-${what}`).onclick = () => keep(what, $(`keep-${what}`));

  app.whenUpdated(() => {
    const small = document.createElement("small");
    small.textContent = "ZIP";
    $("keep-zip").replaceChildren(`${app.maker.whole} `, small);
  });
}
