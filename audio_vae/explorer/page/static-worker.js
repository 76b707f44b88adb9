// Runs the model with onnxruntime-web, away from the page, so that the page stays fluid.

import * as ort from "./ort.wasm.min.mjs";

ort.env.wasm.numThreads = 1; // more need headers that plain web hosts do not send
ort.env.wasm.wasmPaths = new URL("./", import.meta.url).href;

const sessions = {};

function session(name) {
  sessions[name] ??= ort.InferenceSession.create(new URL(`./${name}.onnx`, import.meta.url).href, { executionProviders: ["wasm"] });
  return sessions[name];
}

async function run(kind, rows, size) {
  if (kind === "warm") {
    await (await session("decoder")).run({ latent: new ort.Tensor("float32", new Float32Array(size), [1, size]) });
    return null;
  }
  const [name, input, output] = kind === "decode" ? ["decoder", "latent", "audio"] : ["encoder", "audio", "mean"];
  const tensor = new ort.Tensor("float32", rows, [rows.length / size, size]);
  return (await (await session(name)).run({ [input]: tensor }))[output].data;
}

// One after the other, in the order in which they came.
let last = Promise.resolve();
onmessage = ({ data: { id, kind, rows, size } }) => {
  last = last.then(async () => {
    try {
      postMessage({ id, rows: await run(kind, rows, size) });
    } catch (error) {
      postMessage({ id, error: `the model cannot be run in this browser (${error.message ?? error})` });
    }
  });
};
