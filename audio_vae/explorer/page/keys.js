// Keys that work wherever nothing is typed.

export function setUpKeys(app) {
  const dialog = document.getElementById("keys");
  const map = document.getElementById("map");
  document.getElementById("help").onclick = () => dialog.showModal();
  let isHeld = false;

  document.addEventListener("keydown", (event) => {
    const target = event.target;
    const isTyping = target.matches("input:not([type=range]), select, textarea");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !isTyping) {
      event.preventDefault();
      if (event.shiftKey) app.store.redo();
      else app.store.undo();
      return;
    }
    if (isTyping || dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    if (/^[1-9]$/.test(key)) app.maker.pad(Number(key) - 1, event);
    else if (key === " " && !target.matches("button, [role=tab]")) app.maker.play(event);
    else if (key === "a" || key === "b") endKey(app, map, key, event);
    else if (key === "x" && !isHeld && app.state.mode === "morph") {
      isHeld = true;
      app.makers.morph.setMix(true, event);
    } else if (key === "l") document.getElementById("loop").click();
    else if (key === "s") document.getElementById("swap").click();
    else if (key === "d") app.maker.again(event);
    else if (key === "?") dialog.showModal();
    else return;
    event.preventDefault();
  });
  document.addEventListener("keyup", (event) => {
    if (event.key.toLowerCase() !== "x" || !isHeld) return;
    isHeld = false;
    app.makers.morph.setMix(false, event);
  });
}

function endKey(app, map, end, event) {
  if (document.activeElement === map && app.map.hovered >= 0) app.map.on.choose(app.map.hovered, event, end);
  else app.hearRef(end, event);
}
