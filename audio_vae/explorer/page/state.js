// What is on screen, as one plain object: undo and redo walk through it, and a link holds it.

const FIELDS = ["mode", "a", "b", "at", "parts", "of", "amount", "direction", "kind", "draw"];
const MOST_STEPS_BACK = 200;

export class Store {
  #past = [];
  #future = [];
  #listeners = [];

  constructor(state) {
    this.state = state;
  }

  listen(listener) {
    this.#listeners.push(listener);
  }

  // `keep` makes it a step that undo comes back to; a slider that still moves sets it to false.
  set(changes, keep = true) {
    const before = this.state;
    const changed = Object.keys(changes).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(changes[name]));
    if (keep) {
      const last = this.pending ?? before;
      this.pending = undefined;
      if (changed.length || JSON.stringify(last) !== JSON.stringify(before)) {
        this.#past = [...this.#past, last].slice(-MOST_STEPS_BACK);
        this.#future = [];
      }
    } else {
      this.pending ??= before;
    }
    this.state = { ...before, ...changes };
    this.#tell(changed);
  }

  undo() {
    this.#walk(this.#past, this.#future);
  }

  redo() {
    this.#walk(this.#future, this.#past);
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  #walk(from, to) {
    if (!from.length) return;
    to.push(this.state);
    const before = this.state;
    this.state = from.pop();
    this.pending = undefined;
    this.#tell(Object.keys(this.state).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(this.state[name])));
  }

  #tell(changed) {
    for (const listener of this.#listeners) listener(this.state, new Set(changed));
  }
}

// The part of the address after #: readable, and complete but for files of one's own.
export function toLink(state) {
  const values = new URLSearchParams();
  for (const name of FIELDS) {
    const value = state[name];
    if (value !== undefined && value !== null) values.set(name, typeof value === "object" ? JSON.stringify(value) : value);
  }
  return `#${values}`;
}

// Values of another kind than those of `defaults` are left out: a link may come from anywhere.
export function fromLink(hash, defaults) {
  const found = { ...defaults };
  for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (!FIELDS.includes(name)) continue;
    const kind = typeof defaults[name];
    if (kind === "number" && text.trim() && Number.isFinite(Number(text))) found[name] = Number(text);
    else if (kind === "string" && text.length <= 400) found[name] = text;
    else if (kind === "object" && name === "parts") found.parts = partsOf(text) ?? defaults.parts;
  }
  return found;
}

function partsOf(text) {
  try {
    const parts = JSON.parse(text);
    const isGood = (part) => Array.isArray(part) && typeof part[0] === "string" && Number.isFinite(part[1]);
    return Array.isArray(parts) && parts.length >= 1 && parts.length <= 4 && parts.every(isGood) ? parts : null;
  } catch {
    return null;
  }
}
