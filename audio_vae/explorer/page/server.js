// The explorer's server as what makes sounds. `static.js` has the same functions for a page without a server.

async function request(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("the explorer does not answer: is audio-vae explore still running?");
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  throw new Error(text.slice(0, 400) || `${answer.status} ${answer.statusText}`);
}

function post(verb, values, signal) {
  const headers = { "Content-Type": "application/json" };
  return request(`api/${verb}`, { method: "POST", headers, body: JSON.stringify(values), signal });
}

// An answer is the size of a JSON header, the header, and the samples of all sounds, channel by channel.
async function sounds(verb, values, signal) {
  const bytes = await (await post(verb, values, signal)).arrayBuffer();
  const size = new DataView(bytes).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, size)));
  let offset = 4 + size;
  return header.sounds.map(({ n_samples, n_channels, ...rest }) => {
    const channels = [];
    for (let number = 0; number < n_channels; number++, offset += 4 * n_samples) {
      channels.push(new Float32Array(bytes, offset, n_samples));
    }
    return { channels, ...rest };
  });
}

export const openModel = async () => (await request("api/model")).json();

export const layout = async () => (await request("api/layout")).json();

export const sound = async (ref, signal) => (await sounds("sound", { ref }, signal))[0];

// `render` is "model" or "sound", or "crossfade" for a plain mix.
export const morph = (a, b, nSteps, render, signal) => sounds("morph", { a, b, n_steps: nSteps, render }, signal);

// The sound at one position, from 0 (A) to 1 (B).
export const between = async (a, b, at, render, signal) => (await sounds("morph", { a, b, at, render }, signal))[0];

export const blend = async (parts, render, signal) => (await sounds("blend", { parts, render }, signal))[0];

export const sample = (kind, draw, signal) => sounds("sample", { kind, draw }, signal);

export async function upload(file) {
  const answer = await request(`api/file?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
  return answer.json();
}

// What is kept comes as a file, with its name.
export async function keep(what, values) {
  const answer = await post(`keep/${what}`, values);
  const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "");
  return { blob: await answer.blob(), name: name ? name[1] : "sound.wav" };
}
