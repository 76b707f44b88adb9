// The model in the browser as what makes sounds: the functions of `server.js` for a page without a server.

import { fit, levelled, lengthAt, levelAt, along } from "./static-levels.js";
import { wavOf } from "./static-wav.js";

const MOST_FILES = 16;
const MOST_S = 10;

let model = null;
let latents = null;
const files = new Map();

const worker = new Worker("static-worker.js", { type: "module" });
const waiting = new Map();
let nAsked = 0;
worker.onmessage = ({ data: { id, rows, error } }) => {
  const { resolve, reject } = waiting.get(id);
  waiting.delete(id);
  if (error) reject(new Error(error));
  else resolve(rows);
};

function ask(kind, rows, size) {
  const id = ++nAsked;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker.postMessage({ id, kind, rows, size });
  });
}

export async function openModel() {
  const [about, points] = await Promise.all([fetch("model.json"), fetch("latents.f32")]);
  if (!about.ok || !points.ok) throw new Error("a file of the page is missing");
  model = await about.json();
  latents = new Float32Array(await points.arrayBuffer());
  ask("warm", null, model.latent_dim).catch(() => {});
  return model;
}

export const layout = async () => ({ x: model.x, y: model.y, method: model.method });

// A point is { latent, peak, length }.
function pointOf(ref) {
  const [kind, ...rest] = ref.split(":");
  if (kind === "file" && files.has(ref)) return files.get(ref);
  let index = kind === "sound" ? Number(rest[0]) : -1;
  if (kind === "class") {
    const number = model.centres.indexOf(rest.join(":"));
    index = number < 0 ? -1 : model.names.length + number;
  }
  if (!(index >= 0 && index < model.peaks.length)) throw new Error("there is no such sound: choose one on the map");
  const size = model.latent_dim;
  return { latent: latents.subarray(index * size, (index + 1) * size), peak: model.peaks[index], length: model.lengths[index] };
}

// Make sounds of points that lie at some shares between others.
async function make(points, shares) {
  const rows = new Float32Array(shares.length * model.latent_dim);
  shares.forEach((each, row) => rows.set(along(points.map((point) => point.latent), each), row * model.latent_dim));
  const decoded = await ask("decode", rows, model.latent_dim);
  return shares.map((each, row) => {
    const samples = decoded.subarray(row * model.n_samples, (row + 1) * model.n_samples);
    const made = levelled(samples, lengthAt(points, each, model), levelAt(points, each), model);
    return { channels: [made], rate_hz: model.rate_hz };
  });
}

const before = (signal) => {
  if (signal?.aborted) throw new DOMException("dropped", "AbortError");
};

export async function sound(ref, signal) {
  before(signal);
  return (await make([pointOf(ref)], [[1]]))[0];
}

export async function morph(a, b, nSteps, _render, signal) {
  const points = [pointOf(a), pointOf(b)];
  const steps = [];
  // A few at a time, so that what is asked for meanwhile does not wait for all.
  for (let start = 0; start < nSteps; start += 4) {
    before(signal);
    const some = Array.from({ length: Math.min(4, nSteps - start) }, (_, i) => (start + i) / (nSteps - 1));
    steps.push(...(await make(points, some.map((at) => [1 - at, at]))));
  }
  return steps;
}

export async function between(a, b, at, _render, signal) {
  before(signal);
  return (await make([pointOf(a), pointOf(b)], [[1 - at, at]]))[0];
}

export async function blend(parts, _render, signal) {
  before(signal);
  const total = parts.reduce((sum, [, weight]) => sum + weight, 0);
  return (await make(parts.map(([ref]) => pointOf(ref)), [parts.map(([, weight]) => weight / total)]))[0];
}

export async function sample() {
  throw new Error("new sounds need audio-vae explore");
}

// The browser decodes the file and brings it to the model's rate; the rest is what a training does with a sound.
export async function upload(file) {
  const refuse = (reason) => new Error(`'${file.name}' cannot be used (${reason}): choose another sound file`);
  let decoded;
  try {
    const context = new OfflineAudioContext(1, 1, model.rate_hz);
    decoded = await context.decodeAudioData(await file.arrayBuffer());
  } catch {
    throw refuse("not readable as sound by this browser");
  }
  if (decoded.duration > MOST_S) throw refuse(`it lasts ${Math.round(decoded.duration)} s, and the page takes ${MOST_S} s`);
  const channels = Array.from({ length: decoded.numberOfChannels }, (_, number) => decoded.getChannelData(number));
  const fitted = fit(channels, model);
  if (fitted.reason) throw refuse(fitted.reason);
  const latent = await ask("encode", fitted.samples, model.n_samples);
  const ref = `file:${files.size + nAsked}`;
  files.set(ref, { latent, peak: fitted.peak, length: fitted.length });
  if (files.size > MOST_FILES) files.delete(files.keys().next().value);
  return { ref, name: file.name, near: nearest(latent), notes: [] };
}

// The points of the map between which a latent lies, as `explorer.layout.nearest` finds them.
function nearest(latent) {
  const size = model.latent_dim;
  const far = model.peaks.map((_, index) => [index, Math.hypot(...latent.map((each, i) => each - latents[index * size + i]))]);
  const near = far.sort((one, other) => one[1] - other[1]).slice(0, 3).map(([index, distance]) => [index, 1 / Math.max(distance, 1e-9)]);
  const total = near.reduce((sum, [, weight]) => sum + weight, 0);
  return near.map(([index, weight]) => [index, weight / total]);
}

export async function keep(_what, values) {
  const [sound, name] = values.make === "blend"
    ? [await blend(values.parts), "blend"]
    : [await between(values.a, values.b, values.at), `morph-${Math.round(1000 * values.at) / 10}`];
  return { blob: new Blob([wavOf(sound)], { type: "audio/wav" }), name: `${name}.wav` };
}
