// The waveform and the spectrogram of a sound on one canvas: log frequency, 70 dB deep, in the colours of the page.

const WINDOW_S = 0.024; // of a frame, rounded to a power of two samples
const LOWEST_HZ = 40;
const DEPTH_DB = 70;
const LEFT = 40; // room for the labels, in CSS pixels
const BOTTOM = 18;
const WAVE = 46; // height of the waveform
const BETWEEN = 6;

// From quiet to loud: paper to ink in light, ink to glow in dark.
const COLOURS = {
  light: [[255, 255, 255], [214, 228, 234], [126, 178, 199], [34, 112, 148], [63, 44, 94], [20, 12, 30]],
  dark: [[32, 34, 37], [38, 48, 82], [88, 52, 116], [172, 66, 94], [238, 138, 74], [255, 236, 178]],
};

export class View {
  #canvas;
  #sound = null;
  #picture = null;

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.redraw()).observe(canvas);
  }

  show(sound) {
    if (sound === this.#sound) return;
    this.#sound = sound;
    this.redraw();
  }

  redraw() {
    this.#picture = null;
    this.draw(null);
  }

  // `position` in seconds draws a line where the sound is.
  draw(position) {
    const canvas = this.#canvas;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width || !this.#sound) return;
    this.#picture ??= paint(this.#sound, width, height, ratio, styleOf(canvas));
    if (canvas.width !== this.#picture.width || canvas.height !== this.#picture.height) {
      canvas.width = this.#picture.width;
      canvas.height = this.#picture.height;
    }
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(this.#picture, 0, 0);
    const duration = this.#sound.channels[0].length / this.#sound.rate_hz;
    if (position === null || position > duration) return;
    context.fillStyle = styleOf(canvas).text;
    context.fillRect(ratio * (LEFT + (position / duration) * (width - LEFT)), 0, 1.5 * ratio, ratio * (height - BOTTOM));
  }
}

export function styleOf(canvas) {
  const style = getComputedStyle(canvas);
  return { text: style.color, isDark: luminance(style.color) > 0.5, font: style.fontFamily };
}

function luminance(colour) {
  const [r, g, b] = colour.match(/[\d.]+/g).map(Number);
  return (0.299 * r + 0.587 * g + 0.114 * b) / 255;
}

function paint(sound, width, height, ratio, style) {
  const picture = document.createElement("canvas");
  picture.width = Math.round(width * ratio);
  picture.height = Math.round(height * ratio);
  const context = picture.getContext("2d");
  const samples = mono(sound.channels);
  const duration = samples.length / sound.rate_hz;
  const [plotWidth, top] = [width - LEFT, WAVE + BETWEEN];
  const plotHeight = height - BOTTOM - top;
  const highest = sound.rate_hz / 2;
  context.drawImage(
    spectrogram(samples, sound.rate_hz, Math.round(plotWidth * ratio), Math.round(plotHeight * ratio), style.isDark),
    Math.round(LEFT * ratio), Math.round(top * ratio),
  );
  context.scale(ratio, ratio);
  context.fillStyle = style.text;
  waveform(context, samples, plotWidth);
  context.globalAlpha = 0.7;
  context.font = `11px ${style.font}`;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const hz of [100, 1000, 10000]) {
    if (hz >= highest) continue;
    const y = top + plotHeight * (1 - Math.log(hz / LOWEST_HZ) / Math.log(highest / LOWEST_HZ));
    context.fillText(hz < 1000 ? `${hz} Hz` : `${hz / 1000} kHz`, LEFT - 4, Math.max(y, top + 6));
  }
  context.textBaseline = "bottom";
  context.textAlign = "left";
  const step = niceStep(duration / Math.max(2, plotWidth / 90));
  for (let number = 0; number * step < duration * 0.97; number++) {
    const x = LEFT + (number * step / duration) * plotWidth;
    context.fillRect(x, height - BOTTOM, 1, 4);
    if (x + 50 <= width) context.fillText(number ? `${Math.round(1000 * number * step)} ms` : "0", x + 3, height);
  }
  return picture;
}

function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= least);
}

export function mono(channels) {
  if (channels.length === 1) return channels[0];
  return channels[0].map((_, i) => channels.reduce((sum, each) => sum + each[i], 0) / channels.length);
}

