// One line at the foot of the page, for what went wrong and what there is to know.

let timer = 0;

export function say(text) {
  const line = document.createElement("p");
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "×";
  close.setAttribute("aria-label", "Close");
  close.onclick = () => line.remove();
  line.append(text, close);
  document.getElementById("messages").replaceChildren(line);
  clearTimeout(timer);
  timer = setTimeout(() => line.remove(), 12000);
}

// What waits for an answer that is not wanted any more is dropped without a word.
export function explain(error) {
  if (error?.name !== "AbortError") say(error?.message ?? String(error));
}
