// Lengths and levels of what the model decodes, as `morphing/levels.py`, `audio/waveform.py` and `shaping/correction.py`
// have them, and how a file becomes what the model hears.

const SILENCE = 1e-4;
const END_DB = 60;
const AFTER_END_S = 0.01;
const SHORTEST_S = 0.01;
const TRUE_PEAK = 10 ** (-0.3 / 20);

// The weighted sum of latents.
export function along(rows, shares) {
  return Float32Array.from(rows[0], (_, i) => rows.reduce((sum, row, number) => sum + shares[number] * row[i], 0));
}

export function lengthAt(points, shares, { length, n_samples }) {
  if (length === "full") return n_samples;
  const lengths = points.map((point) => point.length);
  const between = shares.reduce((sum, share, number) => sum + share * lengths[number], 0);
  return Math.min(Math.max(roundedToEven(between), Math.min(...lengths)), n_samples);
}

function roundedToEven(value) {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 ? low + 1 : low;
}

export function levelAt(points, shares) {
  return Math.min(Math.exp(shares.reduce((sum, share, number) => sum + share * Math.log(points[number].peak), 0)), 1);
}

export function peakOf(samples) {
  let peak = 0;
  for (const each of samples) peak = Math.max(peak, Math.abs(each));
  return peak;
}

// Cut a decoded sound to its length, bring it to its level, and turn it down if its true peak is too high.
export function levelled(decoded, length, level, { rate_hz, fade_s }) {
  const made = Float32Array.from(decoded.subarray(0, length));
  const nFade = Math.round(fade_s * rate_hz);
  const stillRings = nFade > 0 && peakOf(made.subarray(-nFade)) > peakOf(made) * 10 ** (-END_DB / 20);
  if (stillRings || decoded.subarray(length).some((each) => each !== 0)) fadeOut(made, nFade);
  const peak = peakOf(made);
  if (peak === 0) return made;
  for (let i = 0; i < made.length; i++) made[i] *= level / peak;
  const highest = truePeak(made);
  if (highest > TRUE_PEAK) for (let i = 0; i < made.length; i++) made[i] *= TRUE_PEAK / highest;
  return made;
}

function fadeOut(samples, nFade) {
  const n = Math.min(nFade, samples.length);
  for (let i = 0; i < n; i++) {
    samples[samples.length - n + i] *= 0.5 * (1 + Math.cos((Math.PI * i) / Math.max(1, n - 1)));
  }
}

// The peak also between samples, at four times the rate, near the samples that are high.
const TAPS = 90; // on each side
const PHASES = [1, 2, 3].map((phase) => kernel(phase / 4));

function kernel(shift) {
  const taps = new Float64Array(2 * TAPS);
  const cutoff = 0.9562; // of half the rate: the middle between where soxr passes all and nothing
  for (let k = 0; k < 2 * TAPS; k++) {
    const x = k - TAPS + 1 - shift;
    const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
    taps[k] = sinc * bessel(12 * Math.sqrt(Math.max(0, 1 - (x / TAPS) ** 2))) / bessel(12);
  }
  return taps;
}

function bessel(x) {
  let [sum, term] = [1, 1];
  for (let k = 1; k < 60; k++) sum += term *= (x / (2 * k)) ** 2;
  return sum;
}

export function truePeak(samples) {
  let highest = peakOf(samples);
  const near = 0.5 * highest;
  for (let i = 0; i < samples.length; i++) {
    if (Math.abs(samples[i]) < near && !(Math.abs(samples[i + 1]) >= near)) continue;
    for (const taps of PHASES) {
      let sum = 0;
      for (let k = 0; k < 2 * TAPS; k++) sum += taps[k] * (samples[i + k - TAPS + 1] ?? 0);
      highest = Math.max(highest, Math.abs(sum));
    }
  }
  return highest;
}

// What the model hears of a file: mono, from its onset, with peak 1; or the reason why it is no sound.
export function fit(channels, { rate_hz, n_samples, onset_db, fade_s }) {
  const samples = mixed(channels);
  if (!samples.every(Number.isFinite)) return { reason: "the file holds NaN or infinite samples" };
  if (samples.length < SHORTEST_S * rate_hz) return { reason: "too short" };
  if (peakOf(samples) < SILENCE) return { reason: "the file is silent" };
  const peak = peakOf(samples);
  const start = onset_db === null ? 0 : samples.findIndex((each) => Math.abs(each) >= peak * 10 ** (-onset_db / 20));
  const last = samples.findLastIndex((each) => Math.abs(each) >= peak * 10 ** (-END_DB / 20));
  const end = Math.min(samples.length, last + 1 + Math.round(AFTER_END_S * rate_hz));
  const kept = samples.slice(start, start + n_samples);
  if (samples.length - start > n_samples) fadeOut(kept, Math.round(fade_s * rate_hz));
  const level = peakOf(kept);
  if (level < SILENCE) return { reason: "it begins with silence" };
  const fitted = new Float32Array(n_samples);
  kept.forEach((each, i) => (fitted[i] = each / level));
  return { samples: fitted, peak: level, length: Math.min(end - start, n_samples) };
}

// The mean of the channels; the loudest one where they cancel each other.
function mixed(channels) {
  if (channels.length === 1) return Float32Array.from(channels[0]);
  const mean = Float32Array.from(channels[0], (_, i) => channels.reduce((sum, each) => sum + each[i], 0) / channels.length);
  const energies = channels.map((each) => each.reduce((sum, x) => sum + x * x, 0));
  const energy = mean.reduce((sum, x) => sum + x * x, 0);
  const total = energies.reduce((sum, x) => sum + x, 0);
  if (energy >= (0.1 * total) / channels.length ** 2) return mean;
  return Float32Array.from(channels[energies.indexOf(Math.max(...energies))]);
}