function waveform(context, samples, width) {
  const middle = WAVE / 2;
  let peak = 0;
  for (const each of samples) peak = Math.max(peak, Math.abs(each));
  const scale = (0.96 * middle) / Math.max(peak, 1e-4);
  for (let x = 0; x < width; x++) {
    const from = Math.floor((x / width) * samples.length);
    const to = Math.max(from + 1, Math.floor(((x + 1) / width) * samples.length));
    let [low, high] = [0, 0];
    for (let i = from; i < to; i++) {
      low = Math.min(low, samples[i]);
      high = Math.max(high, samples[i]);
    }
    context.fillRect(LEFT + x, middle - high * scale, 1, Math.max(1, (high - low) * scale));
  }
}

function spectrogram(samples, rate_hz, width, height, isDark) {
  const nFrames = Math.min(width, 400);
  const size = Math.max(64, 2 ** Math.round(Math.log2(WINDOW_S * rate_hz)));
  const levelsAt = transform(size);
  const levels = [];
  let loudest = -Infinity;
  for (let frame = 0; frame < nFrames; frame++) {
    const level = levelsAt(samples, Math.round(((frame + 0.5) / nFrames) * samples.length) - size / 2);
    for (const each of level) loudest = Math.max(loudest, each);
    levels.push(level);
  }
  const palette = paletteOf(isDark ? COLOURS.dark : COLOURS.light);
  const image = new ImageData(nFrames, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let y = 0; y < height; y++) {
    const hz = LOWEST_HZ * (rate_hz / 2 / LOWEST_HZ) ** (1 - (y + 0.5) / height);
    const bin = Math.min((hz / rate_hz) * size, size / 2 - 1.001);
    const [low, share] = [Math.floor(bin), bin % 1];
    for (let frame = 0; frame < nFrames; frame++) {
      const level = (1 - share) * levels[frame][low] + share * levels[frame][low + 1];
      const depth = Math.min(1, Math.max(0, 1 + (level - loudest) / DEPTH_DB));
      pixels[y * nFrames + frame] = palette[Math.round(255 * depth)];
    }
  }
  const small = document.createElement("canvas");
  small.width = nFrames;
  small.height = height;
  small.getContext("2d").putImageData(image, 0, 0);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").drawImage(small, 0, 0, width, height);
  return canvas;
}

function paletteOf(stops) {
  const palette = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    const [r, g, b] = [0, 1, 2].map((c) => Math.round(stops[low][c] + (at - low) * (stops[low + 1][c] - stops[low][c])));
    palette[i] = (255 << 24) | (b << 16) | (g << 8) | r;
  }
  return palette;
}

// Returns what gives the levels in decibels of the bins 0 to size / 2 - 1 of a frame, by a radix-2 FFT.
function transform(size) {
  const window = Float32Array.from({ length: size }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
  const cos = Float32Array.from({ length: size / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / size));
  const sin = Float32Array.from({ length: size / 2 }, (_, i) => Math.sin((2 * Math.PI * i) / size));
  const real = new Float32Array(size);
  const imaginary = new Float32Array(size);
  return (samples, start) => {
    for (let i = 0, reversed = 0; i < size; i++) {
      real[reversed] = (samples[start + i] ?? 0) * window[i];
      imaginary[reversed] = 0;
      let bit = size >> 1;
      while (reversed & bit) {
        reversed ^= bit;
        bit >>= 1;
      }
      reversed |= bit;
    }
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half);
      for (let block = 0; block < size; block += 2 * half) {
        for (let k = 0; k < half; k++) {
          const [i, j] = [block + k, block + k + half];
          const [c, s] = [cos[k * stride], -sin[k * stride]];
          const [re, im] = [real[j] * c - imaginary[j] * s, real[j] * s + imaginary[j] * c];
          real[j] = real[i] - re;
          imaginary[j] = imaginary[i] - im;
          real[i] += re;
          imaginary[i] += im;
        }
      }
    }
    const levels = new Float32Array(size / 2);
    for (let i = 0; i < size / 2; i++) levels[i] = 10 * Math.log10(real[i] ** 2 + imaginary[i] ** 2 + 1e-12);
    return levels;
  };
}
