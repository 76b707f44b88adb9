// What sounds are called on the page. A sound is named by a reference:
//   class:kick          the centre of a class
//   sound:17            a sound of the run, by its number on the map
//   file:…              a file of one's own, by the number that it was given
//   new:kick:7:3        the fourth of the new sounds of a class, drawn with seed 7
//   vary:0.3:7:REF      a sound varied by 0.3 in direction 7

const files = new Map();

// `near` are the points of the map that the file lies between, each with its weight.
export function remember(ref, name, near) {
  files.set(ref, { name, near });
}

export function isForgotten(ref) {
  const last = ref.slice(ref.lastIndexOf("file:"));
  return last.startsWith("file:") && !files.has(last);
}

export function nameOf(ref, model) {
  const [kind, ...rest] = ref.split(":");
  if (kind === "class") return rest.join(":");
  if (kind === "sound") return bare(model.names[Number(rest[0])] ?? "?");
  if (kind === "file") return files.get(ref)?.name ?? "a file that is gone";
  if (kind === "new") return `new ${rest.slice(0, -2).join(":")} ${Number(rest.at(-1)) + 1}`;
  if (kind === "vary") return `${Math.round(100 * Number(rest[0]))} % off ${nameOf(rest.slice(2).join(":"), model)}`;
  return ref;
}

// The reference of what someone typed or chose from the list, or null.
export function refOf(text, model) {
  const wanted = text.trim();
  if (!wanted) return null;
  if (model.class_names.includes(wanted)) return `class:${wanted}`;
  const number = model.names.indexOf(wanted);
  if (number >= 0) return `sound:${number}`;
  const like = model.class_names.find((name) => name.startsWith(wanted));
  return like ? `class:${like}` : null;
}

// The points of the map between which a reference lies, with their weights: sounds come first, then the classes.
export function placeOf(ref, model) {
  const [kind, ...rest] = ref.split(":");
  if (kind === "file") return files.get(ref)?.near ?? [];
  const number = kind === "sound" ? Number(rest[0]) : kind === "class" ? model.centres.indexOf(rest.join(":")) : -1;
  const index = kind === "class" && number >= 0 ? model.names.length + number : number;
  return index >= 0 && index < model.x.length ? [[index, 1]] : [];
}

export function refOfPoint(index, model) {
  return index < model.names.length ? `sound:${index}` : `class:${model.centres[index - model.names.length]}`;
}

// The name of a file without its folder and its extension.
export function bare(name) {
  return name.replace(/^.*\//, "").replace(/\.[a-z0-9]{2,4}$/i, "");
}
